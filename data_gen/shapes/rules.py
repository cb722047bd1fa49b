"""What a shape must keep to as a whole: levels, timetables, calendar. Each breach is told in four parts.

Called by `shapes.model` before it makes a shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, NoReturn

from data_gen.pools import kinds
from data_gen.shapes.reading import Document, keys
from oneroster_harness.problems import UsageProblem, nearest

RACES = ("americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white", "two")
GRADE_CODES = ("KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
LISTS = ("own_teacher", "advised", "chosen", "co_taught", "shared", "dual")
PARTS = {"semester": 2, "quarter": 4}
"""Into how many parts a subject that does not run all year divides it."""
MOST_SUBJECTS = 10
"""Seats of a student are told apart by one digit of their keys."""
FIRST_MONTH = 7
"""Months from this one on lie in the first calendar year of a school year."""
_MAY_MISS = {"area", "runs", "beside", "homeroom", "fixed", "percent", "parent", "summer", "new_school", *LISTS}


def check(name: str, document: Document) -> None:
    """Raise UsageProblem for the first contradiction of a shape."""
    for rule in (_whole, _levels, _calendar, _shares):
        rule(f"the shape {name}", document)
    for level in document["levels"]:
        _level(f"the shape {name}, level.{level}", document, document["level"][level])


def _refuse(met: str, expected: str, where: str, try_: str = "docs/shapes.md tells what each key does") -> NoReturn:
    raise UsageProblem(met, expected, where, try_)


def _known(kind: str, names: Iterable[str], choices: Iterable[str], where: str) -> None:
    known = list(choices)
    for name in names:
        if name not in known:
            _refuse(f"unknown {kind} {name!r}; {nearest(name, known)}", f"a {kind} that the shape has", where)


def _whole(where: str, document: Document) -> None:
    """Every table of a name has the keys that cannot be guessed."""
    for key in keys():
        table, *rest = key.path
        if table not in ("level", "subject", "calendar") or len(rest) != 2 or rest[1] in _MAY_MISS:
            continue
        for name, found in document.get(table, {}).items():
            if rest[1] not in found:
                _refuse(f"`{table}.{name}` has no `{rest[1]}`", key.expected, where, key.says)
    _known("race", document["demographics"]["races"], RACES, f"{where}, demographics.races")
    _known("grade", document["grades"], GRADE_CODES, f"{where}, grades")


def _levels(where: str, document: Document) -> None:
    if not document["levels"]:
        _refuse("`levels` is empty", "at least one level", where)
    _known("level", document["levels"], document["level"], f"{where}, levels")
    last = -1
    for name in document["levels"]:
        found = document["level"][name]["grades"]
        _known("grade", found, GRADE_CODES, f"{where}, level.{name}.grades")
        places = [GRADE_CODES.index(grade) for grade in found]
        if not places or places != list(range(places[0], places[0] + len(places))) or places[0] <= last:
            _refuse(
                f"`level.{name}.grades` = {found}", "grades one after the other, above those of the level before", where,
                "list levels from the lowest grades up",
            )  # fmt: skip
        last = places[-1]
        if not any(document["grades"][grade] for grade in found):
            _refuse(f"no grade of level.{name} has a size", "at least one above 0", f"{where}, grades")


def _level(where: str, document: Document, level: Mapping[str, Any]) -> None:
    names = level["subjects"]
    if not names or len(names) > MOST_SUBJECTS or len(set(names)) < len(names):
        _refuse(f"`subjects` names {len(names)}", f"1 to {MOST_SUBJECTS} different subjects", where)
    _known("subject", names, document["subject"], f"{where}.subjects")
    for key in LISTS:
        _known("subject", level.get(key, ()), names, f"{where}.{key}")
    subjects = {name: document["subject"][name] for name in names}
    _lanes(where, level, subjects)
    _runs(where, document, subjects)
    if level["section_spread"] >= level["section_size"]:
        _refuse(f"`section_spread` = {level['section_spread']}", f"less than section_size, {level['section_size']}", where)


def lanes_of(subjects: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Subjects that take a numbered period, each for those that share it."""
    return [name for name, found in subjects.items() if not found.get("fixed") and not found.get("beside")]


