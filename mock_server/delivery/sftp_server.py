"""The SFTP server: sign-in by password or key, each account confined to its folder, read only unless asked.

Called by the service. Serves files and nothing else: no shell, no commands, no forwarding.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import (
    ACE4_READ_ATTRIBUTES,
    ACE4_READ_DATA,
    FXF_ACCESS_DISPOSITION,
    FXF_OPEN_EXISTING,
    FXF_READ,
)

from mock_server.delivery.accounts import Account

HOST = "127.0.0.1"
SIGN_IN_WITHIN_S = 30
OWNER = "district"
Opened = Callable[[str, Path], None]
"""Told when a file is opened for reading: the account's name and the file."""


def _refuse() -> asyncssh.SFTPPermissionDenied:
    return asyncssh.SFTPPermissionDenied("this drop folder is read only")


class SignIn(asyncssh.SSHServer):
    """Checks passwords and keys of one connection."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        keys: asyncssh.SSHAuthorizedKeys | None,
        open_connections: set[asyncssh.SSHServerConnection],
    ) -> None:
        self._accounts = accounts
        self._keys = keys
        self._open = open_connections
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Keep the connection, which takes the keys."""
        self._connection = conn
        self._open.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._connection:
            self._open.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        """Every account signs in; keys are good for the known ones only."""
        if self._connection and self._keys and username in self._accounts:
            self._connection.set_authorized_keys(self._keys)
        return True

    def password_auth_supported(self) -> bool:
        """Passwords are accepted."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Whether a password is the account's."""
        found = self._accounts.get(username)
        return found is not None and found.accepts(password)


class DropFolder(asyncssh.SFTPServer):
    """One session's view of its folder: nothing outside it, whatever links lie in it."""

    def __init__(
        self, channel: asyncssh.SSHServerChannel[bytes], root: Path, opened: Callable[[Path], None]
    ) -> None:
        super().__init__(channel, chroot=os.fsencode(root))
        self._root = os.fsencode(os.path.realpath(root))
        self._opened = opened

    def map_path(self, path: bytes) -> bytes:
        """The local path of a client's path.

        Raises SFTPNoSuchFile for one that leads outside, by a link for instance.
        """
        mapped: bytes = super().map_path(path)
        real = os.path.realpath(mapped)
        if real != self._root and not real.startswith(self._root + b"/"):
            raise asyncssh.SFTPNoSuchFile("no such file")
        return mapped

    def format_user(self, uid: int | None) -> str:
        """Files belong to nobody of this machine."""
        return OWNER

    def format_group(self, gid: int | None) -> str:
        """Files belong to nobody of this machine."""
        return OWNER

    def _tell(self, path: bytes) -> None:
        self._opened(Path(os.fsdecode(os.path.realpath(self.map_path(path)))))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open a file and tell of it."""
        found = super().open(path, pflags, attrs)
        self._tell(path)
        return found

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open a file as later versions of the protocol ask, and tell of it."""
        found = super().open56(path, desired_access, flags, attrs)
        self._tell(path)
        return found


class ReadOnlyDropFolder(DropFolder):
    """A session that may look and read."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open for reading only."""
        if pflags & ~FXF_READ:
            raise _refuse()
        return super().open(path, pflags, attrs)

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        """Open for reading only."""
        allowed = ACE4_READ_DATA | ACE4_READ_ATTRIBUTES
        if desired_access & ~allowed or flags & FXF_ACCESS_DISPOSITION != FXF_OPEN_EXISTING:
            raise _refuse()
        return super().open56(path, desired_access, flags, attrs)


def _refused(*_: Any) -> Any:
    raise _refuse()


for _name in (
    "write", "setstat", "lsetstat", "fsetstat", "remove", "mkdir", "rmdir", "rename", "posix_rename", "symlink", "link",
):  # fmt: skip
    setattr(ReadOnlyDropFolder, _name, _refused)


@dataclass(frozen=True, slots=True)
class DropServer:
    """A listening server and its connections."""

    acceptor: asyncssh.SSHAcceptor
    connections: set[asyncssh.SSHServerConnection]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.acceptor.get_port())

    def close(self) -> None:
        """Take no more connections and end those that are open."""
        self.acceptor.close()
        for connection in list(self.connections):
            connection.abort()


async def listen(
    port: int,
    root: Path,
    accounts: Mapping[str, Account],
    key: asyncssh.SSHKey,
    *,
    opened: Opened,
    client_keys: str = "",
    is_writable: bool = False,
) -> DropServer:
    """Accept connections on a loopback port; 0 takes a free one.

    root: holds one folder per vendor. client_keys: public keys, as an authorized_keys file has them, that every
    account may sign in with. Raises OSError when the port is taken and ValueError for keys that cannot be read.
    """
    keys = asyncssh.import_authorized_keys(client_keys) if client_keys.strip() else None
    kind = DropFolder if is_writable else ReadOnlyDropFolder

    def session(channel: asyncssh.SSHServerChannel[bytes]) -> DropFolder:
        username = str(channel.get_connection().get_extra_info("username"))
        folder = root / accounts[username].vendor
        return kind(channel, folder, lambda path: opened(username, path))

    connections: set[asyncssh.SSHServerConnection] = set()
    acceptor = await asyncssh.create_server(
        lambda: SignIn(accounts, keys, connections), HOST, port, server_host_keys=[key], sftp_factory=session, allow_scp=False,
        login_timeout=SIGN_IN_WITHIN_S, agent_forwarding=False, x11_forwarding=False, allow_pty=False, gss_host=None,
    )  # fmt: skip
    return DropServer(acceptor, connections)
