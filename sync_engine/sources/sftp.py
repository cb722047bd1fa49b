"""The SFTP source: the newest complete bundle of a drop folder, fetched to a folder of the run.

Called by the command. Trusts no server whose key was not pinned, changes nothing on it, and never takes a bundle twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncssh

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.sources.pickup import Candidate, Remote, Taken, candidates, steady

PASSWORD, KEY_FILE = "ONEROSTER_SFTP_PASSWORD", "ONEROSTER_SFTP_KEY_FILE"
SETTLE_S = 5.0
"""How long an upload must not have grown, by default."""
CONNECT_WITHIN_S = 30
_CHUNK_BYTES = 1 << 20
_DIGEST_LETTERS = 32


@dataclass(frozen=True, slots=True)
class Drop:
    """A drop folder and how to sign in. known_hosts: what pins the server's key, in OpenSSH's form."""

    host: str
    port: int
    user: str
    path: str
    known_hosts: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    key_file: str | None = None
    manifest_last: bool = True

    @property
    def shown(self) -> str:
        """The address without the account."""
        return f"sftp://***@{self.host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Picked:
    """What a look into the drop folder gave. bundle: None when nothing is new; mark: what is remembered of it."""

    bundle: Path | None
    mark: str
    notes: tuple[str, ...]


def drop_of(url: str, row: Mapping[str, Any], environ: Mapping[str, str]) -> Drop:
    """The drop folder behind a URL and a row of the providers file (host_key, known_hosts, key_file,
    password_env, manifest_last).

    Raises UsageProblem for a URL that lacks a part or holds a password, CannotRun without a credential or a pinned key.
    """
    parts = urlsplit(url)
    shown = f"sftp://***@{parts.hostname or ''}{parts.path}"
    if parts.password:
        raise UsageProblem("the address holds a password", f"{PASSWORD} in the environment", shown)
    if not parts.hostname or not parts.username:
        raise UsageProblem("the address lacks the account or the host", "sftp://user@host:port/path", shown)
    port = parts.port or 22
    password = environ.get(str(row.get("password_env") or PASSWORD))
    key_file = row.get("key_file") or environ.get(KEY_FILE)
    if not password and not key_file:
        raise CannotRun(
            "no SFTP credential was given", f"{PASSWORD} or {KEY_FILE} in the environment", shown,
            "export one of them, or name a key_file in providers.toml", "sync.sftp-no-credential",
        )  # fmt: skip
    return Drop(
        parts.hostname, port, unquote(parts.username), unquote(parts.path) or "/", _pinned(row, parts.hostname, port, shown),
        password or None, str(key_file) if key_file else None, row.get("manifest_last", True) is not False,
    )  # fmt: skip


def _pinned(row: Mapping[str, Any], host: str, port: int, shown: str) -> str:
    if row.get("host_key"):
        return f"{host if port == 22 else f'[{host}]:{port}'} {row['host_key']}\n"
    path = Path(str(row.get("known_hosts") or "~/.ssh/known_hosts")).expanduser()
    try:
        return path.read_text("utf-8")
    except OSError:
        raise CannotRun(
            "the server's key is not pinned", "host_key or known_hosts in providers.toml, or ~/.ssh/known_hosts", shown,
            "ask the district for the key, and compare it with what the server shows", "sync.sftp-host-key",
        ) from None  # fmt: skip


def pick(drop: Drop, taken: Taken, folder: Path, settle_s: float) -> Picked:
    """Fetch the newest complete bundle that was not taken before into a folder.

    Raises CannotRun when the server cannot be trusted or reached, or when what came last is not whole and nothing else
    is new; then nothing is to be changed.
    """
    try:
        return asyncio.run(_pick(drop, taken, folder, settle_s))
    except asyncssh.HostKeyNotVerifiable:
        raise CannotRun(
            "the server shows a key that is not the pinned one; no credential was sent", "the pinned host key", drop.shown,
            "ask the district whether the key changed, then pin the new one", "sync.sftp-host-key",
        ) from None  # fmt: skip
    except asyncssh.PermissionDenied:
        raise CannotRun(
            "the server refused the SFTP credential", "an account that may sign in", drop.shown,
            "copy account and password again, or let the district add the public key", "sync.sftp-credential",
        ) from None  # fmt: skip
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise CannotRun("the key file cannot be used", "a private key without a passphrase", id="sync.sftp-key-file") from error
    except asyncssh.SFTPError as error:
        raise CannotRun(
            f"the drop folder cannot be read ({type(error).__name__})", "a folder or a .zip file that may be read", drop.shown,
            "check the path with the district", "sync.sftp-path",
        ) from None  # fmt: skip
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise CannotRun(
            f"nothing answers by SFTP, or the line broke ({type(error).__name__})", "an SFTP server", drop.shown,
            "run again; check the host and the port", "sync.no-answer",
        ) from error  # fmt: skip


async def _pick(drop: Drop, taken: Taken, folder: Path, settle_s: float) -> Picked:
    connecting = asyncssh.connect(
        drop.host, drop.port, username=drop.user, password=drop.password, client_keys=[drop.key_file] if drop.key_file else None,
        known_hosts=asyncssh.import_known_hosts(drop.known_hosts), agent_path=None, config=None,
        connect_timeout=CONNECT_WITHIN_S,
    )  # fmt: skip
    async with connecting as line, line.start_sftp_client() as client:
        first = await _look(client, drop.path)
        await asyncio.sleep(settle_s)
        notes: list[str] = []
        for candidate, why in steady(first, await _look(client, drop.path), manifest_last=drop.manifest_last):
            if taken.has_seen(candidate):
                break
            digest = "" if why else await _fetch(client, drop.path, candidate, folder)
            why = why or ("" if digest else "it is cut, damaged, or changed while it was fetched")
            if why:
                notes.append(f"{candidate.name} was left: {why}")
            elif taken.has_content(digest):
                break
            else:
                return Picked(_local(candidate, folder), candidate.mark(digest), tuple(notes))
    if notes:
        raise CannotRun(
            f"no new bundle is whole: {notes[0]}", "a whole bundle that was not taken before", drop.shown,
            "run again when the upload has ended; nothing was changed", "sync.sftp-unfinished",
        )  # fmt: skip
    return Picked(None, "", ("nothing new lies in the drop folder",))


async def _look(client: asyncssh.SFTPClient, path: str) -> list[Candidate]:
    """All bundles at a path: of a folder, or the one file that it names."""
    if not await client.isdir(path):
        attributes = await client.stat(path)
        name = path.rpartition("/")[2]
        return candidates([Remote(name, attributes.size or 0, int(attributes.mtime or 0))], {})
    files, folders = await _list(client, path)
    return candidates(files, {name: (await _list(client, f"{path.rstrip('/')}/{name}"))[0] for name in folders})


async def _list(client: asyncssh.SFTPClient, path: str) -> tuple[list[Remote], list[str]]:
    files: list[Remote] = []
    folders: list[str] = []
    for entry in await client.readdir(path):
        name, attributes = str(entry.filename), entry.attrs
        if name in (".", "..") or "/" in name or "\\" in name:
            continue
        if stat.S_ISDIR(attributes.permissions or 0):
            folders.append(name)
        else:
            files.append(Remote(name, attributes.size or 0, int(attributes.mtime or 0)))
    return sorted(files, key=lambda found: found.name), sorted(folders)


def _local(candidate: Candidate, folder: Path) -> Path:
    return folder / "bundle.zip" if candidate.is_zip else folder / "bundle"


async def _fetch(client: asyncssh.SFTPClient, path: str, candidate: Candidate, folder: Path) -> str:
    """Fetch a bundle; returns the digest of its content, empty when it is not whole."""
    root = "/".join(part for part in (path.rstrip("/"), candidate.folder) if part)
    local = _local(candidate, folder)
    if not candidate.is_zip:
        local.mkdir(exist_ok=True)
    digests = []
    for found in candidate.files:
        remote = f"{root}/{found.name}" if await client.isdir(path) else path
        goal = local if candidate.is_zip else local / found.name
        await client.get(remote, goal)
        after = await client.stat(remote)
        if (goal.stat().st_size, after.size, int(after.mtime or 0)) != (found.size, found.size, found.modified):
            return ""
        digests.append(f"{'' if candidate.is_zip else found.name} {_digest(goal)}")
    if candidate.is_zip and not _is_whole(local):
        return ""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:_DIGEST_LETTERS]


def _is_whole(archive: Path) -> bool:
    """An upload that broke off lacks the archive's directory, or a member whose checksum holds."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return any(found.flag_bits & 1 for found in opened.infolist()) or opened.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()
