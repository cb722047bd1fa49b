"""Academic sessions: one school year, two terms, four grading periods.

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


@dataclass(frozen=True, slots=True)
class Session:
    """One session; parent is empty for the school year."""

    sourced_id: str
    title: str
    kind: str
    start: date
    end: date
    parent: str


def sessions(district: District) -> tuple[Session, ...]:
    """All sessions in order of sourcedId."""
    return _sessions(district.year_ends)


@cache
def _sessions(ends: int) -> tuple[Session, ...]:
    year = f"ses-{ends}"
    start, quarter2, term2 = date(ends - 1, 8, 17), date(ends - 1, 10, 26), date(ends, 1, 11)
    quarter4, end = date(ends, 3, 29), date(ends, 6, 12)
    return (
        Session(year, f"School Year {ends - 1}-{ends}", "schoolYear", start, end, ""),
        Session(f"{year}-q1", "Quarter 1", "gradingPeriod", start, quarter2, f"{year}-t1"),
        Session(f"{year}-q2", "Quarter 2", "gradingPeriod", quarter2, term2, f"{year}-t1"),
        Session(f"{year}-q3", "Quarter 3", "gradingPeriod", term2, quarter4, f"{year}-t2"),
        Session(f"{year}-q4", "Quarter 4", "gradingPeriod", quarter4, end, f"{year}-t2"),
        Session(f"{year}-t1", "Fall Term", "term", start, term2, year),
        Session(f"{year}-t2", "Spring Term", "term", term2, end, year),
    )


def terms(district: District) -> tuple[Session, Session]:
    """The two terms, first one first."""
    found = sessions(district)
    return found[-2], found[-1]


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
