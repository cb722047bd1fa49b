"""Rules about how much comes and goes: of a file, of a school, of a role, of a class; and the turn of the year, which is large and right.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.changes.comparing import FileChange, Pair
from conformance.changes.limits import limit
from conformance.changes.people import STAFF, STUDENT, homes, roles_of
from conformance.changes.rulebook import about, change_rule, told
from conformance.changes.snapshots import token
from conformance.changes.steps import Step
from conformance.changes.turns import CLASSES, ENROLLMENTS, ORGS, USERS
from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID
from conformance.notices import Notice

SCHOOLS = {"classes.csv": "schoolSourcedId", "enrollments.csv": "schoolSourcedId", "courses.csv": "orgSourcedId", "roles.csv": "orgSourcedId"}
_GONE = "check that the export covers every school, term and kind of person; if the removal is meant, say so to whoever reads the bundle"


def entity(name: str) -> str:
    """What reports call the records of a file."""
    return name.removesuffix(".csv")


def school_of(pair: Pair, change: FileChange, frame: pl.DataFrame) -> pl.DataFrame:
    """Records of a file with the school that they belong to, as `school`; none where the file does not say."""
    if change.name == USERS:
        sides = [homes(pair.old), homes(pair.new)]
        known = pl.concat([side for side in sides if side is not None] or [pl.DataFrame(schema={ID: pl.UInt64, "home": pl.UInt64})]).unique(subset=ID, keep="first")
        return frame.join(known.rename({"home": "school"}), on=ID, how="inner")
    column = SCHOOLS.get(change.name, "")
    if column not in frame.columns:
        return frame.clear().with_columns(pl.lit(None, dtype=pl.UInt64).alias("school"))
    return frame.with_columns(pl.col(column).alias("school")).filter(pl.col("school").is_not_null())


def role_of(pair: Pair, change: FileChange, frame: pl.DataFrame) -> pl.DataFrame:
    """Records with what their person is, as `as`: users of both versions, enrollments by their role in the class."""
    if change.name == USERS:
        sides = [one for one in (roles_of(pair.old), roles_of(pair.new)) if one is not None]
        return frame.join(pl.concat(sides).unique(), on=ID, how="inner") if sides else frame.clear().with_columns(pl.lit("").alias("as"))
    if change.name != ENROLLMENTS or "role" not in frame.columns:
        return frame.clear().with_columns(pl.lit("").alias("as"))
    student = pl.col("role") == token("student")
    return frame.with_columns(pl.when(student).then(pl.lit(STUDENT)).otherwise(pl.lit(STAFF)).alias("as"))


@change_rule(
    "change.mass-removal", severity="error", expected="as many records as before, less a few", remedy=_GONE,
    why="This is what an export that lost a school, a term or half of its rows looks like; a consumer that believes it removes people.",
)  # fmt: skip
def mass_removal(step: Step) -> Iterator[Notice]:
    """No file, school or role loses a large part of its records."""
    pair = step.required
    old = pair.old
    for name, change in pair.files.items():
        gone = step.turn.unexplained(change)
        if limit("removal").passed(gone.height, change.before.height):
            observed = f"{gone.height:,} of {change.before.height:,} records" + _of_them(change.removed.height - gone.height)
            yield told(
                f"a large part of {entity(name)} is gone", name, gone, bundle=old.label, observed=observed, expected=str(limit("removal")),
                cause_of=_of_a_school(step, change, gone),
            )  # fmt: skip
            continue
        yield from _by_school(step, change, gone)
        yield from _by_role(step, change, gone)


def _of_a_school(step: Step, change: FileChange, gone: pl.DataFrame) -> str:
    """Most of what is gone belonged to schools that are gone."""
    orgs = step.required.files.get(ORGS)
    if orgs is None or not orgs.removed.height:
        return ""
    theirs = school_of(step.required, change, gone).join(step.turn.unexplained(orgs), left_on="school", right_on=ID, how="semi")
    return "change.school-gone" if theirs.height * 2 > gone.height else ""


def _of_them(explained: int) -> str:
    return f", beside {explained:,} that went with their term, year or school" if explained else ""


def _by_school(step: Step, change: FileChange, gone: pl.DataFrame) -> Iterator[Notice]:
    pair = step.required
    of = school_of(pair, change, change.before).group_by("school").agg(pl.len().alias("of"))
    lost = school_of(pair, change, gone)
    counted = lost.group_by("school").agg(pl.len().alias("lost")).join(of, on="school")
    hit = counted.filter(pl.struct("lost", "of").map_elements(lambda one: limit("removal").passed(one["lost"], one["of"]), return_dtype=pl.Boolean))
    if hit.height:
        rows = lost.join(hit, on="school", how="semi")
        yield told(
            f"schools lose a large part of their {entity(change.name)}", change.name, rows, bundle=pair.old.label, expected=str(limit("removal")),
            observed=f"{hit.height:,} of {of.height:,} schools, {hit['lost'].sum():,} of their {hit['of'].sum():,} records",
            cause_of=_of_a_school(step, change, rows),
        )  # fmt: skip


def _by_role(step: Step, change: FileChange, gone: pl.DataFrame) -> Iterator[Notice]:
    pair = step.required
    of, lost = role_of(pair, change, change.before), role_of(pair, change, gone)
    for role in sorted(lost["as"].unique().to_list()):
        rows, all_of_them = lost.filter(pl.col("as") == role), of.filter(pl.col("as") == role).height
        if limit("removal").passed(rows.height, all_of_them):
            kind = {STUDENT: "students", STAFF: "staff"}.get(role, "other people")
            yield told(
                f"a large part of the {entity(change.name)} of {kind} is gone", change.name, rows, bundle=pair.old.label, expected=str(limit("removal")),
                observed=f"{rows.height:,} of {all_of_them:,}", cause_of=_of_a_school(step, change, rows),
            )  # fmt: skip


@change_rule(
    "change.mass-creation", severity="warning", expected="few new records", remedy="check that the export is not wider than it was, and that ids are those of before",
    why="A mass of new records is often the old ones under other ids, or a scope that was opened by mistake.",
)  # fmt: skip
def mass_creation(step: Step) -> Iterator[Notice]:
    """No file grows by a large part in one step."""
    for name, change in step.required.files.items():
        new = step.turn.unexpected(change)
        if change.before.height and limit("creation").passed(new.height, change.before.height):
            observed = f"{new.height:,} new beside {change.before.height:,} of before"
            yield told(f"{entity(name)} grows by a large part", name, new, bundle=step.required.new.label, observed=observed, expected=str(limit("creation")))


@change_rule(
    "change.school-gone", severity="error", expected="every school of before", remedy=_GONE,
    why="With a school go all of its classes, and its people have no place.",
)  # fmt: skip
def school_gone(step: Step) -> Iterator[Notice]:
    """No school is missing, unless its people are at another one."""
    change = step.required.files.get(ORGS)
    if change is None or "type" not in change.columns:
        return
    rows = step.turn.unexplained(change).filter(pl.col("type") == token("school"))
    yield from about(rows, "a school is gone, and its people are at no other one", ORGS, bundle=step.required.old.label)


@change_rule(
    "change.class-emptied", severity="error", expected="students in a class that had some", remedy="look whether the class's enrollments were left out of the export",
    why="All work of its students is closed; they come back as strangers when it was a mistake.",
)  # fmt: skip
def class_emptied(step: Step) -> Iterator[Notice]:
    """No class that stays loses all of its students at once."""
    seats = _seats(step)
    rows = seats.filter((pl.col("now") == 0) & (pl.col("was") >= limit("emptied").floor))
    yield from about(rows, "a class has lost all of its students", CLASSES, "sourcedId", bundle=step.required.new.label, cause_of=_cause(step, rows))


@change_rule(
    "change.class-shrunk", severity="warning", expected="most of the students of before", remedy="look whether enrollments were left out of the export",
    why="Half of a class does not leave on one day.",
)  # fmt: skip
def class_shrunk(step: Step) -> Iterator[Notice]:
    """No class of five or more loses over half of its students at once."""
    seats = _seats(step).filter((pl.col("now") > 0) & (pl.col("was") >= limit("class").floor))
    rows = seats.filter((pl.col("was") - pl.col("now")) * 100 > pl.col("was") * limit("class").percent)
    yield from about(rows, "a class has lost over half of its students", CLASSES, "sourcedId", bundle=step.required.new.label, cause_of=_cause(step, rows))


def _cause(step: Step, rows: pl.DataFrame) -> str:
    """A file that lost a large part of its rows empties classes as well."""
    change = step.required.files.get(ENROLLMENTS)
    gone = step.turn.unexplained(change).height if change is not None else 0
    is_mass = change is not None and limit("removal").passed(gone, change.before.height)
    return "change.mass-removal" if rows.height and is_mass else ""


def _seats(step: Step) -> pl.DataFrame:
    """Classes that both bundles have, with the students that they had and have: `was` and `now`."""
    classes, change = step.required.files.get(CLASSES), step.required.files.get(ENROLLMENTS)
    if classes is None or change is None or not {"classSourcedId", "role"} <= set(change.columns):
        return pl.DataFrame(schema={LINE: pl.UInt32, ID: pl.UInt64, "was": pl.Int64, "now": pl.Int64})
    explained = step.turn.gone.get(ENROLLMENTS)
    before = change.before if explained is None else change.before.join(explained, on=ID, how="anti")
    was, now = (
        side.filter(pl.col("role") == token("student")).group_by(pl.col("classSourcedId").alias(ID)).agg(pl.len().cast(pl.Int64).alias(name))
        for side, name in ((before, "was"), (change.after, "now"))
    )
    staying = classes.after.join(classes.created, on=ID, how="anti").select(LINE, ID)
    return staying.join(was, on=ID, how="left").join(now, on=ID, how="left").with_columns(pl.col("was", "now").fill_null(0))


@change_rule(
    "change.rollover", severity="info", expected="a calm day", remedy="nothing, when the calendar says so; else hold the bundle",
    why="At the turn of a term or year much goes and much comes, and all of it is right.",
)  # fmt: skip
def rollover(step: Step) -> Iterator[Notice]:
    """No term or year has turned."""
    turn, pair = step.turn, step.required
    parts = [f"{turn.ended.height:,} session(s) are over"] if turn.ended.height else []
    parts += [f"{rows.height:,} {entity(name)}" for name, rows in turn.gone.items() if rows.height and name not in ("academicSessions.csv", ORGS)]
    parts += [f"{turn.closed.height:,} school(s) closed whose people are elsewhere"] if turn.closed.height else []
    parts += [f"{turn.promoted:,} students are in another grade"] if turn.promoted else []
    parts += [f"{turn.begun.height:,} session(s) of a new term or year"] if turn.begun.height else []
    if parts:
        yield told("a term or a year has turned", "academicSessions.csv", bundle=pair.new.label, observed=", ".join(parts))
