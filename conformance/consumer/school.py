"""The school that is played to a consumer: a served district and its bundles, day by day, and the truth of each day.

Called by the runner. The server and the generator run as commands of their own; everything else is asked over HTTP.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import requests

from conformance.consumer.cells import Cell, cell_of
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.verbs import command, serving
from oneroster_standard.dialects import DialectProblem, load_dialect
from oneroster_standard.standard import load

ANSWER_WITHIN_S = 600.0


@dataclass(frozen=True, slots=True)
class TrueRows:
    """One entity as a perfect consumer would hold it. rows: those that count, by key; gone: keys told as tobedeleted;
    order: all keys as the API serves them."""

    rows: dict[str, dict[str, Cell]]
    gone: frozenset[str]
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    """Why a record changed: create, update, retire or restore, by the kind of happening."""

    day: int
    change: str
    reason: str


class School:
    """A running mock, steered by its admin API."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {ready['admin_token']}"

    def provider(self, vendor: str) -> dict[str, Any]:
        """The ready file's entry of a vendor."""
        found: dict[str, Any] = self.ready["providers"][vendor]
        return found

    def advance(self) -> str:
        """Let a day pass; returns its date."""
        return str(self._ask("POST", "/advance", {"days": 1})["date"])

    def today(self) -> str:
        """The district's date."""
        return str(self._ask("GET", "/advance")["date"])

    def set_faults(self, vendor: str, faults: Sequence[str]) -> None:
        """Let exactly these things go wrong."""
        self._ask("PUT", f"/vendors/{vendor}/faults", {"faults": list(faults)})

    def struck(self, vendor: str, faults: Sequence[str]) -> bool:
        """Whether one of these faults struck a request since it was set."""
        ids = {found.partition("@")[0] for found in faults}
        return any(row["struck"] for row in self._ask("GET", f"/vendors/{vendor}/faults")["faults"] if row["id"] in ids)

    def tells_deletions(self, vendor: str) -> bool:
        """Whether the vendor's API shows what was deleted as tobedeleted."""
        return "deletion.no-tombstones" not in self._ask("GET", f"/vendors/{vendor}/quirks")["quirks"]

    def truth(self, vendor: str, entity: str, channel: str) -> TrueRows:
        """What a perfect consumer would hold now; channel: api, full or delta."""
        file = load("1.1").csv_files[f"{entity}.csv"]
        rows = self._ask("GET", f"/vendors/{vendor}/truth/{entity}?channel={'api' if channel == 'api' else 'csv'}&spec=1.1")["rows"]
        columns = {column.header: column for column in file.columns}
        found = {row["sourcedId"]: {name: cell_of(columns[name], cell) for name, cell in row.items()} for row in rows}
        gone = frozenset(row["sourcedId"] for row in rows if row["status"] == "tobedeleted")
        return TrueRows({key: row for key, row in found.items() if key not in gone}, gone, tuple(found))

    def _ask(self, method: str, path: str, document: Any = None) -> Any:
        try:
            answer = self._session.request(method, self.ready["admin_url"] + path, json=document, timeout=ANSWER_WITHIN_S)
        except requests.RequestException as error:
            raise CannotRun("the mock does not answer any more", where=path) from error
        if answer.status_code != 200:
            raise CannotRun("the mock refused a change", "200", path, answer.json().get("error", "") if answer.content else "")
        return answer.json()


def vendor_name(name_or_file: str) -> str:
    """The name that a vendor or a dialect file is served under; raises UsageProblem."""
    try:
        return load_dialect(name_or_file).name
    except DialectProblem as problem:
        raise UsageProblem(str(problem)) from problem


@contextmanager
def playing(
    folder: Path, vendors: Sequence[str], *, students: int, seed: int, as_of: date, quirks: Sequence[str] = ()
) -> Iterator[School]:
    """A served district for the length of a with block. vendors: names or dialect files; quirks: [VENDOR:]ID."""
    options = ["--students", str(students), "--seed", str(seed), "--as-of", as_of.isoformat()]
    # The server runs in a folder of its own, so a dialect file is named whole.
    named = [str(Path(vendor).resolve()) if Path(vendor).is_file() else vendor for vendor in vendors]
    chosen = [part for vendor in named for part in ("--vendor", vendor)] + [part for quirk in quirks for part in ("--quirk", quirk)]
    with serving([*options, *chosen], folder) as ready:
        yield School(ready)


def write_days(folder: Path, vendor: str, days: int, *, students: int, seed: int, as_of: date) -> Path:
    """Write a vendor's bundles of day 0 and of the days after it; returns the ZIP of day 0."""
    out = folder / "district.zip"
    order = [
        "generate", str(out), "--students", str(students), "--seed", str(seed), "--as-of", as_of.isoformat(), "--vendor", vendor, "--force",
    ]  # fmt: skip
    done = subprocess.run(
        command([*order, *(["--days", str(days)] if days else [])]), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise CannotRun("the bundles could not be written", where=said[0] if said else str(out))
    return out


def bundle_of(first: Path, day: int, kind: str) -> Path:
    """The ZIP of a day; kind: full or delta."""
    return first if day == 0 else first.with_name("district.days") / f"day-{day:03d}" / f"{kind}.zip"


def happenings_of(first: Path, day: int) -> dict[tuple[str, str], Happening]:
    """Why records changed on a day, by entity and key."""
    path = first.with_name("district.days") / f"day-{day:03d}" / "expected-diff.json"
    if not path.exists():
        return {}
    return {
        (entity, row["sourcedId"]): Happening(day, change, row["reason"])
        for entity, changes in json.loads(path.read_text("utf-8"))["expected"].items()
        for change, rows in changes.items()
        for row in rows
    }


def own_environment() -> dict[str, str]:
    """This process's environment without the project's own variables, its commands first in the path."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ONEROSTER_")}
    return bare | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), bare.get("PATH", "")])}
