"""Rules about manifest.csv, and about what it says of the other files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from conformance.csv_rules.facts import BundleFacts, Finding, Skip
from conformance.csv_rules.rulebook import bundle_rule

SECTION = "CSV tables 1.1, manifest.csv"
FILE = "manifest.csv"
SURVIVABLE = "courses.csv"
"""A file that districts often leave out; a class can be used without its course."""


def _readable(facts: BundleFacts) -> None:
    if facts.package.trouble is not None:
        raise Skip("the archive cannot be read")
    if not facts.package.members:
        raise Skip("the bundle is empty")
    if not facts.manifest.is_present:
        raise Skip("manifest.csv is not in the bundle")
    if not facts.manifest.is_readable:
        raise Skip("manifest.csv cannot be read")


def _entity(name: str) -> str:
    return name.removesuffix(".csv")


@bundle_rule(
    "csv.manifest-present",
    severity="error",
    section=SECTION,
    expected="manifest.csv",
    why="Without it nobody knows whether a file is a full set or holds changes only.",
    remedy="add manifest.csv to the export; until then every file is taken for bulk",
)
def manifest_present(facts: BundleFacts) -> Iterator[Finding]:
    """The bundle has a manifest."""
    if facts.package.trouble is not None:
        raise Skip("the archive cannot be read")
    if not facts.package.members:
        raise Skip("the bundle is empty")
    if not facts.manifest.is_present:
        yield Finding("csv.manifest-present", "the manifest is missing", FILE)


@bundle_rule(
    "csv.manifest-version",
    severity="error",
    section=SECTION,
    why="Columns are chosen by the version.",
)
def manifest_version(facts: BundleFacts) -> Iterator[Finding]:
    """The manifest names the version of the manifest and of the files."""
    _readable(facts)
    for row in facts.standard.manifest:
        if not row.name.endswith(".version"):
            continue
        value = facts.manifest.value(row.name)
        if value is not None and value not in row.values:
            yield Finding(
                "csv.manifest-version",
                f"{row.name} does not name the version of these files",
                FILE,
                facts.manifest.line(row.name),
                "value",
                expected=" or ".join(row.values),
                observed=value if len(value) <= 8 else f"{len(value)} characters",
            )


@bundle_rule(
    "csv.manifest-properties",
    severity="error",
    section=SECTION,
    expected="one row for each property, also for files that are absent",
    why="An importer that asks for a property stops, or guesses.",
)
def manifest_properties(facts: BundleFacts) -> Iterator[Finding]:
    """The manifest has every required property."""
    _readable(facts)
    met = {name.strip() for _, name, _ in facts.manifest.rows}
    missing = [row.name for row in facts.standard.manifest if row.required and row.name not in met]
    if missing:
        yield Finding(
            "csv.manifest-properties",
            f"missing: {', '.join(missing)}",
            FILE,
            column="propertyName",
            count=len(missing),
            samples=[{"property": name} for name in missing[:5]],
        )


@bundle_rule(
    "csv.manifest-unique",
    severity="error",
    section=SECTION,
    expected="each property once",
    why="Two rows may disagree.",
)
def manifest_unique(facts: BundleFacts) -> Iterator[Finding]:
    """The manifest has each property once."""
    _readable(facts)
    counts = Counter(name for _, name, _ in facts.manifest.rows)
    for name, count in counts.items():
        if count > 1:
            line = [at for at, found, _ in facts.manifest.rows if found == name][1]
            known = {row.name for row in facts.standard.manifest}
            shown = name if name in known else "a property"
            yield Finding("csv.manifest-unique", f"{shown} stands {count} times", FILE, line, "propertyName")


@bundle_rule(
    "csv.manifest-known-property",
    severity="warning",
    section=SECTION,
    expected="property names of the standard, in their letter case",
    why="A misspelt property is the same as a missing one (seen: file.systemName for source.systemName).",
)
def manifest_known_property(facts: BundleFacts) -> Iterator[Finding]:
    """The manifest has properties of the standard only."""
    _readable(facts)
    known = {row.name for row in facts.standard.manifest}
    unknown = [line for line, name, _ in facts.manifest.rows if name.strip() not in known]
    if unknown:
        yield Finding(
            "csv.manifest-known-property",
            "a property that the standard does not have",
            FILE,
            unknown[0],
            "propertyName",
            count=len(unknown),
            samples=[{"row": line} for line in unknown[:5]],
        )


@bundle_rule(
    "csv.manifest-values",
    severity="error",
    section=SECTION,
    expected="absent, bulk or delta",
    why="The mode decides whether records that are not listed are removed.",
)
def manifest_values(facts: BundleFacts) -> Iterator[Finding]:
    """Modes of files are absent, bulk or delta."""
    _readable(facts)
    for row in facts.standard.manifest:
        value = facts.manifest.value(row.name)
        if row.name.startswith("file.") and value is not None and value not in row.values:
            yield Finding(
                "csv.manifest-values",
                f"{row.name} has a mode that does not exist",
                FILE,
                facts.manifest.line(row.name),
                "value",
                observed=f"{len(value)} characters",
            )


@bundle_rule(
    "csv.manifest-matches-files",
    severity="error",
    section=SECTION,
    expected="absent only for files that are not in the bundle",
    why="Importers that believe the manifest leave the file unread.",
)
def manifest_matches_files(facts: BundleFacts) -> Iterator[Finding]:
    """A file that the manifest calls absent is not there."""
    _readable(facts)
    for name in facts.data_files:
        key = f"file.{_entity(name)}"
        if facts.manifest.value(key) == "absent" and name in facts.package.members:
            yield Finding(
                "csv.manifest-matches-files",
                f"{name} is in the bundle, but the manifest says absent",
                FILE,
                facts.manifest.line(key),
                "value",
            )


@bundle_rule(
    "csv.file-present",
    severity="error",
    section=SECTION,
    expected="every file that the manifest calls bulk or delta",
    why="A missing file must be read as unknown; an importer that reads it as empty removes everything.",
    remedy="check that each export job of the bundle ran and that the upload is complete",
)
def file_present(facts: BundleFacts) -> Iterator[Finding]:
    """Every file that the manifest announces is in the bundle."""
    _readable(facts)
    for name in facts.data_files:
        key = f"file.{_entity(name)}"
        if facts.manifest.value(key) in ("bulk", "delta") and name not in facts.package.members:
            yield Finding(
                "csv.file-present",
                f"{name} is announced by the manifest and not in the bundle",
                name,
                expected=f"{name}, as line {facts.manifest.line(key)} of manifest.csv says",
            )


@bundle_rule(
    "csv.bulk-closed",
    severity="error",
    section="CSV tables 1.1, bulk (file dependencies as in the table of 1.2)",
    expected="every file that a required reference points to",
    why="Links to records of a file that is not sent cannot be followed; such records have no course, class or school.",
    remedy="export that file as well",
)
def bulk_closed(facts: BundleFacts) -> Iterator[Finding]:
    """Files that bulk files refer to are in the bundle."""
    if not facts.present:
        raise Skip("no data file was read")
    announced = {
        name
        for name in facts.data_files
        if facts.manifest.value(f"file.{_entity(name)}") in ("bulk", "delta")
    }
    wanted: dict[str, list[str]] = {}
    for reading in facts.present:
        if facts.mode(reading.name) == "delta":
            continue
        for column in reading.spec.columns:
            if column.references and column.required == "yes" and column.references != reading.name:
                wanted.setdefault(column.references, []).append(f"{reading.name}.{column.header}")
    for target, sources in wanted.items():
        if target not in facts.package.members and target not in announced:
            yield Finding(
                "csv.bulk-closed",
                f"{target} is not in the bundle; {', '.join(sources)} point to it",
                target,
                count=len(sources),
                severity="warning" if target == SURVIVABLE else "",
                cause_of="" if facts.manifest.is_present else "csv.manifest-present",
            )


@bundle_rule(
    "csv.spec-agrees",
    severity="error",
    section=SECTION,
    why="The files were judged by their own version; the one asked for would find fault with every column.",
    remedy="leave --spec out, or ask the sender for the other version",
)
def spec_agrees(facts: BundleFacts) -> Iterator[Finding]:
    """The bundle is of the version that was asked for."""
    if facts.package.trouble is not None or not facts.package.members:
        raise Skip("no file tells the version")
    if facts.spec_asked is not None and facts.spec_asked != facts.standard.version:
        yield Finding(
            "csv.spec-agrees",
            f"the bundle is OneRoster {facts.standard.version}",
            FILE,
            facts.manifest.line("oneroster.version"),
            expected=f"OneRoster {facts.spec_asked}, as --spec says",
            observed=f"OneRoster {facts.standard.version}",
        )
