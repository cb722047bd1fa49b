"""Reference pages of the standard, derived from the tables: docs/standard-1.1.md and docs/standard-1.2.md.

Called by `python -m oneroster_standard.documentation DOCS` and by the test that keeps the pages current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from oneroster_standard.fields import sortable
from oneroster_standard.standard import VERSIONS, EntityClass, Standard, load


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| " + " | ".join(headers) + " |"
    yield "| " + " | ".join("---" for _ in headers) + " |"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _class_section(standard: Standard, entity: EntityClass) -> Iterator[str]:
    sorted_by = sortable(standard, entity.name)
    yield f"### {entity.name}"
    yield ""
    if entity.collection:
        yield f"Payload keys: `{entity.collection}`, `{entity.single}`. Service: {entity.service}."
        yield ""
    yield from table(
        ("property", "type", "occurs", "sortable", "basis"),
        (
            (
                f"`{item.name}`",
                item.type,
                item.cardinality,
                "yes" if item.name in sorted_by else "",
                item.basis,
            )
            for item in entity.properties
        ),
    )
    yield ""


def page(version: str) -> str:
    """The whole reference page of one version."""
    standard = load(version)
    lines = [
        f"# OneRoster {version} as this project holds it",
        "",
        "Generated from the tables; do not edit.",
        "",
    ]
    lines += ["## Classes", ""]
    for entity in standard.classes.values():
        lines += _class_section(standard, entity)
    lines += ["## Enumerations", ""]
    lines += table(
        ("name", "tokens", "open"),
        (
            (
                name,
                ", ".join(f"`{token}`" for token in tokens),
                "ext:" if name in standard.extensible else "",
            )
            for name, tokens in standard.enumerations.items()
        ),
    )
    lines += ["", "## Operations", ""]
    lines += table(
        ("method", "path", "operation", "payload", "scopes"),
        (
            (
                found.method,
                f"`{found.path}`",
                found.name,
                f"`{found.payload_key}`",
                ", ".join(found.scopes),
            )
            for found in standard.operations
        ),
    )
    lines += ["", "## CSV files", ""]
    for file in standard.csv_files.values():
        lines += [f"### {file.name}", ""]
        lines += table(
            ("column", "format", "required", "vocabulary", "references"),
            (
                (
                    f"`{column.header}`",
                    column.format,
                    column.required,
                    column.enumeration,
                    column.references,
                )
                for column in file.columns
            ),
        )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    return {f"standard-{version}.md": page(version) for version in VERSIONS}


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    for name, text in pages().items():
        folder.joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
