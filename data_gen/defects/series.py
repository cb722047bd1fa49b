"""Defects of one day in a series: each bundle is sound by itself, and wrong against the one before.

No rule of one bundle can find them; the rules that compare two bundles do. The standard has no say, consumers have.
"""

from __future__ import annotations

from data_gen.defects.draft import Draft, Place, Sheet
from data_gen.defects.people import USERS
from data_gen.defects.registry import defect
from oneroster_standard.standard import VERSIONS, load

ENROLLMENTS = "enrollments.csv"
CLASSES = "classes.csv"


def _drop(sheet: Sheet, rows: list[int]) -> None:
    for row in sorted(rows, reverse=True):
        sheet.remove(row)


@defect(
    "series.half-empty", trips="change.mass-removal", file=ENROLLMENTS, stage="files", source="pain list, row 1", once=True, needs_day=True,
)  # fmt: skip
def half_empty(draft: Draft, count: int) -> list[Place]:
    """Half of the enrollments of a day are missing, and nothing says so.

    A sync must hold the removals: tomorrow they are back.
    """
    draft.require_untouched(ENROLLMENTS)
    sheet = draft.sheet(ENROLLMENTS)
    _drop(sheet, list(range(2, len(sheet.lines) + 1, 2)))
    return [draft.place(ENROLLMENTS, None)]


@defect(
    "series.class-emptied", trips="change.class-emptied", file=CLASSES, column="sourcedId", stage="rows", source="pain list, row 4", needs_day=True,
)  # fmt: skip
def class_emptied(draft: Draft, count: int) -> list[Place]:
    """A class has lost all of its students for a day while the district as a whole looks as ever."""
    sheet = draft.sheet(ENROLLMENTS)
    seats: dict[str, list[int]] = {}
    touched: set[str] = set()
    for row in range(2, len(sheet.lines) + 1):
        fields = sheet.fields(row)
        if row in sheet.taken:
            touched.add(fields.get("classSourcedId", ""))
        elif fields.get("role") == "student":
            seats.setdefault(fields["classSourcedId"], []).append(row)
    classes = draft.sheet(CLASSES)
    rows = draft.choose(
        CLASSES, "series.class-emptied", count, lambda row, fields: fields["sourcedId"] in seats.keys() - touched
    )
    _drop(sheet, [seat for row in rows for seat in seats[classes.fields(row)["sourcedId"]]])
    return [draft.place(CLASSES, row, "sourcedId") for row in rows]


@defect(
    "series.id-reused", trips="change.id-reused", file=USERS, column="sourcedId", stage="rows", source="pain list, row 24", needs_day=True,
)  # fmt: skip
def id_reused(draft: Draft, count: int) -> list[Place]:
    """The id of one user belongs to another person from this day on, who inherits all of the first one's work."""
    sheet = draft.sheet(USERS)
    header = sheet.header
    own = {name: header.index(name) for name in ("givenName", "familyName", "username", "email", "identifier", "userIds")}
    places = []
    for row in draft.choose(USERS, "series.id-reused", count, lambda row, fields: bool(fields.get("identifier"))):
        cells = sheet.cells(row)
        given, family = cells[own["givenName"]], cells[own["familyName"]]
        cells[own["givenName"]], cells[own["familyName"]] = family, given
        cells[own["username"]] = f"again.{cells[own['username']]}"
        cells[own["email"]] = cells[own["userIds"]] = ""
        cells[own["identifier"]] = f"7{cells[own['identifier']]}"
        sheet.replace(row, cells)
        places.append(draft.place(USERS, row, "sourcedId"))
    return places


@defect(
    "series.enrollment-rekeyed", trips="change.rekeyed", file=ENROLLMENTS, column="sourcedId", stage="rows", source="pain list, row 28",
    needs_day=True,
)  # fmt: skip
def enrollment_rekeyed(draft: Draft, count: int) -> list[Place]:
    """An enrollment bears another id than the day before: its date was mended, and the id is made of it.

    By the id it looks like one enrollment that ended and another that began.
    """
    sheet = draft.sheet(ENROLLMENTS)
    places = []
    for row in draft.choose(ENROLLMENTS, "series.enrollment-rekeyed", count, lambda row, fields: bool(fields["beginDate"])):
        cells = sheet.cells(row)
        cells[0] += f"-{sheet.fields(row)['beginDate'].replace('-', '')}"
        sheet.replace(row, cells)
        places.append(draft.place(ENROLLMENTS, row, "sourcedId"))
    return places


@defect(
    "series.section-renumbered", trips="change.rekeyed", file=CLASSES, column="sourcedId", stage="rows", source="pain list, row 34", needs_day=True,
)  # fmt: skip
def section_renumbered(draft: Draft, count: int) -> list[Place]:
    """A class bears another id than the day before, in every file: the same course, teacher and students in a new section."""
    sheet = draft.sheet(CLASSES)
    places = []
    for row in draft.choose(CLASSES, "series.section-renumbered", count, lambda row, fields: True):
        cells = sheet.cells(row)
        old, cells[0] = cells[0], f"{cells[0]}-new"
        sheet.replace(row, cells)
        _point_to(draft, old, cells[0])
        places.append(draft.place(CLASSES, row, "sourcedId"))
    return places


def _point_to(draft: Draft, old: str, new: str) -> None:
    """Let every reference to a class follow its new id."""
    version = VERSIONS[1] if "roles.csv" in draft.names else VERSIONS[0]
    for name, file in load(version).csv_files.items():
        columns = [column.header for column in file.columns if column.references == CLASSES]
        if not columns or name not in draft.names:
            continue
        sheet = draft.sheet(name)
        for row in range(2, len(sheet.lines) + 1):
            cells = sheet.cells(row)
            for column in columns:
                position = sheet.header.index(column)
                if len(cells) > position and cells[position] == old:
                    cells[position] = new
                    sheet.replace(row, cells)
