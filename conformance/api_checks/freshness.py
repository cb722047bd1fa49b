"""Whether dateLastModified tells of changes."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.survey import Record, key_of, records_in


def _content(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "dateLastModified"}


@check(
    "data.last-modified-stable", severity="warning", section="REST 1.1, change tracking",
    why="A stamp that moves without a change makes every record look changed on every run.", remedy="detect changes by content",
)  # fmt: skip
def stamps_move_with_their_record_only(run: Run) -> Iterator[Notice]:
    """A record that is read twice unchanged bears one dateLastModified."""
    compared = 0
    for found in run.readable()[:3]:
        again = run.get(f"/{found.name}", {"limit": 5, "offset": 0}, fresh=True)
        records, _ = records_in(again, found.name)
        for record in records or ():
            before = found.by_id.get(key_of(record))
            if before is None or "dateLastModified" not in record or _content(before) != _content(record):
                continue
            compared += 1
            if before.get("dateLastModified") != record["dateLastModified"]:
                yield at(again, f"{found.name}: dateLastModified moved although nothing else did", pointer=f"/{found.name}/0/dateLastModified",
                         expected="the stamp of the first read", observed="another stamp")  # fmt: skip
                return
    if not compared:
        raise Skip("no record with a stamp could be read twice unchanged")
