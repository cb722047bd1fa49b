"""Rules about dates and sessions: ranges, nesting, the kind of session that a link needs."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID, SLICE, BundleFacts, Finding, Skip, finding_of_rows
from conformance.csv_rules.rulebook import bundle_rule

SESSIONS = "academicSessions.csv"
RANGES = {
    SESSIONS: ("startDate", "endDate"),
    "enrollments.csv": ("beginDate", "endDate"),
    "lineItems.csv": ("assignDate", "dueDate"),
    "roles.csv": ("beginDate", "endDate"),
}


def sound_sessions(facts: BundleFacts) -> pl.DataFrame:
    """Sessions as ID, type, start and end, without those whose dates are missing or the wrong way round."""
    table = facts.table(SESSIONS, "sourcedId", "type", "startDate", "endDate")
    return (
        table.filter(pl.col("startDate") < pl.col("endDate"))
        .unique(subset=ID, keep="first", maintain_order=True)
        .select(ID, "type", pl.col("startDate").alias("start"), pl.col("endDate").alias("end"))
    )


def misplaced_sessions(facts: BundleFacts) -> pl.DataFrame:
    """Rows of sessions that reach out of their parent; a child of such a session is not judged again."""
    table = facts.table(SESSIONS, "sourcedId", "startDate", "endDate", "parentSourcedId")
    sound = sound_sessions(facts)
    rows = table.join(sound.select(ID), on=ID, how="semi")
    joined = rows.join(sound, left_on="parentSourcedId", right_on=ID, how="inner", suffix="_parent")
    outside = joined.filter((pl.col("startDate") < pl.col("start")) | (pl.col("endDate") > pl.col("end")))
    return outside.filter(~pl.col("parentSourcedId").is_in(outside[ID].implode())).select(LINE, ID)


@bundle_rule(
    "csv.date-range",
    severity="error",
    section="CSV tables 1.1, academicSessions.csv and enrollments.csv",
    expected="a first day that is not after the last one",
    why="A range that ends before it begins holds no day: nobody is ever in that class.",
)
def date_range(facts: BundleFacts) -> Iterator[Finding]:
    """Date ranges do not end before they begin."""
    judged = False
    for name, (first, last) in RANGES.items():
        try:
            table = facts.table(name, first, last)
        except Skip:
            continue
        judged = True
        early = table.filter(pl.col(last) < pl.col(first))
        yield from finding_of_rows("csv.date-range", early, name, last, f"{last} is before {first}")
        if name != SESSIONS:
            continue
        # Only 1.2 says in words that the last day does not count, which makes such a session one of no day.
        for finding in finding_of_rows(
            "csv.date-range", table.filter(pl.col(last) == pl.col(first)), name, last, f"{last} is {first}"
        ):
            finding.severity = "warning"
            yield finding
    if not judged:
        raise Skip("no file with date ranges was read")


@bundle_rule(
    "csv.session-nesting",
    severity="error",
    section="CSV tables 1.1, academicSessions.csv",
    expected="dates inside those of the parent session",
    why="Whoever asks for the sessions of a school year by date misses it.",
)
def session_nesting(facts: BundleFacts) -> Iterator[Finding]:
    """Sessions lie inside their parent session."""
    rows = misplaced_sessions(facts)
    yield from finding_of_rows(
        "csv.session-nesting", rows, SESSIONS, "startDate", "dates outside those of the parent session"
    )


@bundle_rule(
    "csv.school-year-value",
    severity="warning",
    section="CSV tables 1.1, academicSessions.csv",
    expected="the year in which the school year ends, the same for all of its sessions",
    why="Sessions of one school year are brought together by it.",
)
def school_year_value(facts: BundleFacts) -> Iterator[Finding]:
    """A session's schoolYear is the year in which its school year ends."""
    table = facts.table(SESSIONS, "sourcedId", "type", "endDate", "schoolYear", "parentSourcedId")
    ends = pl.col("endDate")
    # The end of a session does not count: a year that ends with December may be written with the first of January.
    year = pl.col("schoolYear")
    right = (year == ends.dt.year()) | (year == (ends - pl.duration(days=1)).dt.year())
    known = table.filter(pl.col("schoolYear").is_not_null() & ends.is_not_null())
    wrong_years = known.filter((pl.col("type") == "schoolYear") & ~right)
    sound = known.filter(~pl.col(ID).is_in(wrong_years[ID].implode())).select(ID, pl.col("schoolYear").alias("above"))
    children = known.filter(pl.col("type") != "schoolYear").join(
        sound.unique(subset=ID), left_on="parentSourcedId", right_on=ID, how="inner"
    )
    differing = children.filter(pl.col("schoolYear") != pl.col("above"))
    # A term under a term that differs itself is told with that one.
    roots = differing.filter(~pl.col("parentSourcedId").is_in(differing[ID].implode()))
    rows = pl.concat([wrong_years.select(LINE), roots.select(LINE)])
    message = "another year than that of the school year's end"
    yield from finding_of_rows("csv.school-year-value", rows, SESSIONS, "schoolYear", message)


