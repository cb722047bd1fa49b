"""The key file of an anonymisation: made when it is not there, readable by its owner only, never printed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem

SHORTEST = 16
RANDOM_BYTES = 32


def read_or_create(path: Path) -> tuple[bytes, bool]:
    """The secret of a key file, and whether the file was made just now.

    Raises UsageProblem for a file that holds too little to be a secret, CannotRun for one that cannot be read or made.
    """
    try:
        return _create(path), True
    except FileExistsError:
        pass
    except OSError as error:
        raise CannotRun(f"the key file cannot be made: {error.strerror}", where=str(path)) from error
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise CannotRun(f"the key file cannot be read: {error.strerror}", where=str(path)) from error
    if len(secret) < SHORTEST:
        raise UsageProblem(
            f"a key file of {len(secret)} bytes",
            f"at least {SHORTEST} bytes that nobody can guess",
            str(path),
            "name a path where nothing is: the key is made there",
        )
    return secret, False


def is_open_to_others(path: Path) -> bool:
    """Whether somebody else than the owner may read or write the file."""
    return bool(path.stat().st_mode & 0o077)


def _create(path: Path) -> bytes:
    secret = secrets.token_hex(RANDOM_BYTES).encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(secret + b"\n")
    return secret
