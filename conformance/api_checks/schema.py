"""Records against the tables: presence, types, forms, vocabularies.

One pass of a schema validator over all records; each violation is given to the check that is about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs

from conformance.notices import Notice, redacted_id, shape
from conformance.registry import check
from conformance.run import Run, at
from conformance.survey import Collection, Record
from oneroster_standard.moments import is_strict_instant
from oneroster_standard.schemas import DATE, INSTANT, YEAR, entity_schema
from oneroster_standard.standard import Standard, load

SECTION = "REST 1.1, data model"
_REFERENCE_PARTS = ("href", "sourcedId", "type")
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One record's breach of one keyword of its schema. field: a missing or an extra property's name, else empty."""

    path: Steps
    keyword: str
    expected: Any
    value: Any
    properties: tuple[str, ...]
    field: str = ""


@lru_cache(maxsize=64)
def _schema(version: str, class_name: str) -> tuple[dict[str, Any], Any]:
    schema = entity_schema(load(version), class_name)
    # The compiled validator: a district has hundreds of thousands of records, most of them with a fault of its vendor.
    return schema, jsonschema_rs.Draft202012Validator(schema)


def _violations(version: str, class_name: str, record: Record) -> tuple[Violation, ...]:
    schema, validator = _schema(version, class_name)
    if validator.is_valid(record):
        return ()
    found = [_violation(schema, error) for error in validator.iter_errors(record)]
    # A value of the wrong type is told once, not again as a value outside its tokens or pattern.
    mistyped = {one.path for one in found if one.keyword == "type"}
    return tuple(one for one in found if one.keyword == "type" or one.path not in mistyped)


def _violation(schema: dict[str, Any], error: Any) -> Violation:
    node: Any = schema
    for step in error.schema_path[:-1]:
        node = node[step]
    keyword = str(error.schema_path[-1])
    field = ""
    if keyword == "required":
        field = str(error.kind.property)
    elif keyword == "additionalProperties":
        field = str(min(error.kind.unexpected))
    return Violation(
        tuple(error.instance_path), keyword, node[keyword], error.instance, tuple(node.get("properties", ())), field
    )


def _kind(found: Violation) -> str:
    inside_reference = len(found.path) > 1 and found.path[-1] in _REFERENCE_PARTS
    if found.value is None:
        return "null"
    if found.keyword == "required":
        return "reference" if found.path and "href" in found.properties else "required"
    if found.keyword == "additionalProperties":
        return "unknown"
    if found.keyword == "minLength" or found.value == "":
        return "empty"
    if found.keyword == "minItems":
        return "required"
    if found.keyword == "type":
        return "array" if found.expected == "array" else "boolean" if isinstance(found.value, bool) else "type"
    if found.keyword == "enum":
        if found.expected == ["true", "false"]:
            return "boolean"
        return "reference-type" if inside_reference and found.path[-1] == "type" else "enumeration"
    if found.keyword == "pattern":
        return {DATE: "date", INSTANT: "instant", YEAR: "year"}.get(str(found.expected), "type")
    # anyOf is how an extensible vocabulary is written.
    return "enumeration" if found.keyword == "anyOf" else "type"


def _pointer(name: str, found: Violation) -> str:
    parts = ["*" if isinstance(part, int) else part for part in found.path]
    if found.field:
        parts.append(found.field)
    return "/" + "/".join([name, "*", *parts])


def violations(run: Run, kind: str) -> Iterator[Notice]:
    """Notices of one kind of violation: one per collection and problem, its properties listed."""
    for found in run.readable():
        groups: dict[str, list[tuple[Record, Violation]]] = {}
        for record, violation in _all_violations(run, found):
            if _kind(violation) == kind:
                groups.setdefault(_problem(violation), []).append((record, violation))
        for problem, group in groups.items():
            yield _notice(found, problem, group)


def _all_violations(run: Run, found: Collection) -> list[tuple[Record, Violation]]:
    known: dict[str, list[tuple[Record, Violation]]] = run.worked_out.setdefault("schema_violations", {})
    if found.name not in known:
        class_name = run.entity_of(found.name)
        known[found.name] = [
            (record, violation)
            for record in found.records
            for violation in _violations(run.standard.version, class_name, record)
        ]
    return known[found.name]


def unsound_fields(run: Run) -> set[tuple[str, str]]:
    """Collection and property of every value that breaks its schema."""
    if "unsound" not in run.worked_out:
        run.worked_out["unsound"] = {
            (found.name, str(violation.path[0]) if violation.path else violation.field)
            for found in run.readable()
            for _, violation in _all_violations(run, found)
        }
    found: set[tuple[str, str]] = run.worked_out["unsound"]
    return found


def _problem(found: Violation) -> str:
    if found.value is None:
        return "null"
    return {
        "required": "missing", "additionalProperties": "not a property of the standard", "minLength": "empty",
        "minItems": "an empty list", "enum": "not one of the tokens", "anyOf": "not one of the tokens",
        "pattern": "of another form",
    }.get(found.keyword, f"not of type {found.expected}")  # fmt: skip


def _field(name: str, found: Violation) -> str:
    if found.keyword == "additionalProperties":
        return found.field
    return _pointer(name, found).removeprefix(f"/{name}/*/").replace("/*", "[]")


