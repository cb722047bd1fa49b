"""Rules about the bytes and lines of each file; they only report what the reader met."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.csv_files.header import DELIMITERS
from conformance.csv_files.reading import FileReading
from conformance.csv_rules.facts import BundleFacts, Finding, Skip, of_faults
from conformance.csv_rules.rulebook import bundle_rule

FORMAT = "CSV tables 1.1, CSV format"


def files_read(facts: BundleFacts) -> list[FileReading]:
    """Every file that was opened, the manifest included; raises Skip when there is none."""
    if not facts.readings:
        raise Skip("no file was read")
    return list(facts.readings.values())


def files_with_header(facts: BundleFacts) -> list[FileReading]:
    """Files whose header row can be read; raises Skip when there is none."""
    readings = [reading for reading in files_read(facts) if reading.header.is_readable]
    if not readings:
        raise Skip("no file has a header row that can be read")
    return readings


@bundle_rule(
    "csv.encoding",
    severity="error",
    section=FORMAT,
    expected="UTF-8",
    why="Names with accents are lost for good once they were read in the wrong encoding.",
    remedy="choose UTF-8 as the character set of the export",
)
def encoding(facts: BundleFacts) -> Iterator[Finding]:
    """Files are encoded in UTF-8."""
    for reading in files_read(facts):
        yield from of_faults("csv.encoding", reading, "not-utf8", "bytes that are not UTF-8")
        yield from of_faults("csv.encoding", reading, "wide-encoding", "the file is not UTF-8")


@bundle_rule(
    "csv.byte-order-mark",
    severity="info",
    section=FORMAT,
    expected="no byte order mark; readers skip one",
    why="Readers that do not know it take it for a part of the first column's name.",
)
def byte_order_mark(facts: BundleFacts) -> Iterator[Finding]:
    """Files start without a byte order mark."""
    for reading in files_read(facts):
        yield from of_faults("csv.byte-order-mark", reading, "byte-order-mark", "a byte order mark")


@bundle_rule(
    "csv.nul-byte",
    severity="error",
    section=FORMAT,
    expected="text without NUL bytes",
    why="Databases refuse the value, or end it there.",
)
def nul_byte(facts: BundleFacts) -> Iterator[Finding]:
    """Files hold no NUL bytes."""
    for reading in files_read(facts):
        yield from of_faults("csv.nul-byte", reading, "nul-byte", "a NUL byte")


@bundle_rule(
    "csv.delimiter",
    severity="error",
    section=FORMAT,
    expected="cells separated by commas",
    why="The whole row is read as one cell.",
    remedy="choose the comma as the delimiter of the export",
)
def delimiter(facts: BundleFacts) -> Iterator[Finding]:
    """Cells are separated by commas."""
    for reading in files_read(facts):
        met = reading.header.delimiter
        if met != ",":
            yield Finding("csv.delimiter", f"{DELIMITERS[met]} separates the cells", reading.name, 1)


@bundle_rule(
    "csv.line-endings",
    severity="warning",
    section=FORMAT,
    expected="CRLF at the end of every line (LF alone is accepted)",
    why="Some readers see one long line, or stop where the kind of line end changes.",
)
def line_endings(facts: BundleFacts) -> Iterator[Finding]:
    """Lines end in CRLF, or at least all in the same way."""
    for reading in files_read(facts):
        ends = reading.line_ends
        if set(ends) <= {"\r\n"}:
            continue
        names = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}
        observed = ", ".join(f"{names[end]} {count:,}" for end, (count, _) in sorted(ends.items()))
        first = min(ends, key=lambda end: ends[end][1])
        other = min((line for end, (_, line) in ends.items() if end != first), default=1)
        message = "lines end in different ways" if len(ends) > 1 else f"lines end in {names[first]} alone"
        severity = "info" if set(ends) == {"\n"} else ""
        yield Finding("csv.line-endings", message, reading.name, other, observed=observed, severity=severity)


@bundle_rule(
    "csv.quoting",
    severity="error",
    section=FORMAT,
    expected="a cell with a comma or a quote in double quotes, inner quotes doubled",
    why="One lost quote swallows the rows below it.",
)
def quoting(facts: BundleFacts) -> Iterator[Finding]:
    """Quotes come in pairs and enclose whole cells."""
    for reading in files_read(facts):
        yield from of_faults("csv.quoting", reading, "quoting", "a quote out of place")


@bundle_rule(
    "csv.row-width",
    severity="error",
    section=FORMAT,
    expected="as many cells as the header row has",
    why="Cells move into other columns: a grade becomes a password, an id a role.",
    remedy="quote cells that hold a comma, lists above all",
)
def row_width(facts: BundleFacts) -> Iterator[Finding]:
    """Rows have as many cells as the header."""
    for reading in files_with_header(facts):
        yield from of_faults("csv.row-width", reading, "short-row", "a row with too few cells")
        yield from of_faults("csv.row-width", reading, "long-row", "a row with too many cells")


@bundle_rule(
    "csv.blank-row",
    severity="warning",
    section=FORMAT,
    expected="no blank lines",
    why="Some readers make a record without an id of it.",
)
def blank_row(facts: BundleFacts) -> Iterator[Finding]:
    """No line is blank or holds commas only."""
    for reading in files_read(facts):
        yield from of_faults("csv.blank-row", reading, "blank-row", "a line without values")


@bundle_rule(
    "csv.line-break",
    severity="error",
    section=FORMAT,
    expected="cells without line breaks",
    why="Readers that work line by line see two broken rows.",
)
def line_break(facts: BundleFacts) -> Iterator[Finding]:
    """No cell holds a line break."""
    for reading in files_with_header(facts):
        yield from of_faults(
            "csv.line-break", reading, "carriage-return-in-cell", "a carriage return in a cell"
        )
        # The standard names the carriage return only; that a bare line feed is meant too is not certain.
        yield from of_faults(
            "csv.line-break", reading, "line-feed-in-cell", "a line feed in a cell", severity="warning"
        )


@bundle_rule(
    "csv.line-length",
    severity="error",
    section="Limits of this tool",
    expected="lines of at most 16 MB",
    why="Nothing below that line was read.",
)
def line_length(facts: BundleFacts) -> Iterator[Finding]:
    """Lines are of a length that can be a record."""
    for reading in files_read(facts):
        yield from of_faults("csv.line-length", reading, "line-too-long", "a line of more than 16 MB")


@bundle_rule(
    "csv.file-has-rows",
    severity="error",
    section=FORMAT,
    expected="at least one row below the header; a file without records is left out",
    why="A header alone looks like a full set without records: everything is removed.",
    remedy="leave the file out and call it absent in the manifest",
)
def file_has_rows(facts: BundleFacts) -> Iterator[Finding]:
    """Files have at least one row below the header."""
    for reading in files_with_header(facts):
        if reading.rows == 0 and not reading.lost and not reading.stopped_by:
            yield Finding("csv.file-has-rows", "a header and no rows", reading.name, reading.lines)
