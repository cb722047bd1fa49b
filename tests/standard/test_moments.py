"""Dates and instants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_standard.moments import (
    format_instant,
    is_strict_instant,
    parse_date,
    parse_instant,
)


@given(st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 30)))
def test_an_instant_survives_to_the_millisecond(naive: datetime) -> None:
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=UTC)
    assert parse_instant(format_instant(moment)) == moment
    assert is_strict_instant(format_instant(moment))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"),
        ("2026-01-02T03:04:05.1234567Z", "2026-01-02T03:04:05.123Z"),
        ("2026-01-02T03:04Z", "2026-01-02T03:04:00.000Z"),
    ],
)
def test_the_forms_met_in_the_field_are_read_as_utc(text: str, written: str) -> None:
    assert format_instant(parse_instant(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-13-01",
        "2026-02-30",
        "02/01/2026",
        "2026-1-2",
        "2026-01-02 03:04:05",
        "٢٠٢٦-01-01",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a|month|day|out of range"):
        parse_instant(text)
    with pytest.raises(ValueError, match=r"not a|month|day|out of range"):
        parse_date(text)
