"""A shape as plain values: levels, subjects, calendar, shares. `load` makes one from a preset's name or a file.

Called by shape.py and by whoever makes a district of a shape. What a single key cannot say is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from data_gen.shapes import rules
from data_gen.shapes.reading import DEFAULT, Document, read

GRADES = rules.GRADE_CODES
STRIDES = (7, 9, 11)
"""Class numbers leave room for so many subjects of each section; none shares a factor with 10, so that every tenth class is any subject's."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What students take. titles and codes: by grade; electives: title and code of each course to choose from."""

    name: str
    area: str
    code: str
    runs: str
    beside: str
    is_homeroom: bool
    is_fixed: bool
    percent: int
    titles: Mapping[str, str]
    codes: Mapping[str, str]
    electives: tuple[tuple[str, str], ...]

    @property
    def is_summer(self) -> bool:
        """Whether its classes run in the summer only."""
        return self.runs == "summer"


@dataclass(frozen=True, slots=True)
class Level:
    """One kind of school. grades: places in GRADES. The lists name subjects, as the keys of the same names tell."""

    name: str
    grades: range
    school_size: int
    section_size: int
    section_spread: int
    periods: int
    teacher_load: int
    subjects: tuple[Subject, ...]
    own_teacher: frozenset[str]
    advised: frozenset[str]
    chosen: frozenset[str]
    co_taught: frozenset[str]
    shared: frozenset[str]
    dual: frozenset[str]
    students_per_aide: int
    mixing_percent: int
    co_taught_every: int
    dual_percent: int
    new_school: bool


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the calendar but for the year it lies in; start and end: month and day; parent: empty for the school year."""

    key: str
    title: str
    kind: str
    start: tuple[int, int]
    end: tuple[int, int]
    parent: str
    is_summer: bool


@dataclass(frozen=True, slots=True)
class People:
    """Shares of people in percent, and how many administrators there are."""

    siblings_percent: int
    second_guardian_percent: int
    guardian_without_mail_percent: int
    student_without_mail_percent: int
    disabled_percent: int
    middle_name_percent: int
    preferred_name_percent: int
    pronouns_percent: int
    state_id_percent: int
    teacher_parents_percent: int
    substitutes_percent: int
    late_percent: int
    gone_percent: int
    district_administrators: int
    school_administrators: int


@dataclass(frozen=True)
class Shape:
    """Everything about a district that is no draw and no name.

    weights: size of each of GRADES against the others, 0 where no level teaches it. names: kind -> households in 1,000.
    races: column of demographics (or `two`) -> share among students who are not Hispanic.
    """

    name: str
    title: str
    about: str
    students: int
    districts: int
    is_state: bool
    closed_schools: int
    weights: tuple[int, ...]
    levels: tuple[Level, ...]
    calendar: tuple[Session, ...]
    people: People
    names: Mapping[str, int]
    female: int
    hispanic: int
    races: Mapping[str, int]
    document: Document

    @property
    def stride(self) -> int:
        """Class numbers from one section to the next."""
        most = max(len(level.subjects) for level in self.levels)
        return next(stride for stride in STRIDES if stride >= most)


@cache
def preset(name: str) -> Shape:
    """A shape that comes with the package, or one of a file.

    Raises UsageProblem for an unknown name and for a shape that contradicts itself.
    """
    return made(name, read(name))


def load(name: str) -> Shape:
    """A shape by its preset's name or its file; a file is read anew each time.

    Raises UsageProblem as `preset` does.
    """
    return made(Path(name).stem, read(name)) if name.endswith(".toml") else preset(name)


def default() -> Shape:
    """The shape of a district when none is named."""
    return preset(DEFAULT)


def made(name: str, document: Document) -> Shape:
    """The shape that a whole, checked document tells.

    Raises UsageProblem when a table or key is missing, or values do not fit together.
    """
    rules.check(name, document)
    places, told = document["places"], document["demographics"]
    levels = tuple(_level(document, level) for level in document["levels"])
    taught = {grade for level in levels for grade in level.grades}
    return Shape(
        name=name,
        title=document["title"],
        about=document["about"],
        students=document["students"],
        districts=places["districts"],
        is_state=places["state"],
        closed_schools=places["closed_schools"],
        weights=tuple(document["grades"][grade] if place in taught else 0 for place, grade in enumerate(GRADES)),
        levels=levels,
        calendar=tuple(_session(key, found) for key, found in sorted(document["calendar"].items())),
        people=People(**document["people"]),
        names=document.get("names", {}),
        female=told["female"],
        hispanic=told["hispanic"],
        races=told["races"],
        document=document,
    )


def _level(document: Document, name: str) -> Level:
    found = document["level"][name]
    places = [GRADES.index(grade) for grade in found["grades"]]
    numbers = (
        "school_size", "section_size", "section_spread", "periods", "teacher_load", "students_per_aide", "mixing_percent",
        "co_taught_every", "dual_percent",
    )  # fmt: skip
    lists: dict[str, Any] = {key: frozenset(found.get(key, ())) for key in rules.LISTS}
    return Level(
        name=found["name"],
        grades=range(places[0], places[-1] + 1),
        subjects=tuple(_subject(subject, document["subject"][subject]) for subject in found["subjects"]),
        new_school=found.get("new_school", False),
        **lists,
        **{key: found[key] for key in numbers},
    )


def _subject(name: str, found: Mapping[str, Any]) -> Subject:
    return Subject(
        name=name, area=found.get("area", name), code=found["code"], runs=found.get("runs", "year"), beside=found.get("beside", ""),
        is_homeroom=found.get("homeroom", False), is_fixed=found.get("fixed", False), percent=found.get("percent", 100),
        titles=found.get("titles", {}), codes=found.get("codes", {}), electives=tuple(sorted(found.get("electives", {}).items())),
    )  # fmt: skip


def _session(key: str, found: Mapping[str, Any]) -> Session:
    return Session(
        key=key, title=found["title"], kind=found["type"], start=_day(found["start"]), end=_day(found["end"]),
        parent=found.get("parent", ""), is_summer=found.get("summer", False),
    )  # fmt: skip


def _day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)
