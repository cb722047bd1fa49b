"""Quirks of people, courses, classes and enrollments, and those that the vendor's lens performs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from mock_server.quirks.hooks import Quirk, Record, RecordContext, quirk

if TYPE_CHECKING:
    from mock_server.collections import Numbers
    from mock_server.provider import Provider


@quirk("view.students-mixed")
class StudentsMixed(Quirk):
    """/classes/{id}/students also holds the class's teacher (D113)."""

    def rows(
        self, operation: str, parameters: Mapping[str, str], rows: Numbers, provider: Provider
    ) -> Numbers:
        """Add the teachers."""
        if operation != "getStudentsForClass":
            return rows
        teachers = provider.members(provider.standard.operation("getTeachersForClass"), parameters)
        return rows if teachers is None else np.union1d(rows, teachers)


@quirk("class.same-titles")
class SameTitles(Quirk):
    """All sections of a course bear one title (D131)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Cut the section off the title."""
        return {**record, "title": record["title"].partition(" - ")[0]} if collection == "classes" else record


@quirk("class.code-is-a-name")
class CodeIsAName(Quirk):
    """classCode holds a teacher's display name (D130); a made-up one here."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Replace the code."""
        return {**record, "classCode": "Sample, Teacher"} if collection == "classes" else record


@quirk("class.subjects-unpaired")
class SubjectsUnpaired(Quirk):
    """subjects and subjectCodes differ in length (D136)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add a free text to every fourth class."""
        if collection != "classes" or context.row % 4:
            return record
        return {**record, "subjects": [*record["subjects"], f"{record['subjects'][0]} (general)"]}


@quirk("enrollment.no-primary-teacher")
class NoPrimaryTeacher(Quirk):
    """No teacher is primary (D137)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Say false throughout."""
        return (
            {**record, "primary": "false"} if collection == "enrollments" and "primary" in record else record
        )


def _roles(record: Record) -> list[str]:
    """Roles of a person: one word in 1.1, a list of objects in 1.2."""
    return [held["role"] for held in record["roles"]] if "roles" in record else [record["role"]]


@quirk("people.username-numeric")
class UsernameNumeric(Quirk):
    """Student user names are numbers (D115)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Use the student's number."""
        if collection != "users" or "student" not in _roles(record):
            return record
        return {**record, "username": record["identifier"]}


@quirk("course.year-missing")
class CourseYearMissing(Quirk):
    """Courses lack schoolYear and grades (D127)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Drop both."""
        if collection != "courses":
            return record
        return {name: value for name, value in record.items() if name not in ("schoolYear", "grades")}


@quirk("course.per-school")
class CoursePerSchool(Quirk):
    """Courses share their code (D128)."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Keep the subject's part of the code only."""
        return {**record, "courseCode": record["courseCode"][:5]} if collection == "courses" else record


@quirk("people.administrators-missing")
class AdministratorsMissing(Quirk):
    """Performed by the vendor's lens: see the dialect's scope (D107)."""


@quirk("people.hidden-by-account")
class HiddenByAccount(Quirk):
    """Performed by the vendor's lens: see the dialect's scope (D117)."""


@quirk("people.staff-row-per-school")
class StaffRowPerSchool(Quirk):
    """Performed by the vendor's lens: see the dialect's scope (D100)."""


@quirk("class.without-people")
class ClassWithoutPeople(Quirk):
    """Performed by the vendor's lens: see the dialect's scope (D135)."""
