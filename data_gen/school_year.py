"""Academic sessions: one school year with the terms and grading periods of the shape's calendar.

Called by records.py and by whoever needs a term's dates. End dates are exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from data_gen.references import Stamps, refer
from data_gen.shape import District
from data_gen.shapes import model
from data_gen.shapes.rules import FIRST_MONTH


@dataclass(frozen=True, slots=True)
class Session:
    """One session; parent is empty for the school year."""

    sourced_id: str
    title: str
    kind: str
    start: date
    end: date
    parent: str
    is_summer: bool = False


def sessions(district: District) -> tuple[Session, ...]:
    """All sessions in order of sourcedId; the first one is the school year."""
    return _sessions(district.year_ends, district.shape.calendar)


@cache
def _sessions(ends: int, calendar: tuple[model.Session, ...]) -> tuple[Session, ...]:
    year = f"ses-{ends}"

    def day(found: tuple[int, int], *, is_summer: bool) -> date:
        return date(ends - 1 if found[0] >= FIRST_MONTH and not is_summer else ends, *found)

    parts = [
        Session(
            f"{year}-{found.key}", found.title, found.kind, day(found.start, is_summer=found.is_summer),
            day(found.end, is_summer=found.is_summer),
            f"{year}-{found.parent}" if found.parent else year, found.is_summer,
        )
        for found in calendar
    ]  # fmt: skip
    start, end = min(part.start for part in parts), max(part.end for part in parts)
    return (Session(year, f"School Year {ends - 1}-{ends}", "schoolYear", start, end, ""), *parts)


def terms(district: District) -> tuple[Session, ...]:
    """The terms of the year but for the summer, first one first."""
    return _terms(district, is_summer=False)


def summer_terms(district: District) -> tuple[Session, ...]:
    """The terms in which only summer classes run."""
    return _terms(district, is_summer=True)


def _terms(district: District, *, is_summer: bool) -> tuple[Session, ...]:
    found = (session for session in sessions(district) if session.kind == "term" and session.is_summer == is_summer)
    return tuple(sorted(found, key=lambda session: session.start))


def academic_sessions(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of academicSessions in order of sourcedId."""
    every = sessions(district)
    for session, modified in zip(every, stamps.of("academicSessions", range(len(every))), strict=True):
        record: dict[str, Any] = {
            "sourcedId": session.sourced_id,
            "status": "active",
            "dateLastModified": modified,
            "title": session.title,
            "startDate": session.start.isoformat(),
            "endDate": session.end.isoformat(),
            "type": session.kind,
        }
        if session.parent:
            record["parent"] = refer("academicSession", session.parent)
        children = [child.sourced_id for child in every if child.parent == session.sourced_id]
        if children:
            record["children"] = [refer("academicSession", child) for child in children]
        record["schoolYear"] = str(district.year_ends)
        yield record
