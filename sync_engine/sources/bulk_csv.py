"""A bundle's CSV file read by DuckDB as a whole, many times faster than row by row, where that gives the same rows.

Called by the bundle source. Looks at the file's bytes first, and gives up on anything that the careful reader may read otherwise
(which then reads the file afresh, and tells what is wrong with it). Never repairs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from oneroster_standard.bundles import Bundle
from oneroster_standard.moments import format_instant, parse_instant
from oneroster_standard.standard import CsvColumn
from sync_engine.landing import NEVER_LANDED, Table
from sync_engine.snapshot import Scratch, Staged, stage_rows
from sync_engine.sql_text import literal, quoted

_BLOCK_BYTES = 1 << 20
_ODD_ASCII = (b"\t", b"\x0b", b"\x0c")
_ODD_WIDE = tuple(blank.encode() for blank in "\x85\u2028\u2029")
"""Blanks that a plain trim of DuckDB leaves alone; a line feed in a quoted cell is another."""
_BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_COMMAS = "commas"
_INSTANT = "landed_instant"
_PLAIN_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file's bytes show. lines: line feeds. commas: in cells too. has_odd_blanks: blanks that a plain trim leaves alone."""

    lines: int
    commas: int
    has_quotes: bool
    has_odd_blanks: bool


def read_whole(bundle: Bundle, name: str, header: Sequence[str], table: Table, scratch: Scratch) -> Staged | None:
    """Stage a file in one go; None when it is not plain enough."""
    with _on_disk(bundle, name, scratch.folder) as path:
        found = shape(path)
        if found is None:
            return None
        try:
            staged = _stage(path, header, table, scratch, found)
            if found.has_quotes and not found.has_odd_blanks and found.lines - staged.read not in (0, 1):
                # A quoted cell holds a line feed, which a plain trim would leave at its ends.
                staged = _stage(path, header, table, scratch, replace(found, has_odd_blanks=True))
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # A row that does not fit, a quote out of place, bytes that are not UTF-8: the careful reader knows the line.
            return None
        commas = (staged.read + 1) * (len(header) - 1) + staged.told.get(_COMMAS, 0) + sum(title.count(",") for title in header)
        if commas != found.commas:
            # DuckDB takes a row that is one blank cell too long.
            return None
        return replace(staged, told={title: filled for title, filled in staged.told.items() if title != _COMMAS})


def shape(path: Path) -> Shape | None:
    """Look at a file's bytes once; None for null bytes and for lines that do not all end alike."""
    lines = commas = returns = pairs = 0
    quotes = odd = False
    tail = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            if b"\0" in block:
                return None
            lines += block.count(b"\n")
            commas += block.count(b",")
            if b"\r" in block:
                returns += block.count(b"\r")
                pairs += block.count(b"\r\n")
            pairs += tail.endswith(b"\r") and block.startswith(b"\n")
            quotes = quotes or b'"' in block
            odd = odd or _has_odd_blank(tail, block)
            tail = block[-2:]
    if returns != pairs or returns not in (0, lines):
        return None
    return Shape(lines, commas, quotes, odd)


def _has_odd_blank(tail: bytes, block: bytes) -> bool:
    if any(blank in block for blank in _ODD_ASCII):
        return True
    return not block.isascii() and any(blank in block or blank in tail + block[:2] for blank in _ODD_WIDE)


