"""Habits of whole files: which ones are in the bundle, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator

from oneroster_standard.writing.habits.arrivals import dated
from oneroster_standard.writing.plan import MANIFEST, Plan, Row, file_named, habit

CORE = ("users.csv", "classes.csv", "enrollments.csv")
INNER_FOLDER = "OneRoster"
MANY = 1_500


@habit("manifest-missing")
def manifest_missing(plan: Plan, _argument: str) -> None:
    """manifest.csv is left out."""
    plan.names.pop(MANIFEST, None)


@habit("manifest-lies")
def manifest_lies(plan: Plan, argument: str) -> None:
    """The manifest calls a file absent that is there."""
    subject = f"file.{file_named(plan, argument, 'courses.csv').removesuffix('.csv')}"

    def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            yield [subject, "absent"] if name == MANIFEST and row[0] == subject else row

    plan.row_changes.append(changed)


@habit("core-files-only")
def core_files_only(plan: Plan, _argument: str) -> None:
    """Only users, classes and enrollments are sent."""
    plan.names = {name: own for name, own in plan.names.items() if name in CORE}


@habit("missing-file")
def missing_file(plan: Plan, argument: str) -> None:
    """A file did not come, and the manifest does not know."""
    plan.names.pop(file_named(plan, argument, "enrollments.csv"))


@habit("dated-name")
def dated_name(plan: Plan, _argument: str) -> None:
    """users_20260815.csv."""
    dated(plan)


@habit("name-case")
def name_case(plan: Plan, _argument: str) -> None:
    """Users.csv, and academicsessions.csv: names of one word are capitalised, longer ones flattened."""
    for name, own in plan.names.items():
        is_one_word = own.islower()
        plan.names[name] = own.capitalize() if is_one_word else own.lower()


@habit("name-extension")
def name_extension(plan: Plan, argument: str) -> None:
    """users.txt, or the extension that is named."""
    for name, own in plan.names.items():
        plan.names[name] = f"{own.rpartition('.')[0]}.{argument.lstrip('.') or 'txt'}"


@habit("nested-folder")
def nested_folder(plan: Plan, argument: str) -> None:
    """All files lie one folder down, beside a desktop's leavings."""
    plan.folder = argument.strip("/") or INNER_FOLDER
    plan.junk[f"{plan.folder}/.DS_Store"] = b"\x00\x00\x00\x01Bud1"
    plan.junk[f"__MACOSX/{plan.folder}/._users.csv"] = b"\x00\x05\x16\x07"


@habit("many-entries")
def many_entries(plan: Plan, _argument: str) -> None:
    """More files than any bundle has."""
    for number in range(1, MANY + 1):
        plan.junk[f"attachments/{number:05d}.txt"] = b""
