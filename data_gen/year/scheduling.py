"""Students and teachers are put into the classes of the year that has begun.

Called by the calendar, a few days before school begins: until then the classes have nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from data_gen.shape import GRADES
from data_gen.year.calendar import Sessions, occasion, sessions_of
from data_gen.year.next_year import Cohort, NextYear, Schedule
from data_gen.year.world import Record, World

REASON = "scheduled"


def _due(world: World, found: Sessions) -> date:
    return found.start - timedelta(days=world.rates.days("scheduled-before"))


@occasion(REASON, _due)
def schedule(world: World) -> None:
    """Students and teachers are enrolled in the new year's classes."""
    plan = world.next_year
    if plan is None or plan.year != world.year:
        return
    times = _Times(world)
    for key, posts in sorted(plan.posts.items()):
        taught, (begin, end) = times.of(key)
        for letter, post in zip("abcdefghijklm", posts, strict=False):
            more = {"role": post.role} | ({"primary": post.primary} if post.primary else {})
            world.put("enrollments", world.seat(post.user, taught, end, letter, begin=begin, **more), REASON)
    for cohort, students in sorted(_cohorts(world).items()):
        schedules = plan.schedules.get(cohort) or _nearest(world, plan, cohort)
        for place, student in enumerate(students if schedules else ()):
            for number, key in enumerate(schedules[place * len(schedules) // len(students)]):
                taught, (begin, end) = times.of(key)
                world.put("enrollments", world.seat(student, taught, end, f"y{number}", begin=begin, role="student"), REASON)
    world.next_year = None


class _Times:
    """Classes with their first day and their end, each looked up once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions: Mapping[str, Record] = sessions_of(world).by_id()
        self._found: dict[str, tuple[Record, tuple[str, str]]] = {}

    def of(self, key: str) -> tuple[Record, tuple[str, str]]:
        """What an enrollment needs of the class, and the dates."""
        if key not in self._found:
            taught = self._world.get("classes", key) or {}
            terms = [self._sessions[term["sourcedId"]] for term in taught["terms"] if term["sourcedId"] in self._sessions]
            dates = min(term["startDate"] for term in terms), max(term["endDate"] for term in terms)
            self._found[key] = {"sourcedId": key, "school": taught["school"]}, dates
        return self._found[key]


def _cohorts(world: World) -> dict[Cohort, list[str]]:
    found: defaultdict[Cohort, list[str]] = defaultdict(list)
    for user in world.every("users"):
        if user["role"] == "student" and user.get("grades"):
            found[user["orgs"][0]["sourcedId"], user["grades"][0]].append(user["sourcedId"])
    return found


def _nearest(world: World, plan: NextYear, cohort: Cohort) -> list[Schedule]:
    """Schedules of the nearest grade of the school, for a grade that it did not teach; its classes become mixed."""
    school, grade = cohort
    own = [other for place, other in plan.schedules if place == school and plan.schedules[place, other] and other in GRADES]
    if not own or grade not in GRADES:
        return []
    nearest = min(own, key=lambda other: (abs(GRADES.index(other) - GRADES.index(grade)), other))
    schedules = plan.schedules[school, nearest]
    for key in sorted({key for schedule in schedules for key in schedule}):
        taught = world.active("classes", key)
        if taught is not None and grade not in taught.get("grades", ()):
            world.put("classes", {**taught, "grades": [*taught.get("grades", ()), grade]}, REASON)
    return schedules
