"""Which columns are kept in memory for rules across records, and in which small form.

Called by the judge for every frame. Ids become 64-bit hashes, tokens categories, dates days; names are never kept.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from conformance.csv_files.reading import LINE, FileReading
from conformance.csv_rules.facts import FOLDED, ID, BundleFacts, hash_of, hashed
from oneroster_standard.standard import CsvColumn

_TOKENS = {
    ("orgs.csv", "type"),
    ("academicSessions.csv", "type"),
    ("users.csv", "role"),
    ("enrollments.csv", "role"),
    ("enrollments.csv", "primary"),
    ("roles.csv", "role"),
    ("roles.csv", "roleType"),
}
_COMPARED = {("users.csv", "email"), ("users.csv", "identifier")}
"""Text that is compared with that of other rows whatever its letter case; kept as a hash."""
_OBJECTIVES = ("lineItemLearningObjectiveIds.csv", "resultLearningObjectiveIds.csv")
_URN = r"^(?i:urn:uuid:)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_CASE_TWINS = ("orgs.csv", "courses.csv", "classes.csv", "users.csv")
_DATES = {"startDate", "endDate", "beginDate", "assignDate", "dueDate"}
_COUNTS = {"subjects", "subjectCodes"}
_NUMBERS = {"score", "resultValueMin", "resultValueMax"}


class Keeper:
    """Gathers the kept columns of one file, frame by frame."""

    def __init__(self, reading: FileReading) -> None:
        self.reading = reading
        self.frames: list[pl.DataFrame] = []
        self.items: dict[str, list[pl.DataFrame]] = {}
        self.kept: list[pl.Expr] = []
        self.listed: list[str] = []
        self.pool = ThreadPoolExecutor(max_workers=1)
        self.taking: Future[None] | None = None

    def keep(self, frame: pl.DataFrame) -> None:
        """Take what later rules need from a frame, in a thread while the next one is judged; one frame waits at most."""
        if not self.kept:
            # The columns are known only when the header was read, which the first frame follows.
            self.kept = self._kept()
            self.listed = [one.header for one in self.reading.spec.columns if one.references and one.is_list and self.reading.has(one.header)]
        if self.taking is not None:
            self.taking.result()
        self.taking = self.pool.submit(self._take, frame)

    def _take(self, frame: pl.DataFrame) -> None:
        self.frames.append(frame.lazy().select(self.kept).collect().rechunk())
        for header in self.listed:
            self.items.setdefault(header, []).append(_items(frame, header))

    def _kept(self) -> list[pl.Expr]:
        kept = [pl.col(LINE)]
        if not self.reading.has("sourcedId"):
            kept.append(pl.lit(None, dtype=pl.UInt64).alias(ID))
        for column in self.reading.spec.columns:
            if self.reading.has(column.header):
                kept += self._of(column)
        return kept

    def _of(self, column: CsvColumn) -> list[pl.Expr]:
        """What is kept of a column, under its name; of sourcedId under two of its own."""
        name, header = self.reading.name, column.header
        cell = pl.col(header)
        found: list[pl.Expr] = []
        if header == "sourcedId":
            found.append(hash_of(cell).alias(ID))
            if name in _CASE_TWINS:
                found.append(hash_of(cell.str.to_lowercase()).alias(FOLDED))
        if column.references and column.is_list:
            return found
        if column.references:
            found.append(hash_of(cell).alias(header))
        elif (name, header) in _COMPARED:
            found.append(hash_of(cell.str.to_lowercase()).alias(header))
        elif (name, header) in _TOKENS or name in _OBJECTIVES and header == "source":
            found.append(cell.cast(pl.Categorical))
        elif name in _OBJECTIVES and header == "learningObjectiveId":
            # Whether it is a UUID, or blank: the id itself is compared with nothing.
            found.append((cell == "") | cell.str.contains(_URN))
        elif header in _DATES:
            found.append(cell.str.to_date("%Y-%m-%d", strict=False))
        elif (name, header) == ("academicSessions.csv", "schoolYear"):
            found.append(cell.cast(pl.Int32, strict=False))
        elif header in _NUMBERS:
            found.append(cell.cast(pl.Float64, strict=False))
        elif header in _COUNTS:
            found.append(pl.when(cell != "").then(cell.str.count_matches(",", literal=True) + 1).alias(header))
        return found

    def hand_over(self, facts: BundleFacts) -> None:
        """Put what was kept where the rules find it."""
        if self.taking is not None:
            self.taking.result()
        self.pool.shutdown()
        if self.frames:
            facts.tables[self.reading.name] = pl.concat(self.frames)
        for header, frames in self.items.items():
            facts.lists[self.reading.name, header] = pl.concat(frames)


def _items(frame: pl.DataFrame, header: str) -> pl.DataFrame:
    filled = frame.lazy().select(LINE, header).filter(pl.col(header) != "")
    items = filled.with_columns(pl.col(header).str.split(",")).explode(header).collect()
    return pl.DataFrame([items[LINE], hashed(items[header].str.strip_chars(" \t")).alias(ID)]).drop_nulls()
