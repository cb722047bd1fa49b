"""Any set of defects, in any number, lies exactly where the answer key says: read again by other means, in every form."""

from __future__ import annotations

import csv
import difflib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from data_gen import defects
from data_gen.defects.draft import Draft
from data_gen.defects.orders import Order
from data_gen.defects.planting import plant, write_draft
from data_gen.defects.registry import DEFECTS
from data_gen.generation import write_clean
from oneroster_harness.problems import UsageProblem
from tests.data_gen.conftest import recipe

assert defects.FAMILIES
VERSIONS = ("1.1", "1.2")
OF_LINES = {
    version: sorted(
        id for id, found in DEFECTS.items()
        if version in found.specs and not found.needs_day and found.stage in ("cells", "rows", "lines")
    ) for version in VERSIONS
}  # fmt: skip
WHOLE_FILE = {"delta.status-blank": "demographics.csv", "delta.bad-instant": "demographics.csv"}
"""Defects that write every row of a file again: their rows are told by what stands in them."""
MORE_ROWS = {"users.case-twin", "users.second-record"}
"""Defects that add rows to roles.csv beside what they plant."""


@pytest.fixture(scope="session")
def clean(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle in each version."""
    newer = tmp_path_factory.mktemp("clean-1.2") / "bundle"
    write_clean(newer, recipe(spec="1.2"))
    return {"1.1": folder, "1.2": newer}


def read(path: Path) -> dict[str, bytes]:
    """A bundle's files by name, whatever its form."""
    if path.is_dir():
        return {entry.name: entry.read_bytes() for entry in path.iterdir()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines_of(data: bytes) -> list[bytes]:
    """Physical lines without their line end."""
    return data.removesuffix(b"\r\n").split(b"\r\n")


def changed(before: bytes, after: bytes) -> tuple[set[int], int]:
    """Lines (from 1) of the second text that are new or other, and how many lines of the first went without trace."""
    found: set[int] = set()
    lost = 0
    for kind, start, stop, first, last in difflib.SequenceMatcher(None, lines_of(before), lines_of(after), autojunk=False).get_opcodes():
        if kind != "equal":
            found |= set(range(first + 1, last + 1))
            lost += max(0, (stop - start) - (last - first))
    return found, lost


def orders_of(version: str) -> st.SearchStrategy[list[Order]]:
    """One to six defects of lines, each in one to three places or by a rate."""
    amounts = st.one_of(st.tuples(st.integers(1, 3), st.just(0.0)), st.tuples(st.just(1), st.sampled_from([0.5, 1.0])))
    return st.dictionaries(st.sampled_from(OF_LINES[version]), amounts, min_size=1, max_size=6).map(
        lambda found: [
            Order(id, 1) if DEFECTS[id].once else Order(id, count, rate) for id, (count, rate) in found.items()
        ]
    )


def places(entries: list[dict[str, Any]]) -> Iterator[tuple[str, str, int]]:
    """Defect, file and row of every place that has one."""
    for entry in entries:
        for place in entry["places"]:
            if place["row"] is not None:
                yield entry["defect"], place["file"], place["row"]


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_answer_key_of_any_set_is_exactly_what_is_in_the_bundle(
    version: str, data: st.DataObject, clean: dict[str, Path]
) -> None:
    wanted = data.draw(orders_of(version))
    seed = data.draw(st.integers(0, 50))
    form = data.draw(st.sampled_from(["faulty", "faulty.zip"]))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / form
        draft = Draft(clean[version], seed, form)
        try:
            entries = plant(draft, wanted)
        except UsageProblem as problem:
            event("refused")
            assert "at most" in problem.expected or "take each other away" in problem.expected
            return
        write_draft(out, draft)
        before, after = read(clean[version]), read(out)
    assert [entry["defect"] for entry in entries] == [order.id for order in wanted]
    by_line = sorted(places(entries))
    assert len({(file, row) for _, file, row in by_line}) == len(by_line)
    assert set(after) == set(before)
    ids = {order.id for order in wanted}
    assert_without_roles(after, [row for id, _, row in by_line if id == "users.no-role"])
    for name in sorted(after):
        own = {row for id, file, row in by_line if file == name and id != "users.no-role"}
        allowed = own | {row + 1 for id, file, row in by_line if file == name and id == "cell.line-break"}
        if name in {WHOLE_FILE[id] for id in ids & WHOLE_FILE.keys()}:
            assert_whole_file(name, after[name], entries)
        elif name == "manifest.csv" and ids & WHOLE_FILE.keys() or name == "roles.csv" and ids & MORE_ROWS:
            assert allowed <= changed(before[name], after[name])[0]
        else:
            found, lost = changed(before[name], after[name])
            assert found == allowed, (name, ids)
            assert lost == sum(entry["count"] for entry in entries if gone_from(entry) == name)


def gone_from(entry: dict[str, Any]) -> str:
    """The file from which a defect takes rows away."""
    return {"users.no-role": "roles.csv", "manifest.property-missing": "manifest.csv"}.get(str(entry["defect"]), "")


def assert_without_roles(files: dict[str, bytes], rows: list[int]) -> None:
    """The rows of users name people of whom roles.csv has nothing."""
    users = lines_of(files["users.csv"])
    for row in rows:
        key = users[row - 1].partition(b",")[0]
        assert not any(b"," + key + b"," in line for line in lines_of(files["roles.csv"]))


def assert_whole_file(name: str, data: bytes, entries: list[dict[str, Any]]) -> None:
    """In a file that became a delta, the faulty rows are those without a status or without an instant."""
    found = list(csv.DictReader(io.StringIO(data.decode("utf-8"))))
    by_id = {entry["defect"]: {place["row"] for place in entry["places"]} for entry in entries}
    blank = {row for row, fields in enumerate(found, 2) if not fields["status"]}
    bare = {row for row, fields in enumerate(found, 2) if len(fields["dateLastModified"]) == 10}
    assert blank == by_id.get("delta.status-blank", set())
    assert bare == by_id.get("delta.bad-instant", set())


@pytest.mark.parametrize("version", VERSIONS)
def test_folder_and_archive_hold_the_same_faults(version: str, clean: dict[str, Path], tmp_path: Path) -> None:
    wanted = [Order("users.bad-email", 3), Order("enrollments.dangling-user", 1, 1.0), Order("manifest.says-absent"), Order("row.blank", 2)]
    keys = []
    for form in ("faulty", "faulty.zip"):
        draft = Draft(clean[version], 4, form)
        keys.append(plant(draft, wanted))
        write_draft(tmp_path / form, draft)
    assert keys[0] == keys[1]
    assert read(tmp_path / "faulty") == read(tmp_path / "faulty.zip")
