"""The next year is prepared: its sessions, its classes, its schedules and those who will enter.

Called by the calendar, weeks before the year begins. Whoever shows the active year only shows nothing of it yet.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from data_gen.references import refer
from data_gen.shape import GRADES, class_id
from data_gen.year import newcomers, schools
from data_gen.year.calendar import Sessions, a_year_later, before_next, day_of, occasion, sessions_of
from data_gen.year.next_year import Cohort, NextYear, Post, Schedule
from data_gen.year.world import Record, World

REASON = "next-year-planned"
ENTRANTS = "new-entrants"
_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")


@occasion(REASON, before_next("planned-before"))
def plan_next_year(world: World) -> None:
    """The next year's sessions, classes, new schools and new entrants appear beside the old year's."""
    found = sessions_of(world)
    plan = NextYear(str(int(world.year) + 1))
    _sessions(world, plan, found)
    schools.decide(world, plan)
    schools.announce(world, plan)
    timetables = _Timetables(world, plan, found)
    timetables.make()
    _entrants(world, plan, timetables.members)
    world.next_year = plan


def _later(text: str) -> str:
    return _YEAR.sub(lambda year: str(int(year[0]) + 1), text)


def _sessions(world: World, plan: NextYear, found: Sessions) -> None:
    for record in found.records:
        key = _later(record["sourcedId"])
        plan.sessions[record["sourcedId"]] = key if key != record["sourcedId"] else f"{key}-{plan.year}"
    for record in found.records:
        new: Record = {
            **record, "sourcedId": plan.sessions[record["sourcedId"]], "title": _later(record["title"]), "schoolYear": plan.year,
            **{name: a_year_later(day_of(record[name])).isoformat() for name in ("startDate", "endDate")},
        }  # fmt: skip
        if "parent" in record:
            new["parent"] = _counterpart(plan, record["parent"])
        if "children" in record:
            new["children"] = [_counterpart(plan, child) for child in record["children"]]
        world.put("academicSessions", new, REASON)
        world.veil("academicSessions", new["sourcedId"])


def _counterpart(plan: NextYear, reference: Record) -> Record:
    key: str = reference["sourcedId"]
    return refer("academicSession", plan.sessions.get(key, key))


def _completed(schedules: list[Schedule]) -> list[Schedule]:
    """Schedules without the gaps of classes that were dropped: who took less than most takes what another one took."""
    usual = Counter(map(len, schedules)).most_common(1)[0][0]
    whole = sorted({schedule for schedule in schedules if len(schedule) >= usual})
    sets = [frozenset(schedule) for schedule in whole]
    found: list[Schedule] = []
    for place, schedule in enumerate(schedules):
        if len(schedule) < usual:
            fits = [number for number, other in enumerate(sets) if other.issuperset(schedule)]
            schedule = whole[fits[0] if fits else place % len(whole)]
        found.append(schedule)
    return found


class _Timetables:
    """Next year's classes and schedules: those of this year's students, for whoever comes after them.

    Nobody had two classes at once this year, so nobody will.
    """

    def __init__(self, world: World, plan: NextYear, found: Sessions) -> None:
        self._world, self._plan = world, plan
        sessions = {one["sourcedId"] for one in found.records}
        self._school: dict[str, str] = {}
        """Key of a class of this year -> its school."""
        for taught in world.every("classes"):
            if sessions.intersection(term["sourcedId"] for term in taught["terms"]):
                self._school[taught["sourcedId"]] = taught["school"]["sourcedId"]
        self._staffed = {self._first(key): key for key in self._school}
        """Key of the class at the year's beginning -> the one that has its place now."""
        self.members: defaultdict[Cohort, list[str]] = defaultdict(list)
        """School and grade -> keys of the students, in order."""

    def _first(self, key: str) -> str:
        while key in self._world.successor_of:
            key = self._world.successor_of[key]
        return key

    def _schedules(self) -> dict[Cohort, list[Schedule]]:
        taken: defaultdict[str, set[str]] = defaultdict(set)
        for seat in self._world.every("enrollments"):
            if seat["role"] == "student" and seat["class"]["sourcedId"] in self._school:
                taken[seat["user"]["sourcedId"]].add(self._first(seat["class"]["sourcedId"]))
        found: defaultdict[Cohort, list[Schedule]] = defaultdict(list)
        for user in self._world.every("users"):
            key = user["sourcedId"]
            if user["role"] != "student" or not user.get("grades") or self._world.is_veiled("users", key):
                continue
            cohort = (user["orgs"][0]["sourcedId"], user["grades"][0])
            self.members[cohort].append(key)
            if taken.get(key):
                found[cohort].append(tuple(sorted(taken[key])))
        return {cohort: _completed(schedules) for cohort, schedules in found.items()}

    def make(self) -> None:
        """Put the classes, and keep the schedules and posts in the plan."""
        wanted = list(self._targets(self._schedules()))
        used = {key for _, schedules, _ in wanted for schedule in schedules for key in schedule}
        pairs = {(key, self._target(key, new)) for _, schedules, new in wanted for schedule in schedules for key in schedule}
        pairs |= {(first, self._target(first, "")) for first in self._staffed if first not in used}
        made = {pair: self._class(*pair) for pair in sorted(pairs)}
        for cohort, schedules, new in wanted:
            own = self._plan.schedules.setdefault(cohort, [])
            own.extend(tuple(made[key, self._target(key, new)] for key in schedule) for schedule in schedules)

    def _targets(self, found: dict[Cohort, list[Schedule]]) -> Iterable[tuple[Cohort, list[Schedule], str]]:
        """Cohort of the next year, the schedules it takes over, and the new school among them or nothing."""
        relieved = {school: new for new, school in self._plan.opening.items()}
        for (school, grade), schedules in sorted(found.items()):
            if school not in relieved:
                yield (self._plan.closing.get(school, school), grade), schedules, ""
                continue
            first = sorted({schedule[0] for schedule in schedules})
            moving = [schedule for schedule in schedules if first.index(schedule[0]) % 2] or schedules
            staying = [schedule for schedule in schedules if not first.index(schedule[0]) % 2]
            yield (school, grade), staying, ""
            yield (relieved[school], grade), moving, relieved[school]

    def _target(self, key: str, new: str) -> str:
        school = self._school.get(self._staffed.get(key, key), "") or self._record(key)["school"]["sourcedId"]
        if new and self._plan.opening[new] == school:
            return new
        return self._plan.closing.get(school, school)

    def _record(self, key: str) -> Record:
        found = self._world.get("classes", key)
        assert found is not None, "a class that was taught this year"
        return found

    def _class(self, first: str, school: str) -> str:
        world, plan, record = self._world, self._plan, self._record(first)
        key = class_id(world.class_count)
        world.class_count += 1
        own = record["school"]["sourcedId"]
        new = {
            **record, "sourcedId": key, "status": "active", "school": refer("org", school),
            "terms": [_counterpart(plan, term) for term in record["terms"]],
        }  # fmt: skip
        if own in plan.closing and "location" in record:
            new["location"] = f"Annex, {record['location']}"
        world.put("classes", new, REASON)
        world.veil("classes", key)
        plan.posts[key] = [
            Post(seat["user"]["sourcedId"], seat["role"], seat.get("primary", ""), school if school in plan.opening else "")
            for seat in world.staff_of(self._staffed.get(first, first))
        ]
        return key


