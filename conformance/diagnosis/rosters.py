"""Where a student's trail is followed: a provider's API, or the files of a bundle.

Called by the command; see student.Roster.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from conformance.csv_files.package import Package
from conformance.csv_files.version import open_any
from conformance.diagnosis.api import ApiDiagnosis
from conformance.diagnosis.student import ids_of
from conformance.run import json_of
from conformance.survey import Record
from oneroster_standard.standard import CsvFile, load

SINGLES = {"users": "user", "orgs": "org", "classes": "class", "academicSessions": "academicSession"}


class OfApi:
    """Records asked one by one; enrollments by a filter, or by reading them all where the filter is refused."""

    def __init__(self, looked: ApiDiagnosis) -> None:
        self._looked = looked
        self._kept: dict[tuple[str, str], Record | None] = {}

    def user(self, id: str) -> Record | None:
        """A user by sourcedId, else by identifier."""
        return self.one("users", id) or next(iter(self._filtered("users", "identifier", id)), None)

    def enrollments_of(self, user_id: str) -> list[Record]:
        """Enrollments that name the user."""
        return self._filtered("enrollments", "user.sourcedId", user_id)

    def one(self, entity: str, id: str) -> Record | None:
        """One record."""
        place = (entity, id)
        if place not in self._kept:
            answer = self._looked.get(f"/{entity}/{quote(id, safe='')}")
            document = json_of(answer)
            record = document.get(SINGLES[entity]) if answer.status == 200 and isinstance(document, dict) else None
            self._kept[place] = record if isinstance(record, dict) and record.get("sourcedId") else None
        return self._kept[place]

    def _filtered(self, entity: str, field: str, value: str) -> list[Record]:
        text = quote(f"{field}='{value.replace(chr(39), chr(39) * 2)}'", safe="")
        rows = [row for row in self._looked.read_all(entity, f"&filter={text}") if _has(row, field, value)]
        # A provider that ignores or refuses the filter is read from end to end, within the pages that a look may take.
        return rows or [row for row in self._looked.read_all(entity) if _has(row, field, value)]


def _has(row: Record, field: str, value: str) -> bool:
    head, _, rest = field.partition(".")
    return value in ids_of(row.get(head)) if rest else str(row.get(head, "")).strip() == value


class OfBundle:
    """Records of a bundle's files, in the shape of the API as far as the trail needs it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, list[Record]] = {}

    def user(self, id: str) -> Record | None:
        """A user by sourcedId, else by identifier."""
        users = self.rows("users")
        return next((row for name in ("sourcedId", "identifier") for row in users if row.get(name) == id), None)

    def enrollments_of(self, user_id: str) -> list[Record]:
        """Enrollments that name the user."""
        return [row for row in self.rows("enrollments") if ids_of(row.get("user")) == [user_id]]

    def one(self, entity: str, id: str) -> Record | None:
        """One record."""
        return next((row for row in self.rows(entity) if row.get("sourcedId") == id), None)

    def rows(self, entity: str) -> list[Record]:
        """Every record of a file; none when it is not there."""
        if entity not in self._rows:
            package = open_any(self._path)
            try:
                self._rows[entity] = list(_records(package, f"{entity}.csv"))
            finally:
                package.close()
        return self._rows[entity]


def _records(package: Package, name: str) -> Iterator[Record]:
    if name not in package.members:
        return
    files: list[CsvFile] = [load(version).csv_files[name] for version in ("1.1", "1.2") if name in load(version).csv_files]
    properties = {column.header: column.property for file in files for column in file.columns}
    with package.open(name) as stream:
        text = io.TextIOWrapper(io.BytesIO(stream.read()), "utf-8-sig", errors="replace", newline="")
        for row in csv.DictReader(text):
            yield {properties.get(head, head): (cell or "").strip() for head, cell in row.items() if head and isinstance(cell, str | None)}
