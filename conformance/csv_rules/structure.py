"""Rules about bytes, lines and the header row of each file; they only report what the reader met."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.csv_files.header import DELIMITERS
from conformance.csv_files.reading import FileReading
from conformance.csv_rules.facts import BundleFacts, Finding, Skip, of_faults
from conformance.csv_rules.rulebook import bundle_rule

FORMAT = "CSV tables 1.1, CSV format"
HEADER = "CSV tables 1.1, header row"


def _files(facts: BundleFacts) -> list[FileReading]:
    if not facts.readings:
        raise Skip("no file was read")
    return list(facts.readings.values())


def _headed(facts: BundleFacts) -> list[FileReading]:
    readings = [reading for reading in _files(facts) if reading.header.is_readable]
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
    for reading in _files(facts):
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
    for reading in _files(facts):
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
    for reading in _files(facts):
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
    for reading in _files(facts):
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
    for reading in _files(facts):
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
    for reading in _files(facts):
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
    for reading in _headed(facts):
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
    """No line is blank."""
    for reading in _files(facts):
        yield from of_faults("csv.blank-row", reading, "blank-row", "a blank line")


@bundle_rule(
    "csv.line-break",
    severity="error",
    section=FORMAT,
    expected="cells without line breaks",
    why="Readers that work line by line see two broken rows.",
)
def line_break(facts: BundleFacts) -> Iterator[Finding]:
    """No cell holds a line break."""
    for reading in _headed(facts):
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
    for reading in _files(facts):
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
    for reading in _headed(facts):
        if reading.rows == 0 and not reading.lost and not reading.stopped_by:
            yield Finding("csv.file-has-rows", "a header and no rows", reading.name, reading.lines)


@bundle_rule(
    "csv.header-present",
    severity="error",
    section=HEADER,
    expected="the standard's column names in the first row",
    why="The first record is taken for names, and no column is found.",
    remedy="switch the header row on in the export",
)
def header_present(facts: BundleFacts) -> Iterator[Finding]:
    """The first row holds the column names."""
    for reading in _files(facts):
        header = reading.header
        if header.is_empty and reading.stopped_by not in ("cut", "line-too-long"):
            yield Finding("csv.header-present", "the file is empty", reading.name, 1)
        elif not header.is_present:
            yield Finding("csv.header-present", "the first row is not a header", reading.name, 1)


@bundle_rule(
    "csv.header-columns",
    severity="error",
    section=HEADER,
    expected="all columns of the table, optional ones too",
    why="Importers that go by position read every later column wrongly.",
)
def header_columns(facts: BundleFacts) -> Iterator[Finding]:
    """All columns of the standard are in the header, optional ones too."""
    for reading in _headed(facts):
        missing = reading.header.missing
        if missing:
            yield Finding(
                "csv.header-columns",
                f"missing: {', '.join(missing)}",
                reading.name,
                reading.lines,
                missing[0],
                count=len(missing),
                cause_of="csv.header-unique" if reading.header.doubled else "",
            )


@bundle_rule(
    "csv.header-spelling",
    severity="error",
    section=HEADER,
    expected="the standard's names, letter by letter",
    why="Columns are found by their exact name.",
    remedy="name the columns in the export as the standard does, without prefixes",
)
def header_spelling(facts: BundleFacts) -> Iterator[Finding]:
    """Column names are spelt as in the standard."""
    for reading in _headed(facts):
        for met, meant in reading.header.misspelt.items():
            yield Finding(
                "csv.header-spelling",
                f"{met} stands for {meant}",
                reading.name,
                reading.lines,
                meant,
                expected=meant,
                observed=met,
            )


@bundle_rule(
    "csv.header-unique",
    severity="error",
    section=HEADER,
    expected="each name once",
    why="One of the two columns is lost, and which one depends on the reader.",
)
def header_unique(facts: BundleFacts) -> Iterator[Finding]:
    """Column names are there once."""
    for reading in _headed(facts):
        for name in reading.header.doubled:
            yield Finding("csv.header-unique", f"{name} stands twice", reading.name, reading.lines, name)


@bundle_rule(
    "csv.header-order",
    severity="error",
    section=HEADER,
    expected="the order of the table, metadata columns last",
    why="Importers that go by position put values into other fields.",
)
def header_order(facts: BundleFacts) -> Iterator[Finding]:
    """Columns come in the order of the standard."""
    for reading in _headed(facts):
        if reading.header.out_of_order:
            met = reading.header.out_of_order
            yield Finding(
                "csv.header-order", met, reading.name, reading.lines, met.partition(" ")[0], observed=met
            )


@bundle_rule(
    "csv.extra-column",
    severity="error",
    section=HEADER,
    expected="extra columns as metadata.name only, after the others",
    why="Unknown columns are refused, or shift what follows.",
)
def extra_column(facts: BundleFacts) -> Iterator[Finding]:
    """Extra columns are metadata columns."""
    for reading in _headed(facts):
        extra = reading.header.extra
        if extra:
            yield Finding(
                "csv.extra-column",
                f"not of the standard: {', '.join(extra[:5])}",
                reading.name,
                reading.lines,
                extra[0],
                count=len(extra),
            )
