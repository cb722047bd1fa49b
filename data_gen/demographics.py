"""Demographics: one record per student, under the student's key.

Called by records.py. Shares come from draws, not from any real population.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from data_gen.people import CHUNK, student_id
from data_gen.references import Stamps
from data_gen.shape import District

_RACES = (
    "americanIndianOrAlaskaNative",
    "asian",
    "blackOrAfricanAmerican",
    "nativeHawaiianOrOtherPacificIslander",
    "white",
)


def demographics(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of demographics in order of sourcedId."""
    draws, cities = district.draws, district.pools.city
    for start in range(0, district.students, CHUNK):
        numbers = range(start, min(start + CHUNK, district.students))
        modified = stamps.of("demographics", numbers)
        girls = draws.chance("students/female", numbers, 50)
        days = draws.below("students/birth-day", numbers, 365)
        race = draws.below("students/race", numbers, 100)
        hispanic = draws.chance("students/hispanic", numbers, 25)
        city = draws.below("students/birth-city", numbers, len(cities))
        for place, number in enumerate(numbers):
            age_start = date(district.year_ends - 6 - district.cohort_of(number).grade, 9, 1)
            marked = {race[place] % 5} | ({(race[place] + 2) % 5} if race[place] >= 90 else set())
            record: dict[str, Any] = {
                "sourcedId": student_id(number),
                "status": "active",
                "dateLastModified": modified[place],
                "birthDate": (age_start - timedelta(days=days[place])).isoformat(),
                "sex": "female" if girls[place] else "male",
            }
            for index, name in enumerate(_RACES):
                record[name] = "true" if index in marked else "false"
            record["demographicRaceTwoOrMoreRaces"] = "true" if len(marked) > 1 else "false"
            record["hispanicOrLatinoEthnicity"] = "true" if hispanic[place] else "false"
            record["countryOfBirthCode"] = "US"
            if number % 4:
                record["stateOfBirthAbbreviation"] = "WA"
                record["cityOfBirth"] = cities[city[place]]
            record["publicSchoolResidenceStatus"] = "01652"
            yield record
