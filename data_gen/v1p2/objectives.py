"""Learning objectives that work is aligned to: CASE items by UUID, and codes of no framework.

Called by the gradebook and the assessments of 1.2.
"""

from __future__ import annotations

import uuid
from typing import Any

_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def objective_id(subject: int, grade: int, number: int) -> str:
    """UUID of a CASE item of a subject and grade."""
    return str(uuid.uuid5(_NAMESPACE, f"objective/{subject}/{grade}/{number}"))


def objective_sets(subject: int, grade: int, number: int) -> list[dict[str, Any]]:
    """What a piece of work is aligned to: two CASE items; every second work also names a local code."""
    items = [objective_id(subject, grade, number % 5), objective_id(subject, grade, number % 5 + 1)]
    found: list[dict[str, Any]] = [{"source": "case", "learningObjectiveIds": items}]
    if number % 2:
        found.append({"source": "unknown", "learningObjectiveIds": [f"local-{grade:02d}{subject}-{number % 5}"]})
    return found


def scored(sets: list[dict[str, Any]], score: float, letter: str) -> list[dict[str, Any]]:
    """The same objectives with what was reached: a number under CASE, a letter under a local code."""
    return [
        {
            "source": found["source"],
            "learningObjectiveResults": [
                {"learningObjectiveId": objective, "score": score}
                if found["source"] == "case"
                else {"learningObjectiveId": objective, "textScore": letter}
                for objective in found["learningObjectiveIds"]
            ],
        }
        for found in sets
    ]
