"""Rules about courses, classes, enrollments and results taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import polars as pl

from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID, SLICE, BundleFacts, Finding, Skip, finding_of_rows, is_unique
from conformance.csv_rules.rulebook import bundle_rule

ENROLLMENTS = "enrollments.csv"
_COMPARED = 50
MOST_STUDENTS = 100
_TEACHING_ROLES = {
    "1.1": {"teacher", "administrator", "aide", "proctor"},
    "1.2": {"teacher", "aide", "counselor", "districtAdministrator", "principal", "proctor", "siteAdministrator", "systemAdministrator"},
}
"""Roles of users whose holders are no students; one that is not known is the fault of another rule."""


def _schools(facts: BundleFacts) -> pl.DataFrame:
    """Organisations of a type that exists: an unknown type is the fault of another rule."""
    orgs = facts.table("orgs.csv", "sourcedId", "type")
    known = orgs.select(ID, pl.col("type").cast(pl.String)).drop_nulls()
    types = facts.standard.enumerations["orgType"]
    return known.filter(pl.col("type").is_in(list(types))).unique(subset=ID, keep="first")


@bundle_rule(
    "csv.school-type",
    severity="error",
    section="CSV tables 1.1, classes.csv",
    expected="an organisation of type school",
    why="A class of the district is at no school, so no school's staff may see it.",
)
def school_type(facts: BundleFacts) -> Iterator[Finding]:
    """The school of a class is an organisation of type school."""
    table = facts.table("classes.csv", "schoolSourcedId")
    joined = table.join(_schools(facts), left_on="schoolSourcedId", right_on=ID, how="inner")
    rows = joined.filter(pl.col("type") != "school")
    yield from finding_of_rows(
        "csv.school-type", rows, "classes.csv", "schoolSourcedId", "an organisation of another type"
    )


@bundle_rule(
    "csv.subject-pairs",
    severity="error",
    section="CSV tables 1.1, courses.csv and classes.csv",
    expected="as many subject codes as subjects, in the same order",
    why="Codes are given to subjects by position.",
)
def subject_pairs(facts: BundleFacts) -> Iterator[Finding]:
    """Subjects and subject codes are equally many."""
    judged = False
    for name in ("courses.csv", "classes.csv"):
        try:
            table = facts.table(name, "subjects", "subjectCodes")
        except Skip:
            continue
        judged = True
        rows = table.filter(pl.col("subjects") != pl.col("subjectCodes"))
        yield from finding_of_rows(
            "csv.subject-pairs", rows, name, "subjectCodes", "more or fewer codes than subjects"
        )
    if not judged:
        raise Skip("neither courses.csv nor classes.csv with subjects was read")


def role_conflicts(facts: BundleFacts) -> pl.DataFrame:
    """Enrollments of students as staff, and of staff as students; whoever is both may be enrolled as either."""
    rows, roles = facts.table(ENROLLMENTS, "userSourcedId", "role"), roles_held(facts)
    return facts.once("role conflicts", lambda: _role_conflicts(facts, rows, roles))


def _role_conflicts(facts: BundleFacts, rows: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    # Only rows that may conflict are joined: of millions of student enrollments none may be of staff.
    students = roles.filter(pl.col("as") == "student")
    staff = roles.filter(is_one_of("as", _TEACHING_ROLES[facts.standard.version]))
    only_staff, only_students = (one.join(other, on=ID, how="anti")[ID].implode() for one, other in ((staff, students), (students, staff)))
    enrolled = rows.select(LINE, "userSourcedId", "role")
    # Slice by slice: what millions of rows are filtered by is not held all at once.
    as_student = [part.filter((pl.col("role") == "student") & pl.col("userSourcedId").is_in(only_staff)) for part in enrolled.iter_slices(SLICE)]
    as_staff = enrolled.filter((pl.col("role") == "teacher") | (pl.col("role") == "administrator"))
    return pl.concat([*as_student, as_staff.filter(pl.col("userSourcedId").is_in(only_students))])


def is_one_of(column: str, tokens: Iterable[str]) -> pl.Expr:
    """Whether a column of tokens holds one of some; is_in would turn the whole column into text."""
    return pl.any_horizontal(pl.col(column) == token for token in sorted(tokens))


def roles_held(facts: BundleFacts) -> pl.DataFrame:
    """Who is what, as ID and `as`: one role each in users.csv of 1.1, any number in roles.csv of 1.2."""
    if facts.standard.version == "1.1":
        users = facts.table("users.csv", "sourcedId", "role")
        return facts.once("roles", lambda: _first_roles(facts, users.select(ID, pl.col("role").alias("as"))))
    roles = facts.table("roles.csv", "userSourcedId", "role")
    return facts.once("roles", lambda: roles.select(pl.col("userSourcedId").alias(ID), pl.col("role").alias("as")).unique())


def _first_roles(facts: BundleFacts, roles: pl.DataFrame) -> pl.DataFrame:
    return roles if facts.has_unique_ids("users.csv") else roles.unique(subset=ID, keep="first")


@bundle_rule(
    "csv.enrollment-role",
    severity="warning",
    section="CSV tables 1.1, enrollments.csv and users.csv",
    expected="students enrolled as students, staff as staff",
    why="A student who is enrolled as a teacher sees the grades of the class.",
)
def enrollment_role(facts: BundleFacts) -> Iterator[Finding]:
    """The role in a class goes with the role of the user."""
    yield from finding_of_rows(
        "csv.enrollment-role",
        role_conflicts(facts),
        ENROLLMENTS,
        "role",
        "a role in the class that does not go with the user's own role",
    )


@bundle_rule(
    "csv.primary-role",
    severity="error",
    section="CSV tables 1.1, enrollments.csv",
    expected="primary true for teachers only",
    why="The class is shown with that person as its teacher.",
)
def primary_role(facts: BundleFacts) -> Iterator[Finding]:
    """Only teachers are primary."""
    table = facts.table(ENROLLMENTS, "role", "primary")
    others = [role for role in facts.standard.enumerations["enrollmentRole"] if role != "teacher"]
    rows = table.filter(pl.col("primary") == "true").filter(is_one_of("role", others))
    if rows.height:
        with suppress(Skip):
            # Where the role itself is in doubt, only that is reported.
            rows = rows.join(role_conflicts(facts), on=LINE, how="anti")
    yield from finding_of_rows(
        "csv.primary-role", rows, ENROLLMENTS, "primary", "primary is true for somebody who is not a teacher"
    )


@bundle_rule(
    "csv.primary-teacher",
    severity="warning",
    section="CSV tables 1.1, enrollments.csv",
    expected="at most one primary teacher in a class at a time",
    why="Which of them owns the class depends on the order of rows.",
)
def primary_teacher(facts: BundleFacts) -> Iterator[Finding]:
    """A class has at most one primary teacher at a time."""
    table = facts.table(ENROLLMENTS, "classSourcedId", "userSourcedId", "role", "primary")
    rows = table.filter((pl.col("primary") == "true") & (pl.col("role") == "teacher"))
    keys = ["classSourcedId"]
    again = _overlapping(rows.unique(subset=["classSourcedId", "userSourcedId"], keep="first"), keys)
    yield from finding_of_rows(
        "csv.primary-teacher", again, ENROLLMENTS, "primary", "a second primary teacher in the class"
    )


def _overlapping(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Rows that share their keys with an earlier row and some days as well; open ends reach for ever.

    From the 50th row with the same keys on a row is taken to overlap: to compare each with each would not end.
    """
    # One number of all ids first: millions of rows are told apart by it far sooner than by their keys.
    mixed = pl.lit(0, pl.UInt64)
    for key in keys:
        if rows.schema[key] == pl.UInt64:
            mixed = mixed * 31 + pl.col(key)
    mix = rows.select(mixed.alias("mix")).to_series()
    if is_unique(mix):
        return rows.clear()
    likely = rows.filter(mix.is_duplicated()).drop_nulls(keys)
    # A row whose whole id is repeated is the fault of another rule.
    once = likely.filter(pl.col(ID).is_first_distinct() | pl.col(ID).is_null())
    shared = once.filter(pl.struct(keys).is_duplicated())
    if shared.is_empty():
        return shared
    columns = shared.columns
    begin = pl.col("beginDate") if "beginDate" in columns else pl.lit(None, pl.Date)
    end = pl.col("endDate") if "endDate" in columns else pl.lit(None, pl.Date)
    spans = shared.sort(LINE).select(
        LINE,
        *keys,
        begin.fill_null(pl.date(1, 1, 1)).alias("from"),
        end.fill_null(pl.date(9999, 1, 1)).alias("until"),
        pl.int_range(pl.len()).over(keys).alias("nth"),
    )
    few = spans.filter(pl.col("nth") < _COMPARED)
    pairs = few.join(few, on=keys, suffix="_other").filter(
        (pl.col(LINE) > pl.col(f"{LINE}_other"))
        & (pl.col("from") < pl.col("until_other"))
        & (pl.col("until") > pl.col("from_other"))
    )
    many = spans.filter(pl.col("nth") >= _COMPARED)
    return pl.concat([pairs.select(LINE).unique(), many.select(LINE)])


