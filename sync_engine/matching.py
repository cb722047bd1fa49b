"""The match report: which record of a source is which landed row, when keys have changed with the vendor or the channel.

Called by `sync match`. Proposes only: a person reads the report and `sync aliases --accept` takes it over. Never compares by mail.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from oneroster_harness.problems import CannotRun, UsageProblem, nearest
from sync_engine import aliases
from sync_engine.aliases import Alias
from sync_engine.difference import read_files
from sync_engine.landing import Table, tables
from sync_engine.snapshot import Snapshot
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Target

HEADER = ("entity", "incoming", "landed", "matched_by", "verdict")
VERDICTS = ("same", "match", "conflict", "ambiguous", "only-source", "only-target")
"""same: one key on both sides. match: another key, known again. conflict: known again, but the key means another row. ambiguous:
several fit. only-source, only-target: nothing fits."""
_SEPARATOR = "chr(31)"


@dataclass(frozen=True, slots=True)
class Match:
    """One line of the report."""

    entity: str
    incoming: str
    landed: str
    matched_by: str
    verdict: str


@cache
def rules() -> Mapping[str, Sequence[Sequence[str]]]:
    """Columns by which a record is known again, per entity, the strongest first."""
    found: dict[str, list[list[str]]] = tomllib.loads(files(__package__).joinpath("matching.toml").read_text("utf-8"))
    return found


def compare(snapshot: Snapshot, target: Target, tenant: str) -> list[Match]:
    """Match a snapshot with what has landed; changes nothing."""
    db, folder = snapshot.scratch.db, snapshot.scratch.folder
    known = tables(snapshot.version)
    names = [name for name in rules() if name in snapshot.entities and snapshot.entities[name].was_read]
    with target.reading() as session:
        aliases.translate(session, tenant, snapshot)
        landed = {name: session.export(known[name], tenant, folder) for name in names}
    db.execute("CREATE OR REPLACE TABLE matched (entity VARCHAR, incoming VARCHAR, landed VARCHAR, matched_by VARCHAR)")
    found: list[Match] = []
    for name in names:
        if landed[name]:
            found += _entity(db, known[name], snapshot.path(name), landed[name])
    return found


def _entity(db: duckdb.DuckDBPyConnection, table: Table, source: Path, landed: Sequence[Path]) -> list[Match]:
    name = table.name
    db.execute(f"CREATE OR REPLACE VIEW incoming AS SELECT * FROM {read_files([source])} WHERE _state = 'present'")
    db.execute(f"CREATE OR REPLACE VIEW standing AS SELECT * FROM {read_files(landed)} WHERE _state <> 'archived'")
    db.execute("CREATE OR REPLACE TABLE several (incoming VARCHAR, landed VARCHAR, matched_by VARCHAR)")
    for columns in rules()[name]:
        if all(column in table.headers for column in columns):
            _by(db, table, columns)
    own = literal(name)
    # What no column tells apart is the same when it bears the same key.
    db.execute(
        f"INSERT INTO matched SELECT {own}, i.\"sourcedId\", s.\"sourcedId\", 'sourcedId' FROM incoming AS i JOIN standing AS s"
        f" USING (\"sourcedId\") WHERE {_unmatched(own, 'incoming', 'i')} AND {_unmatched(own, 'landed', 's')}"
    )
    verdict = (
        "CASE WHEN incoming = landed THEN 'same' WHEN incoming IN (SELECT \"sourcedId\" FROM standing)"
        " OR landed IN (SELECT \"sourcedId\" FROM incoming) THEN 'conflict' ELSE 'match' END"
    )
    rows = db.execute(
        f"SELECT incoming, landed, matched_by, {verdict} FROM matched WHERE entity = {own}"
        f" UNION ALL SELECT incoming, landed, matched_by, 'ambiguous' FROM several WHERE {_unmatched(own, 'incoming', 'several', 'incoming')}"
        f" AND {_unmatched(own, 'landed', 'several', 'landed')}"
        f" UNION ALL SELECT \"sourcedId\", '', '', 'only-source' FROM incoming WHERE {_unmatched(own, 'incoming', 'incoming')}"
        ' AND "sourcedId" NOT IN (SELECT incoming FROM several)'
        f" UNION ALL SELECT '', \"sourcedId\", '', 'only-target' FROM standing WHERE _state = 'present'"
        f" AND {_unmatched(own, 'landed', 'standing')} AND \"sourcedId\" NOT IN (SELECT landed FROM several) ORDER BY ALL"
    ).fetchall()
    return [Match(name, *map(str, row)) for row in rows]


def _by(db: duckdb.DuckDBPyConnection, table: Table, columns: Sequence[str]) -> None:
    """Match what one set of columns tells apart on both sides, and note what it does not."""
    own, by = literal(table.name), literal("+".join(columns))
    sides = {}
    for side, view in (("incoming", "incoming"), ("landed", "standing")):
        key, joins = _key(table, columns, translated=side == "incoming")
        sides[side] = (
            f"SELECT DISTINCT * FROM (SELECT r.\"sourcedId\" AS id, {key} AS key FROM {view} AS r {joins}"
            f" WHERE {_unmatched(own, side, 'r')}) WHERE key IS NOT NULL"
        )
    db.execute(
        "CREATE OR REPLACE TABLE pairs AS SELECT DISTINCT i.id AS incoming, l.id AS landed"
        f" FROM ({sides['incoming']}) AS i JOIN ({sides['landed']}) AS l USING (key)"
    )
    once = (
        "count(*) OVER (PARTITION BY incoming) = 1 AND count(*) OVER (PARTITION BY landed) = 1"
    )
    db.execute(f"INSERT INTO matched SELECT {own}, incoming, landed, {by} FROM (SELECT * FROM pairs QUALIFY {once})")
    db.execute(f"INSERT INTO several SELECT incoming, landed, {by} FROM pairs QUALIFY NOT ({once})")


def _key(table: Table, columns: Sequence[str], *, translated: bool) -> tuple[str, str]:
    """SQL of a row's key and the joins that it needs; null where a part is blank. One list column gives a key per item."""
    parts, joins = [], []
    for number, name in enumerate(columns):
        cell = f"r.{quoted(name)}"
        other = next(column.references.removesuffix(".csv") for column in table.columns if column.header == name)
        if table.is_list(name):
            parts.append(f"lower(trim(unnest({cell})))")
        elif other and translated:
            joins.append(f"LEFT JOIN matched AS m{number} ON m{number}.entity = {literal(other)} AND m{number}.incoming = {cell}")
            parts.append(f"coalesce(m{number}.landed, {cell})")
        else:
            parts.append(cell if other else f"lower(trim({cell}))")
    return f" || {_SEPARATOR} || ".join(parts), " ".join(joins)


