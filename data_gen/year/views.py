"""What changed between two days, as a version and a vendor show it.

Called by whoever serves or writes a later day. A record that a vendor no longer shows is gone there, without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_gen.lens import Lens
from data_gen.records import MAKERS_1P2
from data_gen.v1p2.mapping import finish
from data_gen.v1p2.people import profiles_of
from data_gen.year.world import Change, Record, World
from oneroster_standard.marks import parse, render
from oneroster_standard.standard import load
from oneroster_standard.store import COLLECTIONS
from oneroster_standard.versions import to_1p2

Shown = dict[str, dict[str, bytes]]
"""Collection -> key -> rendered record, empty for one that is not there any more."""
_GRADED = ("categories", "lineItems", "results")
_KEPT_1P2 = ("preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns", "resources")


def as_version(world: World, spec: str, collection: str, record: Record) -> Record | None:
    """A record as a version has it; None where it has no counterpart."""
    if collection not in COLLECTIONS["1.1"]:
        return record if spec == "1.2" else None
    if spec == "1.1" or collection not in MAKERS_1P2:
        return record
    if collection in _GRADED:
        return _as_of_day_0(world, collection, record)
    found = to_1p2(collection, record, world.get)
    return _person(world, found) if found is not None and collection == "users" else found


def _as_of_day_0(world: World, collection: str, record: Record) -> Record | None:
    """A record of the gradebook, which never changes but by going: its content of 1.2 is that of day 0."""
    rows = world.store.collection(collection, "1.2")
    row = rows.find(record["sourcedId"])
    if row is None:
        return to_1p2(collection, record, world.get)
    return parse(rows.record_bytes(row)) | {name: record[name] for name in ("status", "dateLastModified")}


def _person(world: World, mapped: Record) -> Record:
    """A user of 1.2: what only 1.2 knows comes from day 0, unless the key was another person's then."""
    key = mapped["sourcedId"]
    rows = world.store.collection("users", "1.2")
    row = rows.find(key)
    before = parse(rows.record_bytes(row)) if row is not None else None
    if before is not None and before.get("identifier") == mapped.get("identifier"):
        mapped |= {name: before[name] for name in _KEPT_1P2 if name in before}
        mapped |= {name: before[name] for name in ("userMasterIdentifier", "userProfiles") if name in before}
        if _orgs(before) == _orgs(mapped):
            mapped["roles"] = before["roles"]
    elif mapped.get("identifier"):
        mapped["userMasterIdentifier"] = f"person-{mapped['identifier']}"
        mapped["userProfiles"] = profiles_of(mapped, 1)
    if "userProfiles" in mapped and not any("userProfile" in role for role in mapped["roles"]):
        first, *others = mapped["roles"]
        mapped["roles"] = [{**first, "userProfile": mapped["userProfiles"][0]["profileId"]}, *others]
    return finish(load("1.2").classes["user"].property_names, mapped)


def _orgs(record: Record) -> set[str]:
    return {role["org"]["sourcedId"] for role in record["roles"]}


def records_of(world: World, lens: Lens, collection: str, record: Record | None) -> list[Record]:
    """What a vendor shows of a record of 1.1 in the lens's version; nothing for None."""
    found = as_version(world, lens.version, collection, record) if record is not None else None
    return list(lens.shown(collection, found)) if found is not None else []


@dataclass(frozen=True, slots=True)
class Sides:
    """What a vendor shows of one change: the records before and after, those that are gone included."""

    before: list[Record]
    after: list[Record]


def sides_of(world: World, lens: Lens, change: Change) -> Sides | None:
    """A change as a vendor sees it; None when nothing of it is seen.

    Who shows the active year only sees nothing of a year that has not begun, and all of it at once when it begins.
    """
    hides = lens.active_year_only
    shows = (not (hides and change.was_veiled), not (hides and change.is_veiled))
    if shows[0] == shows[1] and (change.was == change.now or not shows[1]):
        return None
    before = records_of(world, lens, change.collection, change.before) if shows[0] else []
    return Sides(before, records_of(world, lens, change.collection, change.after) if shows[1] else [])


def changed(world: World, lens: Lens, changes: Iterable[Change]) -> Shown:
    """The changes as a vendor shows them in the lens's version."""
    found: Shown = {}
    for change in changes:
        sides = sides_of(world, lens, change)
        if sides is None:
            continue
        after = {one["sourcedId"]: render(one) for one in sides.after}
        kept = found.setdefault(change.collection, {})
        kept.update({one["sourcedId"]: b"" for one in sides.before if one["sourcedId"] not in after})
        kept.update(after)
    return {collection: kept for collection, kept in found.items() if kept}


class Passed:
    """The changes of several days as those of one: as it was before the first, as it is after the last."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Change] = {}

    def add(self, changes: Iterable[Change]) -> None:
        """Take in the changes of one more day."""
        for change in changes:
            key = (change.collection, change.sourced_id)
            first = self._found.get(key, change)
            # What brought a record here is why it is here, whatever befell it since.
            is_new = first.kind in ("create", "restore") and change.kind == "update"
            reason = first.reason if is_new or not change.kind else change.reason
            self._found[key] = Change(*key, first.was, change.now, reason, first.was_veiled, change.is_veiled)

    def changes(self) -> list[Change]:
        """The changes, one a record, in order of collection and key."""
        places = {name: place for place, name in enumerate(COLLECTIONS["1.2"])}
        found = sorted(self._found, key=lambda key: (places[key[0]], key[1].encode("utf-8")))
        return [self._found[key] for key in found]
