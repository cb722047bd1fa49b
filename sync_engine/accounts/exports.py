"""Files of accounts: SCIM bulk requests and a CSV list, readable by their owner only.

Called by `sync accounts`. An existing file is left alone unless its owner says otherwise.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from sync_engine.accounts.deciding import Account

FORMATS = ("scim", "csv")
COLUMNS = ("tenant", "sourcedId", "active", "role", "roles", "provider", "subject", "givenName", "familyName", "email", "orgs", "reason")  # fmt: skip
_FORMULA = ("=", "+", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Export:
    """One --export: its format and where it goes."""

    format: str
    path: Path


def asked(texts: Iterable[str], *, force: bool) -> list[Export]:
    """What --export asks for.

    Raises UsageProblem for another format, no path, or a file that is there.
    """
    found = []
    for text in texts:
        kind, _, path = text.partition(":")
        if kind not in FORMATS or not path:
            raise UsageProblem(
                f"an export is no {kind!r}; {nearest(kind, FORMATS)}", "scim:PATH or csv:PATH", "--export"
            )
        if Path(path).exists() and not force:
            raise UsageProblem("the file exists", "a new name, or --force", path)
        found.append(Export(kind, Path(path)))
    return found


def write_scim(path: Path, documents: Sequence[dict[str, Any]]) -> list[Path]:
    """Write bulk requests: one to PATH, several to PATH with a number before its suffix.

    Without one an older file is taken away, so that nobody sends it again.
    """
    if not documents:
        path.unlink(missing_ok=True)
        return []
    if len(documents) == 1:
        paths = [path]
    else:
        paths = [
            path.with_name(f"{path.stem}-{number:04d}{path.suffix}")
            for number in range(1, len(documents) + 1)
        ]
    for place, document in zip(paths, documents, strict=True):
        _write(place, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return paths


def write_csv(path: Path, accounts: Iterable[Account], tenant: str) -> None:
    """Write who has an account, and whose account is to be switched off."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for account in accounts:
        person = account.person
        rows.writerow([
            tenant, person.id, "true" if account.active else "false", account.role, ",".join(account.roles), account.provider,
            account.subject, _name(person.given_name), _name(person.family_name), person.email, ",".join(account.orgs),
            account.reason,
        ])  # fmt: skip
    _write(path, text.getvalue())


def _name(text: str) -> str:
    """No name begins like a formula; one that does would run in a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _write(path: Path, text: str) -> None:
    try:
        with open(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
        ) as stream:
            stream.write(text)
        path.chmod(0o600)
    except OSError as error:
        raise CannotRun(f"the accounts cannot be written: {error.strerror}", where=str(path)) from error
