"""Rules about the bundles as such: readable, same version, same files, modes, columns and way of writing.

Read by the judge of changes through the rulebook.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.changes.limits import limit
from conformance.changes.rulebook import change_rule, told
from conformance.changes.snapshots import Table
from conformance.changes.steps import Step
from conformance.notices import Notice

_WRITING = {"byte-order-mark": "a byte order mark", "wide-encoding": "UTF-16 or UTF-32", "not-utf8": "bytes that are not UTF-8", "nul-byte": "NUL bytes"}
_ENDS = {"\r\n": "CRLF", "\n": "LF", "\r": "CR"}


@change_rule(
    "change.readable", severity="error", needs="step", expected="bundles that can be opened", remedy="send the file again when its upload has finished",
    why="A bundle that cannot be read must never be taken for an empty one.",
)  # fmt: skip
def readable(step: Step) -> Iterator[Notice]:
    """Every bundle can be opened."""
    # The bundle before was told of by the step that led to it.
    for snapshot in (step.delta, step.new) if step.past.steps else (step.old, step.delta, step.new):
        if snapshot is not None and snapshot.trouble:
            yield told(snapshot.trouble, "", bundle=snapshot.label)


@change_rule(
    "change.version", severity="error", expected="the version of the bundle before", remedy="agree on the day of the change with all who read the bundle",
    why="Columns move and roles change their place from one version to the other.",
)  # fmt: skip
def version(step: Step) -> Iterator[Notice]:
    """Bundles are of one version of the standard."""
    old, new = step.both
    if old.standard.version != new.standard.version:
        yield told("the bundle is of another version", "manifest.csv", bundle=new.label, observed=f"{old.standard.version} before, {new.standard.version} now")


@change_rule(
    "change.mode", severity="error", needs="step", expected="bulk as before, or a delta beside it", remedy="say bulk or delta in the manifest as the file is meant",
    why="A delta that is taken for a full set removes everybody whom it does not list.",
)  # fmt: skip
def mode(step: Step) -> Iterator[Notice]:
    """Files stay bulk."""
    old, delta = step.old, step.delta
    if old is None or delta is None or step.new is not None or delta.trouble:
        return
    turned = [name for name, table in delta.tables.items() if table.mode == "delta" and name in old.tables]
    if len(turned) == len(delta.tables):
        # A delta through and through is one of its own kind, not a full bundle with a file that changed its mode.
        return
    for name in turned:
        yield told(f"{name} was {old.tables[name].mode} and is delta, beside files that are bulk", name, bundle=delta.label)


@change_rule(
    "change.file-gone", severity="error", expected="every file that the bundle before has", remedy="check that each export job ran; a file is missing, not empty",
    why="Whoever takes a missing file for an empty one removes all of its records.",
)  # fmt: skip
def file_gone(step: Step) -> Iterator[Notice]:
    """No file is missing that was there before."""
    old, new = step.both
    for name, table in old.tables.items():
        if name in new.tables or not table.frame.height:
            continue
        change = step.required.missing.get(name)
        is_over = change is not None and not step.turn.unexplained(change).height
        yield told(
            f"{name} is not in the bundle any more" + (": all of its records went with their term or year" if is_over else ""), name, bundle=new.label,
            observed=f"{table.frame.height:,} records before", severity="info" if is_over else "",
        )  # fmt: skip


@change_rule(
    "change.file-new", severity="info", expected="the files of the bundle before", remedy="tell whoever reads the bundle",
    why="Readers that do not expect a file ignore it, or stop.",
)  # fmt: skip
def file_new(step: Step) -> Iterator[Notice]:
    """No file is there that was not there before."""
    old, new = step.both
    for name, table in new.tables.items():
        if name not in old.tables:
            yield told(f"{name} was not in the bundle before", name, bundle=new.label, observed=f"{table.frame.height:,} records now")


@change_rule(
    "change.file-unreadable", severity="error", expected="files that can be read to their end", remedy="judge the bundle by itself: oneroster check csv",
    why="What cannot be read looks as if it were removed.",
)  # fmt: skip
def file_unreadable(step: Step) -> Iterator[Notice]:
    """Files that could be read before can still be read."""
    old, new = step.both
    for name, table in new.tables.items():
        if old.read(name) is not None and not table.is_readable:
            yield told(f"{name} cannot be read any more", name, bundle=new.label, observed=table.reading.stopped_by or "no column sourcedId")
        elif old.read(name) is not None and len(table.reading.lost) > len(old.tables[name].reading.lost):
            yield told(f"rows of {name} cannot be taken apart", name, bundle=new.label, count=len(table.reading.lost), severity="warning")


@change_rule(
    "change.columns", severity="warning", expected="the columns of the bundle before, in their order", remedy="tell whoever reads the bundle before the columns change",
    why="Readers that go by position put values into other fields, and a lost column empties a field of everybody.",
)  # fmt: skip
def columns(step: Step) -> Iterator[Notice]:
    """The header rows are as they were."""
    old, new = step.both
    for name, table in new.tables.items():
        before = old.tables.get(name)
        if before is None or not (before.reading.header.is_readable and table.reading.header.is_readable):
            continue
        was, now = (_shown(one) for one in (before, table))
        lost, added = [one for one in was if one not in now], [one for one in now if one not in was]
        if lost or added:
            parts = [f"{word} {', '.join(some[:5])}" for word, some in (("lost", lost), ("added", added)) if some]
            yield told(f"columns of {name} changed: {'; '.join(parts)}", name, column=(lost or added)[0], bundle=new.label, count=len(lost) + len(added),
                       severity="error" if any(one in table.reading.spec.headers for one in lost) else "")  # fmt: skip
        elif was != now:
            yield told(f"columns of {name} are in another order", name, bundle=new.label)


def _shown(table: Table) -> list[str]:
    """Names of the columns as they may be printed: those of the standard, and metadata columns by their number."""
    known = {position: name for name, position in table.reading.header.positions.items()}
    cells = table.reading.header.cells
    return [known.get(position, cell if cell.startswith("metadata.") and cell.isascii() and len(cell) < 60 else "another column") for position, cell in enumerate(cells)]


@change_rule(
    "change.encoding", severity="warning", expected="files written as before", remedy="set the export back, or tell whoever reads the bundle",
    why="A reader that was set up for one way of writing reads the other one wrongly, or not at all.",
)  # fmt: skip
def encoding(step: Step) -> Iterator[Notice]:
    """Encoding, delimiter and line ends are as they were."""
    old, new = step.both
    for name, table in new.tables.items():
        before = old.tables.get(name)
        if before is None:
            continue
        was, now = (_writing(one) for one in (before, table))
        if was != now:
            only_ends = was[:-1] == now[:-1]
            yield told(f"{name} is written in another way", name, bundle=new.label, observed=f"{', '.join(was)} before, {', '.join(now)} now",
                       severity="info" if only_ends else "")  # fmt: skip


def _writing(table: Table) -> list[str]:
    reading = table.reading
    found = [text for kind, text in _WRITING.items() if kind in reading.faults]
    ends = " and ".join(sorted(_ENDS[end] for end in reading.line_ends)) or "no line end"
    return [*(found or ["UTF-8"]), f"separated by {reading.header.delimiter!r}", ends]


@change_rule(
    "change.column-emptied", severity="error", expected="values where there were values", remedy="look at the export's mapping of that column",
    why="A field that is empty for everybody is emptied for everybody, and nothing tells that it was meant.",
)  # fmt: skip
def column_emptied(step: Step) -> Iterator[Notice]:
    """No column that was in use is blank in every row."""
    old, new = step.both
    for name, table in new.tables.items():
        before = old.read(name)
        if before is None or new.read(name) is None or table.frame.height <= limit("column").floor:
            continue
        for column in table.columns:
            had = before.filled.get(column, 0)
            if limit("column").passed(had, before.frame.height) and not table.filled.get(column, 0):
                yield told(f"{column} is blank in every row of {name}", name, column=column, bundle=new.label, observed=f"{had:,} of {before.frame.height:,} rows before")
