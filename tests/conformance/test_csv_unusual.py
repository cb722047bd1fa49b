"""Bundles that are unusual and legal raise no warning: what careful senders do must not be called a fault."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.csv_judge import judge
from oneroster_standard.bundle_writer import csv_bytes
from tests.conformance.small_bundle import Rows, rows, set_cell, write

Change = Callable[[Rows], object]
STAMP = "2026-10-01T00:00:00Z"


def _absent(*names: str) -> Change:
    def change(found: Rows) -> None:
        for name in names:
            del found[f"{name}.csv"]
            next(row for row in found["manifest.csv"] if row[0] == f"file.{name}")[1] = "absent"

    return change


def _delta(*names: str, status: str = "active") -> Change:
    def change(found: Rows) -> None:
        for name in names or [file.removesuffix(".csv") for file in found if file != "manifest.csv"]:
            next(row for row in found["manifest.csv"] if row[0] == f"file.{name}")[1] = "delta"
            for row in found[f"{name}.csv"][1:]:
                row[1:3] = [status, STAMP]

    return change


def _metadata(found: Rows) -> None:
    found["orgs.csv"][0] += ["metadata.a", "metadata.b.c"]
    for row in found["orgs.csv"][1:]:
        row += ["x, y", 'with "quotes"']


def _department(found: Rows) -> None:
    found["orgs.csv"] += [["dep", "", "", "Science", "department", "", "s1"], ["st", "", "", "State", "state", "", ""]]
    found["orgs.csv"][1][6] = "st"
    set_cell("users.csv", 2, "orgSourcedIds", "s1,dep")(found)


def _administrator(found: Rows) -> None:
    found["users.csv"].append(["u9", "", "", "true", "d", "administrator", "zed", "", "Zed", "Z", *[""] * 8])
    found["enrollments.csv"].append(["e9", "", "", "c1", "s1", "u9", "administrator", "", "", ""])


def _earlier_user(found: Rows) -> None:
    _delta("enrollments")(found)
    set_cell("enrollments.csv", 3, "userSourcedId", "sent-earlier")(found)


def _two_periods(found: Rows) -> None:
    set_cell("enrollments.csv", 3, "endDate", "2027-01-10")(found)
    found["enrollments.csv"].append(["e9", "", "", "c1", "s1", "u2", "student", "false", "2027-01-20", "2027-06-12"])


def _calendar_year(found: Rows) -> None:
    for line, start, end in ((2, "2026-02-01", "2027-01-01"), (3, "2026-02-01", "2026-08-01"), (4, "2026-02-01", "2026-05-01")):
        for column, value in (("startDate", start), ("endDate", end), ("schoolYear", "2026")):
            set_cell("academicSessions.csv", line, column, value)(found)
    for row in found["enrollments.csv"][1:]:
        row[8:] = ["", ""]


def _new_ids(found: Rows) -> None:
    changed = {"u2": "A1-b2.c_3/d@e", "s1": "0", "c1": "x" * 255}
    for lines in found.values():
        for row in lines[1:]:
            row[:] = [",".join(changed.get(item, item) for item in cell.split(",")) for cell in row]


CASES: dict[str, Change] = {
    "only the six core files": _absent(
        "categories", "classResources", "courseResources", "demographics", "lineItems", "resources", "results"
    ),
    "a manifest alone": _absent(*(name.removesuffix(".csv") for name in rows() if name != "manifest.csv")),
    "rows of the manifest in another order": lambda found: found["manifest.csv"].__setitem__(slice(1, None), found["manifest.csv"][:0:-1]),
    "no source in the manifest": lambda found: found.update({"manifest.csv": [r for r in found["manifest.csv"] if not r[0].startswith("source.")]}),
    "metadata columns": _metadata,
    "ids of other forms": _new_ids,
    "no e-mail": lambda found: [set_cell("users.csv", line, "email", "")(found) for line in range(2, 6)],
    "an e-mail with a tag": set_cell("users.csv", 3, "email", "o'neil+tag@mail.example.org"),
    "a user id that is a URL": set_cell("users.csv", 3, "userIds", "{Fed:https://idp.example.org/x},{LTI:a b}"),
    "quotes and commas in a name": set_cell("users.csv", 3, "middleName", 'A, B "Bo"'),
    "255 characters": set_cell("results.csv", 2, "comment", "x" * 255),
    "a school without a parent": set_cell("orgs.csv", 4, "parentSourcedId", ""),
    "a department and a state": _department,
    "a semester": set_cell("academicSessions.csv", 3, "type", "semester"),
    "a school year that is a calendar year": _calendar_year,
    "an administrator in a class": _administrator,
    "the same student in two periods": _two_periods,
    "a delta without milliseconds": _delta(),
    "a delta that removes": _delta(status="tobedeleted"),
    "bulk and delta mixed": _delta("enrollments"),
    "a delta that points to an earlier record": _earlier_user,
}


def _complaints(path: Path) -> list[tuple[str, str]]:
    return [(found.check, str(found.where)) for found in judge(path).findings if found.severity != "info"]


@pytest.mark.parametrize("case", CASES)
def test_an_unusual_bundle_that_is_legal_raises_no_warning(case: str, tmp_path: Path) -> None:
    found = rows()
    CASES[case](found)
    assert _complaints(write(tmp_path / "bundle.zip", found)) == []


def _quoted(data: bytes) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(csv.reader(io.StringIO(data.decode(), newline="")))
    return text.getvalue().encode()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "LF": lambda data: data.replace(b"\r\n", b"\n"),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "every cell quoted": _quoted,
    "no line end at the end": lambda data: data.removesuffix(b"\r\n"),
    "quoted, marked, LF, no end": lambda data: b"\xef\xbb\xbf" + _quoted(data).replace(b"\r\n", b"\n").removesuffix(b"\n"),
}


@pytest.mark.parametrize("form", FORMS)
def test_another_legal_form_of_the_bytes_raises_no_warning(form: str, tmp_path: Path) -> None:
    raw = {name: FORMS[form](csv_bytes(lines)) for name, lines in rows().items()}
    assert _complaints(write(tmp_path / "bundle", raw=raw)) == []


def test_what_computers_leave_in_an_archive_raises_no_warning(tmp_path: Path) -> None:
    path = write(tmp_path / "bundle.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("__MACOSX/._users.csv", ".DS_Store", "read me.pdf"):
            archive.writestr(name, b"\0")
        archive.mkdir("empty")
    assert _complaints(path) == []
