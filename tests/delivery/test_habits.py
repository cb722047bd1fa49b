"""Each habit of delivery as a client of the drop folder sees it, and nothing of it without the habit."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable

import paramiko
import pytest

from oneroster_standard.dialects import SHIPPED
from oneroster_standard.dialects.delivery import HOOK, load_delivery, load_habits
from oneroster_standard.writing.plan import REGISTRY
from tests.delivery.client import Files, tree, unzipped
from tests.delivery.conftest import Running

Sign = Callable[[Files], bool]


def rows(files: Files, name: str) -> list[dict[str, str]]:
    """Rows of a clean-spelt file by header."""
    return list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))


def some(name: str, column: str, pattern: str) -> Sign:
    """Some cell of a column matches."""
    return lambda files: any(re.search(pattern, row[column]) for row in rows(files, name))


def every(name: str, column: str, pattern: str) -> Sign:
    """Every cell of a column matches."""
    return lambda files: all(re.search(pattern, row[column]) for row in rows(files, name))


def starts(name: str, content: bytes) -> Sign:
    """A file starts with some bytes."""
    return lambda files: files[name].startswith(content)


def unknown_users(files: Files) -> bool:
    """Somebody is enrolled who is no user."""
    return bool({row["userSourcedId"] for row in rows(files, "enrollments.csv")} - {row["sourcedId"] for row in rows(files, "users.csv")})


def unknown_agents(files: Files) -> bool:
    """An agent is no user."""
    users = rows(files, "users.csv")
    agents = {agent for row in users for agent in row["agentSourcedIds"].split(",") if agent}
    return not agents <= {row["sourcedId"] for row in users}


def lies_about_courses(files: Files) -> bool:
    """The manifest denies a file that is there."""
    told = {row["propertyName"]: row["value"] for row in rows(files, "manifest.csv")}
    return told["file.courses"] == "absent" and "courses.csv" in files


def is_utf_8(content: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


CONTENT: dict[str, Sign] = {
    "manifest-missing": lambda files: "manifest.csv" not in files and "users.csv" in files,
    "manifest-lies": lies_about_courses,
    "core-files-only": lambda files: set(files) == {"users.csv", "classes.csv", "enrollments.csv"},
    "missing-file": lambda files: "enrollments.csv" not in files,
    "missing-file=orgs.csv": lambda files: "orgs.csv" not in files,
    "dated-name": lambda files: {"users_20261001.csv", "manifest_20261001.csv"} <= set(files) and "users.csv" not in files,
    "name-case": lambda files: {"Users.csv", "academicsessions.csv", "Manifest.csv"} <= set(files),
    "name-extension": lambda files: "users.txt" in files and not any(name.endswith(".csv") for name in files),
    "nested-folder": lambda files: {"OneRoster/users.csv", "OneRoster/.DS_Store", "__MACOSX/OneRoster/._users.csv"} <= set(files),
    "many-entries": lambda files: len(files) > 1_000,
    "tab": starts("users.csv", b"sourcedId\tstatus\t"),
    "semicolon": starts("users.csv", b"sourcedId;status;"),
    "quotes-off": lambda files: not any(b'"' in content for content in files.values()),
    "quotes-on": starts("users.csv", b'"sourcedId","status"'),
    "utf-8-bom": starts("users.csv", codecs.BOM_UTF8 + b"sourcedId"),
    "utf-16": starts("users.csv", codecs.BOM_UTF16_LE + "sourcedId".encode("utf-16-le")),
    "windows-1252": lambda files: not is_utf_8(files["classes.csv"]) and "Caf\u00e9" in files["classes.csv"].decode("cp1252"),
    "line-end-lf": lambda files: b"\r" not in files["users.csv"] and files["users.csv"].endswith(b"\n"),
    "line-end-cr": lambda files: b"\n" not in files["users.csv"] and files["users.csv"].endswith(b"\r"),
    "line-end-mixed": lambda files: len(re.findall(rb"\r\n", files["users.csv"])) < files["users.csv"].count(b"\n") * 2 / 3,
    "no-final-line-end": lambda files: not files["users.csv"].endswith(b"\n"),
    "header-prefixed": starts("users.csv", b"a_sourcedId,b_status,"),
    "header-table-name": starts("enrollments.csv", b"CC.sourcedId,CC.status,"),
    "list-repeats": some("classes.csv", "termSourcedIds", r"^([^,]+),\1,"),
    "list-semicolons": some("classes.csv", "termSourcedIds", "; "),
    "bulk-status": every("orgs.csv", "status", "^active$"),
    "metadata-columns": lambda files: "metadata.homeroom" in rows(files, "users.csv")[0],
    "extra-columns": lambda files: "rowNumber" in rows(files, "users.csv")[0],
    "boolean-upper": some("users.csv", "enabledUser", "TRUE"),
    "dates-us": every("enrollments.csv", "beginDate", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    "leading-zeros-lost": some("results.csv", "sourcedId", r"E\+11"),
    "snapshot-skew": unknown_users,
    "rows-unprocessed": some("users.csv", "givenName", "^$"),
    "header-only": lambda files: files["courses.csv"].count(b"\n") == 1,
    "session-own-parent": lambda files: any(row["sourcedId"] == row["parentSourcedId"] for row in rows(files, "academicSessions.csv")),
    "guardian-ids": unknown_agents,
    "user-ids-blank": some("users.csv", "userIds", r"^\{State Student Number: \},\{Student ID:\d+\}$"),
    "username-marks": some("users.csv", "username", "^(##|~~)"),
    "session-types-flat": some("academicSessions.csv", "type", "^semester$"),
    "title-composed": every("classes.csv", "title", r"^26-27 \| .* \| Sec \d+$"),
    "class-type-fixed": every("classes.csv", "classType", "^scheduled$"),
    "aide-enrollment": some("enrollments.csv", "role", "^aide$"),
}
"""What a client sees in the files; a text after = is the habit's argument."""
ARRIVALS = {
    "partial-visible", "temporary-name", "upload-aborted", "overwritten-in-place", "old-files-pile-up", "stale", "late",
}  # fmt: skip
"""Seen over time: test_arrivals.py."""


