"""A collection under changes is the dictionary that the changes were made to."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.overlay import Change, OverlayRows, change_of
from oneroster_standard.store import SEPARATOR
from tests.mock_server.memory_rows import MemoryRows

KEYS = st.sampled_from(["a", "b", "c", "d", "ä", "Z", "0", "aa", "~", "\U0001f600", "\uffff", 'q"'])


def record(sourced_id: str, text: str) -> bytes:
    """A rendered record."""
    return json.dumps({"sourcedId": sourced_id, "text": text}, separators=(",", ":"), ensure_ascii=False).encode()


@given(st.sets(KEYS), st.lists(st.tuples(KEYS, st.sampled_from(["", "one", "two"]))), st.data())
def test_an_overlay_is_the_changed_dictionary(
    first: set[str], writes: list[tuple[str, str]], data: st.DataObject
) -> None:
    model = {key: record(key, "first") for key in first}
    base = MemoryRows(dict(model))
    changes: dict[str, Change] = {}
    for key, text in writes:
        raw = record(key, text) if text else b""
        changes[key] = change_of(base, key, raw, changes.get(key))
        model = {found: kept for found, kept in (model | {key: raw}).items() if kept}
    rows = OverlayRows(base, changes)
    expected = [model[key] for key in sorted(model, key=str.encode)]
    assert list(rows.iter_bytes()) == expected
    assert len(rows) == len(expected)
    assert [rows.record_bytes(row) for row in range(len(rows))] == expected
    start, stop = (data.draw(st.integers(-1, len(expected) + 2)) for _ in range(2))
    assert rows.slice_bytes(start, stop) == SEPARATOR.join(expected[max(start, 0) : max(stop, 0)])
    for key in {*first, *model, *changes, "nobody"}:
        place = rows.find(key)
        assert (place is None) == (key not in model)
        assert place is None or expected[place] == model[key]
    chosen = data.draw(st.lists(st.integers(0, len(expected) - 1)) if expected else st.just([]))
    assert rows.gather(np.array(chosen, np.int32)) == SEPARATOR.join(expected[row] for row in chosen)


def test_a_row_outside_is_an_error() -> None:
    rows = OverlayRows(MemoryRows({"a": record("a", "first")}), {})
    for row in (-1, 1):
        with pytest.raises(IndexError):
            rows.record_bytes(row)
