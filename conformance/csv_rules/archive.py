"""Rules about the package: archive, layout, file names."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.csv_rules.facts import BundleFacts, Finding, Skip
from conformance.csv_rules.rulebook import bundle_rule

PACKAGE = "CSV tables 1.1, package"


@bundle_rule(
    "csv.archive-readable",
    severity="error",
    section=PACKAGE,
    expected="a complete ZIP archive without a password, or a folder",
    why="Nothing of the bundle can be used.",
    remedy="send the file again when its upload has finished, without a password",
)
def archive_readable(facts: BundleFacts) -> Iterator[Finding]:
    """The archive can be opened and unpacked as a whole."""
    trouble = facts.package.trouble
    if trouble is not None and trouble.kind != "unsafe":
        yield Finding("csv.archive-readable", trouble.detail.partition(";")[0], trouble.where)
    for reading in facts.present:
        if reading.stopped_by == "cut":
            yield Finding("csv.archive-readable", "an archive member is damaged or cut", reading.name)


@bundle_rule(
    "csv.archive-safe",
    severity="error",
    section="Safety limits of this tool",
    expected="plain files, no links, no paths that leave the archive, a usual compression ratio",
    why="Such an archive writes outside its folder or fills the disk of whoever unpacks it.",
)
def archive_safe(facts: BundleFacts) -> Iterator[Finding]:
    """The archive is safe to unpack."""
    trouble = facts.package.trouble
    if trouble is not None and trouble.kind == "unsafe":
        yield Finding("csv.archive-safe", trouble.detail.partition(";")[0], trouble.where)
    elif trouble is not None:
        raise Skip("the archive cannot be read")


def _opened(facts: BundleFacts) -> None:
    if facts.package.trouble is not None:
        raise Skip("the archive cannot be read")


@bundle_rule(
    "csv.bundle-empty",
    severity="error",
    section=PACKAGE,
    expected="manifest.csv and the files that it lists",
    why="An empty delivery must never be taken for a district without people.",
    remedy="check that the export job wrote to this place",
)
def bundle_empty(facts: BundleFacts) -> Iterator[Finding]:
    """The bundle holds at least one OneRoster file."""
    _opened(facts)
    if not facts.package.members:
        yield Finding("csv.bundle-empty", "no OneRoster CSV file is there", facts.package.path.name)


@bundle_rule(
    "csv.archive-layout",
    severity="error",
    section=PACKAGE,
    expected="all files at the root, without a folder",
    why="Importers look at the root only, and find an empty bundle.",
    remedy="zip the files, not the folder that holds them",
)
def archive_layout(facts: BundleFacts) -> Iterator[Finding]:
    """All files lie at the root of the bundle."""
    _opened(facts)
    nested = facts.package.nested
    if nested:
        yield Finding(
            "csv.archive-layout",
            "files lie in a folder",
            nested[0],
            count=len(nested),
            samples=[{"file": name} for name in nested[:5]],
        )


@bundle_rule(
    "csv.file-name",
    severity="error",
    section=PACKAGE,
    expected="the standard's name in its letter case, without a date",
    why="Files are found by their exact name.",
    remedy="switch off the date in the export's file name, and rename the file",
)
def file_name(facts: BundleFacts) -> Iterator[Finding]:
    """Files bear the standard's names exactly."""
    _opened(facts)
    for name, met in facts.package.misnamed.items():
        yield Finding("csv.file-name", f"{name} is named {met}", met, expected=name, observed=met)


@bundle_rule(
    "csv.file-unique",
    severity="error",
    section=PACKAGE,
    expected="each file once",
    why="Which of the two counts depends on the importer.",
)
def file_unique(facts: BundleFacts) -> Iterator[Finding]:
    """No file is in the bundle twice."""
    _opened(facts)
    for name in facts.package.repeated:
        yield Finding("csv.file-unique", f"{name} is there more than once", name)


@bundle_rule(
    "csv.unknown-file",
    severity="info",
    section=PACKAGE,
    expected="the standard's files only",
    why="What is in it is not read.",
)
def unknown_file(facts: BundleFacts) -> Iterator[Finding]:
    """Only files of the standard are in the bundle."""
    _opened(facts)
    unknown = [name for name in facts.package.unknown if not name.endswith("answer-key.json")]
    if unknown:
        yield Finding(
            "csv.unknown-file",
            f"{len(unknown)} file(s) that OneRoster {facts.standard.version} does not know",
            unknown[0],
            count=len(unknown),
            samples=[{"file": name} for name in unknown[:5]],
        )
