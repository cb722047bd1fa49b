"""What changed between two days, as a version and a vendor show it.

Called by whoever serves or writes a later day. A record that a vendor no longer shows is gone there, without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable

from data_gen.lens import Lens
from data_gen.records import MAKERS_1P2
from data_gen.v1p2.mapping import finish
from data_gen.v1p2.people import profiles_of
from data_gen.year.world import Change, Record, World
from oneroster_standard.marks import parse, render
from oneroster_standard.standard import load
from oneroster_standard.versions import to_1p2

Shown = dict[str, dict[str, bytes]]
"""Collection -> key -> rendered record, empty for one that is not there any more."""
_KEPT_1P2 = ("preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns", "resources")


def as_version(world: World, spec: str, collection: str, record: Record) -> Record | None:
    """A record of 1.1 as a version has it; None where it has no counterpart."""
    if spec == "1.1" or collection not in MAKERS_1P2:
        return record
    found = to_1p2(collection, record, world.get)
    return _person(world, found) if found is not None and collection == "users" else found


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


def changed(world: World, lens: Lens, changes: Iterable[Change]) -> Shown:
    """The changes as a vendor shows them in the lens's version."""
    found: Shown = {}
    for change in changes:
        after = {one["sourcedId"]: render(one) for one in records_of(world, lens, change.collection, change.after)}
        before = [one["sourcedId"] for one in records_of(world, lens, change.collection, change.before)]
        kept = found.setdefault(change.collection, {})
        kept.update({key: b"" for key in before if key not in after})
        kept.update(after)
    return {collection: kept for collection, kept in found.items() if kept}


def together(days: Iterable[Iterable[Change]]) -> list[Change]:
    """The changes of several days as those of one: as it was before the first, as it is after the last."""
    found: dict[tuple[str, str], Change] = {}
    for changes in days:
        for change in changes:
            key = (change.collection, change.sourced_id)
            first = found.get(key, change)
            found[key] = Change(*key, first.before, change.after, change.reason)
    return list(found.values())

