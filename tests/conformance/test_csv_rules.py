"""Every CSV rule is seen failing on one planted fault, at its file and physical line, and nothing else fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.csv_judge import judge_bundle
from conformance.csv_rules.rulebook import RULES
from oneroster_standard.bundle_writer import csv_bytes
from tests.conformance.small_bundle import Rows, rows, set_cell, write

Change = Callable[[Rows], object]
LONG = "x" * 300


def _all_delta(found: Rows) -> None:
    for row in found["manifest.csv"]:
        if row[0].startswith("file."):
            row[1] = "delta"
    for name, lines in found.items():
        if name != "manifest.csv":
            for row in lines[1:]:
                row[1:3] = ["active", "2026-10-01T00:00:00.000Z"]


def _delta_without_status(found: Rows) -> None:
    _all_delta(found)
    found["orgs.csv"][2][1] = ""


def _delta_with_bare_day(found: Rows) -> None:
    _all_delta(found)
    found["orgs.csv"][2][2] = "2026-10-01"


def _without(file: str) -> Change:
    return lambda found: found.__delitem__(file)


def _mode(file: str, mode: str) -> Change:
    return set_cell("manifest.csv", _manifest_line(f"file.{file}"), "value", mode)


def _manifest_line(name: str) -> int:
    return [row[0] for row in rows()["manifest.csv"]].index(name) + 1


def _absent_and_gone(file: str) -> Change:
    def change(found: Rows) -> None:
        _mode(file.removesuffix(".csv"), "absent")(found)
        found.pop(file)

    return change


def _extend(file: str, *more: list[str]) -> Change:
    return lambda found: found[file].extend(more)


def _drop_column(file: str, column: str) -> Change:
    def change(found: Rows) -> None:
        at = found[file][0].index(column)
        for row in found[file]:
            del row[at]

    return change


def _swap_columns(found: Rows) -> None:
    for row in found["orgs.csv"]:
        row[3], row[4] = row[4], row[3]


def _add_column(name: str) -> Change:
    def change(found: Rows) -> None:
        for number, row in enumerate(found["orgs.csv"]):
            row.append(name if number == 0 else "x")

    return change


CELL_FAULTS: list[tuple[str, Change, str, int]] = [
    ("csv.required-value", set_cell("orgs.csv", 3, "name", ""), "orgs.csv", 3),
    ("csv.enumeration", set_cell("users.csv", 4, "role", "pupil"), "users.csv", 4),
    ("csv.enumeration", set_cell("resources.csv", 2, "roles", "teacher,pupil"), "resources.csv", 2),
    ("csv.enumeration", set_cell("orgs.csv", 3, "type", "School"), "orgs.csv", 3),
    ("csv.legacy-token", set_cell("enrollments.csv", 6, "role", "aide"), "enrollments.csv", 6),
    ("csv.grade-code", set_cell("users.csv", 3, "grades", "Grade 9"), "users.csv", 3),
    (
        "csv.code-list",
        set_cell("demographics.csv", 2, "publicSchoolResidenceStatus", "9"),
        "demographics.csv",
        2,
    ),
    ("csv.boolean", set_cell("users.csv", 2, "enabledUser", "yes"), "users.csv", 2),
    ("csv.date", set_cell("demographics.csv", 2, "birthDate", "2011-02-29"), "demographics.csv", 2),
    ("csv.date", set_cell("results.csv", 2, "scoreDate", "9/9/2026"), "results.csv", 2),
    ("csv.date-time", _delta_with_bare_day, "orgs.csv", 3),
    ("csv.year", set_cell("academicSessions.csv", 4, "schoolYear", "26-27"), "academicSessions.csv", 4),
    ("csv.number", set_cell("results.csv", 2, "score", "A-"), "results.csv", 2),
    ("csv.guid-length", set_cell("enrollments.csv", 4, "sourcedId", LONG), "enrollments.csv", 4),
    ("csv.guid-characters", set_cell("enrollments.csv", 4, "sourcedId", "a|b"), "enrollments.csv", 4),
    ("csv.cell-length", set_cell("results.csv", 2, "comment", LONG), "results.csv", 2),
    ("csv.list-form", set_cell("users.csv", 3, "orgSourcedIds", "s1, s2"), "users.csv", 3),
    ("csv.list-form", set_cell("users.csv", 3, "orgSourcedIds", "s1;s2"), "users.csv", 3),
    ("csv.required-value", set_cell("orgs.csv", 3, "name", " "), "orgs.csv", 3),
    ("csv.spreadsheet-id", set_cell("enrollments.csv", 4, "sourcedId", "1.23E+11"), "enrollments.csv", 4),
    ("csv.user-ids-form", set_cell("users.csv", 3, "userIds", "Fed:2"), "users.csv", 3),
    ("csv.email-form", set_cell("users.csv", 3, "email", "bob at example.org"), "users.csv", 3),
    ("csv.password-present", set_cell("users.csv", 3, "password", "secret"), "users.csv", 3),
    ("csv.padded-value", set_cell("users.csv", 3, "sourcedId", "u2 "), "users.csv", 3),
    ("csv.padded-value", set_cell("users.csv", 3, "familyName", "\u00a0Ode"), "users.csv", 3),
    ("csv.bulk-status", set_cell("orgs.csv", 4, "status", "active"), "orgs.csv", 4),
    ("csv.delta-status", _delta_without_status, "orgs.csv", 3),
]

RECORD_FAULTS: list[tuple[str, Change, str, int]] = [
    ("csv.unique-id", set_cell("courseResources.csv", 3, "sourcedId", "kr1"), "courseResources.csv", 3),
    ("csv.reference", set_cell("users.csv", 3, "agentSourcedIds", "nobody"), "users.csv", 3),
    ("csv.reference", set_cell("orgs.csv", 4, "parentSourcedId", "nowhere"), "orgs.csv", 4),
    ("csv.reference", set_cell("classes.csv", 2, "termSourcedIds", "t1,t9"), "classes.csv", 2),
    ("csv.reference", set_cell("demographics.csv", 2, "sourcedId", "u9"), "demographics.csv", 2),
    ("csv.parent-cycle", set_cell("orgs.csv", 2, "parentSourcedId", "s1"), "orgs.csv", 2),
    ("csv.date-range", set_cell("academicSessions.csv", 4, "endDate", "2026-08-01"), "academicSessions.csv", 4),
    ("csv.date-range", set_cell("enrollments.csv", 3, "endDate", "2026-08-30"), "enrollments.csv", 3),
    ("csv.session-nesting", set_cell("academicSessions.csv", 4, "endDate", "2027-03-01"), "academicSessions.csv", 4),
    ("csv.school-year-type", set_cell("courses.csv", 3, "schoolYearSourcedId", "t1"), "courses.csv", 3),
    ("csv.grading-period-type", set_cell("lineItems.csv", 2, "gradingPeriodSourcedId", "t1"), "lineItems.csv", 2),
    ("csv.enrollment-dates", set_cell("enrollments.csv", 3, "beginDate", "2026-07-01"), "enrollments.csv", 3),
    ("csv.school-type", set_cell("classes.csv", 3, "schoolSourcedId", "d"), "classes.csv", 3),
    ("csv.subject-pairs", set_cell("courses.csv", 2, "subjectCodes", "02052"), "courses.csv", 2),
    ("csv.primary-teacher", set_cell("enrollments.csv", 6, "primary", "true"), "enrollments.csv", 6),
    ("csv.primary-role", set_cell("enrollments.csv", 3, "primary", "true"), "enrollments.csv", 3),
    ("csv.enrollment-role", set_cell("enrollments.csv", 3, "role", "teacher"), "enrollments.csv", 3),
    ("csv.enrollment-repeated", _extend("enrollments.csv", ["e9", "", "", "c2", "s2", "u2", "student", "", "", ""]), "enrollments.csv", 7),
    ("csv.enrollment-school", set_cell("enrollments.csv", 3, "schoolSourcedId", "s2"), "enrollments.csv", 3),
    ("csv.score-range", set_cell("results.csv", 2, "score", "11"), "results.csv", 2),
    ("csv.score-bounds", set_cell("lineItems.csv", 2, "resultValueMin", "20"), "lineItems.csv", 2),
    ("csv.result-student", set_cell("results.csv", 2, "studentSourcedId", "u1"), "results.csv", 2),
    ("csv.primary-role", _extend("enrollments.csv", ["e9", "", "", "c1", "s1", "u3", "proctor", "true", "", ""]), "enrollments.csv", 7),
    ("csv.date-range", set_cell("academicSessions.csv", 4, "endDate", "2026-08-24"), "academicSessions.csv", 4),
    ("csv.school-year-value", set_cell("academicSessions.csv", 2, "schoolYear", "2026"), "academicSessions.csv", 2),
    ("csv.school-year-value", set_cell("academicSessions.csv", 3, "schoolYear", "2026"), "academicSessions.csv", 3),
    ("csv.replacement-character", set_cell("users.csv", 3, "familyName", "Od\ufffd"), "users.csv", 3),
    ("csv.email-shared", lambda found: [set_cell("users.csv", row, "email", f"{name}@EXAMPLE.org")(found) for row, name in ((2, "a"), (4, "A"))], "users.csv", 4),
    ("csv.identifier-shared", lambda found: [set_cell("users.csv", row, "identifier", "77")(found) for row in (2, 4)], "users.csv", 4),
]  # fmt: skip

FILE_FAULTS: list[tuple[str, Change, str, int]] = [
    ("csv.manifest-present", _without("manifest.csv"), "manifest.csv", 0),
    ("csv.manifest-version", set_cell("manifest.csv", 3, "value", "1.2"), "manifest.csv", 3),
    ("csv.manifest-properties", lambda found: found["manifest.csv"].pop(5), "manifest.csv", 0),
    ("csv.manifest-properties", set_cell("manifest.csv", _manifest_line("file.users"), "propertyName", "file.Users"), "manifest.csv", 0),
    ("csv.manifest-unique", lambda found: found["manifest.csv"].append(["file.orgs", "bulk"]), "manifest.csv", 19),
    ("csv.manifest-known-property", _extend("manifest.csv", ["file.systemName", "x"]), "manifest.csv", 19),
    ("csv.manifest-values", _mode("users", "full"), "manifest.csv", _manifest_line("file.users")),
    ("csv.manifest-matches-files", _mode("orgs", "absent"), "manifest.csv", _manifest_line("file.orgs")),
    ("csv.file-present", _without("users.csv"), "users.csv", 0),
    ("csv.bulk-closed", _absent_and_gone("courses.csv"), "courses.csv", 0),
    ("csv.file-has-rows", lambda found: found["users.csv"].__delitem__(slice(1, None)), "users.csv", 1),
    ("csv.header-columns", _drop_column("users.csv", "sms"), "users.csv", 1),
    ("csv.header-columns", _drop_column("orgs.csv", "sourcedId"), "orgs.csv", 1),
    ("csv.header-order", _swap_columns, "orgs.csv", 1),
    ("csv.header-spelling", set_cell("users.csv", 1, "sourcedId", "sourcedID"), "users.csv", 1),
    ("csv.header-spelling", set_cell("users.csv", 1, "givenName", "USERS.GivenName"), "users.csv", 1),
    ("csv.header-unique", _add_column("name"), "orgs.csv", 1),
    ("csv.header-unique", lambda found: [_add_column("metadata.x")(found) for _ in range(2)], "orgs.csv", 1),
    ("csv.bulk-closed", _absent_and_gone("orgs.csv"), "orgs.csv", 0),
    ("csv.extra-column", _add_column("relation"), "orgs.csv", 1),
    ("csv.header-present", lambda found: found["orgs.csv"].pop(0), "orgs.csv", 1),
    ("csv.row-width", lambda found: found["users.csv"][2].pop(), "users.csv", 3),
    ("csv.blank-row", lambda found: found["users.csv"].insert(2, []), "users.csv", 3),
    ("csv.blank-row", _extend("users.csv", [""] * 18, [""] * 18), "users.csv", 6),
    ("csv.line-break", set_cell("results.csv", 2, "comment", "two\r\nlines"), "results.csv", 2),
]  # fmt: skip


def _bytes(file: str) -> bytes:
    return csv_bytes(rows()[file])


RAW_FAULTS: list[tuple[str, str, bytes, int]] = [
    ("csv.encoding", "orgs.csv", _bytes("orgs.csv").decode().encode("cp1252"), 2),
    ("csv.encoding", "orgs.csv", _bytes("orgs.csv").decode().encode("utf-16"), 1),
    ("csv.byte-order-mark", "users.csv", b"\xef\xbb\xbf" + _bytes("users.csv"), 1),
    ("csv.nul-byte", "users.csv", _bytes("users.csv").replace(b"Cy,", b"C\0y,"), 4),
    ("csv.delimiter", "users.csv", _bytes("users.csv").replace(b",", b";"), 1),
    ("csv.delimiter", "users.csv", _bytes("users.csv").replace(b",", b"\t"), 1),
    ("csv.line-endings", "users.csv", _bytes("users.csv").replace(b"\r\n", b"\r"), 1),
    ("csv.line-endings", "users.csv", _bytes("users.csv")[:-2] + b"\n", 5),
    ("csv.quoting", "users.csv", _bytes("users.csv").replace(b",Cy,", b',"Cy,'), 4),
    (
        "csv.line-length",
        "users.csv",
        _bytes("users.csv").replace(b",Cy,", b"," + b"C" * (18 << 20) + b","),
        4,
    ),
]


def _failed(path: Path) -> list[tuple[str, str, int]]:
    found = judge_bundle(path).findings
    return [(finding.check, finding.file, finding.line) for finding in found if not finding.cause_of]


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_a_clean_bundle_passes_every_rule_and_skips_none(tmp_path: Path, name: str) -> None:
    judgement = judge_bundle(write(tmp_path / name))
    assert [(outcome.rule.id, outcome.outcome) for outcome in judgement.outcomes] == [
        (id, "pass") for id, rule in RULES.items() if "1.1" in rule.specs
    ]


@pytest.mark.parametrize(
    ("check", "change", "file", "line"),
    CELL_FAULTS + RECORD_FAULTS + FILE_FAULTS,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_fault_trips_its_rule_at_its_line_and_no_other_rule(
    tmp_path: Path, check: str, change: Change, file: str, line: int
) -> None:
    found = rows()
    change(found)
    failed = _failed(write(tmp_path / "bundle", found))
    assert set(failed) == {(check, file, line)}


@pytest.mark.parametrize(
    ("check", "file", "data", "line"), RAW_FAULTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_fault_of_bytes_trips_its_rule_at_its_line_and_no_other_rule(
    tmp_path: Path, check: str, file: str, data: bytes, line: int
) -> None:
    failed = _failed(write(tmp_path / "bundle", raw={file: data}))
    assert set(failed) == {(check, file, line)}
