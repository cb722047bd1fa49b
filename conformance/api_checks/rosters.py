"""How sessions, classes, people and enrollments go together."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import check
from conformance.run import Run, at, reference_ids, roles_of

SECTION = "REST 1.1, data model"
STAFF = {
    "teacher", "administrator", "aide", "proctor", "counselor", "principal", "districtadministrator", "siteadministrator", "systemadministrator",
}  # fmt: skip


@check("data.session-dates", severity="error", section=SECTION, why="A session that ends before it starts is never current.")
def sessions_end_after_they_start(run: Run) -> Iterator[Notice]:
    """Sessions end after they start."""
    sessions = run.collection("academicSessions")
    for record in sessions.records:
        start, end = str(record.get("startDate", "")), str(record.get("endDate", ""))
        if start and end and end[:10] < start[:10]:
            yield at(sessions.pages[0], "a session ends before it starts", pointer="/academicSessions/*/endDate")


@check(
    "data.session-nesting", severity="warning", section=SECTION + " (the standard sets no limit in words)",
    why="Whoever asks for the sessions of a school year by date misses it.",
)  # fmt: skip
def sessions_lie_inside_their_parents(run: Run) -> Iterator[Notice]:
    """Sessions lie inside their parent session."""
    sessions = run.collection("academicSessions")
    for record in sessions.records:
        for above in (sessions.by_id[found] for found in reference_ids(record, "parent") if found in sessions.by_id):
            spans = [[str(one.get(name, ""))[:10] for name in ("startDate", "endDate")] for one in (above, record)]
            (first, last), (start, end) = spans
            if all((first, last, start, end)) and first <= last and start <= end and (start < first or end > last):
                yield at(sessions.pages[0], "a session reaches out of its parent", pointer="/academicSessions/*/startDate")


@check("data.enrollment-school", severity="warning", section=SECTION, why="The enrollment is shown at a school where the class does not exist.")
def enrollments_are_at_the_school_of_their_class(run: Run) -> Iterator[Notice]:
    """The school of an enrollment is the school of its class."""
    classes, enrollments = run.collection("classes"), run.collection("enrollments")
    homes = {found: set(reference_ids(record, "school")) for found, record in classes.by_id.items()}
    strange = [
        record for record in enrollments.records
        for found in reference_ids(record, "class")
        if homes.get(found) and reference_ids(record, "school") and not homes[found] & set(reference_ids(record, "school"))
    ]  # fmt: skip
    if strange:
        yield at(enrollments.pages[0], "an enrollment is at another school than its class", pointer="/enrollments/*/school",
                 expected="the school of the class", observed="another", count=len(strange))  # fmt: skip


@check("data.enrollment-role", severity="warning", section=SECTION, why="A student who is enrolled as a teacher sees the grades of the class.")
def roles_in_classes_go_with_roles_of_people(run: Run) -> Iterator[Notice]:
    """Students are enrolled as students, staff as staff."""
    users, enrollments = run.collection("users"), run.collection("enrollments")
    strange = 0
    for record in enrollments.records:
        role = str(record.get("role")).lower()
        for found in reference_ids(record, "user"):
            own = {name for name, _ in roles_of(users.by_id[found])} if found in users.by_id else set()
            strange += (role == "student" and bool(own) and own <= STAFF) or (role == "teacher" and own == {"student"})
    if strange:
        yield at(enrollments.pages[0], "a role in a class does not go with the user's own role", pointer="/enrollments/*/role",
                 expected="the role of the user", observed="another", count=strange)  # fmt: skip


@check("data.enrollment-dates", severity="warning", section=SECTION, why="An enrollment that ends before it begins never counts.")
def enrollments_end_after_they_begin(run: Run) -> Iterator[Notice]:
    """Enrollments end after they begin."""
    enrollments = run.collection("enrollments")
    wrong = [row for row in enrollments.records if row.get("beginDate") and row.get("endDate") and str(row["endDate"]) < str(row["beginDate"])]
    if wrong:
        yield at(enrollments.pages[0], "an enrollment ends before it begins", pointer="/enrollments/*/endDate", count=len(wrong))
