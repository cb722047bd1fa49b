"""Defects of what 1.2 keeps apart from users: roles.csv, userProfiles.csv and userResources.csv."""

from __future__ import annotations

from datetime import date, timedelta

from data_gen.defects.draft import Draft, Fields, Place, TooFew
from data_gen.defects.people import NOBODY, USERS
from data_gen.defects.registry import ONLY_1P2, cell_defect, defect

ROLES = "roles.csv"
PROFILES = "userProfiles.csv"
RESOURCES = "userResources.csv"
TABLES = "1.2 CSV tables"


@cell_defect("roles.bad-role", trips="csv.enumeration", file=ROLES, column="role", source="D110", specs=ONLY_1P2)
def bad_role(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user has a role that the vocabulary lacks, without the mark of an extension."""
    return "pupil" if cell == "student" else None


@cell_defect(
    "roles.bad-priority", trips="csv.enumeration", file=ROLES, column="roleType", source=f"{TABLES}, roles.csv", specs=ONLY_1P2
)
def bad_priority(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role is extended where the vocabulary is closed.

    ext: terms are for roles, not for whether a role is primary or secondary.
    """
    return f"ext:{cell}"


@cell_defect("roles.dangling-user", trips="csv.reference", file=ROLES, column="userSourcedId", source="D101", specs=ONLY_1P2)
def dangling_user(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role belongs to nobody; the one who lost it is left without, or with one role less."""
    return NOBODY


@cell_defect("roles.unknown-org", trips="csv.reference", file=ROLES, column="orgSourcedId", source="D101", specs=ONLY_1P2)
def unknown_org(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role is held at an organisation that is not in the file."""
    return NOBODY


@cell_defect(
    "roles.unknown-profile", trips="csv.reference", file=ROLES, column="userProfileSourcedId", source="D101", specs=ONLY_1P2
)
def unknown_profile(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role is carried out with a profile that is not in the file."""
    return NOBODY if cell else None


@cell_defect(
    "roles.foreign-profile",
    trips="csv.profile-owner",
    file=ROLES,
    column="userProfileSourcedId",
    source=f"{TABLES}, roles.csv",
    specs=ONLY_1P2,
)
def foreign_profile(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role is carried out with the profile of somebody else."""
    if not cell:
        return None
    profiles = draft.sheet(PROFILES)
    for number in range(2, len(profiles.lines) + 1):
        found = profiles.fields(number)
        if found["userSourcedId"] != row["userSourcedId"]:
            return found["sourcedId"]
    return None


@cell_defect(
    "roles.end-before-begin", trips="csv.date-range", file=ROLES, column="endDate", source=f"{TABLES}, roles.csv", specs=ONLY_1P2
)
def end_before_begin(cell: str, row: Fields, draft: Draft) -> str | None:
    """A role ends before it begins."""
    begin = row["beginDate"]
    return (date.fromisoformat(begin) - timedelta(days=1)).isoformat() if begin else None


@cell_defect("roles.bad-date", trips="csv.date", file=ROLES, column="beginDate", source="D178", specs=ONLY_1P2)
def bad_date(cell: str, row: Fields, draft: Draft) -> str | None:
    """A date is written day first, with full stops."""
    if not cell:
        return None
    year, month, day = cell.split("-")
    return f"{day}.{month}.{year}"


@defect(
    "roles.two-primaries", trips="csv.role-primary", file=ROLES, column="roleType", stage="rows",
    source=f"{TABLES}, roles.csv", specs=ONLY_1P2,
)  # fmt: skip
def two_primaries(draft: Draft, count: int) -> list[Place]:
    """A user has two primary roles at one organisation."""
    sheet = draft.sheet(ROLES)
    places = []
    for row in draft.choose(ROLES, "roles.two-primaries", count, lambda row, fields: fields["roleType"] == "primary"):
        cells = sheet.cells(row)
        cells[sheet.header.index("sourcedId")] += "-again"
        places.append(draft.place(ROLES, sheet.append(cells), "roleType"))
    return places


@defect(
    "users.no-role", trips="csv.user-role", file=USERS, column="sourcedId", stage="rows",
    source="REST 1.2, users", specs=ONLY_1P2,
)  # fmt: skip
def no_role(draft: Draft, count: int) -> list[Place]:
    """A user has no row in roles.csv: a person without a school."""
    roles = draft.sheet(ROLES)
    single = _only_rows(draft)
    rows = draft.choose(USERS, "users.no-role", count, lambda row, fields: fields["sourcedId"] in single)
    users = draft.sheet(USERS)
    gone = {single[users.fields(row)["sourcedId"]] for row in rows}
    for row in sorted(gone, reverse=True):
        roles.remove(row)
    return [draft.place(USERS, row, "sourcedId") for row in rows]


def _only_rows(draft: Draft) -> dict[str, int]:
    """User -> the row of the user's only role, where no other defect has touched it."""
    sheet = draft.sheet(ROLES)
    found: dict[str, list[int]] = {}
    for row in range(2, len(sheet.lines) + 1):
        found.setdefault(sheet.fields(row).get("userSourcedId", ""), []).append(row)
    free = {user: rows[0] for user, rows in found.items() if len(rows) == 1 and rows[0] not in sheet.taken}
    if not free:
        raise TooFew(0)
    return free


@cell_defect(
    "users.primary-org-without-role", trips="csv.primary-org", file=USERS, column="primaryOrgSourcedId",
    source="1.2 CSV tables, users.csv", specs=ONLY_1P2,
)  # fmt: skip
def primary_org_without_role(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user's primary organisation is one at which the user has no role."""
    roles = draft.sheet(ROLES)
    own = {
        fields["orgSourcedId"]
        for fields in (roles.fields(number) for number in range(2, len(roles.lines) + 1))
        if fields.get("userSourcedId") == row["sourcedId"]
    }
    orgs = draft.sheet("orgs.csv")
    every = (orgs.fields(number)["sourcedId"] for number in range(2, len(orgs.lines) + 1))
    return next((org for org in every if org not in own), None) if own else None


@cell_defect(
    "users.unknown-primary-org", trips="csv.reference", file=USERS, column="primaryOrgSourcedId", source="D101", specs=ONLY_1P2
)
def unknown_primary_org(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user's primary organisation is not in the file."""
    return NOBODY if cell else None


@cell_defect("userProfiles.dangling-user", trips="csv.reference", file=PROFILES, column="userSourcedId", source="D101", specs=ONLY_1P2)
def profile_of_nobody(cell: str, row: Fields, draft: Draft) -> str | None:
    """A profile belongs to nobody."""
    return NOBODY


@cell_defect(
    "userProfiles.blank-credential", trips="csv.required-value", file=PROFILES, column="credentialType",
    source=f"{TABLES}, userProfiles.csv (optional in REST)", specs=ONLY_1P2,
)  # fmt: skip
def blank_credential(cell: str, row: Fields, draft: Draft) -> str | None:
    """A profile does not say what its credential is."""
    return ""


@cell_defect("userProfiles.password", trips="csv.password-present", file=PROFILES, column="password", source="D93", specs=ONLY_1P2)
def profile_password(cell: str, row: Fields, draft: Draft) -> str | None:
    """The password of a profile travels in the file."""
    return "not-a-real-password"


@cell_defect(
    "userResources.unknown-resource", trips="csv.reference", file=RESOURCES, column="resourceSourcedId", source="D101", specs=ONLY_1P2
)
def unknown_resource(cell: str, row: Fields, draft: Draft) -> str | None:
    """A user is given a resource that is not in the file."""
    return NOBODY


@cell_defect("userResources.duplicate-id", trips="csv.unique-id", file=RESOURCES, column="sourcedId", source="D100", specs=ONLY_1P2)
def duplicate_link(cell: str, row: Fields, draft: Draft) -> str | None:
    """Two links of users to resources share one id."""
    first = draft.sheet(RESOURCES).fields(2)["sourcedId"]
    return first if cell != first else None
