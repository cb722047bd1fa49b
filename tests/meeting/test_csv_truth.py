"""What a perfect consumer lands from a vendor's bundle is what that vendor's server says it should hold."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_gen.generation import Recipe, write_clean, write_store
from mock_server.state import SharedState
from mock_server.truth import rows
from mock_server.vendor import Vendor
from oneroster_harness.terminal import AS_OF
from oneroster_standard.dialects import SHIPPED, load_dialect
from oneroster_standard.standard import CsvFile, load
from oneroster_standard.store import Store

STUDENTS = 130


def landed(path: Path, file: CsvFile) -> Iterator[dict[str, Any]]:
    """Rows of a file as they land: blanks are null, lists are arrays, a bulk row is active."""
    with path.open(encoding="utf-8", newline="") as stream:
        for cells in csv.DictReader(stream, strict=True):
            row: dict[str, Any] = {}
            for column in file.columns:
                cell = cells[column.header]
                is_list = column.is_list or column.header == "userIds"
                row[column.header] = (cell.split(",") if is_list else cell) if cell else None
            yield {**row, "status": "active"}


@pytest.mark.parametrize("vendor", SHIPPED)
def test_a_vendors_bundle_lands_as_the_truth_of_its_csv_channel(vendor: str, tmp_path: Path) -> None:
    recipe = Recipe(STUDENTS, 3, AS_OF, vendor=vendor)
    write_store(tmp_path / "seen", recipe)
    write_clean(tmp_path / "bundle", recipe)
    tmp_path.joinpath("rendered").mkdir()
    store = Store.open(tmp_path / "seen")
    provider = Vendor(load_dialect(vendor), store, tmp_path / "rendered", SharedState(tmp_path)).provider("1.1")
    files = load("1.1").csv_files
    for name in sorted(set(files) - {"manifest.csv"}):
        held = sorted(rows(provider, files[name].entity, "csv"), key=lambda row: str(row["sourcedId"]))
        found = sorted(landed(tmp_path / "bundle" / name, files[name]), key=lambda row: str(row["sourcedId"]))
        assert held and found == held, name
    store.close()
