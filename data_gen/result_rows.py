"""Results as columns: a mark for each piece of work of each seat in a class that keeps a gradebook.

Called by records.py, the gradebook and the writers. Rows are filled into templates, many at once; records are read from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from data_gen.columns import Lines, Numbers, Template, Text, digits, texts
from data_gen.gradebook import CLASS_EVERY, ITEMS_PER_CLASS
from data_gen.references import Stamps
from data_gen.school_year import sessions
from data_gen.seating import BLOCK, Seating, Seats
from data_gen.shape import District
from oneroster_standard.marks import parse_all
from oneroster_standard.store import SEPARATOR

LOWEST_SCORE, SCORES = 20, 81
"""The lowest score, and how many there are from it on."""
_FIRST_MONTH = 9
_ROWS: tuple[bytes | str, ...] = (
    b'{"sourcedId":"rst-', "student", b"-", "subject", b"-", "item", b'","status":"active","dateLastModified":"', "modified",
    b'","lineItem":{"href":"\x01/lineItems/lin-', "class", b"-", "item", b'","sourcedId":"lin-', "class", b"-", "item",
    b'","type":"lineItem"},"student":{"href":"\x01/users/stu-', "student", b'","sourcedId":"stu-', "student",
    b'","type":"user"},"scoreStatus":"', "state", b'","score":', "score", b'.0,"scoreDate":"', "year", b"-", "month", b"-1", "day",
    b'"', "comment", b"}", SEPARATOR,
)  # fmt: skip
_LINES: tuple[bytes | str, ...] = (
    b"rst-", "student", b"-", "subject", b"-", "item", b",,,lin-", "class", b"-", "item", b",stu-", "student", b",", "state", b",",
    "score", b",", "year", b"-", "month", b"-1", "day", b",", "comment", b"\r\n",
)  # fmt: skip
_STATES, _SCORES = texts(["fully graded", "submitted"]), texts([str(LOWEST_SCORE + place) for place in range(SCORES)])
_SUBMITTED, _AGAIN, _OF_STATES = 0, 1, 20
_COMMENT = "Retake offered"


def _keys(district: District, seats: Seats, item: Numbers) -> Numbers:
    """Numbers by which results are drawn."""
    return (seats.student * district.shape.stride + seats.subject) * ITEMS_PER_CLASS + item


def _blocks(district: District) -> Iterator[tuple[Seats, Numbers, Numbers]]:
    """Seats in classes with a gradebook, one for each piece of work, its number, and the number it is drawn by."""
    for seats in Seating(district).blocks():
        kept = np.flatnonzero(seats.class_number % CLASS_EVERY == 0)
        if len(kept):
            found = seats.where(np.repeat(kept, ITEMS_PER_CLASS))
            item = np.tile(np.arange(ITEMS_PER_CLASS), len(kept))
            yield found, item, _keys(district, found, item)


def _texts_of(district: District, seats: Seats, item: Numbers, keys: Numbers, comments: Text) -> dict[str, Text]:
    begins: date = sessions(district)[0].start
    state = district.draws.array("results/state", keys, _OF_STATES)
    return {
        "student": digits(seats.student, 7), "subject": digits(seats.subject, 1), "item": digits(item, 1),
        "class": digits(seats.class_number, 7), "state": _STATES.take((state == _SUBMITTED).astype(np.int64)),
        "score": _SCORES.take(district.draws.array("results/score", keys, SCORES)),
        "year": digits(np.full(len(keys), begins.year), 4), "month": digits(_FIRST_MONTH + item, 2), "day": digits(keys % 10, 1),
        "comment": comments.take((state == _AGAIN).astype(np.int64)),
    }  # fmt: skip


def _template(parts: tuple[bytes | str, ...], district: District, comments: Text) -> Template:
    widths = {
        "student": 7, "subject": 1, "item": 1, "class": 7, "state": _STATES.width, "score": _SCORES.width, "year": 4, "month": 2,
        "day": 1, "comment": comments.width, "modified": 24,
    }  # fmt: skip
    return Template(parts, widths, BLOCK * district.shape.stride * ITEMS_PER_CLASS)


def result_lines(district: District) -> Iterator[Lines]:
    """Rows of results.csv of 1.1."""
    comments = texts(["", _COMMENT])
    template = _template(_LINES, district, comments)
    for seats, item, keys in _blocks(district):
        yield template.fill(_texts_of(district, seats, item, keys, comments))


def result_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of results in order of sourcedId, each with its separator."""
    comments = texts(["", f',"comment":"{_COMMENT}"'])
    template = _template(_ROWS, district, comments)
    for seats, item, keys in _blocks(district):
        yield template.fill({**_texts_of(district, seats, item, keys, comments), "modified": stamps.column("results", keys)})


def results(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of results in order of sourcedId."""
    for rows in result_rows(district, stamps):
        yield from parse_all(bytes(rows.body))