@bundle_rule(
    "csv.enrollment-repeated",
    severity="warning",
    section="CSV tables 1.1, enrollments.csv",
    expected="one enrollment for a user, a class and a role at a time",
    why="When one of the two ends, the user is taken out of the class.",
)
def enrollment_repeated(facts: BundleFacts) -> Iterator[Finding]:
    """Nobody is enrolled twice in one class and role at the same time."""
    table = facts.table(ENROLLMENTS, "classSourcedId", "userSourcedId", "role")
    again = _overlapping(table, ["classSourcedId", "userSourcedId", "role"])
    yield from finding_of_rows(
        "csv.enrollment-repeated", again, ENROLLMENTS, "userSourcedId", "the same user, class and role again"
    )


@bundle_rule(
    "csv.enrollment-school",
    severity="error",
    section="CSV tables 1.1, enrollments.csv",
    expected="the school of the class",
    why="The enrollment is shown at a school where the class does not exist.",
)
def enrollment_school(facts: BundleFacts) -> Iterator[Finding]:
    """The school of an enrollment is the school of its class."""
    rows = facts.table(ENROLLMENTS, "classSourcedId", "schoolSourcedId")
    classes = facts.table("classes.csv", "sourcedId", "schoolSourcedId")
    schools = _schools(facts).filter(pl.col("type") == "school").select(ID)
    homes = classes.select(pl.col(ID).alias("class"), pl.col("schoolSourcedId").alias("home")).drop_nulls()
    homes = homes.join(schools, left_on="home", right_on=ID, how="semi").unique(subset="class", keep="first")
    # Nearly all rows are right: only pairs of class and school that no class has are looked up.
    right = homes.select(pl.col("class") * 31 + pl.col("home")).to_series()
    pair = pl.col("classSourcedId") * 31 + pl.col("schoolSourcedId")
    joined = rows.select(LINE, "classSourcedId", "schoolSourcedId").filter(~pair.is_in(right.implode())).join(
        homes, left_on="classSourcedId", right_on="class", how="inner"
    )
    known = joined.join(
        facts.table("orgs.csv").select(ID), left_on="schoolSourcedId", right_on=ID, how="semi"
    )
    yield from finding_of_rows(
        "csv.enrollment-school",
        known.filter(pl.col("schoolSourcedId") != pl.col("home")),
        ENROLLMENTS,
        "schoolSourcedId",
        "another school than that of the class",
    )


