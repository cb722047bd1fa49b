"""Who may sign in to the drop server, and the server's own key: made from the district's seed, the same each time.

Called by the service. Nothing here is a secret of a real service.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncssh
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ALL = "oneroster"


@dataclass(frozen=True, slots=True)
class Account:
    """A sign-in. vendor: whose folder it sees, empty for the folders of all vendors."""

    username: str
    password: str = field(repr=False)
    vendor: str = ""

    def accepts(self, password: str) -> bool:
        """Whether a password is this account's, compared in constant time."""
        return hmac.compare_digest(password.encode(), self.password.encode())


def _drawn(seed: int, *names: str) -> bytes:
    return hashlib.sha256("/".join(["oneroster-mock", str(seed), "sftp", *names]).encode()).digest()


def accounts_of(seed: int, vendors: Sequence[str]) -> Mapping[str, Account]:
    """By user name: one account that sees every vendor's folder, and one per vendor that sees its own."""
    overall = ALL if ALL not in vendors else f"{ALL}-all"
    named = {overall: "", **{vendor: vendor for vendor in vendors}}
    return {
        name: Account(name, _drawn(seed, "password", name).hex()[:32], vendor)
        for name, vendor in named.items()
    }


def host_key(seed: int) -> asyncssh.SSHKey:
    """The server's private key."""
    key = Ed25519PrivateKey.from_private_bytes(_drawn(seed, "host-key"))
    return asyncssh.import_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))


def public_line(key: asyncssh.SSHKey) -> str:
    """The public half as known_hosts has it, without a host: `ssh-ed25519 AAAA...`."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])
