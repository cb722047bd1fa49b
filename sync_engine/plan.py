"""A plan: what a sync would change in one target, for one source as it was read, in a form that can be kept.

Made by `sync plan` and `sync run`, applied by `sync apply` in any later process. The document names its row files and
their SHA-256, and a digest over all of it; it never holds a password, and the files are readable by their owner only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine import all_new, deltas
from sync_engine.aliases import Alias, translate
from sync_engine.difference import ABSENT, COUNTED_AS, Counts, changed, compare, source_of
from sync_engine.guarding import guarded
from sync_engine.holds import Hold, read_hold, reasons
from sync_engine.landing import Table, tables
from sync_engine.ownership import leave_foreign_rows
from sync_engine.past import doubt_other_files, recall
from sync_engine.policy import Policy
from sync_engine.quarantine import Aside, dated, listed, read_aside
from sync_engine.rekeying import Rekeyed, rekey
from sync_engine.sharing import leave_to_owners
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Target
from sync_engine.watermarks import Mark, read_mark

FORMAT = 3
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Planned:
    """One entity of a plan. apply, held and erase: names of row files in the plan's folder with their SHA-256.

    erase: rows that undo takes out again.
    """

    counts: Counts
    complete: bool
    apply: tuple[str, str] | None = None
    held: tuple[str, str] | None = None
    erase: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with the folder of its row files.

    before: digest of the target's state that it was made for. unread: entities that the source refused or lacks.
    notes: what the read showed. holds: why rows wait. as_of: the day that deadlines were counted from. whole: entities
    read whole and in full. limits: those of the policy. undoes: the run that the plan takes back.
    rows and requests: what reading the source took. marks: how far each collection of an API was read. asides: what is
    set aside once the plan is applied. owner: name of the source where several fill one tenant. aliases: new
    keys of landed rows. reads: of an incremental run,
    per entity since when it was read, or why it was read whole.
    """

    source: str
    target: str
    tenant: str
    version: str
    before: str
    as_of: str
    entities: Mapping[str, Planned]
    unread: tuple[str, ...]
    notes: tuple[str, ...]
    holds: tuple[Hold, ...]
    whole: tuple[str, ...]
    limits: Mapping[str, Any]
    undoes: str
    rows: int
    requests: int
    folder: Path = field(compare=False)
    marks: tuple[Mark, ...] = ()
    asides: tuple[Aside, ...] = ()
    owner: str = ""
    aliases: tuple[Alias, ...] = ()
    reads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
    def reasons(self) -> tuple[str, ...]:
        """What a person should know: what the read showed, and why rows wait."""
        return (*self.notes, *reasons(self.holds))

    @property
    def digest(self) -> str:
        """SHA-256 over the content: rows, target state, source and target; the same for the same plan."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT, "source": self.source, "target": self.target, "tenant": self.tenant,
            "spec": self.version, "before": self.before, "as_of": self.as_of, "unread": list(self.unread),
            "notes": list(self.notes), "holds": [hold.document() for hold in self.holds], "whole": list(self.whole),
            "limits": dict(self.limits), "undoes": self.undoes, "marks": [asdict(mark) for mark in self.marks],
            "asides": [list(astuple(one)) for one in self.asides], "owner": self.owner,
            "aliases": [asdict(one) for one in self.aliases],
            "reads": {name: dict(found) for name, found in self.reads.items()},
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
    snapshot: Snapshot, target: Target, *, source: str, tenant: str, policy: Policy, day: date, folder: Path, owner: str = ""
) -> Plan:
    """Compare a snapshot with a target and write the row files into `folder`. Reads the target, changes nothing.

    day: today, as far as windows, terms and stages are concerned. owner: name of the source where several fill the tenant.
    """
    deltas.require_taken(snapshot, policy)
    known = tables(snapshot.version)
    read = [name for name, found in snapshot.entities.items() if found.was_read]
    with target.reading() as session:
        before = session.digest([known[name] for name in read], tenant)
        recall(session, tenant, policy, day, snapshot.scratch)
        translate(session, tenant, snapshot)
        aside_before = listed(session, tenant, owner)
        if not snapshot.is_announced:
            doubt_other_files(session, tenant, snapshot)
        chosen = [known[name] for name in read]
        compare(session, snapshot, chosen, tenant, policy)
        rekeyed = rekey(snapshot, known["enrollments"], day.isoformat()) if "enrollments" in read else Rekeyed()
        older = deltas.leave_older(snapshot, chosen)
        leave_foreign_rows(session, tenant, snapshot, chosen)
        gaps = list(deltas.hold_gaps(session, tenant, snapshot, chosen))
    conflicts = leave_to_owners(target, tenant, owner, snapshot, [known[name] for name in read])
    holds = gaps + conflicts + guarded(snapshot, [known[name] for name in read], policy, day)
    entities = {name: written(snapshot, known[name], folder) for name in read}
    whole = [name for name in read if snapshot.entities[name].complete and not snapshot.entities[name].is_delta]
    return Plan(
        source, target.address, tenant, snapshot.version, before, day.isoformat(), entities,
        tuple(name for name in snapshot.entities if name not in read),
        (*snapshot.notes, *older, *rekeyed.notes, *(reason for found in snapshot.entities.values() for reason in found.reasons)), tuple(holds), tuple(whole),
        policy.document(), "", snapshot.rows, snapshot.requests, folder,
        marks_of(snapshot, day), tuple(asides_of(snapshot, aside_before, day)), owner, rekeyed.aliases, reads_of(snapshot),
    )  # fmt: skip


def marks_of(snapshot: Snapshot, day: date) -> tuple[Mark, ...]:
    """How far each collection was read, for the next incremental run."""
    found: list[Mark] = []
    for name, read in snapshot.entities.items():
        if not read.mark:
            continue
        tells = read.earlier is None or read.earlier.tells
        audited = day.isoformat()
        if read.since:
            audited = read.earlier.audited if read.earlier else audited
        elif snapshot.scratch.db.execute(f"SELECT 1 FROM {changed(name)} WHERE kind = '{ABSENT}' LIMIT 1").fetchone():
            tells = False
        found.append(Mark(name, read.mark, read.served, audited, tells, snapshot.scope))
    return tuple(found)


def asides_of(snapshot: Snapshot, before: Sequence[Aside], day: date) -> list[Aside]:
    """What stands aside after this run: what a whole read set aside, and of what a delta does not speak what stood aside before."""
    found: list[Aside] = []
    for name, read in snapshot.entities.items():
        if not read.was_read:
            continue
        found += read.asides
        if read.is_delta:
            stays = [one for one in before if one.entity == name and one.key not in {new.key for new in read.asides}]
            good = _keys_in(snapshot, name, [one.key for one in stays])
            found += [one for one in stays if one.key not in good]
    return dated(found, before, day.isoformat())


def _keys_in(snapshot: Snapshot, entity: str, keys: Sequence[str]) -> set[str]:
    if not keys:
        return set()
    rows = snapshot.scratch.db.execute(
        f'SELECT "sourcedId" FROM {source_of(entity)} WHERE "sourcedId" IN ({", ".join(map(literal, keys))})'
    ).fetchall()
    return {str(row[0]) for row in rows}


def reads_of(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """Of an incremental run: since when each entity was read, or why it was read whole."""
    if not any(read.since or read.why for read in snapshot.entities.values()):
        return {}
    return {name: {"since": read.since, "why": read.why} for name, read in snapshot.entities.items() if read.was_read}


def written(snapshot: Snapshot, table: Table, folder: Path) -> Planned:
    """Write one entity's row files and count them."""
    db, read = snapshot.scratch.db, snapshot.entities[table.name]
    name, file = changed(table.name), folder / f"{table.name}.apply.parquet"
    if read.rows and all_new.is_shown(db, table.name) and all_new.take_file(snapshot, table, file):
        return Planned(Counts(create=read.rows, quarantined=read.quarantined), read.complete, (file.name, file_digest(file)))
    counts = dict.fromkeys(("create", "update", "delete", "held"), 0)
    seen = 0
    for kind, waits, from_source, rows in db.execute(
        f"SELECT kind, len(holds) > 0, from_source, count(*) FROM {name} GROUP BY ALL"
    ).fetchall():
        counts["held" if waits else COUNTED_AS[kind]] += rows
        seen += rows if from_source else 0
    cells = f"{', '.join(map(quoted, table.content))}, kind AS _kind, identity AS _identity"
    return Planned(
        Counts(**counts, unchanged=read.rows - seen, quarantined=read.quarantined), read.complete,
        write_rows(db, f"SELECT {cells} FROM {name} WHERE len(holds) = 0", file),
        write_rows(db, f"SELECT {cells}, holds AS _holds FROM {name} WHERE len(holds) > 0", folder / f"{table.name}.held.parquet"),
    )  # fmt: skip


def write_rows(db: duckdb.DuckDBPyConnection, sql: str, path: Path) -> tuple[str, str] | None:
    """Write the rows of a query as one of a plan's row files, in order; None when there are none."""
    if not db.execute(f"SELECT 1 FROM ({sql}) LIMIT 1").fetchone():
        return None
    db.execute(f'COPY ({sql} ORDER BY "sourcedId") TO {literal(path)} (FORMAT parquet)')
    return path.name, file_digest(path)


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
            document["as_of"], {name: _read_planned(found) for name, found in document["entities"].items()},
            tuple(document["unread"]), tuple(document["notes"]), tuple(map(read_hold, document["holds"])),
            tuple(document["whole"]), document["limits"], document["undoes"], document["rows"], document["requests"],
            path.with_name(document["folder"]), tuple(map(read_mark, document["marks"])),
            tuple(map(read_aside, document["asides"])), str(document["owner"]),
            tuple(Alias(**one) for one in document["aliases"]), document["reads"],
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
        named(found["erase"]),
    )  # fmt: skip
