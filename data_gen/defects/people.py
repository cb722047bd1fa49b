"""Defects of users.csv, demographics.csv and orgs.csv, and of cells whatever they mean."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Fields, Place
from data_gen.defects.registry import ONLY_1P1, cell_defect, defect

USERS = "users.csv"
DEMOGRAPHICS = "demographics.csv"
ORGS = "orgs.csv"
NOBODY = "no-such-record"
"""A sourcedId that no generated record has."""


@defect(
    "users.duplicate-id",
    trips="csv.unique-id",
    file=USERS,
    column="sourcedId",
    stage="rows",
    source="D100",
)
def duplicate_id(draft: Draft, count: int) -> list[Place]:
    """A user is in the file twice.

    The later row repeats an earlier one with another given name; a consumer that keeps one of them loses the other.
    """
    sheet = draft.sheet(USERS)
    places = []
    for row in draft.choose(USERS, "users.duplicate-id", count, lambda row, fields: True):
        cells = sheet.cells(row)
        cells[sheet.header.index("givenName")] += " B"
        places.append(draft.place(USERS, sheet.append(cells), "sourcedId"))
    return places


@cell_defect(
    "users.blank-required", trips="csv.required-value", file=USERS, column="familyName", source="D114, D183"
)
def blank_required(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user has no family name.

    Importers drop such a row, and the person is missing without a word.
    """
    return ""


@cell_defect("users.bad-role", trips="csv.enumeration", file=USERS, column="role", source="D110", specs=ONLY_1P1)
def bad_role(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user has a role that the vocabulary lacks."""
    return "pupil" if cell == "student" else None


@cell_defect("users.enabled-yes", trips="csv.boolean", file=USERS, column="enabledUser", source="D177")
def enabled_yes(cell: str, row: Fields, draft: Draft) -> str | None:
    """enabledUser is written yes.

    Strict importers read everything but true as false, which switches the account off.
    """
    return "yes" if cell == "true" else None


@cell_defect("users.local-grade", trips="csv.grade-code", file=USERS, column="grades", source="D86", specs=ONLY_1P1)
def local_grade(cell: str, row: Fields, draft: Draft) -> str | None:
    """A grade is written as the school calls it."""
    return f"Grade {int(cell)}" if cell.isdigit() else None


@cell_defect(
    "users.dangling-agent", trips="csv.reference", file=USERS, column="agentSourcedIds", source="D101"
)
def dangling_agent(cell: str, row: Fields, draft: Draft) -> str | None:
    """A student has a guardian who is not in the file."""
    return ",".join([NOBODY, *cell.split(",")[1:]]) if cell else None


@cell_defect("users.password", trips="csv.password-present", file=USERS, column="password", source="D93")
def password(cell: str, row: Fields, draft: Draft) -> str | None:
    """A password travels in the file."""
    return "not-a-real-password"


@cell_defect("users.user-ids-form", trips="csv.user-ids-form", file=USERS, column="userIds", source="D105")
def user_ids_form(cell: str, row: Fields, draft: Draft) -> str | None:
    """User ids are written without braces."""
    return cell.strip("{}") if cell.startswith("{") else None


@cell_defect(
    "users.long-id", trips="csv.guid-length", file=USERS, column="sourcedId", source="1.1 CSV tables, formats"
)
def long_id(cell: str, row: Fields, draft: Draft) -> str | None:
    """A sourcedId is longer than 255 characters.

    Whatever points to the user now points to nobody.
    """
    return f"{cell}-{'x' * 255}"


@cell_defect("users.bad-email", trips="csv.email-form", file=USERS, column="email", source="D116")
def bad_email(cell: str, row: Fields, draft: Draft) -> str | None:
    """An e-mail address has no at sign."""
    return cell.replace("@", ".at.") if "@" in cell else None


@cell_defect(
    "demographics.unknown-user", trips="csv.reference", file=DEMOGRAPHICS, column="sourcedId", source="D101"
)
def demographics_unknown_user(cell: str, row: Fields, draft: Draft) -> str | None:
    """Demographics belong to nobody."""
    return f"{NOBODY}-{cell}"


@cell_defect("demographics.bad-sex", trips="csv.enumeration", file=DEMOGRAPHICS, column="sex", source="D88")
def bad_sex(cell: str, row: Fields, draft: Draft) -> str | None:
    """Sex is one letter instead of a token of the vocabulary."""
    return cell[:1].upper() if cell else None


@cell_defect(
    "orgs.parent-cycle", trips="csv.parent-cycle", file=ORGS, column="parentSourcedId", source="D102"
)
def parent_cycle(cell: str, row: Fields, draft: Draft) -> str | None:
    """An organisation is its own ancestor.

    Whoever walks up from a school to its district walks for ever.
    """
    if row["type"] != "school":
        return None
    return row["sourcedId"]


@cell_defect("orgs.unknown-parent", trips="csv.reference", file=ORGS, column="parentSourcedId", source="D101")
def unknown_parent(cell: str, row: Fields, draft: Draft) -> str | None:
    """A school belongs to a district that is not in the file."""
    return NOBODY if cell else None


@cell_defect(
    "orgs.bad-type", trips="csv.enumeration", file=ORGS, column="type", source="pain list, runners-up: type departments"
)
def bad_type(cell: str, row: Fields, draft: Draft) -> str | None:
    """An organisation is of a type that the vocabulary lacks."""
    return "departments" if cell == "school" else None


@cell_defect(
    "demographics.bad-race", trips="csv.boolean", file=DEMOGRAPHICS, column="white", source="D177"
)
def bad_race(cell: str, row: Fields, draft: Draft) -> str | None:
    """A flag is written in capitals."""
    return cell.upper() if cell else None


@cell_defect(
    "demographics.local-code",
    trips="csv.code-list",
    file=DEMOGRAPHICS,
    column="publicSchoolResidenceStatus",
    source="D88",
    specs=ONLY_1P1,
)
def local_code(cell: str, row: Fields, draft: Draft) -> str | None:
    """Where a student lives is told by a code of the vendor's own list."""
    return "RES" if cell else None
