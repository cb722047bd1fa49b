"""How rules about single cells are put to whole columns, and the tally of what they found.

Called by the judge for every frame of every file. Values of few kinds (dates, tokens, codes) are judged once per
distinct value by a plain function; ids and names by an expression over the column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from conformance.csv_files.faults import Place, Tally
from conformance.csv_files.reading import LINE, FileReading
from conformance.csv_rules.facts import BundleFacts, shape_of
from oneroster_standard.standard import CsvColumn, Standard

PADDED = "csv.padded-value"
_BLANKS = " \t\u00a0\u200b\ufeff"


@dataclass(frozen=True, slots=True)
class Distinct:
    """A test of one filled value, asked once per distinct value."""

    is_wrong: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Whole:
    """A test of a column: a mask of wrong cells. judges_blanks: a blank cell counts as judged."""

    wrong: Callable[[pl.Series], pl.Series]
    judges_blanks: bool = False


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

    def judge(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Tally what is wrong in the frame; returns it with blanks around values taken off."""
        if self.reading.may_be_padded:
            frame = self._without_padding(frame)
        frame = self._without_empty_rows(frame)
        for header, asked in self.asked.items():
            self._column(frame, header, asked)
        return frame

    def _without_padding(self, frame: pl.DataFrame) -> pl.DataFrame:
        for header in self.reading.header.positions:
            series = frame[header]
            bare = series.str.strip_chars(_BLANKS)
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

    def _column(self, frame: pl.DataFrame, header: str, asked: list[_Asked]) -> None:
        series = frame[header]
        distinct: list[str] | None = None
        filled = 0
        for one in asked:
            test = one.test
            if isinstance(test, Noted):
                self._count(one.check, frame.height)
                continue
            if isinstance(test, Whole):
                self._tally(one.check, header, frame, test.wrong(series))
                if test.judges_blanks:
                    self._count(one.check, frame.height)
                    continue
            if distinct is None and isinstance(test, Distinct):
                distinct = [value for value in series.unique().to_list() if value]
            if not filled:
                filled = frame.height - int((series == "").sum())
            self._count(one.check, filled)
            if isinstance(test, Distinct) and distinct:
                wrong = [value for value in distinct if self._is_wrong(one, test, value)]
                if wrong:
                    self._tally(one.check, header, frame, series.is_in(wrong))

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