def _entrants(world: World, plan: NextYear, members: dict[Cohort, list[str]]) -> None:
    """Those who will enter the lowest grade: as many as are in it now, some more or fewer."""
    if not world.taught:
        return
    lowest = min(grades.start for grades in world.taught.values())
    entered = 0
    for school in sorted(key for key, grades in world.taught.items() if lowest in grades):
        now = members.get((school, GRADES[lowest]), [])
        count = len(now) * (90 + world.below(f"entrants/{school}", 21)) // 100 or (0 if entered else 1)
        staying = GRADES[: world.taught[school].stop - 1]
        own = [key for (place, grade), keys in sorted(members.items()) if place == school and grade in staying for key in keys]
        for place in range(count):
            target = plan.school_for(plan.closing.get(school, school), GRADES[lowest])
            _entrant(world, plan, target, GRADES[lowest], f"entrants/{school}/{place}", now, own)
        entered += count


def _entrant(world: World, plan: NextYear, school: str, grade: str, path: str, now: list[str], own: list[str]) -> None:
    like = world.active("users", now[world.below(f"{path}/like", len(now))]) if now else world.someone(path)
    if like is None:
        return
    like = {**like, "orgs": [refer("org", school)], "grades": [grade]}
    sibling = None
    if own and world.below(f"{path}/sibling", 1000) < world.rates.happenings["sibling"]:
        sibling = world.active("users", own[world.below(f"{path}/of", len(own))])
    student = newcomers.student(world, path, like, ENTRANTS, sibling=sibling, born_later=1 if now else 0)
    world.veil("users", student["sourcedId"])
    world.veil("demographics", student["sourcedId"])
    for agent in student.get("agents", ()):
        world.veil("users", agent["sourcedId"])
    for agent in (sibling or {}).get("agents", ()):
        plan.siblings.append((agent["sourcedId"], student["sourcedId"]))
