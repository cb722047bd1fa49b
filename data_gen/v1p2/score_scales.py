"""Score scales: letters for numbers, one scale for every second class that keeps a gradebook.

Called by records.py, the gradebook and the assessments of 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_gen.classes import sections
from data_gen.gradebook import CLASS_EVERY, keeps_gradebook
from data_gen.references import Stamps
from data_gen.shape import District, class_id
from data_gen.v1p2.mapping import Record
from oneroster_standard.marks import refer

BANDS = ((90, "A"), (80, "B"), (70, "C"), (60, "D"), (0, "F"))
"""Lower bound of a band and its letter, best first."""


def has_scale(class_number: int) -> bool:
    """Whether a class grades by letters; the first class does."""
    return keeps_gradebook(class_number) and class_number % 20 == 0


def scale_id(class_number: int) -> str:
    """Key of a class's scale."""
    return f"scl-{class_number:07d}"


def letter_of(score: float) -> str:
    """The letter of a score."""
    return next(letter for low, letter in BANDS if score >= low)


def _values() -> list[dict[str, str]]:
    found, top = [], "100"
    for low, letter in BANDS:
        found.append({"itemValueLHS": f"{low} - {top}", "itemValueRHS": letter})
        top = str(low - 1)
    return found


def score_scales(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of scoreScales in order of sourcedId."""
    for section in sections(district, CLASS_EVERY):
        if has_scale(section.number):
            yield {
                "sourcedId": scale_id(section.number),
                "status": "active",
                "dateLastModified": stamps.of("scoreScales", [section.number])[0],
                "title": f"Letters of {section.course.title}",
                "type": "letter",
                "course": refer("1.2", "course", section.course.sourced_id),
                "class": refer("1.2", "class", class_id(section.number)),
                "scoreScaleValue": _values(),
            }