@bundle_rule(
    "csv.class-size",
    severity="warning",
    section="Field practice: sizes of classes",
    expected=f"at most {MOST_STUDENTS} students in a class",
    why="A lunchroom or a whole school sent as a class slows its page down and fills its teacher's list.",
    remedy="leave such sections out of the export",
)
def class_size(facts: BundleFacts) -> Iterator[Finding]:
    """No class has hundreds of students."""
    rows = facts.table(ENROLLMENTS, "classSourcedId", "userSourcedId", "role")
    is_student = pl.col("role") == "student"
    counts = [part.filter(is_student).group_by("classSourcedId").len("count") for part in rows.select("classSourcedId", "role").iter_slices(SLICE)]
    crowded = pl.concat(counts).group_by("classSourcedId").agg(pl.col("count").sum()).filter(pl.col("count") > MOST_STUDENTS) if counts else rows.clear()
    large = crowded.select(pl.col("classSourcedId").alias(ID))
    if large.height:
        # Whoever left and came back counts once.
        likely = rows.filter(is_student).join(large, left_on="classSourcedId", right_on=ID, how="semi")
        seats = likely.group_by("classSourcedId").agg(pl.col("userSourcedId").n_unique().alias("seats"))
        large = seats.filter(pl.col("seats") > MOST_STUDENTS).select(pl.col("classSourcedId").alias(ID))
    classes = facts.table("classes.csv", "sourcedId").select(LINE, ID).drop_nulls().unique(subset=ID, keep="first")
    yield from finding_of_rows(
        "csv.class-size", classes.join(large, on=ID, how="semi"), "classes.csv", "sourcedId", f"a class of more than {MOST_STUDENTS} students"
    )


