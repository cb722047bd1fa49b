"""Orgs: the districts and their schools, under a state where the shape has one.

Called by records.py; the first org's record carries the watermark as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_gen.references import Stamps, refer
from data_gen.shape import District, School

DISTRICT_ID = "org-d0001"
STATE_ID = "org-a0001"
WATERMARK = "synthetic-district-by-oneroster-harness"
ANONYMISED_MARK = "anonymised-by-oneroster-harness"
"""What stands in the manifest where a generated district has the watermark, when a real one was anonymised."""
WATERMARK_KEY = "oneroster-harness.watermark"


def owner_id(district: District) -> str:
    """Key of the org at the top, which owns the courses."""
    return STATE_ID if district.shape.is_state else DISTRICT_ID


def district_id(number: int) -> str:
    """Key of a district's org, number from 1."""
    return f"org-d{number:04d}"


def type_of(sourced_id: str) -> str:
    """Type of an org, told from its key."""
    return {"a": "state", "d": "district", "s": "school"}[sourced_id[4]]


def school_name(district: District, school: School) -> str:
    """The school's name: a city of the pool and its level; a number keeps names apart."""
    return f"{_place_name(district, school.number)} {district.levels[school.level].name}"


def _place_name(district: District, number: int) -> str:
    cities = district.pools.city
    place = (district.draws.one("schools/city", 0, len(cities)) + 7 * number) % len(cities)
    return cities[place] + (f" {number // len(cities) + 1}" if number >= len(cities) else "")


def _district_name(district: District, number: int) -> str:
    cities = district.pools.city
    place = (district.draws.one("district/city", 0, len(cities)) + 7 * (number - 1)) % len(cities)
    return f"{cities[place]}{f' {number // len(cities) + 1}' if number > len(cities) else ''} Unified School District (synthetic)"


def _above(district: District) -> list[dict[str, Any]]:
    """Orgs above the schools, without status and stamp."""
    found: list[dict[str, Any]] = []
    closed = [closed_id(district, number) for number in range(district.shape.closed_schools)]
    if district.shape.is_state:
        found.append(
            {
                "sourcedId": STATE_ID, "metadata": {WATERMARK_KEY: WATERMARK},
                "name": f"State of {district.pools.city[district.draws.one('state/city', 0, len(district.pools.city))]} (synthetic)",
                "type": "state", "identifier": "9900",
                "children": [refer("org", district_id(number)) for number in district.districts],
            }
        )  # fmt: skip
    for number in district.districts:
        schools = [school.sourced_id for school in district.schools if school.district == number]
        own: dict[str, Any] = {"sourcedId": district_id(number)}
        if not found:
            own["metadata"] = {WATERMARK_KEY: WATERMARK}
        own |= {
            "name": _district_name(district, number), "type": "district",
            "identifier": f"99{(district.draws.one('district/identifier', 0, 100_000) + number - 1) % 100_000:05d}",
        }  # fmt: skip
        if district.shape.is_state:
            own["parent"] = refer("org", STATE_ID)
        own["children"] = [refer("org", school) for school in (*schools, *(closed if number == district.districts[0] else ()))]
        found.append(own)
    return found


def closed_id(district: District, number: int) -> str:
    """Key of a school that is closed, number from 0: it comes after all others."""
    return f"org-s{len(district.schools) + 1 + number:04d}"


def orgs(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of orgs in order of sourcedId."""
    above, schools, closed = _above(district), district.schools, district.shape.closed_schools
    modified = iter(stamps.of("orgs", range(len(above) + len(schools) + closed)))
    for found in above:
        yield {"sourcedId": found.pop("sourcedId"), "status": "active", "dateLastModified": next(modified), **found}
    for school in schools:
        name = school_name(district, school)
        yield _school(school.number, school.sourced_id, name, district_id(school.district), next(modified))
    above_closed = district_id(district.districts[0])
    for number in range(closed):
        own = len(schools) + 1 + number
        yield _school(own, closed_id(district, number), f"{_place_name(district, own)} School (closed)", above_closed, next(modified))


def _school(number: int, key: str, name: str, parent: str, modified: str) -> dict[str, Any]:
    return {
        "sourcedId": key, "status": "active", "dateLastModified": modified, "name": name, "type": "school",
        "identifier": f"99{number:05d}", "parent": refer("org", parent),
    }  # fmt: skip
