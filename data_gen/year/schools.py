"""Schools that close and open: which, who takes whom, and how the next school of a student is found.

Called when a year is planned and when it begins.
"""

from __future__ import annotations

from data_gen.references import refer
from data_gen.year.next_year import NextYear
from data_gen.year.world import Record, World


def _drawn(world: World, id: str, place: int) -> bool:
    return world.draws.one(f"year/{world.day}/{id}", place, 1000) < world.rates.happenings[id]


def decide(world: World, plan: NextYear) -> None:
    """Choose the schools that close, and those that a new one relieves; a school is part of one such change at most."""
    for place, key in enumerate(sorted(world.taught)):
        peers = [other for other in _peers(world, key) if other != key]
        takers = [other for other in peers if other not in plan.closing]
        if takers and key not in plan.closing.values() and _drawn(world, "school-closure", place):
            plan.closing[key] = next((other for other in takers if other > key), takers[0])
    number = max((int(org["sourcedId"][5:]) for org in world.every("orgs") if org["sourcedId"].startswith("org-s")), default=0)
    busy = {*plan.closing, *plan.closing.values()}
    for place, key in enumerate(sorted(world.taught)):
        if key not in busy and _drawn(world, "school-opening", place):
            number += 1
            plan.opening[f"org-s{number:04d}"] = key


def _peers(world: World, key: str) -> list[str]:
    """Schools of the same district that teach the same grades, the school itself among them."""
    own = world.taught.get(key)
    return [other for other in sorted(world.taught) if world.taught[other] == own and world.parents[other] == world.parents.get(key)]


def announce(world: World, plan: NextYear) -> None:
    """Put the records of new schools; the district names them when the year begins."""
    for key, relieved in plan.opening.items():
        like = world.active("orgs", relieved)
        if like is None:
            continue
        world.put("orgs", {**like, "sourcedId": key, "name": f"New {like['name']}", "identifier": f"99{int(key[5:]):05d}"}, "school-opening")
        world.veil("orgs", key)


def close_and_open(world: World, plan: NextYear) -> None:
    """Let the district name its new schools and no longer the closed ones, which are retired."""
    for key, relieved in plan.opening.items():
        world.taught[key], world.parents[key] = world.taught[relieved], world.parents[relieved]
        _rename_children(world, relieved, added=key, reason="school-opening")
    for key in plan.closing:
        _rename_children(world, key, removed=key, reason="school-closure")
        world.retire("orgs", key, "school-closure")
        del world.taught[key]


def _rename_children(world: World, school: str, *, reason: str, added: str = "", removed: str = "") -> None:
    own = world.get("orgs", school) or {}
    parent = world.active("orgs", own.get("parent", {}).get("sourcedId", ""))
    if parent is None:
        return
    children: list[Record] = [child for child in parent.get("children", ()) if child["sourcedId"] != removed]
    if added:
        children.append(refer("org", added))
    world.put("orgs", {**parent, "children": children}, reason)


def next_school(world: World, school: str, grade: int) -> str:
    """The school that teaches a grade to those who come from a school; itself if it does, empty when there is none.

    Schools of one kind send their students on to different ones, as far as there are.
    """
    if grade in world.taught.get(school, ()):
        return school
    every = [key for key in sorted(world.taught) if grade in world.taught[key]]
    found = [key for key in every if world.parents[key] == world.parents.get(school)] or every
    if not found:
        return ""
    peers = _peers(world, school)
    place = peers.index(school) if school in peers else 0
    return found[place * len(found) // max(1, len(peers))]