@bundle_rule(
    "csv.score-bounds",
    severity="warning",
    section="CSV tables 1.1, lineItems.csv",
    expected="resultValueMin below resultValueMax",
    why="No score can lie in such a range.",
)
def score_bounds(facts: BundleFacts) -> Iterator[Finding]:
    """The smallest score of a line item is below its largest."""
    items = facts.table("lineItems.csv", "resultValueMin", "resultValueMax")
    yield from finding_of_rows(
        "csv.score-bounds",
        items.filter(pl.col("resultValueMin") > pl.col("resultValueMax")),
        "lineItems.csv",
        "resultValueMin",
        "resultValueMin is above resultValueMax",
    )


@bundle_rule(
    "csv.score-range",
    severity="warning",
    section="CSV tables 1.1, lineItems.csv and results.csv",
    expected="a score between resultValueMin and resultValueMax of the line item",
    why="Shares and averages that are made of it exceed the whole.",
)
def score_range(facts: BundleFacts) -> Iterator[Finding]:
    """Scores lie in the range of their line item."""
    results = facts.table("results.csv", "lineItemSourcedId", "score")
    items = facts.table("lineItems.csv", "sourcedId", "resultValueMin", "resultValueMax")
    # A range that no score can lie in is the fault of the line item.
    sound = items.filter(pl.col("resultValueMin") <= pl.col("resultValueMax"))
    ranges = sound.select(ID, "resultValueMin", "resultValueMax").unique(subset=ID, keep="first")
    joined = results.select(LINE, "lineItemSourcedId", "score").join(
        ranges, left_on="lineItemSourcedId", right_on=ID, how="inner"
    )
    outside = joined.filter(
        (pl.col("score") < pl.col("resultValueMin")) | (pl.col("score") > pl.col("resultValueMax"))
    )
    yield from finding_of_rows("csv.score-range", outside, "results.csv", "score", "a score out of range")


@bundle_rule(
    "csv.result-student",
    severity="warning",
    section="CSV tables 1.1, results.csv",
    expected="a user with the role student",
    why="The result is shown in nobody's report.",
)
def result_student(facts: BundleFacts) -> Iterator[Finding]:
    """Results are of students."""
    results = facts.table("results.csv", "studentSourcedId")
    roles = roles_held(facts)
    others = [role for role in facts.standard.enumerations["roleType"] if role != "student"]
    students = roles.filter(pl.col("as") == "student")
    strangers = roles.filter(is_one_of("as", others)).join(students, on=ID, how="anti")
    yield from finding_of_rows(
        "csv.result-student",
        results.join(strangers, left_on="studentSourcedId", right_on=ID, how="semi"),
        "results.csv",
        "studentSourcedId",
        "a user who is no student",
    )
