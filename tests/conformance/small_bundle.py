"""A small bundle in which every file, column kind and link occurs; written by hand for the tests of the CSV rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.standard import load

Rows = dict[str, list[list[str]]]

_BODY: dict[str, list[list[str]]] = {
    "academicSessions.csv": [
        ["y27", "", "", "2026-27", "schoolYear", "2026-08-24", "2027-06-12", "", "2027"],
        ["t1", "", "", "Fall", "term", "2026-08-24", "2027-01-16", "y27", "2027"],
        ["g1", "", "", "Quarter 1", "gradingPeriod", "2026-08-24", "2026-10-31", "t1", "2027"],
    ],
    "categories.csv": [["cat1", "", "", "Homework"]],
    "classes.csv": [
        ["c1", "", "", "Algebra, 1st", "09", "k1", "A-1", "scheduled", "R1", "s1", "t1,y27", "Mathematics,Logic", "02052,02999", "1,2"],
        ["c2", "", "", "Homeroom", "KG", "k2", "H", "homeroom", "", "s2", "y27", "", "", ""],
    ],
    "classResources.csv": [["cr1", "", "", "Book", "c1", "r1"]],
    "courses.csv": [
        ["k1", "", "", "y27", "Algebra", "ALG1", "09,10", "d", "Mathematics,Logic", "02052,02999"],
        ["k2", "", "", "y27", "Homeroom", "HR", "KG", "s2", "", ""],
    ],
    "courseResources.csv": [["kr1", "", "", "Book", "k1", "r1"], ["kr2", "", "", "Book", "k2", "r1"]],
    "demographics.csv": [
        ["u2", "", "", "2012-02-29", "female", "true", "false", "false", "false", "false", "false", "false", "US", "CA", "Springfield", "01652"]
    ],
    "enrollments.csv": [
        ["e1", "", "", "c1", "s1", "u1", "teacher", "true", "2026-08-24", "2027-06-12"],
        ["e2", "", "", "c1", "s1", "u2", "student", "false", "2026-09-01", "2027-06-12"],
        ["e3", "", "", "c2", "s2", "u3", "teacher", "true", "", ""],
        ["e4", "", "", "c2", "s2", "u2", "student", "", "", ""],
        ["e5", "", "", "c1", "s1", "u3", "teacher", "false", "", ""],
    ],
    "lineItems.csv": [["li1", "", "", "Sheet 1", "", "2026-09-01", "2026-09-08", "c1", "cat1", "g1", "0.0", "10"]],
    "orgs.csv": [
        ["d", "", "", "Élan District", "district", "D1", ""],
        ["s1", "", "", "North", "school", "1", "d"],
        ["s2", "", "", "South", "school", "2", "d"],
    ],
    "resources.csv": [["r1", "", "", "vr1", "Book", "teacher,student", "primary", "v", "a"]],
    "results.csv": [["re1", "", "", "li1", "u2", "fully graded", "9.5", "2026-09-09", "good"]],
    "users.csv": [
        ["u1", "", "", "true", "s1", "teacher", "ann", "{Fed:1},{LDAP:x}", "Ann", "Ode", "", "1", "ann@example.org", "", "", "", "", ""],
        ["u2", "", "", "true", "s1,s2", "student", "bob", "{Fed:2}", "Bob", "Ode", "B", "2", "bob@example.org", "555-0101", "555-0102", "u4", "09", ""],
        ["u3", "", "", "false", "s2", "teacher", "cy", "", "Cy", "Roe", "", "3", "cy@example.org", "", "", "", "", ""],
        ["u4", "", "", "true", "s1", "guardian", "di", "", "Di", "Ode", "", "4", "di@example.org", "", "", "", "", ""],
    ],
}  # fmt: skip


def rows() -> Rows:
    """Header and rows of every file, manifest included; a fresh copy each time."""
    standard = load("1.1")
    found = {name: [list(standard.csv_files[name].headers), *map(list, body)] for name, body in _BODY.items()}
    values = [
        [row.name, "bulk" if row.name.startswith("file.") else (row.values or ("x",))[0]]
        for row in standard.manifest
    ]
    return {"manifest.csv": [["propertyName", "value"], *values], **found}


def set_cell(file: str, line: int, column: str, value: str) -> Callable[[Rows], None]:
    """A change of one cell; line counts from 1 with the header."""

    def change(found: Rows) -> None:
        found[file][line - 1][found[file][0].index(column)] = value

    return change


def write(path: Path, found: Rows | None = None, *, raw: dict[str, bytes] | None = None) -> Path:
    """Write the bundle as a folder or, when the path ends in .zip, as an archive; raw replaces whole files."""
    files = {name: csv_bytes(lines) for name, lines in (found or rows()).items()} | (raw or {})
    with BundleWriter(path) as writer:
        for name, data in files.items():
            writer.write(name, [data])
    return path