FORMS = [(habit, form) for habit in sorted(CONTENT) for form in ("folder", "zip") if (habit, form) != ("many-entries", "folder")]
"""Loose, 1,500 files are opened one by one: the archive shows the same."""


@pytest.mark.parametrize(("habit", "form"), FORMS)
def test_a_habit_is_seen_in_the_files_and_not_without_it(
    running: Running, client: paramiko.SFTPClient, clean: Files, habit: str, form: str
) -> None:
    assert not CONTENT[habit](clean)
    dropped = running.order("drop", "reference", form=form, habits=[f"delivery.{habit}"])
    assert dropped["status"] == "arrived"
    found = tree(client)
    assert sorted(found) == sorted(dropped["files"])
    assert CONTENT[habit](unzipped(found["oneroster.zip"]) if form == "zip" else found)


def test_every_habit_of_the_catalogue_is_performed_and_seen() -> None:
    seen = {f"delivery.{name.partition('=')[0]}" for name in (*CONTENT, *ARRIVALS)}
    assert set(load_habits()) == set(REGISTRY) == seen


def test_the_catalogue_says_where_a_habit_comes_from() -> None:
    for found in load_habits().values():
        assert found.hook == HOOK
        assert found.source and found.confidence and found.title and found.description, found.id


def test_vendors_name_habits_of_the_catalogue_with_their_evidence() -> None:
    for vendor in SHIPPED:
        for found in load_delivery(vendor).habits:
            told = load_habits()[found.quirk].confidence
            assert told.get(vendor) == found.basis, (vendor, found.quirk)
    assert load_delivery("reference").habits == ()


def test_habits_work_together(running: Running, client: paramiko.SFTPClient) -> None:
    habits = ["delivery.header-prefixed", "delivery.tab", "delivery.utf-8-bom", "delivery.dated-name", "delivery.rows-unprocessed"]
    running.order("drop", "reference", habits=habits)
    content = tree(client)["users_20261001.csv"]
    assert content.startswith(codecs.BOM_UTF8 + b"a_sourcedId\tb_status\t")
    assert b"-unprocessed\t" in content


@pytest.mark.parametrize(
    ("habits", "said"),
    [
        (["delivery.partial-visibl"], "did you mean 'delivery.partial-visible'"),
        (["paging.no-link"], "unknown delivery habit"),
        (["delivery.missing-file=nothing.csv"], "file 'nothing.csv'"),
    ],
)
def test_a_wrong_habit_is_refused_and_changes_nothing(
    running: Running, client: paramiko.SFTPClient, clean: Files, habits: list[str], said: str
) -> None:
    assert said in str(running.order("drop", "reference", status=400, habits=habits))
    assert tree(client) == clean
