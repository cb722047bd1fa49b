"""Proving that data is synthetic: reserved e-mail domains, fictitious phone numbers, the generator's watermark.

Called by `oneroster verify-synthetic`. Names places, never a value; whatever cannot be read is not proved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from data_gen.anonymise.bundles import standard_name
from data_gen.anonymise.columns import bare
from data_gen.anonymise.records import DELIMITERS, LineTooLong, RecordReader, coding_of, lines, value_of
from data_gen.defects.planting import ANSWER_KEY
from data_gen.organisations import ANONYMISED_MARK, WATERMARK
from oneroster_harness.problems import CannotRun
from oneroster_standard.bundles import Bundle, BundleProblem, open_bundle
from oneroster_standard.marks import parse
from oneroster_standard.standard import VERSIONS, load
from oneroster_standard.store import Store, StoreProblem

MOST_FINDINGS = 1_000
RESERVED = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")
"""Domains of RFC 2606 that nobody can own; their subdomains count too."""
MANIFEST = "manifest.csv"
HEAD_BYTES = 4096
PHONE_COLUMNS = ("phone", "sms")
EMAIL_COLUMNS = ("email",)
_ADDRESS = re.compile(r"[^\s@,;:<>{}\"']*@[^\s@,;:<>{}\"']*")
_PHONE = re.compile(r"(?<![\w-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])")
_DIGITS = re.compile(r"\+?1?\d{10}")
_FICTITIOUS = re.compile(r"(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)?555[ .-]?01\d{2}")
_COLUMNS = {
    name.lower(): frozenset().union(
        *(load(version).csv_files[name].headers for version in VERSIONS if name in load(version).csv_files)
    )
    for version in VERSIONS
    for name in load(version).csv_files
}
"""File name in lower case -> its columns in any version of the standard."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that is not proved synthetic. row: physical line of a CSV file, number of a store's record, or 0."""

    file: str
    row: int
    column: str
    message: str


@dataclass(slots=True)
class Verdict:
    """What was looked at and what was found; findings holds the first 1,000, count all of them."""

    findings: list[Finding] = field(default_factory=list)
    count: int = 0
    rows: int = 0
    emails: int = 0
    phones: int = 0
    has_watermark: bool = False
    is_anonymised: bool = False

    def add(self, file: str, row: int, column: str, message: str) -> None:
        """Count a finding and keep it while there is room."""
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(file, row, column, message))

    def document(self, path: Path) -> dict[str, Any]:
        """The machine form."""
        return {
            "path": str(path),
            "synthetic": not self.count,
            "rows": self.rows,
            "emails": self.emails,
            "phones": self.phones,
            "watermark": self.has_watermark,
            "anonymised": self.is_anonymised,
            "count": self.count,
            "findings": [
                {"file": found.file, "row": found.row or None, "column": found.column or None, "message": found.message}
                for found in self.findings
            ],
        }  # fmt: skip


def is_reserved(domain: str) -> bool:
    """Whether a domain is one of RFC 2606 or below one."""
    bare = domain.lower().rstrip(".")
    return any(bare == reserved or bare.endswith(f".{reserved}") for reserved in RESERVED)


def is_fictitious(phone: str) -> bool:
    """Whether a phone number is one of 555-0100 to 555-0199, with or without an area code."""
    return _FICTITIOUS.fullmatch(phone.strip()) is not None


def _judge_cells(verdict: Verdict, file: str, row: int, cells: Iterable[tuple[str, str]]) -> None:
    """Judge cells by column; an empty column is one that the standard does not know."""
    for column, cell in cells:
        if not cell:
            continue
        addresses = _ADDRESS.findall(cell) if "@" in cell else []
        if column in EMAIL_COLUMNS and not addresses:
            addresses = [cell.strip()]
        verdict.emails += len(addresses)
        if not all(is_reserved(address.rpartition("@")[2]) for address in addresses):
            verdict.add(file, row, column, "an e-mail address outside the reserved domains")
        if column in PHONE_COLUMNS or (not column and _DIGITS.fullmatch(cell)):
            numbers = [cell]
        else:
            numbers = _PHONE.findall(cell) if len(cell) >= 12 else []
        verdict.phones += len(numbers)
        if not all(map(is_fictitious, numbers)):
            verdict.add(file, row, column, "a phone number that is not 555-01xx")