def _unmatched(own: str, side: str, alias: str, column: str = "sourcedId") -> str:
    return f"{alias}.{quoted(column)} NOT IN (SELECT {side} FROM matched WHERE entity = {own})"


def write(found: Sequence[Match], path: Path) -> None:
    """Write the report as CSV: keys only, all but what bears one key on both sides.

    Raises CannotRun when it cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            lines = csv.writer(stream)
            lines.writerow(HEADER)
            lines.writerows(
                (one.entity, one.incoming, one.landed, one.matched_by, one.verdict) for one in found if one.verdict != "same"
            )
    except OSError as error:
        raise CannotRun(f"the report cannot be written: {error.strerror}", where=str(path)) from error


def accepted(path: Path) -> list[Alias]:
    """The lines of a report whose verdict is `match`, as aliases.

    Raises CannotRun for a file that cannot be read, UsageProblem for one that is no report or says one thing twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CannotRun("the report cannot be read", "a file of `sync match -o`", str(path)) from error
    found: list[Alias] = []
    seen: set[tuple[str, str, str]] = set()
    for number, line in enumerate(lines, 2):
        where = f"{path}, line {number}"
        if not set(HEADER) <= line.keys():
            raise UsageProblem("the file is no match report", ",".join(HEADER), str(path))
        if line["verdict"] not in VERDICTS:
            raise UsageProblem(f"unknown verdict; {nearest(str(line['verdict']), VERDICTS)}", where=where)
        if line["verdict"] != "match":
            continue
        if line["entity"] not in rules() or not line["incoming"] or not line["landed"]:
            raise UsageProblem("a match without its entity or one of its keys", ",".join(HEADER), where)
        for side in ("incoming", "landed"):
            one = (line["entity"], side, line[side])
            if one in seen:
                raise UsageProblem(f"the {side} key is matched twice", "one line per record", where)
            seen.add(one)
        found.append(Alias(line["entity"], line["incoming"], line["landed"], line["matched_by"]))
    return found
