"""What the records say as a whole: signs of a vendor's habits that a consumer must know."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from conformance.api_checks.schema import grade_codes
from conformance.notices import Notice, redacted_id
from conformance.registry import Skip, check
from conformance.run import Run, at, has_role, reference_ids
from conformance.survey import key_of

SECTION = "REST 1.1, data model"
PRACTICE = "practice in the field"
USUAL_ROLES = {
    "student": ("student",),
    "teacher": ("teacher",),
    "administrator": ("administrator", "districtadministrator", "siteadministrator", "systemadministrator", "principal"),
}
"""Roles that a district has, by their tokens in 1.1 and 1.2."""


@check("data.padded-values", severity="warning", section=PRACTICE, why="A key with a blank is another key.", remedy="trim ids and references alike")
def ids_carry_no_blanks(run: Run) -> Iterator[Notice]:
    """sourcedIds have no blanks around them, references neither."""
    for found in run.readable():
        for record in found.records:
            own = str(record.get("sourcedId", ""))
            if own != own.strip():
                yield at(found.pages[0], f"{found.name}: a sourcedId has blanks around it", pointer=f"/{found.name}/*/sourcedId",
                         expected="no blanks", observed="blanks", samples=({"record": redacted_id(key_of(record))},))  # fmt: skip


@check(
    "data.last-modified-uniform", severity="info", section=PRACTICE,
    why="One instant on all records is the time of an import, not of a change: deltas by date see all or nothing.",
    remedy="detect changes by content",
)  # fmt: skip
def stamps_differ(run: Run) -> Iterator[Notice]:
    """dateLastModified differs between records."""
    records = [record for found in run.readable() for record in found.records]
    records = [record for record in records if record.get("dateLastModified")]
    stamps = {record["dateLastModified"] for record in records}
    if len(records) < 10:
        raise Skip("fewer than ten records bear a stamp")
    if len(stamps) == 1:
        yield at(run.readable()[0].pages[0], "all records bear one dateLastModified", observed="one instant", count=len(records))


@check("data.user-id-type-spelling", severity="info", section=PRACTICE, why="Fed and FED are one kind of id.", remedy="compare types without case")
def user_id_types_have_one_spelling(run: Run) -> Iterator[Notice]:
    """A type of userIds has one spelling."""
    users = run.collection("users")
    spellings: dict[str, set[str]] = defaultdict(set)
    for record in users.records:
        for item in record.get("userIds") or ():
            if isinstance(item, dict):
                spellings[str(item.get("type")).lower()].add(str(item.get("type")))
    for kind in (kind for kind, found in spellings.items() if len(found) > 1):
        yield at(users.pages[0], "a type of userIds has several spellings", pointer="/users/*/userIds/*/type", observed=f"{len(spellings[kind])} spellings")


@check("data.role-coverage", severity="info", section=PRACTICE, why="A district without administrators shares students and teachers only.", remedy="@empty-collection")
def each_usual_role_is_there(run: Run) -> Iterator[Notice]:
    """There are students, teachers and administrators."""
    users = run.collection("users")
    for role, tokens in USUAL_ROLES.items():
        if not any(has_role(record, *tokens) for record in users.records):
            yield at(users.pages[0], f"no user has the role {role}", pointer="/users/*/role", expected="at least one", observed="none")


@check("data.grades-order", severity="info", section=PRACTICE, why="The first of several grades is not the class's grade.", remedy="choose a grade by rule")
def grades_come_in_order(run: Run) -> Iterator[Notice]:
    """Several grades of one record come in order."""
    order = {code: place for place, code in enumerate(grade_codes(run.standard))}
    for found in run.readable():
        for record in found.records:
            grades = record.get("grades")
            places = [order[grade] for grade in grades if grade in order] if isinstance(grades, list) else []
            if places != sorted(places):
                yield at(found.pages[0], f"{found.name}: grades are out of order", pointer=f"/{found.name}/*/grades")


@check("data.class-titles-distinct", severity="info", section=PRACTICE, why="Teachers cannot tell sections of one title apart.", remedy="show location, term and teacher too")
def classes_can_be_told_apart(run: Run) -> Iterator[Notice]:
    """Classes of one school have different titles."""
    classes = run.collection("classes")
    seen = Counter((str(record.get("title")), *reference_ids(record, "school")) for record in classes.records)
    doubled = sum(count for count in seen.values() if count > 1)
    if doubled:
        yield at(classes.pages[0], "several classes bear one title", pointer="/classes/*/title", count=doubled)


@check("data.class-code-is-name", severity="info", section=PRACTICE, why="A person's name in classCode is not a key.", remedy="do not join on classCode")
def class_codes_are_codes(run: Run) -> Iterator[Notice]:
    """classCode is a code, not a display name."""
    classes = run.collection("classes")
    named = [record for record in classes.records if re.fullmatch(r"[^\W\d]+, [^\W\d].*", str(record.get("classCode", "")))]
    if named:
        yield at(classes.pages[0], "classCode looks like a person's name", pointer="/classes/*/classCode", count=len(named))


@check("data.subject-pairs", severity="warning", section=SECTION, why="Codes that do not pair with subjects are assigned to the wrong one.")
def subjects_pair_with_their_codes(run: Run) -> Iterator[Notice]:
    """subjects and subjectCodes have the same length when both are given."""
    for name in ("courses", "classes"):
        found = run.collection(name)
        for record in found.records:
            subjects, codes = record.get("subjects"), record.get("subjectCodes")
            if isinstance(subjects, list) and isinstance(codes, list) and subjects and codes and len(subjects) != len(codes):
                yield at(found.pages[0], f"{name}: subjects and subjectCodes do not pair", pointer=f"/{name}/*/subjectCodes",
                         expected=f"{len(subjects)} codes", observed=f"{len(codes)} codes")  # fmt: skip


@check("data.primary-teacher", severity="info", section=SECTION, why="Without a primary teacher nobody owns the class.", remedy="choose by begin date in the consumer")
def a_class_has_one_primary_teacher(run: Run) -> Iterator[Notice]:
    """A class with teachers has exactly one primary one."""
    enrollments = run.collection("enrollments")
    primaries: dict[str, int] = defaultdict(int)
    for record in enrollments.records:
        if str(record.get("role")).lower() == "teacher":
            for found in reference_ids(record, "class"):
                primaries[found] += str(record.get("primary")).lower() == "true"
    wrong = [found for found, count in primaries.items() if count != 1]
    if wrong:
        yield at(enrollments.pages[0], "a class has no or several primary teachers", pointer="/enrollments/*/primary",
                 expected="one", observed="none or several", count=len(wrong))  # fmt: skip


@check("data.username-login", severity="info", section=PRACTICE, why="Nobody signs in with a plain number.", remedy="match sign-in by e-mail or identifier")
def user_names_are_no_plain_numbers(run: Run) -> Iterator[Notice]:
    """Student user names are not plain numbers."""
    students = [record for record in run.collection("users").records if has_role(record, "student")]
    numeric = [record for record in students if str(record.get("username", "")).strip("#~").isdigit()]
    if students and len(numeric) * 2 > len(students):
        yield at(run.collection("users").pages[0], "student user names are plain numbers", pointer="/users/*/username", count=len(numeric))


@check("data.course-year", severity="info", section=SECTION, why="A course without a school year cannot be archived by year.", remedy="take the year from the class's terms")
def courses_name_their_year(run: Run) -> Iterator[Notice]:
    """Courses name their school year and grades."""
    courses = run.collection("courses")
    bare = [record for record in courses.records if not record.get("schoolYear") or not record.get("grades")]
    if bare:
        yield at(courses.pages[0], "courses lack schoolYear or grades", pointer="/courses/*/schoolYear", count=len(bare))


@check("data.person-twice", severity="info", section=PRACTICE, why="One teacher becomes two accounts.", remedy="merge staff by identifier")
def a_person_is_one_user(run: Run) -> Iterator[Notice]:
    """No two users share role, identifier and e-mail."""
    users = run.collection("users")
    seen = Counter(
        (str(record.get("role")), str(record["identifier"]), str(record["email"]))
        for record in users.records if record.get("identifier") and record.get("email")
    )  # fmt: skip
    doubled = sum(count - 1 for count in seen.values() if count > 1)
    if doubled:
        yield at(users.pages[0], "one person is several users", pointer="/users/*/identifier", count=doubled)


@check("data.course-code-repeated", severity="info", section=PRACTICE, why="A course code alone does not name a course.", remedy="match courses by org and code")
def course_codes_are_distinct(run: Run) -> Iterator[Notice]:
    """Courses have different codes."""
    courses = run.collection("courses")
    seen = Counter(str(record["courseCode"]) for record in courses.records if record.get("courseCode"))
    doubled = sum(count for count in seen.values() if count > 1)
    if doubled:
        yield at(courses.pages[0], "several courses bear one code", pointer="/courses/*/courseCode", count=doubled)


@check("data.class-without-people", severity="info", section=PRACTICE, why="Empty classes clutter a teacher's list.", remedy="hide classes without students")
def classes_have_students(run: Run) -> Iterator[Notice]:
    """Every class has a student."""
    classes, enrollments = run.collection("classes"), run.collection("enrollments")
    seated = {found for record in enrollments.records if str(record.get("role")).lower() == "student" for found in reference_ids(record, "class")}
    empty = [record for record in classes.records if key_of(record) not in seated]
    if empty:
        yield at(classes.pages[0], "classes without a student", pointer="/classes/*", count=len(empty))


@check("data.password-present", severity="warning", section="REST 1.1, security", why="A password in a roster leaks with it.", remedy="ask the district to stop sending passwords")
def no_password_is_sent(run: Run) -> Iterator[Notice]:
    """No user carries a password."""
    users = run.collection("users")
    found = [record for record in users.records if record.get("password")]
    if found:
        yield at(users.pages[0], "users carry a password", pointer="/users/*/password", expected="none", observed="a value", count=len(found))