def advisors_of(level: Mapping[str, Any], subjects: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Subjects whose teachers may advise a section: they belong to one school and are there all year."""
    away = {*level.get("own_teacher", ()), *level.get("advised", ()), *level.get("shared", ())}
    return [name for name in lanes_of(subjects) if name not in away and subjects[name].get("runs") != "summer"]


def _lanes(where: str, level: Mapping[str, Any], subjects: Mapping[str, Mapping[str, Any]]) -> None:
    periods, load, lanes = level["periods"], level["teacher_load"], lanes_of(subjects)
    if len(lanes) > periods:
        _refuse(f"{len(lanes)} subjects in {periods} periods", "a period for each", where, "raise `periods` or let subjects share one by `beside`")
    if load > periods:
        _refuse(f"`teacher_load` = {load}", f"at most one class a period: {periods}", where)
    fixed = [name for name, found in subjects.items() if found.get("fixed")]
    if len(fixed) > 1:
        _refuse(f"{len(fixed)} subjects are `fixed`", "one at most: all of them would be at the same time", where)
    for name in fixed:
        if name not in level.get("advised", ()) and name not in level.get("own_teacher", ()):
            _refuse(f"`{name}` is fixed", "a subject under `advised` or `own_teacher`: all sections have it at once", where)
    for name in level.get("advised", ()):
        if name not in fixed:
            _refuse(f"`{name}` is advised", "a subject that is `fixed`: its teachers have other classes at other times", where)
        if len(advisors_of(level, subjects)) < load:
            _refuse(
                f"{len(advisors_of(level, subjects))} subjects can lend an advisor to {load} sections",
                "as many subjects of one school, all year, as `teacher_load`", where, "lower `teacher_load` or name fewer subjects `shared`",
            )  # fmt: skip
    for key in ("chosen", "dual", "shared"):
        for name in level.get(key, ()):
            alone = name in lanes or (key == "chosen" and subjects[name].get("beside"))
            if not alone or subjects[name].get("runs") == "summer" or name in level.get("own_teacher", ()):
                _refuse(f"`{name}` is under `{key}`", "a subject with a numbered period and a teacher of its own, not in summer", where)
            if key == "dual" and any(found.get("beside") == name for found in subjects.values()):
                _refuse(f"`{name}` is under `dual` and shares its period", "a subject that no other is `beside`", where)


def _runs(where: str, document: Document, subjects: Mapping[str, Mapping[str, Any]]) -> None:
    terms = [found for found in document["calendar"].values() if found["type"] == "term"]
    regular = [found for found in terms if not found.get("summer")]
    shared: dict[str, int] = {}
    for name, found in subjects.items():
        runs, beside = found.get("runs", "year"), found.get("beside", "")
        if runs in PARTS and len(regular) % PARTS[runs]:
            _refuse(f"`{name}` runs a {runs} and the year has {len(regular)} term(s)", f"terms that divide into {PARTS[runs]}", where)
        if runs == "summer" and len(terms) == len(regular):
            _refuse(f"`{name}` runs in summer", "a session of the calendar with summer = true", where)
        if found.get("percent", 100) < 100 and runs != "summer":
            _refuse(f"`subject.{name}.percent` = {found['percent']}", "100: only summer classes are taken by some", where)
        if beside:
            _known("subject", [beside], subjects, f"{where}, subject.{name}.beside")
            shared[beside] = shared.get(beside, 1) + 1
            other = subjects[beside]
            if runs not in PARTS or other.get("runs") != runs or other.get("beside") or shared[beside] > PARTS[runs]:
                _refuse(
                    f"`{name}` is beside `{beside}`", "subjects that run the same part of a year, as many as there are parts", where
                )


def _calendar(where: str, document: Document) -> None:
    calendar: dict[str, dict[str, Any]] = document["calendar"]
    regular = [found for found in calendar.values() if found["type"] == "term" and not found.get("summer")]
    if not regular:
        _refuse("the calendar has no term", "at least one session of type term that is not in summer", f"{where}, calendar")

    def place(found: Mapping[str, Any], name: str) -> date:
        month, day = int(found[name][:2]), int(found[name][3:])
        return date(2001 if month >= FIRST_MONTH and not found.get("summer") else 2002, month, day)

    spans: dict[str, tuple[date, date]] = {}
    for key, found in calendar.items():
        at = f"{where}, calendar.{key}"
        if not (key.isascii() and key.isalnum() and key == key.lower()):
            _refuse(f"a session named {key!r}", "lower-case letters and digits: it ends the sourcedId", at)
        try:
            spans[key] = place(found, "start"), place(found, "end")
        except ValueError:
            _refuse(f"{found['start']} to {found['end']}", "days that every year has", at)
        if spans[key][0] >= spans[key][1]:
            _refuse(f"{found['start']} to {found['end']}", "an end after the start: months from July on are the first year's, but for summer sessions", at)
    for key, found in calendar.items():
        at, parent = f"{where}, calendar.{key}", found.get("parent", "")
        if parent:
            _known("session", [parent], calendar, at)
            if calendar[parent].get("parent") == key or not spans[parent][0] <= spans[key][0] < spans[key][1] <= spans[parent][1]:
                _refuse(f"{found['start']} to {found['end']}", f"days within its parent {parent}", at)
        periods = [one for one in calendar.values() if one.get("parent") == key and one["type"] == "gradingPeriod"]
        if found["type"] == "term" and not periods:
            _refuse(f"the term {key} has no grading period", "at least one session of type gradingPeriod with it as parent", at)
    ordered = sorted(regular, key=lambda found: place(found, "start"))
    for one, other in pairwise(ordered):
        if place(one, "end") > place(other, "start"):
            _refuse(f"the terms {one['title']!r} and {other['title']!r} overlap", "one after the other", f"{where}, calendar")


def _shares(where: str, document: Document) -> None:
    if sum(document["demographics"]["races"].values()) < 1:
        _refuse("no race has a share", "at least one above 0", f"{where}, demographics.races")
    if sum(document.get("names", {}).values()) > 1_000:
        _refuse(f"{sum(document['names'].values()):,} of 1,000 households", "1,000 at most", f"{where}, names")
    _known("kind of names", document.get("names", {}), kinds(), f"{where}, names")
    if document["places"]["districts"] > 1 and not document["places"]["state"]:
        _refuse(f"{document['places']['districts']} districts and no state", "state = true above several districts", f"{where}, places")
