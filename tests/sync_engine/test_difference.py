"""The difference by sets is the difference by streams, whatever was read and whatever has landed."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings

from tests.sync_engine.comparing import VARIED, by_duckdb, reads, row, seeded
from tests.sync_engine.streams import Read, difference

_A, _B = (1, 0, 4, 1, 1, 1, 1, 0), (0, 1, 4, 1, 1, 1, 1, 0)
MOVED = Read("users", [row("k", _B, "present")], [row("k", _A, "present")])
"""A cell's value stands in the column beside it now: a hash that passes over nulls would not see it."""
TOLD_AGAIN = Read("users", [row("k", _A, "inactive")], [row("k", _A, "inactive")], gone={"k": (3, 30)})
"""Nothing of the row differs, and still its time has come."""


@settings(max_examples=60)
@example(read=MOVED)
@example(read=TOLD_AGAIN)
@given(read=reads())
def test_the_difference_by_sets_is_the_difference_by_streams(read: Read) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert by_duckdb(read, Path(folder)) == difference(read)


@pytest.mark.parametrize("is_delta", [False, True])
def test_a_large_read_has_every_kind_of_change_and_agrees(tmp_path: Path, *, is_delta: bool) -> None:
    read = seeded(7, 3000, is_delta=is_delta)
    found = difference(read)
    kinds = {kind for kind, *_ in found.values()}
    assert kinds == {"create", "update", "delete", "back"} | (set() if is_delta else {"absent", "stage"})
    assert by_duckdb(read, tmp_path) == found


def test_the_reference_sees_each_column_that_varies() -> None:
    """A reference that passed over a column would agree with an engine that did."""
    old = row("k", (1,) * len(VARIED), "present")
    for name in VARIED:
        new = {**old, name: ["z"] if name in ("userIds", "orgSourcedIds") else "z"}
        assert difference(Read("users", [new], [old]))["k"][0] == "update", name
        assert not difference(dataclasses.replace(Read("users", [new], [old]), pinned_fields=frozenset({name}))), name
