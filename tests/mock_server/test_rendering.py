"""Records that are rendered block by block are those that a rendering of the whole gives, in whatever order they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.collections import numbers
from mock_server.quirks.hooks import Quirk, Record, RecordContext
from mock_server.rendering import BLOCK, RenderedRows
from oneroster_standard.standard import load
from tests.mock_server.memory_rows import MemoryRows

COUNT = 2 * BLOCK + 37


class Numbered(Quirk):
    """Tells each record its row."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Add the row."""
        self.seen.append(context.row)
        return {**record, "row": context.row}


def made(folder: Path, count: int = COUNT) -> tuple[RenderedRows, Numbered, list[dict[str, Any]]]:
    """Rendered rows, the quirk that renders them, and what each record has to be."""
    records = [{"sourcedId": f"{row:05d}", "parent": {"href": "\x01/orgs/x", "sourcedId": "é"}} for row in range(count)]
    raw = {one["sourcedId"]: json.dumps(one, ensure_ascii=False).replace("\\u0001", "\x01").encode() for one in records}
    hook = Numbered()
    rows = RenderedRows(load("1.1"), "orgs", MemoryRows(raw), [hook], folder)
    return rows, hook, [{**one, "row": row} for row, one in enumerate(records)]


def read(body: bytes) -> list[dict[str, Any]]:
    """Joined records as dictionaries."""
    found: list[dict[str, Any]] = json.loads(b"[" + body.replace(b"\x01", b"\\u0001") + b"]")
    return found


@settings(max_examples=30, deadline=None)
@given(asked=st.lists(st.tuples(st.integers(0, COUNT + 5), st.integers(0, 2 * BLOCK)), min_size=1, max_size=4))
def test_every_slice_is_that_of_the_whole(tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, int]]) -> None:
    rows, hook, expected = made(tmp_path_factory.mktemp("rendered"))
    for start, size in asked:
        assert read(rows.slice_bytes(start, start + size)) == expected[start : start + size]
    assert len(hook.seen) == len(set(hook.seen))


def test_rows_are_gathered_found_and_gone_through(tmp_path: Path) -> None:
    rows, hook, expected = made(tmp_path)
    wanted = [COUNT - 1, 0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 7]
    assert read(rows.gather(numbers(wanted))) == [expected[row] for row in wanted]
    assert read(rows.gather(np.empty(0, np.int32))) == []
    assert rows.find("00007") == 7 and rows.find("x") is None
    assert read(rows.record_bytes(9)) == [expected[9]]
    assert [read(raw)[0] for raw in rows.iter_bytes()] == expected
    assert sorted(hook.seen) == list(range(COUNT))


class Renamed(Quirk):
    """Gives every record another sourcedId, in the same order."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Append a letter."""
        return {**record, "sourcedId": record["sourcedId"] + "#"}


def test_a_record_is_found_by_the_id_that_a_hook_gave_it(tmp_path: Path) -> None:
    raw = {f"{row:05d}": f'{{"sourcedId":"{row:05d}"}}'.encode() for row in range(COUNT)}
    rows = RenderedRows(load("1.1"), "orgs", MemoryRows(raw), [Renamed()], tmp_path)
    assert [rows.find(f"{row:05d}#") for row in (0, 7, BLOCK, COUNT - 1)] == [0, 7, BLOCK, COUNT - 1]
    assert rows.find("00007") is None and rows.find(f"{COUNT:05d}#") is None


def test_a_page_renders_its_own_block_only(tmp_path: Path) -> None:
    rows, hook, _ = made(tmp_path)
    rows.slice_bytes(BLOCK + 3, BLOCK + 13)
    assert hook.seen == list(range(BLOCK, 2 * BLOCK))


def test_an_empty_collection_renders_nothing(tmp_path: Path) -> None:
    rows, hook, _ = made(tmp_path, 0)
    assert len(rows) == 0 and rows.slice_bytes(0, 10) == b"" and not list(rows.iter_bytes()) and not hook.seen
