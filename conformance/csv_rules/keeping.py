"""Which columns are kept in memory for rules across records, and in which small form.

Called by the judge for every frame. Ids become 64-bit hashes, tokens categories, dates days; names are never kept.
"""

from __future__ import annotations

import polars as pl

from conformance.csv_files.reading import LINE, FileReading
from conformance.csv_rules.facts import FOLDED, ID, BundleFacts, hashed

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

    def keep(self, frame: pl.DataFrame) -> None:
        """Take what later rules need from a frame."""
        kept = [frame[LINE]]
        if not self.reading.has("sourcedId"):
            kept.append(pl.repeat(None, frame.height, dtype=pl.UInt64, eager=True).alias(ID))
        for column in self.reading.spec.columns:
            header = column.header
            if not self.reading.has(header):
                continue
            if header == "sourcedId":
                kept.append(hashed(frame[header]).alias(ID))
                if self.reading.name in _CASE_TWINS:
                    kept.append(hashed(frame[header].str.to_lowercase()).alias(FOLDED))
            if column.references and column.is_list:
                self.items.setdefault(header, []).append(_items(frame, header))
            elif column.references:
                kept.append(hashed(frame[header]))
            elif (self.reading.name, header) in _COMPARED:
                kept.append(hashed(frame[header].str.to_lowercase()))
            elif (self.reading.name, header) in _TOKENS or self.reading.name in _OBJECTIVES and header == "source":
                kept.append(frame[header].cast(pl.Categorical))
            elif self.reading.name in _OBJECTIVES and header == "learningObjectiveId":
                # Whether it is a UUID, or blank: the id itself is compared with nothing.
                kept.append((frame[header] == "") | frame[header].str.contains(_URN))
            elif header in _DATES:
                kept.append(frame[header].str.to_date("%Y-%m-%d", strict=False))
            elif (self.reading.name, header) == ("academicSessions.csv", "schoolYear"):
                kept.append(frame[header].cast(pl.Int32, strict=False))
            elif header in _NUMBERS:
                kept.append(frame[header].cast(pl.Float64, strict=False))
            elif header in _COUNTS:
                count = frame[header].str.count_matches(",", literal=True) + 1
                kept.append(pl.select(pl.when(frame[header] != "").then(count)).to_series().alias(header))
        self.frames.append(pl.DataFrame(kept))

    def hand_over(self, facts: BundleFacts) -> None:
        """Put what was kept where the rules find it."""
        if self.frames:
            facts.tables[self.reading.name] = pl.concat(self.frames)
        for header, frames in self.items.items():
            facts.lists[self.reading.name, header] = pl.concat(frames)


def _items(frame: pl.DataFrame, header: str) -> pl.DataFrame:
    filled = frame.lazy().select(LINE, header).filter(pl.col(header) != "")
    items = filled.with_columns(pl.col(header).str.split(",")).explode(header).collect()
    return pl.DataFrame([items[LINE], hashed(items[header].str.strip_chars(" \t")).alias(ID)]).drop_nulls()
