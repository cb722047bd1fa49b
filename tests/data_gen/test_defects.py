"""Each planted defect changes exactly the places that its answer key names."""

from __future__ import annotations

import csv
import difflib
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from data_gen import defects
from data_gen.catalogue import entries
from data_gen.defects.draft import Draft
from data_gen.defects.orders import Order, orders
from data_gen.defects.pains import pains
from data_gen.defects.planting import plant, require_fits, write_draft
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.registry import DEFECTS, STAGES
from data_gen.generation import write_clean
from oneroster_harness.problems import UsageProblem
from oneroster_standard.standard import load
from tests.data_gen.conftest import recipe

assert defects.FAMILIES
BY_ITSELF = {id: found for id, found in DEFECTS.items() if not found.needs_day and id != "classes.lunchroom"}
"""Each is tried alone in a small district; a lunchroom needs a larger one: tests/meeting/test_keystone_csv.py."""
ON_LINES = sorted(id for id, found in BY_ITSELF.items() if found.stage in ("cells", "rows", "lines"))
ON_FILES = sorted(set(BY_ITSELF) - set(ON_LINES))
FILES = {version: set(load(version).csv_files) for version in ("1.1", "1.2")}
FEW_PLACES = {"academicSessions.wrong-year", "lineItemScoreScales.duplicate-id", "results.spreadsheet-id"}
"""Defects with one place only in a small district, or in any."""