def verify(path: Path) -> Verdict:
    """Look at every cell or value of a bundle or a store.

    Raises CannotRun when there is nothing at the path, or it is neither a bundle nor a store.
    """
    verdict = Verdict()
    if path.joinpath("district.json").is_file():
        _verify_store(path, verdict)
    else:
        try:
            with open_bundle(path) as bundle:
                _verify_bundle(bundle, verdict)
        except BundleProblem as problem:
            raise CannotRun(
                problem.detail.partition(";")[0], "a folder, a .zip or a .district store", str(path)
            ) from problem
    if not verdict.has_watermark:
        file = "district.json" if path.joinpath("district.json").is_file() else "manifest.csv"
        verdict.add(file, 0, "", "the generator's watermark is missing")
    return verdict


def _verify_bundle(bundle: Bundle, verdict: Verdict) -> None:
    for name in bundle.names:
        if PurePosixPath(name).name == ANSWER_KEY:
            continue
        if not name.lower().endswith(".csv") and not standard_name(name):
            verdict.add(name, 0, "", "not a CSV file: what it holds is not known")
            continue
        try:
            _verify_file(bundle, name, verdict)
        except BundleProblem as problem:
            verdict.add(name, 0, "", f"cannot be read as CSV ({problem.kind}): what it holds is not known")
        except (UnicodeDecodeError, LineTooLong):
            verdict.add(name, 0, "", "cannot be read as CSV (encoding): what it holds is not known")
    if not bundle.names:
        verdict.add("", 0, "", "no file is there")


def _rows(bundle: Bundle, name: str, columns: AbstractSet[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file with their line, its header first: strictly read where that finds its columns, else as a vendor spells it."""
    try:
        first = next(bundle.rows(name), None)
    except BundleProblem:
        first = None
    if first is not None and any(bare(cell, columns) for cell in first.cells):
        yield from ((row.line, row.cells) for row in bundle.rows(name))
        return
    with bundle.open_bytes(name) as stream:
        coding = coding_of(stream.read(HEAD_BYTES))
    with bundle.open_bytes(name) as stream:
        reader = RecordReader(lines(stream, coding))
        head = reader.peek().strip("\r\n\ufeff")
        reader.use(max(DELIMITERS, key=lambda sign: sum(bool(bare(cell.strip('"'), columns)) for cell in head.split(sign))))
        for number, record in enumerate(reader, start=1):
            cells = [value_of(raw.removeprefix("\ufeff")) for raw in record.raw]
            # Mere pieces are in nobody's column: a piece more keeps them from fitting the header.
            yield number, cells if record.is_whole else [*cells, ""]


def _verify_file(bundle: Bundle, name: str, verdict: Verdict) -> None:
    file = standard_name(name).lower() or PurePosixPath(name).name.lower()
    columns = _COLUMNS.get(file, frozenset())
    rows = _rows(bundle, name, columns)
    line, first = next(rows, (0, []))
    if not line:
        return
    header = [bare(cell, columns) for cell in first]
    if not any(header):
        verdict.add(name, line, "", "no column name of the standard: what the file holds is not known")
    # Names of columns are no values, but a first row may hold something else.
    other = [cell if not known else "" for cell, known in zip(first, header, strict=True)]
    _judge_cells(verdict, name, line, (("", cell) for cell in other))
    for line, cells in rows:
        if not any(cells):
            continue
        verdict.rows += 1
        if file == MANIFEST and cells in (["source.systemCode", WATERMARK], ["source.systemCode", ANONYMISED_MARK]):
            verdict.has_watermark = True
            verdict.is_anonymised |= cells[1] == ANONYMISED_MARK
        # The cells of a row that does not fit its header are in nobody's column: they are judged by what they look like.
        names = header if len(cells) == len(header) else [""] * len(cells)
        _judge_cells(verdict, name, line, zip(names, cells, strict=True))


def _values(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield prefix, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _values(name if not prefix else f"{prefix}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _values(prefix, inner)


def _verify_store(path: Path, verdict: Verdict) -> None:
    try:
        store = Store.open(path)
        try:
            verdict.has_watermark = store.meta.get("watermark") == WATERMARK
            for version, name in store.contents:
                own = store.stem(name, version)
                for number, raw in enumerate(store.collection(name, version).iter_bytes(), start=1):
                    verdict.rows += 1
                    _judge_cells(verdict, f"{own}.slab", number, _values("", parse(raw)))
        finally:
            store.close()
    except StoreProblem as problem:
        raise CannotRun(str(problem), "a finished .district store", str(path)) from problem
    except orjson.JSONDecodeError as problem:
        raise CannotRun("a record that is no JSON", "a finished .district store", str(path)) from problem
