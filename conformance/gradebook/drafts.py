"""Objects that the suite writes into a gradebook: made up, but for the references that an object needs to be one.

Called by the model. Refers to a class, a student and a category that the district has; changes none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.gradebook.bench import OWN
from conformance.registry import Skip
from conformance.run import Run, reference_ids
from conformance.survey import Record, key_of
from oneroster_standard.moments import parse_instant
from oneroster_standard.standard import Property

Body = dict[str, Any]
TITLES = ("A", "B", "Größe 試験", "O'Neill & <b>")
SCORES = (0.0, 80.0, 87.5, 100.0)
STATUSES = ("fully graded", "submitted", "partially graded", "fully graded")
DRAFTS = len(TITLES)
"""Variants of an object; those of an odd number have the optional property as well."""
ORDER = ("categories", "scoreScales", "lineItems", "results", "assessmentLineItems", "assessmentResults")
PARENT = {"results": ("lineItem", "lineItems"), "assessmentResults": ("assessmentLineItem", "assessmentLineItems")}
"""What an object hangs on, by its collection: the property and the collection of another object of ours."""


@dataclass(frozen=True, slots=True)
class Refs:
    """Objects of the district that ours refer to, by id; empty where the district has none."""

    class_id: str
    school: str
    student: str
    category: str
    period: str
    terms: tuple[str, ...]


def refs_of(run: Run) -> Refs:
    """A class with a student, as the survey knows them; one that has line items already where there is one.

    Raises Skip when the district has none.
    """
    classes = run.collection("classes")
    students: dict[str, str] = {}
    for seat in run.collection("enrollments").records:
        if str(seat.get("role", "")).lower() == "student" and reference_ids(seat, "class") and reference_ids(seat, "user"):
            students.setdefault(reference_ids(seat, "class")[0], reference_ids(seat, "user")[0])
    graded = {found for row in _records(run, "lineItems") for found in reference_ids(row, "class")}
    fitting = [row for row in classes.records if key_of(row) in students]
    chosen = next((row for row in fitting if key_of(row) in graded), fitting[0] if fitting else None)
    if chosen is None:
        raise Skip("no class has a student")
    terms = tuple(reference_ids(chosen, "terms"))
    periods = [row for row in _records(run, "academicSessions") if row.get("type") == "gradingPeriod"]
    own = [row for row in periods if set(reference_ids(row, "parent")) & set(terms)] or periods
    return Refs(
        key_of(chosen), next(iter(reference_ids(chosen, "school")), ""), students[key_of(chosen)],
        next((key_of(row) for row in _records(run, "categories")), ""), key_of(own[0]) if own else next(iter(terms), ""), terms,
    )  # fmt: skip


def _records(run: Run, name: str) -> list[Record]:
    found = run.survey.collections.get(name)
    return found.records if found and found.is_read else []


def body_of(version: str, collection: str, draft: int, refs: Refs, number: int, parent: str = "", category: str = "") -> Body:
    """An object of a collection without its sourcedId. number: of the play, shown by titles; parent: what it hangs on; category: of a line item, the district's unless given."""
    is_odd, title = bool(draft % 2), f"{OWN} {TITLES[draft % DRAFTS]} {number}"
    match collection:
        case "categories":
            return {"title": title, **({"weight": 25.0 + draft} if is_odd and version != "1.1" else {})}
        case "lineItems":
            whole: Body = {
                "title": title, "assignDate": "2026-10-01T00:00:00.000Z", "dueDate": f"2026-10-0{2 + draft}T00:00:00.000Z",
                "class": _ref(refs.class_id), "category": _ref(category or refs.category), "resultValueMin": 0.0, "resultValueMax": 100.0,
            }  # fmt: skip
            whole |= {"gradingPeriod": _ref(refs.period)} if refs.period else {}
            whole |= {"school": _ref(refs.school)} if version != "1.1" else {}
            return whole | ({"description": f"made up {draft}"} if is_odd else {})
        case "scoreScales":
            return {"title": title, "type": "made up", "class": _ref(refs.class_id), "scoreScaleValue": [{"itemValueLHS": title, "itemValueRHS": f"{draft}"}]}
        case "assessmentLineItems":
            return {"title": title, "resultValueMin": 0.0, "resultValueMax": 100.0, **({"description": f"made up {draft}"} if is_odd else {})}
        case _:
            hangs_on, _ = PARENT[collection]
            return {
                hangs_on: _ref(parent), "student": _ref(refs.student), "scoreStatus": STATUSES[draft % DRAFTS], "score": SCORES[draft % DRAFTS],
                "scoreDate": f"2026-10-{10 + draft}", **({"comment": f"made up {draft}"} if is_odd else {}),
            }  # fmt: skip


def _ref(sourced_id: str) -> Body:
    return {"sourcedId": sourced_id}


def differing(sent: Mapping[str, Any], before: Mapping[str, Any], read: Mapping[str, Any], properties: Mapping[str, Property]) -> list[str]:
    """Properties that were sent and read otherwise, and those of the object before that a replacement left standing."""
    found = [name for name, value in sent.items() if name in properties and not _agrees(properties[name], value, read.get(name))]
    left = [name for name, value in before.items() if name not in sent and name in properties and name in read and _agrees(properties[name], value, read[name])]
    return found + left


def _agrees(item: Property, sent: Any, read: Any) -> bool:
    if isinstance(sent, list):
        return isinstance(read, list) and len(read) == len(sent) and all(_agrees(item, *pair) for pair in zip(sent, read, strict=True))
    if isinstance(sent, Mapping):
        return isinstance(read, Mapping) and all(str(read.get(name, "")) == str(value) for name, value in sent.items())
    if read is None or isinstance(read, list | Mapping):
        return False
    try:
        if item.kind == "float":
            return float(read) == float(sent)
        if item.kind in ("date", "dateTime"):
            return parse_instant(str(read)) == parse_instant(str(sent))
    except (TypeError, ValueError):
        return False
    return str(read) == str(sent)


def told(body: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A body for a report: values of our own as they are, references by what stands for their ids."""
    shown = []
    for name, value in body.items():
        is_reference = isinstance(value, Mapping)
        shown.append(f"{name} {names.get(str(value['sourcedId']), '{' + name + '}') if is_reference else value}")
    return ", ".join(shown)
