"""A bundle holds exactly the records of the store, written as the standard asks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_gen.bundle import write_bundle
from data_gen.generation import write_clean, write_store
from data_gen.organisations import WATERMARK
from oneroster_standard.standard import load
from oneroster_standard.store import Store
from tests.data_gen.conftest import Records, recipe, records_of

STANDARD = load("1.1")
LINKS = {"classResources.csv": "classes", "courseResources.csv": "courses"}
PROPERTY_OF = {
    "parentSourcedId": "parent", "courseSourcedId": "course", "schoolSourcedId": "school", "orgSourcedId": "org",
    "termSourcedIds": "terms", "schoolYearSourcedId": "schoolYear", "classSourcedId": "class", "userSourcedId": "user",
    "categorySourcedId": "category", "gradingPeriodSourcedId": "gradingPeriod", "lineItemSourcedId": "lineItem",
    "studentSourcedId": "student", "orgSourcedIds": "orgs", "agentSourcedIds": "agents",
}  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, strict=True))


def expected_cell(header: str, value: Any) -> str:
    """A property as a cell, written anew for this test."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return str(value["sourcedId"])
    if isinstance(value, list):
        if header == "userIds":
            return ",".join("{" + item["type"] + ":" + item["identifier"] + "}" for item in value)
        return ",".join(item["sourcedId"] if isinstance(item, dict) else item for item in value)
    return value[:10] if header in ("assignDate", "dueDate") else str(value)


def expected_rows(name: str, records: Records) -> Iterator[dict[str, str]]:
    headers = STANDARD.csv_files[name].headers
    if name in LINKS:
        owner = LINKS[name]
        for record in records[owner]:
            for linked in record.get("resources", []):
                row = dict.fromkeys(headers, "")
                row["sourcedId"] = f"{record['sourcedId']}-{linked['sourcedId']}"
                row["classSourcedId" if owner == "classes" else "courseSourcedId"] = record["sourcedId"]
                row["resourceSourcedId"] = linked["sourcedId"]
                yield row
        return
    for record in records[name.removesuffix(".csv")]:
        row = {h: expected_cell(h, record.get(PROPERTY_OF.get(h, h))) for h in headers}
        yield {**row, "status": "", "dateLastModified": ""}


@pytest.mark.parametrize("name", sorted(set(STANDARD.csv_files) - {"manifest.csv"}))
def test_a_file_holds_the_records_of_the_store_in_their_order(name: str, folder: Path, store: Path) -> None:
    assert read(folder / name) == list(expected_rows(name, records_of(store)))


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus", "classlink"])
def test_a_vendors_bundle_holds_the_records_of_the_vendors_store(vendor: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(vendor=vendor))
    write_store(tmp_path / "seen", recipe(vendor=vendor))
    records = records_of(tmp_path / "seen")
    for name in set(STANDARD.csv_files) - {"manifest.csv"}:
        assert read(tmp_path / "bundle" / name) == list(expected_rows(name, records)), name


def test_campus_hides_a_student_without_an_account_and_still_sends_the_enrollments(tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(vendor="infinite-campus"))
    users = {row["sourcedId"] for row in read(tmp_path / "bundle" / "users.csv")}
    enrolled = {row["userSourcedId"] for row in read(tmp_path / "bundle" / "enrollments.csv")}
    assert len(enrolled - users) == 1
    assert all(key.startswith("s") for key in enrolled - users)


def test_users_of_day_0_are_the_users_of_the_store(folder: Path, store: Path) -> None:
    records = records_of(store)["users"]
    assert [row["sourcedId"] for row in read(folder / "users.csv")] == [one["sourcedId"] for one in records]
    assert {one["status"] for one in records} == {"active"}


def test_the_manifest_lists_every_file_as_bulk_and_bears_the_watermark(folder: Path) -> None:
    said = {row["propertyName"]: row["value"] for row in read(folder / "manifest.csv")}
    assert list(said) == [row.name for row in STANDARD.manifest]
    assert {value for name, value in said.items() if name.startswith("file.")} == {"bulk"}
    assert (said["manifest.version"], said["oneroster.version"]) == ("1.0", "1.1")
    assert said["source.systemCode"] == WATERMARK


def test_a_collection_without_records_has_no_file_and_is_absent_in_the_manifest(
    folder: Path, store: Path, tmp_path: Path
) -> None:
    records = {**records_of(store), "results": [], "lineItems": []}
    counts = write_bundle(tmp_path / "bundle", lambda name: iter(records[name]))
    said = {row["propertyName"]: row["value"] for row in read(tmp_path / "bundle" / "manifest.csv")}
    assert (said["file.results"], said["file.lineItems"], said["file.users"]) == ("absent", "absent", "bulk")
    assert set(counts) == {path.name for path in folder.iterdir()} - {"results.csv", "lineItems.csv"}
    assert {path.name for path in tmp_path.joinpath("bundle").iterdir()} == set(counts)


def test_files_are_utf_8_without_a_mark_and_every_line_ends_in_crlf(folder: Path) -> None:
    for path in folder.iterdir():
        data = path.read_bytes()
        data.decode("utf-8")
        assert not data.startswith(b"\xef\xbb\xbf")
        assert data.endswith(b"\r\n") and data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n"), (
            path.name
        )


def test_cells_are_quoted_only_where_they_must_be(folder: Path) -> None:
    for line in folder.joinpath("users.csv").read_text("utf-8").splitlines():
        for cell in next(csv.reader([line])):
            assert (f'"{cell}"' in line) == ("," in cell or '"' in cell)


def test_another_locale_names_its_people_and_still_gives_each_a_login_of_plain_letters(
    tmp_path: Path,
) -> None:
    write_clean(tmp_path / "de", recipe(locale="de_DE"))
    users = read(tmp_path / "de" / "users.csv")
    assert any(not (row["familyName"] + row["givenName"]).isascii() for row in users)
    assert all(row["username"].isascii() and row["username"] == row["username"].lower() for row in users)
    assert len({row["username"] for row in users}) == len(users)


def test_a_store_says_how_it_was_made(store: Path) -> None:
    meta = json.loads(store.joinpath("district.json").read_text("utf-8"))
    assert (meta["seed"], meta["students"], meta["as_of"], meta["watermark"]) == (
        1,
        60,
        "2026-10-01",
        WATERMARK,
    )
    opened = Store.open(store)
    assert len(opened.collection("demographics")) == 60
    opened.close()
