"""How rules about single cells are put to whole columns, and the tally of what they found.

Called by the judge for every frame of every file. One pass over a frame counts what all tests find wrong; rows are looked
up where a count is not zero only. Values of few kinds (dates, tokens, codes) are judged once per distinct value by a plain
function; ids and names by an expression over the column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from conformance.csv_files.faults import Place, Tally
from conformance.csv_files.reading import BLANKS, LINE, LOST_LETTER, FileReading
from conformance.csv_rules.facts import BundleFacts, shape_of
from oneroster_standard.standard import CsvColumn, Standard

PADDED = "csv.padded-value"


@dataclass(frozen=True, slots=True)
class Distinct:
    """A test of one filled value, asked once per distinct value."""

    is_wrong: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Whole:
    """A test of a column: an expression that is true for wrong cells. judges_blanks: a blank cell counts as judged.

    given: another test of the column without whose finding this one has none. sign: a sign that every wrong cell holds; where the
    block has none, no cell is looked at.
    """

    wrong: Callable[[pl.Expr], pl.Expr]
    judges_blanks: bool = False
    given: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """The column that a rule is asked about."""

    file: str
    column: CsvColumn
    mode: str
    standard: Standard


@dataclass(frozen=True, slots=True)
class Noted:
    """The judge itself tallies what the rule asks about; every cell counts as judged."""


CellTest = Distinct | Whole | Noted
CellRule = Callable[[Cell], CellTest | None]


@dataclass(slots=True)
class _Asked:
    check: str
    test: CellTest
    verdicts: dict[str, bool] = field(default_factory=dict)


def _has_beside(cell: pl.Expr, blanks: str) -> pl.Expr:
    """Whether a value begins or ends with one of the blanks."""
    return pl.any_horizontal(test for sign in blanks for test in (cell.str.starts_with(sign), cell.str.ends_with(sign)))


class CellJudge:
    """Puts the rules that apply to one file to its frames."""

    def __init__(self, facts: BundleFacts, reading: FileReading, rules: dict[str, CellRule]) -> None:
        self.facts = facts
        self.reading = reading
        self.asked: dict[str, list[_Asked]] = {}
        mode = facts.mode(reading.name)
        for column in reading.spec.columns:
            if not reading.has(column.header):
                continue
            cell = Cell(reading.name, column, mode, facts.standard)
            for check, rule in rules.items():
                test = rule(cell)
                if test is not None:
                    self.asked.setdefault(column.header, []).append(_Asked(check, test))
        self.counts = {is_met: self._counts(is_met) for is_met in (False, True)}
        self.beside: dict[str, list[pl.Expr]] = {}

    def judge(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Tally what is wrong in the frame; returns it with blanks around values taken off."""
        if self.reading.blanks:
            frame = self._without_padding(frame)
        frame = self._without_empty_rows(frame)
        if frame.height and self.asked:
            found = frame.lazy().select(self.counts[self.reading.has_lost_letters]).collect().row(0, named=True)
            for header, asked in self.asked.items():
                self._column(frame, header, asked, found)
        return frame

    def _without_padding(self, frame: pl.DataFrame) -> pl.DataFrame:
        headers = list(self.reading.header.positions)
        blanks = self.reading.blanks
        if blanks not in self.beside:
            self.beside[blanks] = [_has_beside(pl.col(header), blanks).any().alias(header) for header in headers]
        padded = frame.lazy().select(self.beside[blanks]).collect().row(0) if headers else ()
        for header in (header for header, is_met in zip(headers, padded, strict=True) if is_met):
            series = frame[header]
            bare = series.str.strip_chars(BLANKS)
            self._tally(PADDED, header, frame, bare != series)
            frame = frame.with_columns(bare)
        return frame

    def _without_empty_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Leave out rows of commas only, as a spreadsheet writes them below its table."""
        columns = list(self.reading.header.positions)
        if not columns or not (frame[columns[0]] == "").any():
            return frame
        is_empty = frame.select(pl.all_horizontal(pl.col(columns) == "")).to_series()
        for line in frame.filter(is_empty)[LINE].to_list():
            self.reading.faults.add("blank-row", line, remark="commas only")
        self.reading.rows -= int(is_empty.sum())
        return frame.filter(~is_empty)

    def _counts(self, has_lost_letters: bool) -> list[pl.Expr]:
        """One expression per test, and per column how many cells are filled and which values there are."""
        found: list[pl.Expr] = []
        for header, asked in self.asked.items():
            tests = [one.test for one in asked]
            if any(isinstance(test, Distinct) for test in tests):
                found.append(pl.col(header).unique().implode().alias(f"{header} values"))
            if any(isinstance(test, Distinct) or isinstance(test, Whole) and not test.judges_blanks for test in tests):
                found.append((pl.col(header) != "").sum().alias(f"{header} filled"))
            found += [
                one.test.wrong(pl.col(header)).sum().alias(f"{header} {one.check}") for one in asked
                if isinstance(one.test, Whole) and not one.test.given and (has_lost_letters or one.test.sign != LOST_LETTER)
            ]  # fmt: skip
        return found

    def _column(self, frame: pl.DataFrame, header: str, asked: list[_Asked], found: dict[str, Any]) -> None:
        for one in asked:
            test = one.test
            if isinstance(test, Noted) or isinstance(test, Whole) and test.judges_blanks:
                self._count(one.check, frame.height)
            else:
                self._count(one.check, found[f"{header} filled"])
            if isinstance(test, Whole) and found.get(f"{header} {test.given or one.check}"):
                self._tally(one.check, header, frame, frame.select(test.wrong(pl.col(header))).to_series())
            if isinstance(test, Distinct):
                wrong = [value for value in found[f"{header} values"] if value and self._is_wrong(one, test, value)]
                if wrong:
                    self._tally(one.check, header, frame, frame[header].is_in(wrong))

    def _is_wrong(self, one: _Asked, test: Distinct, value: str) -> bool:
        verdict = one.verdicts.get(value)
        if verdict is None:
            verdict = test.is_wrong(value)
            if len(one.verdicts) < 50_000:
                one.verdicts[value] = verdict
        return verdict

    def _count(self, check: str, cells: int) -> None:
        self.facts.judged[check] = self.facts.judged.get(check, 0) + cells

    def _tally(self, check: str, header: str, frame: pl.DataFrame, mask: pl.Series) -> None:
        met = int(mask.sum())
        if not met:
            return
        tally = self.facts.cells.setdefault((check, self.reading.name, header), Tally())
        room = max(5 - len(tally.places), 0)
        if room:
            rows = frame.filter(mask).head(room)
            for line, value in zip(rows[LINE].to_list(), rows[header].to_list(), strict=True):
                tally.add(Place(line, header, shape_of(value)), 0)
        tally.count += met