def _other_type(facts: BundleFacts, name: str, column: str, wanted: str) -> pl.DataFrame:
    """Rows whose session exists and is of another type."""
    table = facts.table(name, column)
    sessions = facts.table(SESSIONS, "sourcedId", "type").select(ID, "type").unique(subset=ID)
    joined = table.select(LINE, column).join(sessions, left_on=column, right_on=ID, how="inner")
    types = facts.standard.enumerations["sessionType"]
    kind = pl.col("type").cast(pl.String)
    return joined.filter((kind != wanted) & kind.is_in(list(types)))


@bundle_rule(
    "csv.school-year-type",
    severity="error",
    section="CSV tables 1.1, courses.csv",
    expected="a session of type schoolYear",
    why="A course that hangs on a term disappears when the term ends.",
)
def school_year_type(facts: BundleFacts) -> Iterator[Finding]:
    """A course's school year is a session of type schoolYear."""
    rows = _other_type(facts, "courses.csv", "schoolYearSourcedId", "schoolYear")
    yield from finding_of_rows(
        "csv.school-year-type", rows, "courses.csv", "schoolYearSourcedId", "a session of another type"
    )


@bundle_rule(
    "csv.grading-period-type",
    severity="warning",
    section="CSV tables 1.1, lineItems.csv",
    expected="a session of type gradingPeriod",
    why="Grades are brought together by grading period.",
    specs=("1.1",),
)
def grading_period_type(facts: BundleFacts) -> Iterator[Finding]:
    """A line item's grading period is a session of type gradingPeriod."""
    # A line item of 1.2 may hang on any session.
    column = "gradingPeriodSourcedId"
    rows = _other_type(facts, "lineItems.csv", column, "gradingPeriod")
    yield from finding_of_rows(
        "csv.grading-period-type", rows, "lineItems.csv", column, "a session of another type"
    )


@bundle_rule(
    "csv.enrollment-dates",
    severity="warning",
    section="CSV tables 1.1, enrollments.csv (the standard sets no limit in words)",
    expected="dates inside the terms of the class",
    why="An enrollment that begins before its class, or ends after it, is cut or refused.",
)
def enrollment_dates(facts: BundleFacts) -> Iterator[Finding]:
    """Enrollments lie inside the terms of their class."""
    enrollments = facts.table("enrollments.csv", "classSourcedId", "beginDate", "endDate")
    terms = facts.list_table("classes.csv", "termSourcedIds")
    classes = facts.table("classes.csv", "sourcedId").select(LINE, pl.col(ID).alias("class")).drop_nulls()
    misplaced = misplaced_sessions(facts)
    sessions = sound_sessions(facts).join(misplaced, on=ID, how="anti")
    known = terms.join(sessions, on=ID, how="left").join(classes, on=LINE, how="inner")
    spans = known.group_by("class").agg(
        pl.col("start").min(), pl.col("end").max(), pl.col("start").is_null().any().alias("unsure")
    )
    spans = spans.filter(~pl.col("unsure"))
    early = (pl.col("beginDate") < pl.col("start")) | (pl.col("beginDate") > pl.col("end"))
    late = (pl.col("endDate") > pl.col("end")) | (pl.col("endDate") < pl.col("start"))
    wrong_ones = []
    # Slice by slice: the joined rows of millions of enrollments are not held all at once.
    for part in enrollments.select(LINE, "classSourcedId", "beginDate", "endDate").iter_slices(SLICE):
        ordered = part.filter((pl.col("beginDate") <= pl.col("endDate")).fill_null(True))
        joined = ordered.join(spans, left_on="classSourcedId", right_on="class", how="inner")
        marked = joined.with_columns(early.fill_null(False).alias("early"), late.fill_null(False).alias("late"))
        wrong_ones.append(marked.filter(pl.col("early") | pl.col("late")))
    if not wrong_ones:
        return
    judged = pl.concat(wrong_ones)
    for column, wrong in (("beginDate", pl.col("early")), ("endDate", pl.col("late") & ~pl.col("early"))):
        yield from finding_of_rows(
            "csv.enrollment-dates",
            judged.filter(wrong),
            "enrollments.csv",
            column,
            "dates outside the terms of the class",
        )
