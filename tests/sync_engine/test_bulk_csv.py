"""A file that is read as a whole gives the rows that the careful reader gives, or is left to it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oneroster_standard.bundles import BundleProblem, open_bundle
from oneroster_standard.standard import CsvColumn
from sync_engine.landing import Table
from sync_engine.snapshot import Scratch, Staged
from sync_engine.sources import bulk_csv
from sync_engine.sources.bundle import read_carefully

COLUMNS = {"sourcedId": "id", "status": "enumeration", "dateLastModified": "dateTime", "on": "date", "score": "float", "ids": "list of {string}", "grades": "list of string"}
TABLE = Table("users", tuple(CsvColumn(name, kind, "no", "", "") for name, kind in COLUMNS.items()))
HEADER = [*COLUMNS, "password"]
Found = tuple[list[tuple[Any, ...]], Staged]


def staged(text: bytes, *, carefully: bool) -> Found | None:
    """Rows, and what was counted; None when the reader gives up."""
    with tempfile.TemporaryDirectory() as place, Scratch(Path(place)) as scratch:
        folder = Path(place) / "bundle"
        folder.mkdir()
        (folder / "users.csv").write_bytes(text)
        with open_bundle(folder) as bundle:
            reader = read_carefully if carefully else bulk_csv.read_whole
            try:
                found = reader(bundle, "users.csv", HEADER, TABLE, scratch)
            except BundleProblem:
                return None
        if found is None:
            return None
        rows = pl.read_parquet(Path(place) / "users.parquet").select(TABLE.content).sort("sourcedId").rows()
        aside = pl.read_parquet(Path(place) / "users.aside.parquet").sort("sourcedId").rows()
        return [*rows, *aside], found


def agree(text: bytes) -> bool:
    """Whether the file was read as a whole; fails when it was read otherwise than with care."""
    whole = staged(text, carefully=False)
    if whole is None:
        return False
    careful = staged(text, carefully=True)
    assert careful is not None, "read although the careful reader refuses it"
    assert whole[0] == careful[0]
    assert (whole[1].kept, whole[1].aside, {name: count for name, count in whole[1].told.items() if count}) == (careful[1].kept, careful[1].aside, careful[1].told)
    return True


def file_of(rows: Sequence[Sequence[str]], *, end: str = "\n", quote: bool = False) -> bytes:
    def cell(text: str) -> str:
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if quote or set(text) & set(',"\r\n') else text

    return end.join([",".join(HEADER), *(",".join(map(cell, row)) for row in rows), ""]).encode()


WHITE = "\t\n\x0b\x0c \x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000\x1c\x1f\u200b\ufeff"
words = st.text(st.sampled_from(WHITE + "aZé\u0663{}:,\"'0.\u212a-"), max_size=6)
CELLS = (
    st.sampled_from(["", "a", "b", " a", "c", "d", "e"]), st.sampled_from(["", "active", "ToBeDeleted", " tobedeleted\u00a0"]) | words,
    st.sampled_from(["", "2026-01-02", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+02:00", "2026-13-02T03:04:05.678Z", "x"]) | words,
    st.sampled_from(["2026-01-02", "2026-01-02T00:00:00Z", "2026-01-02 x", "\u0663026-01-02Tx"]) | words,
    st.sampled_from(["1.50", "-0.0", "7", "1e5", "\u06631.0", "1.", ".5"]) | words,
    st.sampled_from(["{a:b}", "{a:b}, {c:d}", "{a:b} ,\u2003{c},{ }", "{a,b}", "{},{}", "a,{b}", "{a}{b}", ", ,"]) | words,
    st.sampled_from(["01,02", " 01 , 02,", ",,", "\t01"]) | words, st.sampled_from(["", " ", "secret"]) | words,
)  # fmt: skip


@settings(max_examples=200)
@given(rows=st.lists(st.tuples(*CELLS), max_size=6), end=st.sampled_from(["\n", "\r\n"]), quote=st.booleans())
def test_every_cell_lands_the_same(rows: list[tuple[str, ...]], end: str, quote: bool) -> None:
    # A line feed in a cell of a file of other line ends is left to the careful reader.
    assert agree(file_of(rows, end=end, quote=quote)) or end == "\r\n"


@settings(max_examples=400)
@example(b'"a"b,,,,,,,')
@example(b"a,,,,,,,,")
@example(b"a,,,,,,\n\nb,,,,,,,")
@example(b'a,"x\ny",,,,,,\r\nb,,,,,,,\n')
@example(b'a,x"y,z",,,,,,')
@given(st.lists(st.sampled_from([b"a", b"b", b",,,", b",,,,,,,\n", b",,,,,,,", b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b"\\", b"'", b"#", b"\xc3\xa9", b"\xff", b"\0", b"\xef\xbb\xbf"]), max_size=14).map(b"".join))
def test_whatever_stands_in_a_file_is_read_the_same_or_left_to_care(text: bytes) -> None:
    for head in (b"", b"\xef\xbb\xbf"):
        agree(head + ",".join(HEADER).encode() + b"\n" + text)


def test_a_plain_file_is_read_as_a_whole_from_a_folder_and_from_an_archive() -> None:
    assert agree(file_of([["a", "", "", "", "", "", "", "word"], ["b", "", "", "", "", "{x:y},{z}", "01,02", ""]]))


@pytest.mark.parametrize("text", [b"a,,,,,,,\0\n", b"a,,,,,,\n", b"a,,,,,,,,x\n", b'"a"b,,,,,,,\n', b'"a,,,,,,,\n', b"\xff,,,,,,,\n", b"a,,,,,,,\rb,,,,,,,\n"])
def test_a_file_with_a_fault_is_left_to_care(text: bytes) -> None:
    assert not agree(",".join(HEADER).encode() + b"\n" + text)


@pytest.mark.parametrize("blank", ["\t", "\x0b", "\x85", "\u2028", "\u2029"])
def test_a_blank_across_two_blocks_is_seen(blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    for before in range(4):
        file.write_bytes(b"x" * before + blank.encode() + b"xxxx")
        monkeypatch.setattr(bulk_csv, "_BLOCK_BYTES", 3)
        found = bulk_csv.shape(file)
        assert found is not None and found.has_odd_blanks


def test_line_ends_across_two_blocks_are_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.csv"
    for size in range(1, 6):
        monkeypatch.setattr(bulk_csv, "_BLOCK_BYTES", size)
        file.write_bytes(b"a\r\nb\r\n")
        found = bulk_csv.shape(file)
        assert found is not None and found.lines == 2
        for mixed in (b"a\r\nb\n", b"a\rb\r\n", b"a\r\nb\r"):
            file.write_bytes(mixed)
            assert bulk_csv.shape(file) is None
