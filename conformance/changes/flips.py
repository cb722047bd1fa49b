"""Rules about roles, schools and sessions that became others.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.changes.comparing import WAS
from conformance.changes.limits import limit
from conformance.changes.people import STAFF, STUDENT, homes, roles_of
from conformance.changes.rulebook import about, change_rule
from conformance.changes.snapshots import FIRST, LAST, YEAR, token
from conformance.changes.steps import Step
from conformance.changes.turns import CLASSES, ENROLLMENTS, ORGS, SESSIONS, USERS
from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID
from conformance.notices import Notice


@change_rule(
    "change.role-flipped", severity="error", expected="students who stay students, staff who stay staff", remedy="look at the export's mapping of roles",
    why="A student with a teacher's role sees everybody's marks.",
)  # fmt: skip
def role_flipped(step: Step) -> Iterator[Notice]:
    """No student becomes staff, no member of staff a student."""
    pair = step.required
    before, after, users = roles_of(pair.old), roles_of(pair.new), pair.new.read(USERS)
    if before is None or after is None or users is None:
        return
    lines = users.live.select(ID, LINE)
    for was, now in ((STUDENT, STAFF), (STAFF, STUDENT)):
        old = _only(before, was, now).join(_only(after, now, was), on=ID, how="semi")
        yield from about(lines.join(old, on=ID, how="semi"), f"a {_word(was)} is a {_word(now)} now", USERS, "role", bundle=pair.new.label)
    change = pair.files.get(ENROLLMENTS)
    if change is not None:
        student = token("student")
        flipped = change.differing("role").filter((pl.col("role") == student) | (pl.col("role" + WAS) == student)) if "role" in change.columns else change.changed.clear()
        yield from about(flipped, "an enrollment of a student is one of staff now, or the reverse", ENROLLMENTS, "role", bundle=pair.new.label)


def _word(kind: str) -> str:
    return "student" if kind == STUDENT else "member of staff"


def _only(roles: pl.DataFrame, kind: str, other: str) -> pl.DataFrame:
    """Users who are the one and not the other."""
    return roles.filter(pl.col("as") == kind).join(roles.filter(pl.col("as") == other), on=ID, how="anti").select(ID)


@change_rule(
    "change.school-flipped", severity="error", expected="people and classes at the school of before", remedy="look at the export's mapping of schools",
    why="Whole schools' data is shown to the staff of another one.",
)  # fmt: skip
def school_flipped(step: Step) -> Iterator[Notice]:
    """No school's people are at another school all at once, and classes stay where they are."""
    pair, turn = step.required, step.turn
    before, after, users = homes(pair.old), homes(pair.new), pair.files.get(USERS)
    closed = turn.closed.rename({ID: "home"})
    if before is not None and after is not None and users is not None and not turn.promoted:
        both = before.join(after, on=ID, suffix=WAS).join(closed, on="home", how="anti")
        moved = both.filter(pl.col("home") != pl.col("home" + WAS))
        counted = moved.group_by("home").agg(pl.len().alias("moved")).join(both.group_by("home").agg(pl.len().alias("of")), on="home")
        hit = counted.filter(pl.struct("moved", "of").map_elements(lambda one: limit("school").passed(one["moved"], one["of"]), return_dtype=pl.Boolean))
        rows = users.after.join(moved.join(hit, on="home", how="semi"), on=ID, how="semi")
        cause = "change.rekeyed" if ORGS in pair.files and pair.files[ORGS].rekeyed.height else ""
        yield from about(rows, "most people of a school are at another one now", USERS, _home_column(pair.new.standard.version), bundle=pair.new.label, cause_of=cause)
    classes = pair.files.get(CLASSES)
    if classes is not None:
        moved = classes.differing("schoolSourcedId").join(closed, left_on="schoolSourcedId" + WAS, right_on="home", how="anti") if classes.changed.height else classes.changed
        yield from about(moved, "a class is at another school", CLASSES, "schoolSourcedId", bundle=pair.new.label, severity="warning")


def _home_column(version: str) -> str:
    return "orgSourcedIds" if version == "1.1" else "primaryOrgSourcedId"


@change_rule(
    "change.org-moved", severity="warning", expected="the type and parent of before", remedy="look at the organisations in the source",
    why="Who may see what follows from type and parent: a school that became a district sees its neighbours.",
)  # fmt: skip
def org_moved(step: Step) -> Iterator[Notice]:
    """Organisations keep their type and their parent."""
    change = step.required.files.get(ORGS)
    if change is not None:
        yield from about(change.differing("type"), "an organisation has another type", ORGS, "type", bundle=step.required.new.label, severity="error")
        yield from about(change.differing("parentSourcedId"), "an organisation lies below another one", ORGS, "parentSourcedId", bundle=step.required.new.label)


@change_rule(
    "change.session-moved", severity="warning", expected="the dates of before, two weeks more or less", remedy="give the next term or year a session of its own",
    why="Classes open and close by the dates of their terms; a session that is used again takes last year's classes along.",
)  # fmt: skip
def session_moved(step: Step) -> Iterator[Notice]:
    """Sessions keep their dates, type and school year."""
    change = step.required.files.get(SESSIONS)
    if change is None or not change.changed.height or FIRST not in change.changed.columns or LAST not in change.changed.columns:
        return
    label = step.required.new.label
    days = [(pl.col(side) - pl.col(side + WAS)).dt.total_days().abs() for side in (FIRST, LAST)]
    shift = change.changed.with_columns(pl.max_horizontal(*days).alias("shift"), ((pl.col(FIRST) > pl.col(LAST + WAS)) | (pl.col(LAST) < pl.col(FIRST + WAS))).alias("apart"))
    moved = shift.filter(pl.col("shift") > 0)
    apart = moved.filter(pl.col("apart"))
    far = moved.filter(~pl.col("apart") & (pl.col("shift") > limit("session").floor))
    near = moved.filter(~pl.col("apart") & (pl.col("shift") <= limit("session").floor))
    yield from about(apart, "a session lies at another time altogether", SESSIONS, "startDate", bundle=label, severity="error")
    yield from about(far, "a session has moved by more than two weeks", SESSIONS, "startDate", bundle=label, observed=_days(far))
    yield from about(near, "a session has moved by days", SESSIONS, "startDate", bundle=label, observed=_days(near), severity="info")
    yield from about(change.differing("type"), "a session has another type", SESSIONS, "type", bundle=label, severity="error")
    if YEAR in shift.columns:
        yield from about(change.differing("schoolYear").join(apart, on=ID, how="anti"), "a session belongs to another school year", SESSIONS, "schoolYear", bundle=label)


def _days(rows: pl.DataFrame) -> str:
    return f"up to {max(rows['shift'].to_list(), default=0)} days"
