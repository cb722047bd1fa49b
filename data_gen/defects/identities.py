"""Defects of who is who: ids that look alike, one person in two records, shared addresses, families."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Fields, Place, Sheet
from data_gen.defects.people import USERS
from data_gen.defects.registry import cell_defect, defect

GUARDIANS = 6


def _students(draft: Draft) -> set[str]:
    """sourcedIds of students, whichever file says so."""
    if "students" not in draft.worked_out:
        draft.worked_out["students"] = _read_students(draft)
    found: set[str] = draft.worked_out["students"]
    return found


def _read_students(draft: Draft) -> set[str]:
    name, column, key = ("roles.csv", "role", "userSourcedId") if "roles.csv" in draft.names else (USERS, "role", "sourcedId")
    sheet = draft.sheet(name)
    every = (sheet.fields(row) for row in range(2, len(sheet.lines) + 1))
    return {fields[key] for fields in every if fields.get(column) == "student"}


def _others(sheet: Sheet, wanted: set[str], without: str, count: int) -> list[str]:
    every = (sheet.fields(row)["sourcedId"] for row in range(2, len(sheet.lines) + 1))
    return sorted(found for found in every if found in wanted and found != without)[:count]


def _second_record(draft: Draft, id: str, count: int, column: str, change: str) -> list[Place]:
    """Append a second record of some users; change: whether its id differs in `case` only, or as an `id` does."""
    sheet = draft.sheet(USERS)
    header = sheet.header
    key, username, mail = (header.index(name) for name in ("sourcedId", "username", "email"))
    places = []
    for row in draft.choose(USERS, id, count, lambda row, fields: bool(fields.get("identifier"))):
        cells = sheet.cells(row)
        cells[key] = cells[key].upper() if change == "case" else f"{cells[key]}-b"
        cells[username] += ".b"
        cells[mail] = ""
        added = sheet.append(cells)
        _roles_too(draft, sheet.fields(row)["sourcedId"], cells[key])
        places.append(draft.place(USERS, added, column))
    return places


def _roles_too(draft: Draft, like: str, user: str) -> None:
    """In 1.2 a second record needs a role, too: a copy of the first one's."""
    if "roles.csv" not in draft.names:
        return
    roles = draft.sheet("roles.csv")
    header = roles.header
    for row in range(2, len(roles.lines) + 1):
        fields = roles.fields(row)
        if fields.get("userSourcedId") == like:
            cells = roles.cells(row)
            cells[header.index("sourcedId")] += "-b"
            cells[header.index("userSourcedId")] = user
            cells[header.index("userProfileSourcedId")] = ""
            roles.append(cells)


@defect("users.case-twin", trips="csv.id-case", file=USERS, column="sourcedId", stage="rows", source="pain list, row 22")
def case_twin(draft: Draft, count: int) -> list[Place]:
    """Two users have ids that differ in letter case only.

    Databases and importers that fold case take the second one for the first.
    """
    return _second_record(draft, "users.case-twin", count, "sourcedId", "case")


@defect("users.second-record", trips="csv.identifier-shared", file=USERS, column="identifier", stage="rows", source="D100")
def second_record(draft: Draft, count: int) -> list[Place]:
    """One person comes as two users with two ids, as after a change of vendor or with a row for each school."""
    return _second_record(draft, "users.second-record", count, "identifier", "id")


@defect("users.exact-duplicate", trips="csv.unique-id", file=USERS, column="sourcedId", stage="rows", source="D100")
def exact_duplicate(draft: Draft, count: int) -> list[Place]:
    """A user is in the file twice, both rows equal to the letter."""
    sheet = draft.sheet(USERS)
    rows = draft.choose(USERS, "users.exact-duplicate", count, lambda row, fields: True)
    return [draft.place(USERS, sheet.append(sheet.cells(row)), "sourcedId") for row in rows]


@cell_defect("users.shared-email", trips="csv.email-shared", file=USERS, column="email", source="D116")
def shared_email(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user has the address of another one, in another letter case."""
    sheet = draft.sheet(USERS)
    for number in range(2, len(sheet.lines) + 1):
        found = sheet.fields(number).get("email", "")
        if "@" in found and found.lower() != cell.lower() and sheet.fields(number)["sourcedId"] < row["sourcedId"]:
            return found.upper()
    return None


@cell_defect("users.many-guardians", trips="csv.guardian-count", file=USERS, column="agentSourcedIds", source="pain list, row 32")
def many_guardians(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student has six guardians: emergency contacts are among them."""
    students = _students(draft)
    if row["sourcedId"] not in students:
        return None
    sheet = draft.sheet(USERS)
    every = (sheet.fields(number)["sourcedId"] for number in range(2, len(sheet.lines) + 1))
    adults = sorted({found for found in every if found not in students})[:GUARDIANS]
    return ",".join(adults) if len(adults) == GUARDIANS else None


@cell_defect("users.agent-is-student", trips="csv.agent-role", file=USERS, column="agentSourcedIds", source="pain list, row 32")
def agent_is_student(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student's guardian is another student, as where relatives are taken for guardians."""
    students = _students(draft)
    if row["sourcedId"] not in students:
        return None
    found = _others(draft.sheet(USERS), students, row["sourcedId"], 1)
    return found[0] if found else None


@cell_defect("users.replacement-character", trips="csv.replacement-character", file=USERS, column="familyName", source="D171")
def replacement_character(cell: str, row: Fields, draft: Draft) -> str | None:
    """An accent was lost for good: U+FFFD stands in its place."""
    return f"{cell}\ufffd" if cell else None
