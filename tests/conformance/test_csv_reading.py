"""Reading: fourteen kinds of broken file, each with its fault and exact physical line, and the laws of line numbers."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.csv_files import blocks, shape
from conformance.csv_files.reading import LINE, FileReading, read_frames
from oneroster_standard.standard import load

SPEC = load("1.1").csv_files["enrollments.csv"]
ROWS = 6_000
AT = 3_002
"""The physical line of each planted fault."""


def _row(number: int) -> str:
    return f"e{number},,,c1,s1,u{number},student,false,2026-08-24,2027-06-12"


def _file(fault: str | None = None, *, end: str = "\r\n", earlier: dict[int, str] | None = None) -> bytes:
    lines = [",".join(SPEC.headers), *(_row(number) for number in range(2, ROWS + 1))]
    for line, text in (earlier or {}).items():
        lines[line - 1] = text
    if fault is not None:
        lines[AT - 1] = fault
    return (end.join(lines) + end).encode()


def _read(data: bytes, block_bytes: int) -> tuple[FileReading, list[tuple[int, str]]]:
    reading = FileReading(SPEC)
    met: list[tuple[int, str]] = []
    for frame in read_frames(io.BytesIO(data), reading, block_bytes=block_bytes):
        met.extend(frame.select(LINE, "sourcedId").iter_rows())
    return reading, met


BROKEN: dict[str, tuple[bytes, str, int, int]] = {
    "a short row": (_file("e,,,c1,s1,u1,student,false,2026-08-24"), "short-row", AT, ROWS - 2),
    "a long row": (_file(_row(9) + ",x"), "long-row", AT, ROWS - 2),
    "a quote inside an unquoted cell": (_file('e9,,,c"1,s1,u9,student,false,,'), "quoting", AT, ROWS - 2),
    "text after a closing quote": (_file('e9,,,"c1"x,s1,u9,student,false,,'), "quoting", AT, ROWS - 2),
    "a quote never closed": (_file('e9,,,"c1,s1,u9,student,false,,'), "quoting", AT, ROWS - 2),
    "a quote never closed, quotes below": (
        _file('e9,,,"c1,s1,u9,student,false,,', earlier={4000: 'e4000,,,"c1",s1,u9,student,"",,'}),
        "quoting",
        AT,
        ROWS - 2,
    ),
    "a byte order mark": (b"\xef\xbb\xbf" + _file(), "byte-order-mark", 1, ROWS - 1),
    "UTF-16": (_file().decode().encode("utf-16"), "wide-encoding", 1, ROWS - 1),
    "a NUL byte": (_file("e9,,,c\x001,s1,u9,student,false,,"), "nul-byte", AT, ROWS - 1),
    "bytes that are not UTF-8": (
        _file("e9,,,c@,s1,u9,student,false,,").replace(b"@", b"\xe9\xff"),
        "not-utf8",
        AT,
        ROWS - 1,
    ),
    "a blank line": (_file(""), "blank-row", AT, ROWS - 2),
    "a short row below a quoted line break": (
        _file("e9,,,c1", earlier={1000: 'e9,,,"c\n1",s1,u9,student,false,,'}),
        "short-row",
        AT + 1,
        ROWS - 2,
    ),
    "a line of 100 MB": (_file("e9,,," + "c" * 100_000_000), "line-too-long", AT, AT - 2),
}


@pytest.mark.parametrize("block_bytes", [4 << 20, 60_000])
@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_file_gives_its_fault_and_exact_line_and_keeps_the_other_rows(
    name: str, block_bytes: int
) -> None:
    data, kind, line, rows = BROKEN[name]
    reading, met = _read(data, block_bytes)
    tally = reading.faults.get(kind)
    assert tally is not None
    assert (tally.count, tally.places[0].line, len(met)) == (1, line, rows)


@pytest.mark.parametrize("block_bytes", [4 << 20, 60_000])
def test_mixed_line_ends_are_counted_with_the_first_line_of_each(block_bytes: int) -> None:
    line = (_row(AT) + "\r\n").encode()
    reading, met = _read(_file().replace(line, line.replace(b"\r", b"")), block_bytes)
    assert reading.line_ends == {"\r\n": [ROWS - 1, 1], "\n": [1, AT]}
    assert met[AT - 2] == (AT, f"e{AT}")


def test_lines_that_end_in_carriage_returns_are_read_line_by_line() -> None:
    reading, met = _read(_file(end="\r"), 60_000)
    assert reading.line_ends == {"\r": [ROWS, 1]}
    assert met[-1] == (ROWS, f"e{ROWS}")


CELL = st.text(alphabet=st.sampled_from(list('ab ,"\n\r;é漢\u2028\x0b')), max_size=6)


def _quoted(cell: str) -> str:
    """One cell of RFC 4180; the csv module of this Python leaves a line end bare that is not its own."""
    return '"' + cell.replace('"', '""') + '"' if re.search(r'[,"\r\n]', cell) else cell


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(CELL, min_size=9, max_size=9), min_size=1, max_size=12),
    block_bytes=st.integers(1, 400),
    end=st.sampled_from(["\r\n", "\n", "\r"]),
)
@example(rows=[['a"\n"', *[""] * 8], [""] * 9], block_bytes=7, end="\r\n")
def test_a_record_has_the_line_at_which_it_was_written_whatever_its_cells_hold(
    rows: list[list[str]], block_bytes: int, end: str
) -> None:
    text = ",".join(SPEC.headers) + end
    expected: list[tuple[int, str]] = []
    for number, cells in enumerate(rows):
        expected.append((len(re.findall(r"\r\n|\n|\r", text)) + 1, f"e{number}"))
        text += ",".join([f"e{number}", *map(_quoted, cells)]) + end
    reading, met = _read(text.encode(), block_bytes)
    assert met == expected
    assert not set(reading.faults.tallies) - {"line-feed-in-cell", "carriage-return-in-cell"}


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(st.lists(CELL, min_size=9, max_size=9), min_size=1, max_size=6),
    block_bytes=st.integers(1, 400),
)
def test_cells_come_back_as_they_were_written(cells: list[list[str]], block_bytes: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([SPEC.headers, *([f"e{number}", *row] for number, row in enumerate(cells))])
    reading = FileReading(SPEC)
    met: list[list[str]] = []
    for frame in read_frames(io.BytesIO(text.getvalue().encode()), reading, block_bytes=block_bytes):
        met.extend(list(row) for row in frame.select(SPEC.headers).iter_rows())
    assert met == [[f"e{number}", *row] for number, row in enumerate(cells)]


def test_one_fault_in_a_large_block_leaves_the_lines_after_it_exact() -> None:
    rows = 60_000
    lines = [",".join(SPEC.headers), *(_row(number) for number in range(2, rows + 1))]
    lines[19_999], lines[39_999] = 'e9,,,"c\n1",s1,u9,student,false,,', "e9,,,c1"
    data = ("\r\n".join(lines) + "\r\n").encode()
    assert len(data) > 3_000_000
    reading, met = _read(data, 16 << 20)
    tally = reading.faults.get("short-row")
    assert tally is not None and (tally.count, tally.places[0].line) == (1, 40_001)
    assert len(met) == rows - 2 and met[-1] == (rows + 1, f"e{rows}")


def test_a_short_and_a_long_row_that_cancel_out_are_both_found() -> None:
    lines = [",".join(SPEC.headers), _row(2), _row(3).rpartition(",")[0], _row(4) + ",x", _row(5)]
    reading, met = _read(("\r\n".join(lines) + "\r\n").encode(), 4 << 20)
    assert [(kind, tally.places[0].line) for kind, tally in reading.faults.tallies.items()] == [("short-row", 3), ("long-row", 4)]
    assert [line for line, _ in met] == [2, 5]


@given(parts=st.lists(st.sampled_from([b"a", b"\n", b"\xc3\xa9", b"\xe4\xb8\xad", b"\xf0\x9f\x98\x80", b"\xc3", b"\xa9", b"\xff"]), max_size=12))
def test_bytes_are_taken_for_utf8_exactly_when_they_are_whatever_borders_they_cross(parts: list[bytes]) -> None:
    data = b"".join(parts)
    try:
        data.decode()
        expected = True
    except UnicodeDecodeError:
        expected = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SLICE", 7)
        assert blocks._is_utf8(data) is expected


def _separating(block: bytes) -> int:
    """Commas outside of quotes, sign by sign; -1 when a quote is out of place or a line ends inside of quotes."""
    is_open, commas = False, 0
    for at, sign in enumerate(block):
        if sign == ord('"'):
            if not is_open and at and block[at - 1] not in b',\n"':
                return -1
            if is_open and at < len(block) - 1 and block[at + 1] not in b',\n\r"':
                return -1
            is_open = not is_open
        elif is_open and sign == ord("\n"):
            return -1
        elif not is_open:
            commas += sign == ord(",")
    return -1 if is_open else commas


@given(text=st.text(alphabet='aa,,"\n\r', min_size=1, max_size=300))
@example(text='a,"b,c",d\n' * 40)
def test_commas_outside_of_quotes_are_counted_over_the_borders_of_words_and_slices(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape, "_QUOTED_SLICE", 128)
        assert shape._commas_outside_quotes(text.encode()) == _separating(text.encode())
