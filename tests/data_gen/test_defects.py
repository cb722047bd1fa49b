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
from data_gen.defects.planting import Order, orders, plant, write_draft
from data_gen.defects.registry import DEFECTS, STAGES
from oneroster_harness.problems import UsageProblem
from oneroster_standard.standard import load

assert defects.FAMILIES
ON_LINES = sorted(id for id, found in DEFECTS.items() if found.stage in ("cells", "rows", "lines"))
ON_FILES = sorted(set(DEFECTS) - set(ON_LINES))
FILES = set(load("1.1").csv_files)


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
    id: str, folder: Path, tmp_path: Path
) -> None:
    count = 1 if DEFECTS[id].once else 2
    (entry,) = planted(folder, tmp_path / "faulty", f"{id}={count}")
    touched = {
        path.name: changed_lines(path.read_bytes(), tmp_path.joinpath("faulty", path.name).read_bytes())
        for path in folder.iterdir()
        if path.read_bytes() != tmp_path.joinpath("faulty", path.name).read_bytes()
    }
    rows = {place["row"] for place in entry["places"]}
    assert (entry["defect"], entry["rule"], entry["count"]) == (id, DEFECTS[id].trips, count)
    assert [entry[name] for name in ("file", "row", "column")] == list(entry["places"][0].values())
    if id == "delta.status-blank":
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
    id: str, folder: Path, tmp_path: Path
) -> None:
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
    assert entry["count"] == 1
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
    assert differ == ({"users.csv", "Users.csv"} if id == "file.name-case" else {entry["file"]})


def test_a_nested_folder_can_be_written_as_a_folder_too(folder: Path, tmp_path: Path) -> None:
    planted(folder, tmp_path / "faulty", "archive.nested-folder")
    inner = tmp_path / "faulty" / "OneRoster"
    assert {path.name for path in inner.iterdir()} == {path.name for path in folder.iterdir()}


def test_there_is_a_defect_for_every_file_and_each_names_its_rule_and_source() -> None:
    assert {found.file for found in DEFECTS.values()} - {""} == FILES
    for found in DEFECTS.values():
        assert found.trips.startswith("csv.") and found.source and found.title.endswith("."), found.id
        assert found.stage in STAGES
    assert len(DEFECTS) >= 65


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
        plant(Draft(folder, 1, "out"), [Order(DEFECTS["archive.truncated-zip"], 1)])


def test_a_draft_without_defects_writes_the_bundle_as_it_was(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    draft = Draft(copy, 1, "out")
    for name in sorted(FILES):
        draft.sheet(name)
    write_draft(tmp_path / "out", draft)
    for path in folder.iterdir():
        assert tmp_path.joinpath("out", path.name).read_bytes() == path.read_bytes()


def test_the_catalogue_has_an_entry_for_every_defect_in_the_common_form() -> None:
    found = entries()
    assert [entry["id"] for entry in found] == sorted(DEFECTS)
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
