"""Rules about who is who: ids that differ in case only, one person in two records, shared addresses, guardians.

Field practice, all of them: the standard leaves these open, and consumers that match people suffer from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import polars as pl

from conformance.csv_files.reading import LINE, LOST_LETTER
from conformance.csv_rules.cell_tests import Cell, CellTest, Whole
from conformance.csv_rules.facts import FOLDED, ID, BundleFacts, Finding, Skip, finding_of_rows
from conformance.csv_rules.people import roles_held
from conformance.csv_rules.rulebook import bundle_rule, cell_rule

PRACTICE = "Field practice: matching people"
USERS = "users.csv"
MOST_GUARDIANS = 5
_CASE_FILES = ("orgs.csv", "courses.csv", "classes.csv", USERS)


@bundle_rule(
    "csv.id-case",
    severity="warning",
    section=PRACTICE,
    expected="ids that differ in more than their letter case",
    why="Databases and importers that fold case take two records for one.",
)
def id_case(facts: BundleFacts) -> Iterator[Finding]:
    """No two sourcedIds of a file differ in letter case only."""
    judged = False
    for name in _CASE_FILES:
        try:
            table = facts.table(name, "sourcedId")
        except Skip:
            continue
        judged = True
        ids = facts.first_of_each(name, table.select(LINE, ID, FOLDED))
        if ids[FOLDED].n_unique() < ids.height:
            twins = ids.filter(~pl.col(FOLDED).is_first_distinct())
            yield from finding_of_rows("csv.id-case", twins, name, "sourcedId", "an id that an earlier row has in another case")
    if not judged:
        raise Skip("none of the files was read")


def _shared(facts: BundleFacts, column: str) -> pl.DataFrame:
    """Users whose value of a column an earlier user has, the same id counted once."""
    table = facts.table(USERS, "sourcedId", column)
    return facts.once(f"shared {column}", lambda: _later(facts.first_of_each(USERS, table.select(LINE, ID, column).drop_nulls()), column))


def _later(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows whose value of a column an earlier row has."""
    return rows.filter(~pl.col(column).is_first_distinct())


def _twins(facts: BundleFacts) -> pl.Series:
    """Lines of users whose id is told by csv.id-case already."""
    with suppress(Skip):
        table = facts.table(USERS, "sourcedId").select(LINE, ID, FOLDED)
        return facts.once("id twins", lambda: _later(facts.first_of_each(USERS, table), FOLDED))[LINE]
    return pl.Series(LINE, [], dtype=pl.UInt32)


@bundle_rule(
    "csv.identifier-shared",
    severity="warning",
    section=PRACTICE,
    expected="an identifier of one person",
    why="It is one person in two records, or two persons with one number: work and marks land with the wrong one.",
    remedy="send one record for a person, with all of its schools",
)
def identifier_shared(facts: BundleFacts) -> Iterator[Finding]:
    """No two users have the same identifier."""
    again = _shared(facts, "identifier").filter(~pl.col(LINE).is_in(_twins(facts).implode()))
    message = "an identifier that an earlier user has: likely the same person"
    yield from finding_of_rows("csv.identifier-shared", again, USERS, "identifier", message)


@bundle_rule(
    "csv.email-shared",
    severity="info",
    section=PRACTICE,
    expected="an address of one person; never take it for an id",
    why="Whoever signs in by address gets into the account of the other.",
)
def email_shared(facts: BundleFacts) -> Iterator[Finding]:
    """No two users have the same e-mail address, whatever its letter case."""
    shared = _shared(facts, "email")
    same = pl.concat([_shared_lines(facts, "identifier"), _twins(facts)])
    # A person who is there twice shares the address with nobody else.
    again = shared.filter(~pl.col(LINE).is_in(same.implode()))
    yield from finding_of_rows("csv.email-shared", again, USERS, "email", "an address that an earlier user has")


def _shared_lines(facts: BundleFacts, column: str) -> pl.Series:
    with suppress(Skip):
        return _shared(facts, column)[LINE]
    return pl.Series(LINE, [], dtype=pl.UInt32)


def _children(facts: BundleFacts) -> pl.DataFrame:
    """Users who are students and nothing else, as ID."""
    roles = roles_held(facts)
    return facts.once("children", lambda: _only_students(roles))


def _only_students(roles: pl.DataFrame) -> pl.DataFrame:
    others = roles.filter(pl.col("as") != "student")
    return roles.filter(pl.col("as") == "student").select(ID).join(others, on=ID, how="anti")


def _agents_of_children(facts: BundleFacts) -> pl.DataFrame:
    """Agents in the rows of students: adults may list their children as agents."""
    users, children, agents = facts.table(USERS, "sourcedId").select(LINE, ID), _children(facts), facts.list_table(USERS, "agentSourcedIds")
    return facts.once("agents of children", lambda: agents.join(users.join(children, on=ID, how="semi").select(LINE), on=LINE, how="semi"))


@bundle_rule(
    "csv.guardian-count",
    severity="warning",
    section=PRACTICE,
    expected=f"at most {MOST_GUARDIANS} agents",
    why="Emergency contacts are listed as guardians, and get accounts.",
)
def guardian_count(facts: BundleFacts) -> Iterator[Finding]:
    """No student has more agents than a family has."""
    many = _agents_of_children(facts).group_by(LINE).len().filter(pl.col("len") > MOST_GUARDIANS)
    yield from finding_of_rows("csv.guardian-count", many, USERS, "agentSourcedIds", f"more than {MOST_GUARDIANS} agents")


@bundle_rule(
    "csv.agent-role",
    severity="warning",
    section=PRACTICE,
    expected="agents of a student who are no students",
    why="A child sees the marks of another child.",
)
def agent_role(facts: BundleFacts) -> Iterator[Finding]:
    """Agents of students are not students."""
    wrong = _agents_of_children(facts).join(_children(facts), on=ID, how="semi").unique(subset=LINE)
    yield from finding_of_rows("csv.agent-role", wrong, USERS, "agentSourcedIds", "an agent who is a student")


@cell_rule(
    "csv.replacement-character",
    severity="warning",
    section=PRACTICE,
    expected="the letters of the name; U+FFFD stands where an encoding was lost",
    why="The name cannot be restored from the file, and is saved as it stands.",
    remedy="export again in UTF-8 from the source",
)
def replacement_character(cell: Cell) -> CellTest | None:
    """No text holds the sign of a lost letter."""
    if cell.column.item_format != "string":
        return None
    return Whole(lambda series: series.str.contains(LOST_LETTER, literal=True), sign=LOST_LETTER)
