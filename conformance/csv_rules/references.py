"""Rules about ids: unique in their file, and every reference resolves."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID, BundleFacts, Finding, Skip, finding_of_rows, hashed_ids
from conformance.csv_rules.rulebook import bundle_rule
from oneroster_standard.standard import CsvColumn


@bundle_rule(
    "csv.unique-id",
    severity="error",
    section="CSV tables 1.1, sourcedId",
    expected="each sourcedId once in its file",
    why="Of two records with one id, one is lost without a word.",
)
def unique_id(facts: BundleFacts) -> Iterator[Finding]:
    """Each sourcedId stands once in its file."""
    judged = False
    for reading in facts.present:
        table = facts.tables.get(reading.name)
        if table is None or not reading.has("sourcedId"):
            continue
        judged = True
        if facts.has_unique_ids(reading.name):
            continue
        ids = table.select(LINE, ID).drop_nulls()
        again = ids.filter(~pl.col(ID).is_first_distinct())
        message = "a sourcedId that an earlier row has"
        yield from finding_of_rows("csv.unique-id", again, reading.name, "sourcedId", message)
    if not judged:
        raise Skip("no file with a sourcedId column was read")


def _targets(facts: BundleFacts, name: str) -> pl.Series:
    """Ids that the file is known to hold, those of rows that could not be taken apart included."""
    ids = facts.tables[name][ID].drop_nulls()
    lost = facts.readings[name].lost
    return pl.concat([ids, hashed_ids(lost).drop_nulls()]) if lost else ids


def uncertain_ids(facts: BundleFacts, name: str) -> tuple[int, str]:
    """How many ids of a file cannot be trusted, and the rule that says so."""
    reading = facts.readings[name]
    for check in ("csv.required-value", "csv.guid-length", "csv.spreadsheet-id"):
        tally = facts.cells.get((check, name, "sourcedId"))
        if tally:
            return tally.count, check
    if not facts.has_unique_ids(name):
        ids = facts.tables[name][ID].drop_nulls()
        return ids.len() - ids.n_unique(), "csv.unique-id"
    if reading.lost:
        return len(reading.lost), "csv.quoting" if "quoting" in reading.faults else "csv.row-width"
    return 0, ""


def _values(facts: BundleFacts, name: str, column: CsvColumn) -> pl.DataFrame:
    if column.is_list:
        return facts.list_table(name, column.header)
    table = facts.table(name, column.header)
    return table.select(LINE, pl.col(column.header).alias(ID)).drop_nulls()


@bundle_rule(
    "csv.reference",
    severity="error",
    section="CSV tables 1.1, references",
    expected="the sourcedId of a record in that file",
    why="A record that points to nothing is set aside, and what depends on it as well.",
    remedy="export all files in one job, so that they show the same moment",
)
def reference(facts: BundleFacts) -> Iterator[Finding]:
    """Every reference points to a record of the bundle."""
    judged = 0
    reasons: list[str] = []
    for reading in facts.present:
        for column in reading.spec.columns:
            target = column.references
            if not target or not reading.has(column.header):
                continue
            try:
                facts.table(target, "sourcedId")
                values = _values(facts, reading.name, column)
            except Skip as skip:
                reasons.append(str(skip))
                continue
            judged += 1
            dangling = values.filter(~pl.col(ID).is_in(_targets(facts, target).implode()))
            message = f"{column.header} names a record that is not in {target}"
            for finding in finding_of_rows("csv.reference", dangling, reading.name, column.header, message):
                uncertain, cause = uncertain_ids(facts, target)
                finding.expected = f"a sourcedId of {target}"
                finding.cause_of = cause if dangling[ID].n_unique() <= uncertain else ""
                yield finding
    if not judged:
        raise Skip("; ".join(sorted(set(reasons))) or "no file with references was read")


@bundle_rule(
    "csv.parent-cycle",
    severity="error",
    section="CSV tables 1.1, parentSourcedId",
    expected="a way up that ends at a record without parent",
    why="Whoever walks up to the district walks for ever.",
)
def parent_cycle(facts: BundleFacts) -> Iterator[Finding]:
    """No record is its own ancestor."""
    judged = False
    for name in ("orgs.csv", "academicSessions.csv"):
        try:
            table = facts.table(name, "parentSourcedId")
        except Skip:
            continue
        judged = True
        parents = dict(
            table.select(ID, "parentSourcedId").drop_nulls().unique(subset=ID, keep="first").iter_rows()
        )
        looped = _looped(parents)
        rows = table.filter(pl.col(ID).is_in(list(looped)))
        yield from finding_of_rows(
            "csv.parent-cycle", rows, name, "parentSourcedId", "a record that is its own ancestor"
        )
    if not judged:
        raise Skip("neither orgs.csv nor academicSessions.csv with parents was read")


def _looped(parents: dict[int, int]) -> set[int]:
    """Ids that lie on a cycle."""
    done: set[int] = set()
    looped: set[int] = set()
    for start in parents:
        path: list[int] = []
        at: int | None = start
        while at is not None and at not in done:
            done.add(at)
            path.append(at)
            at = parents.get(at)
        if at is not None and at in path:
            looped.update(path[path.index(at) :])
    return looped
