"""Categories and line items: every tenth class keeps a gradebook. Its results are in result_rows.py.

Called by records.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import Any

from data_gen.classes import Section, sections, terms_of
from data_gen.references import Stamps, refer
from data_gen.school_year import sessions
from data_gen.shape import District, class_id

_CATEGORIES = ("Homework", "Quiz", "Test", "Project", "Participation")
ITEMS_PER_CLASS = 2
CLASS_EVERY = 10
CHUNK = 1024


def keeps_gradebook(number: int) -> bool:
    """Whether a class has line items; the first class always does."""
    return number % CLASS_EVERY == 0


def category_id(number: int) -> str:
    """Key of a category, number from 0."""
    return f"cat-{number:02d}"


def line_item_id(class_number: int, item: int) -> str:
    """Key of a line item."""
    return f"lin-{class_number:07d}-{item}"


def categories(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of categories in order of sourcedId."""
    for number, modified in enumerate(stamps.of("categories", range(len(_CATEGORIES)))):
        yield {
            "sourcedId": category_id(number),
            "status": "active",
            "dateLastModified": modified,
            "title": _CATEGORIES[number],
        }


def _period_of(district: District, section: Section) -> str:
    term = terms_of(district, section)[0].sourced_id
    return next(found.sourced_id for found in sessions(district) if found.parent == term)


def line_items(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of lineItems in order of sourcedId."""
    found = sections(district, CLASS_EVERY)
    while batch := list(islice(found, CHUNK)):
        keys = [section.number * ITEMS_PER_CLASS + item for section in batch for item in range(ITEMS_PER_CLASS)]
        modified = iter(stamps.of("lineItems", keys))
        for section in batch:
            period, start = _period_of(district, section), terms_of(district, section)[0].start
            for item in range(ITEMS_PER_CLASS):
                yield _line_item(section, item, period, start, next(modified))


def _line_item(section: Section, item: int, period: str, start: date, modified: str) -> dict[str, Any]:
    assigned, category = start + timedelta(days=14 * (item + 1)), (section.number + item) % len(_CATEGORIES)
    return {
        "sourcedId": line_item_id(section.number, item),
        "status": "active",
        "dateLastModified": modified,
        "title": f"{_CATEGORIES[category]} {item + 1}",
        "description": f"Unit {item + 1} of {section.course.title}",
        "assignDate": f"{assigned.isoformat()}T00:00:00.000Z",
        "dueDate": f"{(assigned + timedelta(days=7)).isoformat()}T00:00:00.000Z",
        "class": refer("class", class_id(section.number)),
        "category": refer("category", category_id(category)),
        "gradingPeriod": refer("academicSession", period),
        "resultValueMin": 0.0,
        "resultValueMax": 100.0,
    }