def _notice(found: Collection, problem: str, group: list[tuple[Record, Violation]]) -> Notice:
    fields: Counter[str] = Counter()
    firsts: dict[str, tuple[Record, Violation]] = {}
    for record, violation in group:
        field = _field(found.name, violation)
        fields[field] += 1
        firsts.setdefault(field, (record, violation))
    named = ", ".join(field for field, _ in fields.most_common(6)) + (f" and {len(fields) - 6} more" if len(fields) > 6 else "")
    samples = tuple(
        {"pointer": _pointer(found.name, violation), "record": redacted_id(record.get("sourcedId")), "count": fields[field]}
        for field, (record, violation) in sorted(firsts.items(), key=lambda item: item[0])
    )
    record, violation = group[0]
    return at(
        found.where(record), f"{found.name}: {named} {'is' if len(fields) == 1 else 'are'} {problem}",
        pointer=_pointer(found.name, violation), expected=_expected(violation), observed=_observed(violation),
        samples=samples[:5], count=len(group),
    )  # fmt: skip


def _expected(found: Violation) -> str:
    if found.keyword == "enum":
        return ", ".join(map(str, found.expected))[:120]
    if found.keyword == "pattern":
        return {DATE: "YYYY-MM-DD", INSTANT: "YYYY-MM-DDThh:mm:ss.sssZ", YEAR: "YYYY"}.get(str(found.expected), "")
    if found.keyword == "type":
        return str(found.expected)
    return "metadata for extensions" if found.keyword == "additionalProperties" else "a value"


def _observed(found: Violation) -> str:
    if found.keyword == "required":
        return "absent"
    if found.keyword == "additionalProperties":
        return "other properties"
    return shape(found.value)


def _register(id: str, kind: str, severity: str, title: str, why: str) -> None:
    def judge(run: Run) -> Iterator[Notice]:
        yield from violations(run, kind)

    judge.__doc__ = title
    check(id, severity=severity, section=SECTION, why=why)(judge)


_register("schema.required", "required", "error", "Every required property is there.",
          "A consumer cannot store a record without its required properties.")  # fmt: skip
_register("schema.type", "type", "error", "Values have the JSON type of their property.",
          "A number where a text is expected breaks typed clients and loses leading zeros.")  # fmt: skip
_register("schema.no-null", "null", "error", "Absent properties are left out, not null.",
          "Strict clients refuse null; careless ones overwrite what they know with nothing.")  # fmt: skip
_register("schema.no-empty-string", "empty", "error", "Absent texts are left out, not empty.",
          "An empty string overwrites known values.")  # fmt: skip
_register("schema.array", "array", "error", "Lists are arrays.", "A text where a list is expected is read letter by letter.")
_register("schema.boolean-token", "boolean", "warning", "Booleans are the words true and false.",
          "The 1.1 vocabulary has words; strict clients refuse JSON booleans (UNCONFIRMED: one draft says boolean).")  # fmt: skip
_register("schema.date", "date", "error", "Dates are YYYY-MM-DD.", "A time on a date moves it by a day in some time zones.")
_register("schema.enumeration", "enumeration", "error", "Enumerated values are the standard's tokens.",
          "A consumer maps tokens exactly; another spelling falls through its table.")  # fmt: skip
_register("schema.unknown-property", "unknown", "error", "Records hold no property beside the standard's.",
          "Extensions belong into metadata; strict clients refuse others.")  # fmt: skip
_register("schema.year", "year", "error", "Years have four digits.", "A school year of another form cannot be compared.")
_register("reference.complete", "reference", "error", "References hold href, sourcedId and type.",
          "All three are required of a reference on output.")  # fmt: skip
_register("reference.type", "reference-type", "warning", "A reference's type is a token of the standard.",
          "Consumers that follow the type look in the wrong collection.")  # fmt: skip


@check(
    "schema.instant", severity="error", section=SECTION, why="An instant without zone is read as local time and moves by hours.",
)  # fmt: skip
def instants_are_utc(run: Run) -> Iterator[Notice]:
    """Instants are ISO 8601 in UTC with Z."""
    for found in run.readable():
        names = [item.name for item in run.standard.collection(found.name).properties if item.kind == "dateTime"]
        for record in found.records:
            for name in names:
                value = record.get(name)
                if isinstance(value, str) and value and not is_strict_instant(value):
                    yield at(found.pages[0], f"{found.name}: {name} is not an instant in UTC", pointer=f"/{found.name}/*/{name}",
                             expected="YYYY-MM-DDThh:mm:ss.sssZ", observed=shape(value))  # fmt: skip


def grade_codes(standard: Standard) -> tuple[str, ...]:
    """The recommended codes of grades in their order; 1.2 recommends those of 1.1."""
    return standard.enumerations.get("gradeCode") or load("1.1").enumerations["gradeCode"]


@check(
    "schema.grade-code", severity="warning", section="recommended vocabulary of grades",
    why="A consumer's table of grades knows the recommended codes only.", remedy="map the district's codes in the consumer",
)  # fmt: skip
def grades_are_recommended_codes(run: Run) -> Iterator[Notice]:
    """Grades are codes of the recommended vocabulary."""
    known = set(grade_codes(run.standard))
    for found in run.readable():
        for record in found.records:
            values = record.get("grades")
            strange = [grade for grade in values if grade not in known] if isinstance(values, list) else []
            if strange:
                yield at(found.pages[0], f"{found.name}: a grade outside the vocabulary", pointer=f"/{found.name}/*/grades",
                         expected="KG, 01 ... 12 and the other codes", observed=shape(strange[0]))  # fmt: skip

