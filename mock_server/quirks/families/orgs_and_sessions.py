"""Quirks of schools and of the calendar."""

from __future__ import annotations

from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk


def _session(record: Record, collection: str, kind: str) -> bool:
    return collection == "academicSessions" and record.get("type") == kind


@quirk("org.schools-without-parent")
class SchoolsWithoutParent(Quirk):
    """Schools name no district above them (D120)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Cut the tree."""
        if collection != "orgs":
            return record
        return {name: value for name, value in record.items() if name not in ("parent", "children")}


@quirk("org.schools-as-local")
class SchoolsAsLocal(Quirk):
    """Schools are of type local, so /schools is empty (D121)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the type."""
        return {**record, "type": "local"} if collection == "orgs" and record["type"] == "school" else record


@quirk("org.graduates-school")
class GraduatesSchool(Quirk):
    """One school is a pseudo school of graduates (D122)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Rename the second org in order."""
        if collection != "orgs" or context.row != 1:
            return record
        return {**record, "name": "Graduated Students", "identifier": "999999"}


@quirk("session.terms-only")
class TermsOnly(Quirk):
    """Grading periods are terms (D123)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change the type."""
        return {**record, "type": "term"} if _session(record, collection, "gradingPeriod") else record


@quirk("session.no-school-year")
class NoSchoolYear(Quirk):
    """No session is of type schoolYear (D124)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Call the year a semester."""
        return {**record, "type": "semester"} if _session(record, collection, "schoolYear") else record


@quirk("session.year-is-start-year")
class YearIsStartYear(Quirk):
    """schoolYear is the year in which the school year starts (D124)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """One year earlier."""
        if collection not in ("academicSessions", "courses") or not isinstance(record.get("schoolYear"), str):
            return record
        return {**record, "schoolYear": str(int(record["schoolYear"]) - 1)}


@quirk("session.ends-before-start")
class EndsBeforeStart(Quirk):
    """Grading periods end before they start (D125)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Swap the dates."""
        if not _session(record, collection, "gradingPeriod"):
            return record
        return {**record, "startDate": record["endDate"], "endDate": record["startDate"]}


@quirk("session.parent-is-itself")
class ParentIsItself(Quirk):
    """The school year is its own parent (D102)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Point to itself."""
        if not _session(record, collection, "schoolYear"):
            return record
        href = f"\x01/academicSessions/{record['sourcedId']}"
        own = {"href": href, "sourcedId": record["sourcedId"], "type": "academicSession"}
        return {**record, "parent": own}
