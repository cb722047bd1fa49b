"""The end of a school year and the beginning of the next: graduation, promotion, and what is over goes.

Called by the calendar. Students and staff of a closed school move; a new school takes a part of another one's students.
"""

from __future__ import annotations

from zlib import crc32

from data_gen.references import refer
from data_gen.shape import GRADES
from data_gen.year import newcomers, schools
from data_gen.year.calendar import after_end, after_rollover, occasion
from data_gen.year.departures import adopt, depart, settle
from data_gen.year.next_year import NextYear, Post
from data_gen.year.world import Record, World

STUDENT, FAMILY = "student", ("guardian", "parent", "relative")
GRADUATION, PROMOTION, CLOSURE, OPENING, TURNOVER, REASON = (
    "graduation", "promotion", "school-closure", "school-opening", "staff-turnover", "rollover",
)  # fmt: skip


@occasion(GRADUATION, after_end("graduates-leave-after"))
def graduate(world: World) -> None:
    """Students leave for whose next grade the district has no school."""
    for user in world.every("users"):
        if user["role"] == STUDENT and not world.is_veiled("users", user["sourcedId"]) and not _next_grade(world, user)[1]:
            depart(world, user, GRADUATION)
            world.gone.append((world.day, user["sourcedId"]))


def _next_grade(world: World, user: Record) -> tuple[int, str]:
    """Place of the grade that follows, and the school that teaches it, empty for none."""
    school = user["orgs"][0]["sourcedId"]
    grade = user.get("grades", [""])[0]
    if grade not in GRADES:
        return -1, school
    place = GRADES.index(grade) + 1
    return place, schools.next_school(world, school, place)


@occasion(REASON, after_rollover("rollover-before"))
def roll_over(world: World) -> None:
    """The new year begins: students are promoted, closed schools empty, what belonged to the old year goes."""
    plan = world.next_year
    if plan is None:
        return
    schools.close_and_open(world, plan)
    _students(world, plan)
    _staff(world, plan)
    _turnover(world, plan)
    _old_year(world, plan)
    _courses(world, plan)
    _siblings(world, plan)
    world.unveil()
    world.year = plan.year
    world.successor_of.clear()
    world.on_leave.clear()


def _students(world: World, plan: NextYear) -> None:
    for user in world.every("users"):
        key = user["sourcedId"]
        if user["role"] != STUDENT or world.is_veiled("users", key) or user.get("grades", [""])[0] not in GRADES:
            continue
        before = user["orgs"][0]["sourcedId"]
        school = plan.closing.get(before, before)
        grade = GRADES.index(user["grades"][0])
        if world.draws.one(f"year/{world.day}/held-back", int(key[4:]), 1000) >= world.rates.happenings["held-back"]:
            grade += 1
        after = schools.next_school(world, school, grade)
        if not after:
            depart(world, user, GRADUATION)
            continue
        after = plan.school_for(after, GRADES[grade])
        reason = CLOSURE if before in plan.closing else OPENING if after in plan.opening else PROMOTION
        moved = {**user, "orgs": _moved(user["orgs"], before, after), "grades": [GRADES[grade]]}
        if moved != user:
            world.put("users", moved, reason)
        if moved["orgs"] != user["orgs"]:
            for agent in user.get("agents", ()):
                settle(world, agent["sourcedId"], reason)


def _moved(orgs: list[Record], before: str, after: str) -> list[Record]:
    """References to orgs with one in place of another, each once."""
    found = {(after if org["sourcedId"] == before else org["sourcedId"]): None for org in orgs}
    return [refer("org", key) for key in found]


def _staff(world: World, plan: NextYear) -> None:
    """Who worked at a closed school works at the one that took its students."""
    if not plan.closing:
        return
    for user in world.every("users"):
        if user["role"] in (STUDENT, *FAMILY):
            continue
        orgs = user["orgs"]
        for school in {org["sourcedId"] for org in orgs} & plan.closing.keys():
            orgs = _moved(orgs, school, plan.closing[school])
        if orgs != user["orgs"]:
            world.put("users", {**user, "orgs": orgs}, CLOSURE)


def _turnover(world: World, plan: NextYear) -> None:
    """Some teachers do not come back; others are hired for their classes, and for those of new schools."""
    posted = sorted({post.user for posts in plan.posts.values() for post in posts})
    leaving: set[str] = set()
    for user in posted:
        own = world.active("users", user)
        if own is None:
            leaving.add(user)
        elif own["role"] == "teacher" and world.draws.one(f"year/{world.day}/turnover", crc32(user.encode()), 1000) < world.rates.happenings[TURNOVER]:
            leaving.add(user)
            world.retire("users", user, TURNOVER)
    hired: dict[tuple[str, str], str] = {}
    for key, posts in sorted(plan.posts.items()):
        taught = world.get("classes", key)
        for place, post in enumerate(posts):
            if taught is not None and (post.hired_for or post.user in leaving):
                who = (post.user, post.hired_for)
                if who not in hired:
                    reason = OPENING if post.hired_for else TURNOVER
                    hired[who] = newcomers.teacher(world, f"turnover/{len(hired)}", taught["school"], reason)["sourcedId"]
                posts[place] = Post(hired[who], post.role, post.primary)
    if world.rates.is_kept and leaving:
        for seat in world.every("enrollments"):
            if seat["user"]["sourcedId"] in leaving:
                world.retire("enrollments", seat["sourcedId"], TURNOVER)


def _old_year(world: World, plan: NextYear) -> None:
    """Flag the old year's records for deletion; where they are kept, those of closed schools only."""
    ended: set[str] = set()
    for taught in world.every("classes"):
        if not world.is_veiled("classes", taught["sourcedId"]) and (not world.rates.is_kept or taught["school"]["sourcedId"] in plan.closing):
            ended.add(taught["sourcedId"])
            world.retire("classes", taught["sourcedId"], REASON)
    for collection in ("enrollments", "scoreScales", "lineItems"):
        for record in world.every(collection) if collection in world.collections else ():
            if record["class"]["sourcedId"] in ended:
                world.retire(collection, record["sourcedId"], REASON)
    for result in world.every("results"):
        if world.active("lineItems", result["lineItem"]["sourcedId"]) is None:
            world.retire("results", result["sourcedId"], REASON)
    for key in plan.sessions if not world.rates.is_kept else ():
        world.retire("academicSessions", key, REASON)


def _courses(world: World, plan: NextYear) -> None:
    for course in world.every("courses"):
        year = course.get("schoolYear", {}).get("sourcedId", "")
        if year in plan.sessions:
            world.put("courses", {**course, "schoolYear": refer("academicSession", plan.sessions[year])}, REASON)


def _siblings(world: World, plan: NextYear) -> None:
    """Guardians and the children who have entered name each other."""
    for guardian, child in plan.siblings:
        adopt(world, guardian, child, PROMOTION)
