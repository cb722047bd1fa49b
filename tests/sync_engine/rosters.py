"""Small rosters for the sync's tests, written as bundles or served by a fake provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.standard import load

Rows = Mapping[str, Sequence[Mapping[str, str]]]


def orgs(*numbers: int, name: str = "School") -> list[dict[str, str]]:
    """Cells of orgs, one per number."""
    return [
        {"sourcedId": f"o{number}", "name": f"{name} {number}", "type": "school", "identifier": str(number)}
        for number in numbers
    ]


def users(*numbers: int, grade: str = "05") -> list[dict[str, str]]:
    """Cells of users with list columns and blank ones."""
    return [
        {
            "sourcedId": f"u{number}", "enabledUser": "true", "orgSourcedIds": "o1,o2", "role": "student",
            "username": f"user{number}", "userIds": f"{{SIS:{number}}},{{LDAP:u-{number}}}", "givenName": "Zoë",
            "familyName": f'O"Neil, {number}', "grades": grade,
        }
        for number in numbers
    ]  # fmt: skip


def write_bundle(
    path: Path, rows: Rows, modes: Mapping[str, str] | None = None, version: str = "1.1"
) -> Path:
    """Write a bundle with these files; modes: entity -> what the manifest says, default bulk for each file."""
    said = {entity: "bulk" for entity in rows} | dict(modes or {})
    standard = load(version)
    with BundleWriter(path) as bundle:
        manifest = [["propertyName", "value"]]
        for row in standard.manifest:
            if row.name.startswith("file."):
                manifest.append([row.name, said.get(row.name.removeprefix("file."), "absent")])
            elif row.required:
                manifest.append([row.name, row.values[0]])
        bundle.write("manifest.csv", [csv_bytes(manifest)])
        for entity, cells in rows.items():
            headers = standard.csv_files[f"{entity}.csv"].headers
            lines = [list(headers), *([row.get(header, "") for header in headers] for row in cells)]
            bundle.write(f"{entity}.csv", [csv_bytes(lines)])
    return path


def person(key: str, school: str = "o1", role: str = "student", **cells: str) -> dict[str, str]:
    """Cells of one user."""
    own = {
        "sourcedId": key, "enabledUser": "true", "orgSourcedIds": school, "role": role, "username": key,
        "identifier": f"n-{key}", "givenName": f"Given {key}", "familyName": f"Family {key}", "grades": "05",
    }  # fmt: skip
    return own | cells


def term(key: str, first: str, last: str) -> dict[str, str]:
    """Cells of one academic session."""
    return {
        "sourcedId": key, "title": key, "type": "term", "startDate": first, "endDate": last, "schoolYear": last[:4]
    }  # fmt: skip


def taught(key: str, terms: str = "t1", school: str = "o1") -> dict[str, str]:
    """Cells of one class."""
    return {
        "sourcedId": key, "title": f"Class {key}", "courseSourcedId": "c1", "classType": "scheduled",
        "schoolSourcedId": school, "termSourcedIds": terms,
    }  # fmt: skip


def seat(key: str, user: str, taught_in: str, school: str = "o1", role: str = "student") -> dict[str, str]:
    """Cells of one enrollment."""
    return {
        "sourcedId": key, "classSourcedId": taught_in, "schoolSourcedId": school, "userSourcedId": user, "role": role
    }  # fmt: skip