@contextmanager
def _on_disk(bundle: Bundle, name: str, folder: Path) -> Iterator[Path]:
    """The file where DuckDB can read it: a folder's own, or a copy of an archive's member."""
    if bundle.path.is_dir():
        yield bundle.path / name
        return
    copy = folder / f"{name}.unpacked"
    try:
        with bundle.open_bytes(name) as packed, copy.open("wb") as file:
            shutil.copyfileobj(packed, file, _BLOCK_BYTES)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _stage(path: Path, header: Sequence[str], table: Table, scratch: Scratch, found: Shape) -> Staged:
    any_blank = found.has_odd_blanks
    cells = {title: _trimmed(f"c{number}", any_blank=any_blank) for number, title in enumerate(header)}
    landed = [f"{_landed(column, cells[column.header], any_blank=any_blank)} AS {quoted(column.header)}" for column in table.columns]
    unkept = [title for title in header if title in NEVER_LANDED]
    marks = {title: f"CAST({cells[title]} IS NOT NULL AS BIGINT)" for title in unkept}
    if found.has_quotes:
        whole = f"concat({', '.join(f'c{number}' for number in range(len(header)))})"
        marks[_COMMAS] = f"strlen({whole}) - strlen(replace({whole}, ',', ''))"
    asked = [f"{mark} AS {quoted(name)}" for name, mark in marks.items()]
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(header)))
    _know_instants(scratch.db)
    return stage_rows(
        scratch, table,
        f"(SELECT {', '.join([*landed, *asked])} FROM read_csv({literal(path)}, columns = {{{columns}}}, header = true,"
        " auto_detect = false, strict_mode = true, delim = ',', quote = '\"', escape = '\"', null_padding = false))", list(marks),
    )  # fmt: skip


def _know_instants(db: duckdb.DuckDBPyConnection) -> None:
    known = db.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [_INSTANT]).fetchone()
    if not known:
        db.create_function(_INSTANT, landed_instant, ["VARCHAR"], "VARCHAR")


def landed_instant(cell: str) -> str:
    """An instant in the standard's own form, anything else as it stands."""
    try:
        return format_instant(parse_instant(cell))
    except ValueError:
        return cell


def _trimmed(cell: str, *, any_blank: bool) -> str:
    """SQL of a cell without the blanks around it, null for nothing."""
    return f"nullif(trim({cell}{', ' + literal(_BLANKS) if any_blank else ''}), '')"


def _landed(column: CsvColumn, cell: str, *, any_blank: bool) -> str:
    """SQL of a cell as it lands; the same as the careful reader's expression."""
    if column.header == "status":
        return f"CASE WHEN lower({cell}) = 'tobedeleted' THEN 'tobedeleted' ELSE 'active' END"
    if column.is_list:
        return _list(cell, braces=column.item_format.startswith("{"), any_blank=any_blank)
    if column.format == "date":
        return f"CASE WHEN regexp_matches({cell}, '^\\p{{Nd}}{{4}}-\\p{{Nd}}{{2}}-\\p{{Nd}}{{2}}[T ]') THEN left({cell}, 10) ELSE {cell} END"
    if column.format == "dateTime":
        plain = f"{cell} IS NULL OR regexp_full_match({cell}, '{_PLAIN_INSTANT}')"
        return f"CASE WHEN {plain} THEN {cell} ELSE {_INSTANT}({cell}) END"
    if column.format == "float":
        fraction = f"regexp_full_match({cell}, '-?\\p{{Nd}}+\\.\\p{{Nd}}+')"
        return f"CASE WHEN {fraction} THEN rtrim(rtrim({cell}, '0'), '.') ELSE {cell} END"
    return cell


def _list(cell: str, *, braces: bool, any_blank: bool) -> str:
    items = f"string_split({cell}, ',')"
    if braces:
        inner = f"regexp_replace({cell}[2:-2], '\\}}[{_BLANKS}]*,[{_BLANKS}]*\\{{', '}},{{', 'g')"
        braced = f"list_transform(string_split({inner}, '}},{{'), lambda x: '{{' || x || '}}')"
        items = f"CASE WHEN starts_with({cell}, '{{') AND ends_with({cell}, '}}') THEN {braced} ELSE {items} END"
    kept = f"list_filter(list_transform({items}, lambda x: {_trimmed('x', any_blank=any_blank)}), lambda x: x IS NOT NULL)"
    alone = f"NOT contains({cell}, ',')"
    return f"CASE WHEN {cell} IS NULL THEN NULL WHEN {alone} THEN [{cell}] ELSE nullif({kept}, CAST([] AS VARCHAR[])) END"
