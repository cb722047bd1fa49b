"""A plan: what a sync would change in one target, for one source as it was read, in a form that can be kept.

Made by `sync plan` and `sync run`, applied by `sync apply` in any later process. The document names its row files and
their SHA-256, and a digest over all of it; it never holds a password, and the files are readable by their owner only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.difference import Counts, Difference, compare
from sync_engine.guard import DeleteGuard
from sync_engine.landing import Table, tables
from sync_engine.snapshot import Snapshot
from sync_engine.targets.session import Target

FORMAT = 1
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Planned:
    """One entity of a plan. apply and held: names of row files in the plan's folder with their SHA-256."""

    counts: Counts
    complete: bool
    apply: tuple[str, str] | None = None
    held: tuple[str, str] | None = None
    hold_reason: str = ""
    approvable: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with the folder of its row files.

    before: digest of the target's state that it was made for. unread: entities that the source refused or lacks.
    rows and requests: what reading the source took.
    """

    source: str
    target: str
    tenant: str
    version: str
    before: str
    entities: Mapping[str, Planned]
    unread: tuple[str, ...]
    reasons: tuple[str, ...]
    rows: int
    requests: int
    folder: Path = field(compare=False)

    @property
    def tables(self) -> list[Table]:
        """The landed tables that the plan speaks of."""
        known = tables(self.version)
        return [known[name] for name in self.entities if name in known]

    @property
    def held(self) -> int:
        """Rows that wait."""
        return sum(found.counts.held for found in self.entities.values())

    @property
    def digest(self) -> str:
        """SHA-256 over the content: rows, target state, source and target; the same for the same plan."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "source": self.source, "target": self.target, "tenant": self.tenant,
            "spec": self.version, "before": self.before, "unread": list(self.unread), "reasons": list(self.reasons),
            "entities": {name: asdict(found) for name, found in self.entities.items()},
        }  # fmt: skip

    def file(self, named: tuple[str, str]) -> Path:
        """One row file, checked against its SHA-256.

        Raises CannotRun when it is missing or is not the one that was planned.
        """
        name, expected = named
        path = self.folder / name
        if not path.is_file() or file_digest(path) != expected:
            raise CannotRun(
                "a row file of the plan is missing or was changed", "the file as it was planned", str(path),
                "plan again", "sync.plan-damaged",
            )  # fmt: skip
        return path


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def make(
    snapshot: Snapshot, target: Target, *, source: str, tenant: str, guard: DeleteGuard, folder: Path
) -> Plan:
    """Compare a snapshot with a target and write the row files into `folder`. Reads the target, changes nothing."""
    known = tables(snapshot.version)
    read = [name for name, found in snapshot.entities.items() if found.was_read]
    with target.reading() as session:
        before = session.digest([known[name] for name in read], tenant)
        now = {name: session.export(known[name], tenant, snapshot.scratch.folder) for name in read}
    reasons = [reason for found in snapshot.entities.values() for reason in found.reasons]
    unread = tuple(name for name in snapshot.entities if name not in now)
    entities: dict[str, Planned] = {}
    for name in read:
        difference = compare(snapshot, known[name], now[name], guard, folder)
        entities[name] = _planned(difference, complete=snapshot.entities[name].complete)
        if difference.hold:
            reasons.append(difference.hold.reason)
        for file in now[name]:
            file.unlink()
    return Plan(
        source, target.address, tenant, snapshot.version, before, entities, unread, tuple(reasons),
        snapshot.rows, snapshot.requests, folder,
    )  # fmt: skip


def _planned(difference: Difference, *, complete: bool) -> Planned:
    def named(path: Path | None) -> tuple[str, str] | None:
        return None if path is None else (path.name, file_digest(path))

    hold = difference.hold
    return Planned(
        difference.counts, complete, named(difference.apply_file), named(difference.held_file),
        hold.reason if hold else "", bool(hold and hold.approvable),
    )  # fmt: skip


def rows_folder(path: Path) -> Path:
    """The folder beside a plan file that holds its rows."""
    return path.with_name(f"{path.name}.rows")


def keep(plan: Plan, path: Path) -> None:
    """Write the plan's document and move its row files beside it; an older plan of that name is replaced.

    Raises CannotRun when the folder cannot be written.
    """
    folder = rows_folder(path)
    took = {"rows": plan.rows, "requests": plan.requests}
    document = plan._content() | took | {"folder": folder.name, "digest": plan.digest}
    try:
        shutil.rmtree(folder, ignore_errors=True)
        plan.folder.rename(folder)
        path.touch(mode=0o600)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the plan cannot be written: {error.strerror}", where=str(path)) from error


def is_plan(path: Path) -> bool:
    """Whether the file is a plan of ours, also one that was changed since."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and {"format", "before", "digest"} <= document.keys()


def load(path: Path) -> Plan:
    """Read a plan back.

    Raises CannotRun when it is not there or was changed, UsageProblem when the file is no plan.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CannotRun("the plan cannot be read", "a file of `sync plan -o`", str(path)) from error
    except ValueError as error:
        raise UsageProblem("the file is no plan", "a file of `sync plan -o`", str(path)) from error
    try:
        if document["format"] != FORMAT:
            raise UsageProblem("the plan is of another release", f"format {FORMAT}", str(path), "plan again")
        plan = Plan(
            document["source"], document["target"], document["tenant"], document["spec"], document["before"],
            {name: _read_planned(found) for name, found in document["entities"].items()},
            tuple(document["unread"]), tuple(document["reasons"]), document["rows"], document["requests"], path.with_name(document["folder"]),
        )  # fmt: skip
        expected = document["digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageProblem("the file is no plan", "a file of `sync plan -o`", str(path)) from error
    if plan.digest != expected:
        raise CannotRun(
            "the plan was changed after it was made", "the digest that it carries", str(path), "plan again",
            "sync.plan-damaged",
        )  # fmt: skip
    return plan


def _read_planned(found: Mapping[str, Any]) -> Planned:
    def named(pair: Any) -> tuple[str, str] | None:
        return None if pair is None else (Path(str(pair[0])).name, str(pair[1]))

    return Planned(
        Counts(**found["counts"]), bool(found["complete"]), named(found["apply"]), named(found["held"]),
        str(found["hold_reason"]), bool(found["approvable"]),
    )  # fmt: skip
