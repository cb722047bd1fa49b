"""Demographics: one record per student, under the student's key.

Called by records.py and the writers. Shares are those of the district's shape; brothers and sisters of one grade are twins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data_gen.columns import Lines, Numbers, Template, Text, chunks, digits, texts
from data_gen.references import Stamps
from data_gen.shape import District
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.marks import parse_all
from oneroster_standard.store import SEPARATOR

CHUNK = 1024
_RACES = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
)


SEVERAL = "two"
"""Name of the share of those who have two races."""
_YES_NO = texts(["false", "true"])
_SEX = texts(["male", "female"])
_FLAGS = (*_RACES, "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity")


def _each_flag(parts: Callable[[str], tuple[bytes | str, ...]]) -> tuple[bytes | str, ...]:
    return tuple(chain.from_iterable(map(parts, _FLAGS)))


_ROWS: tuple[bytes | str, ...] = (
    b'{"sourcedId":"stu-', "student", b'","status":"active","dateLastModified":"', "modified", b'","birthDate":"', "birth",
    b'","sex":"', "sex", b'"',
    *_each_flag(lambda name: (f',"{name}":"'.encode(), name, b'"')),
    b',"countryOfBirthCode":"US"', "place", b',"publicSchoolResidenceStatus":"01652"}', SEPARATOR,
)  # fmt: skip
_LINES: tuple[bytes | str, ...] = (
    b"stu-", "student", b",,,", "birth", b",", "sex", *_each_flag(lambda name: (b",", name)), b",US,",
    "place", b",01652\r\n",
)  # fmt: skip


@dataclass(frozen=True)
class _Births:
    """When and where students were born; places: what a row says of each city, none first."""

    district: District
    places: Text

    @cached_property
    def _days(self) -> Text:
        """Every day on which a student may be born, the latest last."""
        first, last = date(self.district.year_ends - 19, 9, 1), date(self.district.year_ends - 6, 9, 1)
        return texts([str(day) for day in np.arange(np.datetime64(first), np.datetime64(last) + 1)])

    def texts_of(self, numbers: Numbers) -> dict[str, Text]:
        """The columns of some students, but for their stamps."""
        draws, ends = self.district.draws, self.district.year_ends
        grades = self.district.grades_of(numbers)
        origin = date(ends - 19, 9, 1)
        turns = np.array([(date(ends - 6 - grade, 9, 1) - origin).days for grade in range(13)], np.int64)
        first, second, several = self._races(numbers)
        twin = numbers % self.district.households
        twin = np.where(self.district.grades_of(twin) == grades, twin, numbers)
        city = draws.array("students/birth-city", numbers, len(self.district.pools.city)) + 1
        marked = [(first == place) | (second == place) for place in range(len(_RACES))]
        flags = (*marked, several, draws.array("students/hispanic", numbers, 1_000) < self.district.shape.hispanic)
        girls = self.district.girls_of(numbers).astype(np.int64)
        return {
            "student": digits(numbers, 7),
            "birth": self._days.take(turns[grades] - draws.array("students/birth-day", twin, 365)),
            "sex": _SEX.take(girls),
            "place": self.places.take(np.where(numbers % 4, city, 0)),
            **{name: _YES_NO.take(flag.astype(np.int64)) for name, flag in zip(_FLAGS, flags, strict=True)},
        }

    def _races(self, numbers: Numbers) -> tuple[Numbers, Numbers, NDArray[np.bool_]]:
        """Two races of each student, the same one twice for most, and who has several."""
        draws, shares = self.district.draws, self.district.shape.races
        bounds = np.cumsum([shares.get(name, 0) for name in (*_RACES, SEVERAL)])
        drawn = np.searchsorted(bounds, draws.array("students/race", numbers, int(bounds[-1])), side="right")
        several = drawn == len(_RACES)
        pair = draws.array("students/races", numbers, len(_RACES) * (len(_RACES) - 1))
        first = np.where(several, pair % len(_RACES), drawn)
        second = np.where(several, (first + 1 + pair // len(_RACES)) % len(_RACES), first)
        return first, second, several

    @property
    def widths(self) -> dict[str, int]:
        """Widths of the columns."""
        return {
            "student": 7, "modified": 24, "birth": 10, "sex": 6, "place": self.places.width, **dict.fromkeys(_FLAGS, 5),
        }  # fmt: skip


def demographic_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of demographics in order of sourcedId, each with its separator."""
    said = [orjson.dumps({"stateOfBirthAbbreviation": "WA", "cityOfBirth": city})[1:-1].decode() for city in district.pools.city]
    births = _Births(district, texts(["", *(f",{found}" for found in said)]))
    template = Template(_ROWS, births.widths, CHUNK)
    for block in chunks(district.students, CHUNK):
        numbers = np.arange(block.start, block.stop, dtype=np.int64)
        modified = stamps.column("demographics", numbers)
        yield template.fill({**births.texts_of(numbers), "modified": modified})


def demographic_lines(district: District) -> Iterator[Lines]:
    """Rows of demographics.csv, the same in both versions."""
    cells = [csv_bytes([["WA", city]]).rstrip().decode() for city in district.pools.city]
    births = _Births(district, texts([",", *cells]))
    template = Template(_LINES, births.widths, CHUNK)
    for block in chunks(district.students, CHUNK):
        yield template.fill(births.texts_of(np.arange(block.start, block.stop, dtype=np.int64)))


def demographics(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of demographics in order of sourcedId."""
    for rows in demographic_rows(district, stamps):
        yield from parse_all(bytes(rows.body))
