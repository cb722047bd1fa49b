"""Which replacement each column of a file gets: by its header, else by its format in the standard's tables.

Called once per file. Columns that the standard does not know get the replacement of the unknown.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Container, Sequence
from functools import cache
from importlib.resources import files

from data_gen.anonymise.replacements import Replace, Replacements
from oneroster_standard.standard import VERSIONS, CsvColumn, load

_PREFIX = re.compile(r"^(?:[a-z]{1,3}_|\w{1,12}\.)")
_NOISE = re.compile(r"[^a-z0-9]")
_DATE_LIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ][\d:.]*(?:Z|[+-][\d:]+)?)?|\d{8}", re.ASCII)
_YEAR_LIKE = re.compile(r"\d{4}(?:[-/]\d{2,4})?", re.ASCII)
_NUMBER_LIKE = re.compile(r"[+-]?\d{0,6}(?:[.,]\d{0,6})?(?:[eE][+-]?\d{1,2})?%?", re.ASCII)
_LIST = re.compile(r"(\s*,\s*)")
_FORMS = {
    "date": _DATE_LIKE, "dateTime": _DATE_LIKE, "year": _YEAR_LIKE, "float": _NUMBER_LIKE, "integer": _NUMBER_LIKE,
}  # fmt: skip
_SHORTEST_CUT = 12
_SIMILAR = 0.8


@cache
def _kinds() -> dict[str, str]:
    raw = tomllib.loads(files(__package__).joinpath("columns.toml").read_text("utf-8"))
    return {header: kind for kind, headers in raw["kinds"].items() for header in headers}


@cache
def known_columns(file: str) -> dict[str, CsvColumn]:
    """Header -> column of a file of the standard, of every version; empty for another file."""
    found: dict[str, CsvColumn] = {}
    for version in VERSIONS:
        spec = load(version).csv_files.get(file)
        for column in spec.columns if spec else ():
            found.setdefault(column.header, column)
    return found


def bare(cell: str, columns: Container[str]) -> str:
    """The column that a header cell names, a prefix of the query or of a table before it left out; empty for none."""
    if cell in columns:
        return cell
    short = _PREFIX.sub("", cell)
    return short if short in columns else ""


@cache
def _tokens(enumeration: str) -> frozenset[str]:
    standards = [load(version) for version in VERSIONS]
    return frozenset(
        token
        for standard in standards
        for tokens in (standard.enumerations.get(enumeration, ()), standard.legacy.get(enumeration, ()))
        for token in tokens
    )


def _folded(header: str) -> str:
    return _NOISE.sub("", header.lower())


def _meant(header: str, known: dict[str, CsvColumn]) -> CsvColumn | None:
    """The column that a header means, in another spelling too."""
    if header in known:
        return known[header]
    if header.startswith("metadata."):
        return None
    bare = _folded(header)
    folded = {_folded(name): name for name in known}
    if bare in folded:
        return known[folded[bare]]
    cut = [name for short, name in folded.items() if len(bare) >= _SHORTEST_CUT and short.startswith(bare)]
    close = cut or [folded[name] for name in difflib.get_close_matches(bare, list(folded), 1, _SIMILAR)]
    return known[close[0]] if close else None


def is_header(cells: Sequence[str], file: str) -> bool:
    """Whether a first row holds names of columns, not a record."""
    known = known_columns(file)
    met = {column.header for cell in cells if (column := _meant(cell.strip(), known))}
    return "sourcedId" in met or len(met) * 3 >= len(known) > 0


def replaces(cells: Sequence[str], file: str, values: Replacements) -> list[Replace]:
    """The replacement of each column below a header."""
    known = known_columns(file)
    return [_of_column(_meant(cell.strip(), known), values) for cell in cells]


def _of_column(column: CsvColumn | None, values: Replacements) -> Replace:
    if column is None:
        return values.other
    named = _kinds().get(column.header)
    item = column.item_format
    if item in _FORMS and named != "birth":
        return _listed(column, _closed(values, lambda text: _FORMS[item].fullmatch(text) is not None))
    if column.enumeration:
        tokens = _tokens(column.enumeration)
        return _listed(column, _closed(values, tokens.__contains__))
    if item == "guid":
        return values.ident
    return values.kind(named or "title")


def _closed(values: Replacements, is_valid: Callable[[str], bool]) -> Replace:
    return lambda text: values.closed(text, is_valid)


def _listed(column: CsvColumn, replace: Replace) -> Replace:
    if not column.is_list:
        return replace
    return lambda text: "".join(
        part if place % 2 else replace(part) for place, part in enumerate(_LIST.split(text))
    )
