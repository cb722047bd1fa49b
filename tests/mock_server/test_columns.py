"""Columns that are taken out in bulk select, sort and look up what a record by record reading does.

The readings here go through json and plain loops; both forms of a column (values numbered, a value per row) must agree.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mock_server.collections import numbers
from mock_server.columns import Columns, has_value, value_at
from mock_server.filtering import select
from mock_server.sorting import order
from oneroster_standard.filters import Filter, Predicate
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property, load
from tests.mock_server.memory_rows import MemoryRows

STANDARD = load("1.1")
NUMBERED, PER_ROW = 1 << 16, 0
PATHS = ["givenName", "enabledUser", "grades", "orgs.sourcedId", "orgs.href", "dateLastModified", "metadata.a", "metadata.a.b", "userIds.identifier"]
TEXTS = st.sampled_from(["", "a", "A", "ß", "SS", "ss", "Ž", "ž", "x\ny", 'quo"te', "back\\slash", "ſ", "İ", "zz"]) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x01"), max_size=5
)
MOMENTS = st.sampled_from(
    ["2026-10-01T00:00:00.000Z", "2026-10-01T02:00:00.001Z", "2026-10-01", "2026-10-01T02:00:00+02:00", "2026-10-01T00:00:00",
     "2026-02-30", "0000-01-01", "2026-13-01T00:00:00.000Z", "soon", "", "2026-10-01T00:00:00.0009999Z"]
)  # fmt: skip
REFERENCE = st.fixed_dictionaries({"href": st.just("\x01/orgs/x"), "sourcedId": TEXTS, "type": st.just("org")})
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "givenName": TEXTS | st.none() | st.booleans(), "enabledUser": st.sampled_from(["true", "false", True, False, None]),
        "grades": st.lists(TEXTS, max_size=3) | st.none() | TEXTS, "orgs": st.lists(REFERENCE, max_size=3) | REFERENCE,
        "dateLastModified": MOMENTS | st.none() | st.integers(0, 9), "metadata": st.dictionaries(st.sampled_from(["a", "a.b"]), TEXTS | st.dictionaries(st.just("b"), TEXTS)),
        "userIds": st.lists(st.fixed_dictionaries({"type": TEXTS, "identifier": TEXTS | st.none()}), max_size=2),
    },
)  # fmt: skip
LISTS = st.lists(RECORDS, max_size=12)


def written(records: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], MemoryRows]:
    """The records with a sourcedId each, and the same as the server holds them."""
    whole = [{"sourcedId": f"{row:05d}", **record} for row, record in enumerate(records)]
    lines = {one["sourcedId"]: json.dumps(one, ensure_ascii=False).replace("\\u0001", "\x01").encode() for one in whole}
    return whole, MemoryRows(lines)


@pytest.fixture(scope="session")
def columns_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[MemoryRows, int], Columns]:
    """Columns over rows, in a folder of their own."""

    def make(rows: MemoryRows, most_distinct: int) -> Columns:
        return Columns(rows, Path(tmp_path_factory.mktemp("columns")), most_distinct)

    return make


Maker = Callable[[MemoryRows, int], Columns]


@pytest.mark.parametrize("most_distinct", [NUMBERED, PER_ROW])
@settings(max_examples=60, deadline=None)
@given(records=LISTS, path=st.sampled_from(PATHS))
def test_a_column_holds_every_record_s_value(columns_of: Maker, most_distinct: int, records: list[dict[str, Any]], path: str) -> None:
    whole, rows = written(records)
    column = columns_of(rows, most_distinct).column(path)
    expected = [value_at(record, path) for record in whole]
    assert len(column) == len(whole)
    assert [column[row] for row in range(len(whole))] == expected
    assert column.take(np.arange(len(whole))) == expected
    assert all(type(found) is type(own) for found, own in zip(column.take(np.arange(len(whole))), expected, strict=True))


@pytest.mark.parametrize("most_distinct", [NUMBERED, PER_ROW])
@settings(max_examples=60, deadline=None)
@given(records=LISTS, path=st.sampled_from(PATHS), value=TEXTS)
def test_the_rows_that_hold_a_text_are_found(
    columns_of: Maker, most_distinct: int, records: list[dict[str, Any]], path: str, value: str
) -> None:
    whole, rows = written(records)
    columns = columns_of(rows, most_distinct)
    values = [value_at(record, path) for record in whole]
    for wanted in [value, *(one for found in values for one in (found if isinstance(found, list) else [found]) if isinstance(one, str))]:
        assert columns.rows_with(path, wanted).tolist() == [row for row, found in enumerate(values) if has_value(found, wanted)]


def holds(kind: str, found: Any, op: str, wanted: str) -> bool:
    """One predicate on one value of a single property."""
    if op == "!=":
        return not holds(kind, found, "=", wanted)
    if found is None:
        return False
    text = ("true" if found else "false") if isinstance(found, bool) else str(found)
    own: Any
    bound: Any
    if kind == "dateTime" and op != "~":
        try:
            own, bound = parse_instant(text), parse_instant(wanted)
        except ValueError:
            return False
    else:
        own, bound = (text.casefold(), wanted.casefold()) if kind == "string" else (text, wanted)
    compared = {"=": own == bound, "~": op == "~" and bound in own}
    return compared[op] if op in compared else {">": own > bound, ">=": own >= bound, "<": own < bound, "<=": own <= bound}[op]


@pytest.mark.parametrize("most_distinct", [NUMBERED, PER_ROW])
@settings(max_examples=150, deadline=None)
@given(
    records=LISTS,
    field=st.sampled_from([("givenName", "string"), ("enabledUser", "boolean"), ("dateLastModified", "dateTime")]),
    op=st.sampled_from(["=", "!=", ">", ">=", "<", "<=", "~"]),
    text=TEXTS, moment=MOMENTS,
)  # fmt: skip
@example(records=[{"givenName": "Straße"}, {"givenName": None}, {}], field=("givenName", "string"), op="=", text="STRASSE", moment="2026-10-01")
@example(records=[{"givenName": "a\nb"}, {"givenName": "A"}], field=("givenName", "string"), op="~", text="A", moment="2026-10-01")
def test_a_filter_over_columns_is_one_over_records(
    columns_of: Maker, most_distinct: int, records: list[dict[str, Any]], field: tuple[str, str], op: str, text: str, moment: str
) -> None:
    whole, rows = written(records)
    name, kind = field
    wanted = text
    if kind == "dateTime" and op != "~":
        wanted = moment
        try:
            parse_instant(wanted)
        except ValueError:
            return  # refused before any record is read
    found = select(STANDARD, "user", columns_of(rows, most_distinct), Filter((Predicate(name, op, wanted),)), None)
    assert found.tolist() == [row for row, record in enumerate(whole) if holds(kind, record.get(name), op, wanted)]
    backwards = select(STANDARD, "user", columns_of(rows, most_distinct), Filter((Predicate(name, op, wanted),)), numbers(range(len(whole)))[::-1])
    assert backwards.tolist() == found.tolist()[::-1]


@pytest.mark.parametrize("most_distinct", [NUMBERED, PER_ROW])
@settings(max_examples=100, deadline=None)
@given(records=LISTS, kind=st.sampled_from(["string", "enum", "dateTime"]), descending=st.booleans())
def test_a_sort_over_columns_is_one_over_records(
    columns_of: Maker, most_distinct: int, records: list[dict[str, Any]], kind: str, descending: bool
) -> None:
    whole, rows = written(records)
    name = "dateLastModified" if kind == "dateTime" else "givenName"

    def key(row: int) -> Any:
        found = whole[row][name]
        text = ("true" if found else "false") if isinstance(found, bool) else str(found)
        if kind == "dateTime":
            try:
                return parse_instant(text).timestamp()
            except ValueError:
                return 0.0
        return (text.casefold(), text) if kind == "string" else text

    present = [row for row in range(len(whole)) if whole[row].get(name) is not None]
    absent = [row for row in range(len(whole)) if whole[row].get(name) is None]
    item = Property(name, kind, "0..1", "confirmed")
    found = order(columns_of(rows, most_distinct), item, numbers(range(len(whole))), descending=descending)
    assert found.tolist() == sorted(present, key=key, reverse=descending) + absent


def test_a_field_with_many_values_changes_its_form_midway_and_stays_right(tmp_path: Path) -> None:
    records = [{"givenName": f"n{row % 700}", "familyName": f"f{row % 3}"} for row in range(20_000)]
    _, rows = written(records)
    columns = Columns(rows, tmp_path, most_distinct=500)
    for path in ("givenName", "familyName"):
        assert columns.column(path).take(range(0, 20_000, 999)) == [records[row][path] for row in range(0, 20_000, 999)]
    assert columns.rows_with("givenName", "n5").tolist() == list(range(5, 20_000, 700))
    assert columns.rows_with("familyName", "f2").tolist() == list(range(2, 20_000, 3))
