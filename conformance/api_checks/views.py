"""Typed views: /schools, /students, /teachers, /terms, /gradingPeriods."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.selection import atoms
from conformance.survey import Record, key_of, records_in

SECTION = "REST 1.1, endpoints"


def _is_of(record: Record, path: str, value: str) -> bool:
    """Whether a record is of a view's type; a user of 1.2 is when one of the roles is."""
    return any(str(found).lower() == value.lower() for found in atoms(record, path))


@check("view.typed", severity="error", section=SECTION, why="A teacher in /students gets a student's account.")
def views_hold_their_type_only(run: Run) -> Iterator[Notice]:
    """Every record of a typed view is of that type."""
    for segment, (collection, name, value) in run.standard.views.items():
        page = run.get(f"/{segment}", {"limit": 1000, "offset": 0})
        records, _ = records_in(page, collection)
        wrong = [record for record in records or () if atoms(record, name) and not _is_of(record, name, value)]
        if wrong:
            yield at(page, f"/{segment} holds records of another {name}", expected=value, observed="others", count=len(wrong))


@check("view.complete", severity="error", section=SECTION, why="A consumer of the view misses people that the collection has.")
def views_hold_all_of_their_type(run: Run) -> Iterator[Notice]:
    """A typed view holds what its collection holds of that type."""
    for segment, (collection, name, value) in run.standard.views.items():
        whole = run.collection(collection)
        found = run.ids(f"/{segment}", collection)
        if found is None:
            yield at(run.get(f"/{segment}", {"limit": 1}), f"/{segment} cannot be read", expected="200 and a list")
            continue
        ids, page = found
        wanted = {key_of(record) for record in whole.records if _is_of(record, name, value)}
        if set(ids) != wanted or len(ids) != len(set(ids)):
            yield at(page, f"/{segment} is not {collection} of {name} {value}", expected=f"{len(wanted)} records",
                     observed=f"{len(ids)} records, {len(set(ids) ^ wanted)} differ")  # fmt: skip


@check(
    "view.single-wrong-type", severity="error", section=SECTION + " (1.1 wording UNCONFIRMED)",
    why="A district read as a school becomes a school.",
)  # fmt: skip
def a_view_gives_no_object_of_another_type(run: Run) -> Iterator[Notice]:
    """A single read through the wrong view is a 404."""
    tried = 0
    for segment, (collection, name, value) in run.standard.views.items():
        whole = run.collection(collection)
        other = next((row for row in whole.records if not _is_of(row, name, value)), None)
        if other is None:
            continue
        tried += 1
        page = run.get(f"/{segment}/{escaped(key_of(other))}")
        if page.status == 200 and page.body.strip() != b"{}":
            yield at(page, f"/{segment} gives an object of another {name}", expected="404", observed=str(page.status))
    if not tried:
        raise Skip("no collection holds two types")


@check("view.single", severity="error", section=SECTION, why="A consumer that found a student in the view reads the student there.")
def a_view_gives_its_own_objects(run: Run) -> Iterator[Notice]:
    """A single read through the right view gives the object, under its class's singular key."""
    tried = 0
    for segment, (collection, name, value) in run.standard.views.items():
        own = next((row for row in run.collection(collection).records if _is_of(row, name, value)), None)
        if own is None:
            continue
        tried += 1
        single = str(run.standard.collection(collection).single)
        page = run.get(f"/{segment}/{escaped(key_of(own))}")
        document = json_of(page)
        record = document.get(single) if isinstance(document, dict) else None
        if page.status != 200:
            yield at(page, f"/{segment} does not give an object that it lists", expected="200", observed=str(page.status))
        elif not isinstance(record, dict) or key_of(record) != key_of(own):
            yield at(page, f"/{segment} gives no object under {single}", pointer=f"/{single}", expected="the object", observed="another form")
    if not tried:
        raise Skip("no typed view has a record")
