"""Orgs: one district, its schools by level.

Called by records.py; the district's record carries the watermark as metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_gen.references import Stamps, refer
from data_gen.shape import LEVELS, District, School

DISTRICT_ID = "org-d0001"
WATERMARK = "synthetic-district-by-oneroster-harness"
WATERMARK_KEY = "oneroster-harness.watermark"


def school_name(district: District, school: School) -> str:
    """The school's name: a city of the pool and its level; a number keeps names apart."""
    cities = district.pools.city
    place = (district.draws.one("schools/city", 0, len(cities)) + 7 * school.number) % len(cities)
    suffix = f" {school.number // len(cities) + 1}" if school.number >= len(cities) else ""
    return f"{cities[place]}{suffix} {LEVELS[school.level][0]}"


def orgs(district: District, stamps: Stamps) -> Iterator[dict[str, Any]]:
    """Records of orgs in order of sourcedId."""
    modified = stamps.of("orgs", range(len(district.schools) + 1))
    name = district.pools.city[district.draws.one("district/city", 0, len(district.pools.city))]
    yield {
        "sourcedId": DISTRICT_ID,
        "status": "active",
        "dateLastModified": modified[0],
        "metadata": {WATERMARK_KEY: WATERMARK},
        "name": f"{name} Unified School District (synthetic)",
        "type": "district",
        "identifier": f"99{district.draws.one('district/identifier', 0, 100_000):05d}",
        "children": [refer("org", school.sourced_id) for school in district.schools],
    }
    for school in district.schools:
        yield {
            "sourcedId": school.sourced_id,
            "status": "active",
            "dateLastModified": modified[school.number],
            "name": school_name(district, school),
            "type": "school",
            "identifier": f"99{school.number:05d}",
            "parent": refer("org", DISTRICT_ID),
        }
