"""Credentials of a provider, made from the district's seed: the same each time, worth nothing anywhere else.

Called by the provider; nothing here is a secret of a real service.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client of one vendor signs in with; key signs our own tokens.

    application: the id of a proxy's path, percent-escaped already. partner: opens a proxy's list of districts.
    """

    client_id: str
    client_secret: str = field(repr=False)
    bearer: str = field(repr=False)
    app: str
    key: bytes = field(repr=False)
    application: str = ""
    partner: str = field(default="", repr=False)


def credentials_of(seed: int, vendor: str, number: int = 0) -> Credentials:
    """The credentials of a vendor in the district of a seed. number: 0 at the start, one more for each that is issued."""

    def drawn(name: str) -> str:
        return hashlib.sha256(f"oneroster-mock/{seed}/{vendor}/{name}".encode()).hexdigest()

    def own(name: str) -> str:
        return drawn(f"{name}/{number}" if number else name)

    prefix = "InfiniteCampus_" if vendor == "infinite-campus" else "mock-"
    return Credentials(
        client_id=prefix + own("client_id")[:20],
        client_secret=own("client_secret")[:40],
        bearer=str(uuid.UUID(own("bearer")[:32])),
        app=f"district{drawn('app')[:6]}",
        key=bytes.fromhex(drawn("key")),
        application=f"%2F{drawn('application')[:10]}%43",
        partner=str(uuid.UUID(drawn("partner")[:32])),
    )
