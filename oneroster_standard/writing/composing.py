"""From a plan to files: the clean bundle's rows, changed, spelt in the plan's format, as loose files or one ZIP.

Called by the generator and by the server's courier; streams, and ends early when it is asked to.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from oneroster_standard.bundle_writer import BundleWriter
from oneroster_standard.writing.plan import Format, Plan, Row

BLOCK = 1 << 20
BATCH = 2_000
Tick = Callable[[str], None]
"""Called now and then with a file's name; what it raises ends the work."""


def _raw(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.reader(stream, strict=True)


def _lines(rows: Iterator[Row], format: Format) -> Iterator[str]:
    """Each row as text, without its line end."""
    if format.quotes == "none":
        for row in rows:
            yield format.delimiter.join(row)
        return
    text = io.StringIO()
    all_quoted = format.quotes == "all"
    writer = csv.writer(
        text,
        delimiter=format.delimiter,
        quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL,
        lineterminator="",
    )
    for row in rows:
        writer.writerow(row)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def encoded(rows: Iterator[Row], format: Format) -> Iterator[bytes]:
    """Rows as bytes in a format, some thousand at a time; what an encoding lacks becomes a question mark."""
    lines = _lines(rows, format)
    number, end, mark = 0, "", format.mark
    while batch := list(islice(lines, BATCH)):
        parts: list[str] = []
        for line in batch:
            parts += [end, line]
            end = format.line_ends[number % len(format.line_ends)]
            number += 1
        yield mark + "".join(parts).encode(format.encoding, "replace")
        mark = b""
    if format.final_line_end:
        yield end.encode(format.encoding)


def _content(plan: Plan, name: str, path: Path, tick: Tick) -> Iterator[bytes]:
    if not (plan.row_changes or plan.header_changes) and plan.format == Format():
        chunks = _raw(path)
    else:
        rows = _rows(path)
        for change in (*plan.row_changes, *plan.header_changes):
            rows = change(name, rows)
        chunks = encoded(rows, plan.format)
    for chunk in chunks:
        tick(name)
        yield chunk


def _members(plan: Plan, clean: Path, tick: Tick) -> Iterator[tuple[str, Iterator[bytes]]]:
    inner = f"{plan.folder}/" if plan.folder else ""
    for name, own in plan.names.items():
        yield inner + own, _content(plan, name, clean / name, tick)
    for name, content in plan.junk.items():
        yield name, iter([content])


def compose(plan: Plan, clean: Path, out: Path, tick: Tick) -> list[str]:
    """Write the files of a drop into the folder `out`, which is empty; returns their paths in order of upload.

    clean: the bundle as generated, a folder. Files come in its order, the manifest last.
    """
    if plan.form == "zip":
        with BundleWriter(out / plan.zip_name) as writer:
            for name, chunks in _members(plan, clean, tick):
                writer.write(name, chunks)
        return [plan.zip_name]
    names = []
    for name, chunks in _members(plan, clean, tick):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            stream.writelines(chunks)
        names.append(name)
    return names
