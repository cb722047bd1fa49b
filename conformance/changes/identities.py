"""Rules about who is who: other ids for the same records, the same id for somebody else, columns by which people are matched.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.changes.comparing import WAS, FileChange
from conformance.changes.limits import limit
from conformance.changes.rulebook import about, change_rule, told
from conformance.changes.steps import Step
from conformance.changes.turns import USERS
from conformance.changes.volumes import entity
from conformance.notices import Notice

IDENTITY = ("username", "email", "identifier", "userIds", "userMasterIdentifier", "givenName", "familyName")
SOMEBODY = {
    "users.csv": (("givenName", "familyName"), ("identifier", "username", "email", "userMasterIdentifier")),
    "orgs.csv": (("name",), ("identifier",)),
    "courses.csv": (("title",), ("courseCode",)),
    "classes.csv": (("title", "courseSourcedId"), ("classCode", "schoolSourcedId")),
}
"""File -> columns all of which differ, and columns one of which differs as well, when an id belongs to something else."""
TURNING = ("grades", "orgSourcedIds", "primaryOrgSourcedId", "agentSourcedIds", "termSourcedIds", "schoolYearSourcedId")
"""Columns that a new year changes for everybody."""


@change_rule(
    "change.rekeyed", severity="warning", expected="the ids of before", remedy="keep sourcedIds for as long as the record lives; look what the export makes them of",
    why="By the id it is one record removed and another one created: work, links and marks stay with the old one.",
)  # fmt: skip
def rekeyed(step: Step) -> Iterator[Notice]:
    """Records keep their ids."""
    for name, change in step.required.files.items():
        many = limit("rekeying").passed(change.rekeyed.height, change.before.height)
        observed = f"{change.rekeyed.height:,} of {change.before.height:,} records"
        yield from about(
            change.rekeyed, f"{entity(name)} bear other ids than before", name, "sourcedId", bundle=step.required.new.label, observed=observed,
            severity="error" if many else "",
        )  # fmt: skip


@change_rule(
    "change.id-reused", severity="error", expected="the person or thing that bore the id before", remedy="give a new sourcedId to a new record",
    why="The newcomer inherits account, work and marks of whoever bore the id before.",
)  # fmt: skip
def id_reused(step: Step) -> Iterator[Notice]:
    """An id belongs to whom it belonged before."""
    for name, change in step.required.files.items():
        rows = somebody_else(change)
        yield from about(rows, "an id belongs to somebody or something else now", name, "sourcedId", bundle=step.required.new.label)


def somebody_else(change: FileChange) -> pl.DataFrame:
    """Changed records that are another person, school, course or class."""
    names, marks = SOMEBODY.get(change.name, ((), ()))
    if not names:
        return change.changed.clear()
    differing = change.differing(*names)
    marks = tuple(mark for mark in marks if mark in change.columns)
    if not differing.height or not marks:
        return differing.clear()
    return differing.filter(pl.any_horizontal(pl.col(mark).ne_missing(pl.col(mark + WAS)) for mark in marks))


@change_rule(
    "change.field-en-masse", severity="warning", expected="few records of which one column changes", remedy="look at the export's mapping of that column",
    why="One column that changes in very many records was changed by a setting; a column by which people are matched makes strangers of them.",
)  # fmt: skip
def field_en_masse(step: Step) -> Iterator[Notice]:
    """No column changes in a large part of the records."""
    pair = step.required
    moved = {name for name, change in pair.files.items() if change.rekeyed.height}
    for name, change in pair.files.items():
        common = change.after.height - change.created.height
        for column, count in change.fields.items():
            is_identity = name == USERS and column in IDENTITY
            if not limit("identity" if is_identity else "field").passed(count, common):
                continue
            if step.turn.is_year and column in TURNING:
                continue
            emptied = not change.new.filled.get(column, 0)
            cause = "change.column-emptied" if emptied else "change.rekeyed" if change.new.reading.spec.column(column).references in moved else ""
            yield told(
                f"{column} of {entity(name)} has changed in a large part of the records", name, change.differing(column), column, bundle=pair.new.label,
                observed=f"{count:,} of {common:,} records", severity="error" if is_identity else "", cause_of=cause,
            )  # fmt: skip