@pytest.fixture(scope="session")
def folders(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle of 60 students in each version."""
    newer = tmp_path_factory.mktemp("clean-1.2") / "bundle"
    write_clean(newer, recipe(spec="1.2"))
    return {"1.1": folder, "1.2": newer}


def spec_of(id: str) -> str:
    """The version that a defect is tried in: the first that has it."""
    return DEFECTS[id].specs[0]


def planted(folder: Path, out: Path, *texts: str, seed: int = 1) -> list[dict[str, Any]]:
    """Plant defects into a clean bundle; returns the answer key's entries."""
    draft = Draft(folder, seed, out.name)
    found = plant(draft, orders(texts))
    write_draft(out, draft)
    return found


def changed_lines(before: bytes, after: bytes) -> set[int]:
    """Lines (from 1) of the second text that were put in or replaced."""
    old, new = (data.removesuffix(b"\r\n").split(b"\r\n") for data in (before, after))
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return {row for kind, _, _, start, stop in steps if kind != "equal" for row in range(start + 1, stop + 1)}


@pytest.mark.parametrize("id", ON_LINES)
def test_a_defect_of_lines_changes_those_that_its_key_names_and_no_other_file(
    id: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders[spec_of(id)]
    count = 1 if DEFECTS[id].once or id in FEW_PLACES else 2
    (entry,) = planted(folder, tmp_path / "faulty", f"{id}={count}")
    touched = {
        path.name: changed_lines(path.read_bytes(), tmp_path.joinpath("faulty", path.name).read_bytes())
        for path in folder.iterdir()
        if path.read_bytes() != tmp_path.joinpath("faulty", path.name).read_bytes()
    }
    rows = {place["row"] for place in entry["places"]}
    assert (entry["defect"], entry["rule"], entry["count"]) == (id, DEFECTS[id].trips, count)
    assert [entry[name] for name in ("file", "row", "column")] == list(entry["places"][0].values())
    if id == "users.no-role":
        assert touched == {"roles.csv": set()}
    elif id == "delta.bad-instant":
        assert set(touched) == {entry["file"], "manifest.csv"}
    elif id == "delta.status-blank":
        # Every row of a delta bears a status; the faulty ones are those that do not.
        rows_of_file = list(
            csv.DictReader(io.StringIO(tmp_path.joinpath("faulty", entry["file"]).read_text()))
        )
        assert {row for row, fields in enumerate(rows_of_file, 2) if not fields["status"]} == rows
        assert set(touched) == {entry["file"], "manifest.csv"}
    elif id == "cell.line-break":
        assert touched == {entry["file"]: rows | {row + 1 for row in rows}}
    elif id == "manifest.property-missing":
        assert touched == {"manifest.csv": set()} and rows == {None}
    else:
        assert touched == {entry["file"]: rows}
        assert len(rows) == count


@pytest.mark.parametrize("id", [id for id in ON_LINES if DEFECTS[id].stage == "cells"])
def test_a_defect_of_cells_changes_one_cell_of_each_of_its_rows(
    id: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = folders[spec_of(id)]
    (entry,) = planted(folder, tmp_path / "faulty", id)
    before, after = (
        list(csv.reader(io.StringIO(root.joinpath(entry["file"]).read_text("utf-8"))))
        for root in (folder, tmp_path / "faulty")
    )
    row = entry["row"] - 1
    differ = [
        before[0][at] for at, (old, new) in enumerate(zip(before[row], after[row], strict=True)) if old != new
    ]
    assert differ == [entry["column"]]


@pytest.mark.parametrize("id", ON_FILES)
def test_a_defect_of_a_file_leaves_every_other_file_as_it_was(id: str, folder: Path, tmp_path: Path) -> None:
    (entry,) = planted(folder, tmp_path / "faulty.zip", id)
    assert entry["count"] == (7 if id == "bulk.changes-only" else 1)
    if id == "archive.unsafe-path":
        assert zipfile.ZipFile(tmp_path / "faulty.zip").namelist()[-1] == "../evil.csv"
        assert entry["file"] == f"faulty.zip, entry {len(FILES['1.1']) + 1}"
        return
    if id == "archive.truncated-zip":
        assert entry["file"] == "faulty.zip" and not zipfile.is_zipfile(tmp_path / "faulty.zip")
        return
    with zipfile.ZipFile(tmp_path / "faulty.zip") as archive:
        after = {name: archive.read(name) for name in archive.namelist()}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    if id == "archive.nested-folder":
        assert after == {f"OneRoster/{name}": data for name, data in before.items()}
        return
    differ = {name for name in before | after if before.get(name) != after.get(name)}
    known = {
        "file.name-case": {"users.csv", "Users.csv"},
        "archive.empty": set(before),
        "archive.second-copy": {"courses_20260801.csv"},
        "file.left-out": {"resources.csv", "manifest.csv"},
    }
    assert differ == known.get(id, {entry["file"]})


def test_a_nested_folder_can_be_written_as_a_folder_too(folder: Path, tmp_path: Path) -> None:
    planted(folder, tmp_path / "faulty", "archive.nested-folder")
    inner = tmp_path / "faulty" / "OneRoster"
    assert {path.name for path in inner.iterdir()} == {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_there_is_a_defect_for_every_file_of_a_version(version: str) -> None:
    assert {found.file for found in DEFECTS.values() if version in found.specs} - {""} == FILES[version]


def test_each_defect_names_its_rule_its_source_and_its_stage() -> None:
    for found in DEFECTS.values():
        assert found.trips.startswith("change." if found.needs_day else "csv."), found.id
        assert found.source and found.title.endswith("."), found.id
        assert found.stage in STAGES
    assert len(DEFECTS) >= 130


def test_the_same_seed_plants_in_the_same_places_and_another_seed_elsewhere(
    folder: Path, tmp_path: Path
) -> None:
    wanted = ("users.bad-role=3", "row.blank=2", "enrollments.repeated=2")
    first = planted(folder, tmp_path / "a", *wanted)
    assert planted(folder, tmp_path / "b", *wanted) == first
    assert planted(folder, tmp_path / "c", *wanted, seed=2) != first
    for path in tmp_path.joinpath("a").iterdir():
        assert path.read_bytes() == tmp_path.joinpath("b", path.name).read_bytes()


def test_many_defects_of_one_file_all_survive_at_the_lines_of_the_key(folder: Path, tmp_path: Path) -> None:
    ids = (
        "row.blank=3", "enrollments.repeated", "enrollments.primary-student=2", "cell.padded", "row.short",
        "enrollments.outside-term",
    )  # fmt: skip
    key = {entry["defect"]: entry for entry in planted(folder, tmp_path / "faulty", *ids)}
    assert list(key) == [text.partition("=")[0] for text in ids]
    lines = tmp_path.joinpath("faulty", "enrollments.csv").read_bytes().split(b"\r\n")
    header = lines[0].decode().split(",")

    def cells(id: str) -> list[list[str]]:
        return [lines[place["row"] - 1].decode().split(",") for place in key[id]["places"]]

    def cell(id: str, column: str) -> set[str]:
        return {found[header.index(column)] for found in cells(id)}

    assert cells("row.blank") == [[""]] * 3
    assert cell("enrollments.primary-student", "primary") == {"true"}
    assert cell("enrollments.primary-student", "role") == {"student"}
    assert all(value.endswith("-again") for value in cell("enrollments.repeated", "sourcedId"))
    assert all(value.endswith(" ") for value in cell("cell.padded", "userSourcedId"))
    assert [len(found) for found in cells("row.short")] == [len(header) - 1]
    assert all(
        value > "2027-06-12" or value > "2027-01-11" for value in cell("enrollments.outside-term", "endDate")
    )
    rows = [place["row"] for entry in key.values() for place in entry["places"]]
    assert len(set(rows)) == len(rows) == 9


def test_a_lost_header_moves_the_places_below_it(folder: Path, tmp_path: Path) -> None:
    missing, link = planted(folder, tmp_path / "faulty", "header.missing", "courseResources.duplicate-id")
    lines = tmp_path.joinpath("faulty", "courseResources.csv").read_bytes().split(b"\r\n")
    assert missing["row"] == 1 and not lines[0].startswith(b"sourcedId")
    doubled = lines[link["row"] - 1].split(b",")[0]
    assert sum(line.startswith(doubled + b",") for line in lines) == 2


def test_header_faults_keep_the_faults_in_the_cells_below(folder: Path, tmp_path: Path) -> None:
    _, role = planted(folder, tmp_path / "faulty", "header.column-missing", "users.bad-role")
    found = list(csv.DictReader(io.StringIO(tmp_path.joinpath("faulty", "users.csv").read_text("utf-8"))))
    assert "middleName" not in found[0]
    assert found[role["row"] - 2]["role"] == "pupil"


@pytest.mark.parametrize(
    "texts, met",
    [
        (("users.bad-rol",), "did you mean 'users.bad-role'"),
        (("users.bad-role=0",), "--defect users.bad-role=0"),
        (("users.bad-role=many",), "--defect users.bad-role=many"),
        (("manifest.missing=2",), "--defect manifest.missing=2"),
        (("manifest.missing=2%",), "--defect manifest.missing=2%"),
        (("users.bad-role=0%",), "--defect users.bad-role=0%"),
        (("users.bad-role=101%",), "--defect users.bad-role=101%"),
        (("users.bad-role=2@3",), "--defect users.bad-role=2@3"),
        (("users.bad-role@day=",), "--defect users.bad-role@day="),
        (("users.bad-role=2%", "users.bad-role"), "beside another amount"),
        (("file.header-only", "file.header-only"), "--defect file.header-only=2"),
    ],
)
def test_a_wrong_order_says_what_is_wrong(texts: tuple[str, ...], met: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        orders(texts)
    assert met in caught.value.met


@pytest.mark.parametrize(
    "texts, expected",
    [
        (("categories.blank-title=6",), "at most 5"),
        (("file.missing", "results.bad-score"), "do not take each other away"),
        (("archive.truncated-zip", "users.bad-role"), "do not take each other away"),
    ],
)
def test_an_order_that_the_bundle_cannot_bear_is_refused(
    texts: tuple[str, ...], expected: str, folder: Path
) -> None:
    with pytest.raises(UsageProblem) as caught:
        plant(Draft(folder, 1, "out.zip"), orders(texts))
    assert expected in caught.value.expected


def test_an_archive_cannot_be_cut_in_a_folder(folder: Path) -> None:
    with pytest.raises(UsageProblem):
        plant(Draft(folder, 1, "out"), [Order("archive.truncated-zip")])


def test_a_draft_without_defects_writes_the_bundle_as_it_was(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    draft = Draft(copy, 1, "out")
    for name in sorted(FILES["1.1"]):
        draft.sheet(name)
    write_draft(tmp_path / "out", draft)
    for path in folder.iterdir():
        assert tmp_path.joinpath("out", path.name).read_bytes() == path.read_bytes()


def test_the_catalogue_has_an_entry_for_every_defect_in_the_common_form() -> None:
    found = entries()
    assert [entry["id"] for entry in found] == sorted({*DEFECTS, *RECORD_DEFECTS})
    keys = [
        "id",
        "kind",
        "title",
        "description",
        "severity",
        "section",
        "source",
        "confidence",
        "trips",
        "remedy",
    ]
    assert all(set(keys) <= set(entry) and entry["kind"] == "defect" for entry in found)
    assert json.loads(json.dumps(found)) == found


def test_a_rate_is_of_the_rows_of_the_file_and_plants_at_least_one(folder: Path, tmp_path: Path) -> None:
    rows = folder.joinpath("enrollments.csv").read_bytes().count(b"\r\n") - 1
    many, one = planted(folder, tmp_path / "faulty", "enrollments.odd-id=2.5%", "categories.blank-title=1%")
    assert (many["count"], one["count"]) == (round(rows * 2.5 / 100), 1)
    text = tmp_path.joinpath("faulty", "enrollments.csv").read_text("utf-8")
    assert sum("|" in line for line in text.splitlines()) == many["count"]


def test_the_same_defect_twice_adds_up_and_days_are_kept_apart() -> None:
    assert orders(["users.bad-email=2", "users.bad-email", "users.bad-email=4@day=1", "users.bad-email=0.5%@day=2"]) == [
        Order("users.bad-email", 3), Order("users.bad-email", 4, day=1), Order("users.bad-email", 1, 0.5, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "spec", "days", "met"),
    [
        ("users.bad-role", "1.2", 0, "--spec 1.2"),
        ("roles.bad-role", "1.1", 0, "--spec 1.1"),
        ("users.bad-email@day=3", "1.1", 2, "--days 2"),
        ("series.half-empty", "1.1", 2, "series.half-empty"),
    ],
)
def test_an_order_that_does_not_fit_the_bundle_is_refused(text: str, spec: str, days: int, met: str) -> None:
    with pytest.raises(UsageProblem) as caught:
        require_fits(orders([text]), spec=spec, days=days)
    assert met in caught.value.met


def test_every_pain_that_is_one_of_data_has_a_defect_and_every_other_says_why_not() -> None:
    found = {pain.row: pain for pain in pains()}
    assert len(found) == len(pains())
    numbered = [*range(3, 10), *range(21, 33), 34, 36, 39]
    assert [row for row in found if row.isdigit()] == list(map(str, numbered))
    assert len(found) - len(numbered) == 14
    for pain in found.values():
        assert bool(pain.defects) != bool(pain.why_not), pain.row
        assert set(pain.defects) <= set(DEFECTS), pain.row
