"""Quirks of classes and enrollments, and of records flagged for deletion."""

from __future__ import annotations

from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk

TOMBSTONE = b'"status":"tobedeleted"'


@quirk("class.course-missing")
class CourseMissing(Quirk):
    """Some classes have no course (D129)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop it from every sixth class."""
        if collection != "classes" or context.row % 6:
            return record
        return {name: value for name, value in record.items() if name != "course"}


@quirk("class.terms-empty")
class TermsEmpty(Quirk):
    """Some classes have an empty list of terms (D133)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Empty it in every sixth class."""
        return {**record, "terms": []} if collection == "classes" and context.row % 6 == 0 else record


@quirk("class.title-composed")
class TitleComposed(Quirk):
    """Titles are put together of year, term, course, period and section (D132)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Join the parts with bars."""
        if collection != "classes":
            return record
        period = "".join(record.get("periods", ["1"])[:1])
        return {**record, "title": f"25-26 | S1 | {record['title']} | Per {period}(A) | Sec {context.row + 1}"}


@quirk("class.type-always-scheduled")
class TypeAlwaysScheduled(Quirk):
    """Homerooms are of type scheduled (D134)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the type."""
        return {**record, "classType": "scheduled"} if collection == "classes" else record


@quirk("enrollment.role-wide")
class RoleWide(Quirk):
    """Secondary teachers are enrolled as aides (D139)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the role."""
        second = collection == "enrollments" and record["role"] == "teacher" and record.get("primary") == "false"
        return {**record, "role": "aide"} if second else record


@quirk("enrollment.ends-before-it-begins")
class EndsBeforeItBegins(Quirk):
    """A student who never came has an end before the beginning (D140)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """End every hundredth a day before its term."""
        if collection != "enrollments" or "beginDate" not in record or context.row % 100:
            return record
        return {**record, "endDate": f"{int(record['beginDate'][:4]) - 1}{record['beginDate'][4:]}"}


@quirk("enrollment.dates-missing")
class DatesMissing(Quirk):
    """Enrollments have no dates (D141)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop both."""
        if collection != "enrollments":
            return record
        return {name: value for name, value in record.items() if name not in ("beginDate", "endDate")}


@quirk("enrollment.dropped-still-active")
class DroppedStillActive(Quirk):
    """A student who left has an end date in the past and status active (D142)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """End every eighth student's seat on its first day."""
        if collection != "enrollments" or record["role"] != "student" or "beginDate" not in record or context.row % 8:
            return record
        return {**record, "endDate": record["beginDate"]}


@quirk("enrollment.school-missing")
class SchoolMissing(Quirk):
    """Enrollments name no school (D145)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop it."""
        return {name: value for name, value in record.items() if name != "school"} if collection == "enrollments" else record


@quirk("deletion.tombstone-stripped")
class TombstoneStripped(Quirk):
    """A deleted enrollment holds its key, status and stamp only (D149)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Strip every fortieth."""
        if collection != "enrollments" or context.row % 40 != 3:
            return record
        kept: Record = {name: record[name] for name in ("sourcedId", "dateLastModified") if name in record}
        return {**kept, "status": "tobedeleted"}


@quirk("deletion.old-tombstones")
class OldTombstones(Quirk):
    """A full read holds deleted enrollments of long ago (D150)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Flag every fourth."""
        if collection != "enrollments" or context.row % 4 != 1:
            return record
        return {**record, "status": "tobedeleted", "dateLastModified": "2023-06-30T12:00:00.000Z"}


@quirk("deletion.no-tombstones")
class NoTombstones(Quirk):
    """What was deleted is simply not there any more (D147)."""

    def laid_over(self, record: bytes) -> bytes:
        """Take tombstones away."""
        return b"" if TOMBSTONE in record else record
