"""Why a student is missing: from the user over enrollments and classes to the terms; the first break is the answer.

Called by the command for an API and for a bundle alike. Tells marks of ids and counts, never a value.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from conformance.diagnosis.result import Diagnosis, Found
from conformance.notices import redacted_id
from conformance.survey import Record

GONE = "tobedeleted"
MOST_CLASSES = 12


class Roster(Protocol):
    """Where records come from; references are sourcedIds under the names of the API."""

    def user(self, id: str) -> Record | None:
        """A user by sourcedId or, failing that, by identifier."""

    def enrollments_of(self, user_id: str) -> list[Record]:
        """Enrollments of a user, whatever their status."""

    def one(self, entity: str, id: str) -> Record | None:
        """An org, a class or a session."""


def trace(found: Diagnosis, roster: Roster, id: str, today: date) -> None:
    """Follow a student through the roster, and note where the trail ends."""
    try:
        user = _user(found, roster, id)
        _schools(found, roster, user)
        seats = _seats(found, roster, user, today)
        classes = _classes(found, roster, seats)
        _terms(found, roster, classes, today)
    except Found:
        return


def ids_of(value: object) -> list[str]:
    """sourcedIds of a reference or a list of them, or of a cell."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    rows = value if isinstance(value, list) else [value]
    return [str(row["sourcedId"]).strip() for row in rows if isinstance(row, dict) and row.get("sourcedId")]


def _user(found: Diagnosis, roster: Roster, id: str) -> Record:
    user = roster.user(id)
    mark = redacted_id(id)
    if user is None:
        found.stop("student.user", "student.unknown", f"{mark} is no sourcedId and no identifier of a user")
        raise Found
    if user.get("status") == GONE:
        found.stop("student.user", "student.gone", f"{mark} has the status tobedeleted")
    roles = [str(user.get("role", "")), *(str(one.get("role", "")) for one in user.get("roles") or () if isinstance(one, dict))]
    if "student" not in [role.lower() for role in roles]:
        found.stop("student.user", "student.other-role", f"{mark} has another role")
    found.passed("student.user", f"{mark} is there, as a student")
    return user


def _schools(found: Diagnosis, roster: Roster, user: Record) -> None:
    ids = ids_of(user.get("orgs")) or [found_id for one in user.get("roles") or () for found_id in ids_of(one.get("org"))]
    there = [one for one in ids if (org := roster.one("orgs", one)) is not None and org.get("status") != GONE]
    if not there:
        found.stop("student.school", "student.school-missing", f"none of {len(ids)} orgs of the student is shared")
    found.passed("student.school", f"{len(there)} of {len(ids)} orgs are shared")


def _seats(found: Diagnosis, roster: Roster, user: Record, today: date) -> list[Record]:
    seats = roster.enrollments_of(str(user["sourcedId"]).strip())
    if not seats:
        found.stop("student.enrollments", "student.no-enrollments", "no enrollment names the student")
    running = [seat for seat in seats if seat.get("status") != GONE and _holds(seat, "beginDate", "endDate", today)]
    if not running:
        found.stop("student.enrollments", "student.enrollments-ended", f"none of {len(seats)} enrollments runs on {today.isoformat()}")
    found.passed("student.enrollments", f"{len(running)} of {len(seats)} run on {today.isoformat()}")
    return running


def _classes(found: Diagnosis, roster: Roster, seats: list[Record]) -> list[Record]:
    ids = list(dict.fromkeys(id for seat in seats for id in ids_of(seat.get("class"))))
    there = [one for id in ids[:MOST_CLASSES] if (one := roster.one("classes", id)) is not None and one.get("status") != GONE]
    if not there:
        found.stop("student.classes", "student.class-missing", f"none of {len(ids)} classes is shared")
    found.passed("student.classes", f"{len(there)} of {len(ids)} classes are shared")
    return there


def _terms(found: Diagnosis, roster: Roster, classes: list[Record], today: date) -> None:
    ids = list(dict.fromkeys(id for one in classes for id in ids_of(one.get("terms"))))
    if not ids:
        found.stop("student.terms", "student.no-terms", f"none of {len(classes)} classes names a term")
    terms = [one for id in ids if (one := roster.one("academicSessions", id)) is not None and one.get("status") != GONE]
    running = [one for one in terms if _holds(one, "startDate", "endDate", today)]
    if not running:
        found.stop("student.terms", "student.terms-over", f"none of {len(ids)} terms holds {today.isoformat()}")
    found.passed("student.terms", f"{len(running)} of {len(ids)} terms hold {today.isoformat()}")


def _holds(record: Record, start: str, end: str, day: date) -> bool:
    """Whether a day lies between two dates of a record; one that is missing is no bound."""
    first, last = str(record.get(start) or "")[:10], str(record.get(end) or "")[:10]
    return (not first or first <= day.isoformat()) and (not last or day.isoformat() <= last)
