"""Rules about the header row of each file: present, whole, spelt and ordered as the standard has it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.csv_rules.facts import BundleFacts, Finding
from conformance.csv_rules.rulebook import bundle_rule
from conformance.csv_rules.structure import files_read, files_with_header

HEADER = "CSV tables 1.1, header row"


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
    for reading in files_read(facts):
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
    for reading in files_with_header(facts):
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
    for reading in files_with_header(facts):
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
    for reading in files_with_header(facts):
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
    for reading in files_with_header(facts):
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
    for reading in files_with_header(facts):
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
