"""One file of a bundle, record by record: the same lines, with other values.

Called for each file of a bundle. Streams; rows that do not fit their header are replaced cell by cell without a column.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_gen.anonymise.columns import is_header, known_columns, replaces
from data_gen.anonymise.idents import BLANKS
from data_gen.anonymise.records import (
    DELIMITERS,
    Coding,
    Readable,
    Record,
    RecordReader,
    coding_of,
    lines,
    value_of,
    written_like,
)
from data_gen.anonymise.replacements import Replace, Replacements
from data_gen.organisations import ANONYMISED_MARK
from oneroster_harness.terminal import VERSION

HEAD_BYTES = 4096
BATCH = 2_000
MANIFEST = "manifest.csv"
MARK_PROPERTY = "source.systemCode"
_MARK = "\ufeff"
_MANIFEST_VALUE_LENGTH = 16


class Sheet:
    """A file on its way. rows: records below the header so far."""

    def __init__(self, stream: Readable, file: str, values: Replacements) -> None:
        head = stream.read(HEAD_BYTES)
        self.file = file
        self.rows = 0
        self._values = values
        self._coding: Coding = coding_of(head)
        self._source = _Rejoined(head, stream)
        self._is_marked = False

    def parts(self) -> Iterator[bytes]:
        """The new file's bytes. Raises LineTooLong, UnicodeDecodeError."""
        batch: list[str] = []
        for text in self._texts():
            batch.append(text)
            if len(batch) >= BATCH:
                yield self._encoded(batch)
                batch = []
        yield self._encoded(batch)

    def _encoded(self, batch: list[str]) -> bytes:
        return "".join(batch).encode(self._coding.name, self._coding.errors)

    def _texts(self) -> Iterator[str]:
        physical = lines(self._source, self._coding)
        first = next(physical, "")
        if first.startswith(_MARK):
            yield _MARK
            first = first[1:]
        reader = RecordReader(_with_first(first, physical))
        reader.use(self._delimiter(first))
        columns: list[Replace] | None = None
        is_first, end = True, "\r\n"
        for record in reader:
            end = record.end or end
            if not any(cell.strip() for cell in record.raw):
                new = record.raw
            elif is_first:
                is_first = False
                cells = [value_of(raw) for raw in record.raw]
                if self.file == MANIFEST or is_header(cells, self.file):
                    columns = replaces(cells, self.file, self._values)
                    new = self._header(record)
                else:
                    self.rows += 1
                    new = self._loose(record)
            else:
                self.rows += 1
                new = self._row(record, columns)
            yield reader.delimiter.join(new) + record.end
        if self.file == MANIFEST and not is_first and not self._is_marked:
            yield self._mark_row(reader.delimiter, end, needs_end=not record.end)

    def _delimiter(self, line: str) -> str:
        """The sign that separates the cells of a first line: the comma, unless another one gives more known names."""
        known = known_columns(self.file)

        def met(sign: str) -> int:
            return sum(cell.strip().strip('"') in known for cell in line.strip("\r\n").split(sign))

        best = max(DELIMITERS, key=met)
        return best if known and met(best) > 1 else max(DELIMITERS, key=line.count) if not known else ","

    def _header(self, record: Record) -> list[str]:
        """Names of columns stay; what does not look like one is replaced."""
        known = known_columns(self.file)
        return [
            raw if (name := value_of(raw)) in known or name.strip(BLANKS) in known or _looks_like_a_name(name) else written_like(raw, self._values.other(name))
            for raw in record.raw
        ]

    def _row(self, record: Record, columns: list[Replace] | None) -> list[str]:
        if self.file == MANIFEST:
            return self._manifest_row(record)
        if columns is None or not record.is_whole or len(record.raw) != len(columns):
            return self._loose(record, columns)
        return [
            written_like(raw, replace(value)) if (value := value_of(raw)) else raw
            for raw, replace in zip(record.raw, columns, strict=True)
        ]

    def _loose(self, record: Record, columns: list[Replace] | None = None) -> list[str]:
        """A row whose cells cannot be given to columns; only the first one is where it belongs."""
        values = self._values
        out: list[str] = []
        for place, raw in enumerate(record.raw):
            replace = columns[0] if place == 0 and columns else values.other
            bare = raw.strip('"')
            if record.is_whole:
                out.append(written_like(raw, replace(value_of(raw))))
            elif bare:
                start = raw.index(bare)
                out.append(raw[:start] + replace(bare) + raw[start + len(bare) :])
            else:
                out.append(raw)
        return out

    def _manifest_row(self, record: Record) -> list[str]:
        name, *rest = record.raw
        known = value_of(name).strip()
        if known.startswith("source.") and rest:
            said = ANONYMISED_MARK if known == MARK_PROPERTY else f"oneroster-harness {VERSION}"
            self._is_marked |= known == MARK_PROPERTY
            return [name, written_like(rest[0], said), *(written_like(raw, "") for raw in rest[1:])]
        if known.startswith(("file.", "manifest.", "oneroster.")):
            kept = [raw if len(raw) <= _MANIFEST_VALUE_LENGTH and "@" not in raw else self._values.other(raw) for raw in rest]
            return [name, *kept]
        return [written_like(raw, self._values.other(value_of(raw))) for raw in record.raw]

    def _mark_row(self, delimiter: str, end: str, *, needs_end: bool) -> str:
        return f"{end if needs_end else ''}{MARK_PROPERTY}{delimiter}{ANONYMISED_MARK}{end}"


def _looks_like_a_name(name: str) -> bool:
    return len(name) <= 64 and name.isascii() and name.replace(".", "_").replace("-", "_").replace(" ", "_").isidentifier()


def _with_first(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


class _Rejoined:
    """A stream of which the head was read already."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int) -> bytes:
        """The next bytes, the head first."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._rest.read(size)
