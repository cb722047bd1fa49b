"""An SFTP client that pins the server's key, and reads a folder whole."""

from __future__ import annotations

import base64
import io
import socket
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import paramiko

Files = dict[str, bytes]


def key_of(line: str) -> paramiko.PKey:
    """The key of a known_hosts entry without its host."""
    kind, text = line.split()
    assert kind == "ssh-ed25519"
    return paramiko.Ed25519Key(data=base64.b64decode(text))


@contextmanager
def connected(entry: Mapping[str, Any], *, private_key: paramiko.PKey | None = None) -> Iterator[paramiko.SFTPClient]:
    """A session, signed in as a ready file says, or with a key; the server must hold the pinned key."""
    # Small requests one after the other: each would wait for the kernel's delayed acknowledgement.
    line = socket.create_connection((entry["host"], entry["port"]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(line)
    try:
        password = None if private_key else entry["password"]
        transport.connect(key_of(entry["host_key"]), entry["username"], password, private_key)
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        yield client
    finally:
        transport.close()


def tree(client: paramiko.SFTPClient, path: str = ".", below: str = "") -> Files:
    """Every file below a folder, by its path."""
    found: Files = {}
    for entry in client.listdir_attr(path):
        name = below + entry.filename
        if stat.S_ISDIR(entry.st_mode or 0):
            found |= tree(client, f"{path}/{entry.filename}", f"{name}/")
        else:
            with client.open(f"{path}/{entry.filename}", "rb") as stream:
                found[name] = stream.read()
    return found


def unzipped(content: bytes) -> Files:
    """The files of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
