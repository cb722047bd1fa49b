"""Records against the tables: presence, types, forms, vocabularies.

One pass of jsonschema over all records; each violation is given to the check that is about it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from conformance.notices import Notice, redacted_id, shape
from conformance.registry import check
from conformance.run import Run, at
from conformance.survey import Collection, Record
from oneroster_standard.moments import is_strict_instant
from oneroster_standard.schemas import DATE, INSTANT, YEAR, entity_schema
from oneroster_standard.standard import load

SECTION = "REST 1.1, data model"
_REFERENCE_PARTS = ("href", "sourcedId", "type")


@lru_cache(maxsize=64)
def _validator(version: str, class_name: str) -> Draft202012Validator:
    return Draft202012Validator(entity_schema(load(version), class_name))


def _kind(error: ValidationError) -> str:
    value: Any = error.instance
    if value is None:
        return "null"
    path = [str(part) for part in error.absolute_path]
    inside_reference = path and path[-1] in _REFERENCE_PARTS and len(path) > 1
    if error.validator == "required":
        return "reference" if error.absolute_path and "href" in _properties(error) else "required"
    if error.validator == "additionalProperties":
        return "unknown"
    if error.validator == "minLength" or value == "":
        return "empty"
    if error.validator == "minItems":
        return "required"
    if error.validator == "type":
        if error.validator_value == "array":
            return "array"
        if isinstance(value, bool):
            return "boolean"
        return "type"
    if error.validator == "enum":
        if error.validator_value == ["true", "false"]:
            return "boolean"
        return "reference-type" if inside_reference and path[-1] == "type" else "enumeration"
    if error.validator == "pattern":
        return {DATE: "date", INSTANT: "instant", YEAR: "year"}.get(str(error.validator_value), "type")
    return "type"


def _properties(error: ValidationError) -> dict[str, Any]:
    schema: Any = error.schema
    return dict(schema.get("properties", {})) if isinstance(schema, dict) else {}


def _instance(error: ValidationError) -> dict[str, Any]:
    value: Any = error.instance
    return value if isinstance(value, dict) else {}


def _tokens(error: ValidationError) -> list[Any]:
    value: Any = error.validator_value
    return list(value) if isinstance(value, list) else []


def _pointer(name: str, error: ValidationError) -> str:
    parts = ["*" if isinstance(part, int) else str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = re.match(r"'([^']+)'", error.message)
        parts.append(missing.group(1) if missing else "?")
    return "/" + "/".join([name, "*", *parts])


def violations(run: Run, kind: str) -> Iterator[Notice]:
    """Notices of one kind of violation: one per collection and problem, its properties listed."""
    for found in run.readable():
        groups: dict[str, list[tuple[Record, ValidationError]]] = {}
        for number, record in enumerate(found.records):
            for error in _errors(run, found, number, record):
                if _kind(error) == kind:
                    groups.setdefault(_problem(error), []).append((record, error))
        for problem, group in groups.items():
            yield _notice(found, problem, group)


def _errors(run: Run, found: Collection, number: int, record: Record) -> tuple[ValidationError, ...]:
    cache: dict[tuple[str, int], tuple[ValidationError, ...]] = run.worked_out.setdefault("schema_errors", {})
    key = (found.name, number)
    if key not in cache:
        validator = _validator(run.standard.version, run.entity_of(found.name))
        errors = list(validator.iter_errors(record))
        # A value of the wrong type is told once, not again as a value outside its tokens or pattern.
        mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
        cache[key] = tuple(
            error for error in errors if error.validator == "type" or tuple(error.absolute_path) not in mistyped
        )
    return cache[key]


def _problem(error: ValidationError) -> str:
    if error.instance is None:
        return "null"
    return {
        "required": "missing", "additionalProperties": "not a property of the standard", "minLength": "empty",
        "minItems": "an empty list", "enum": "not one of the tokens", "pattern": "of another form",
    }.get(str(error.validator), f"not of type {error.validator_value}")  # fmt: skip


def _field(name: str, error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        return min(set(_instance(error)) - set(_properties(error)))
    return _pointer(name, error).removeprefix(f"/{name}/*/").replace("/*", "[]")


def _notice(found: Collection, problem: str, group: list[tuple[Record, ValidationError]]) -> Notice:
    fields = Counter(_field(found.name, error) for _, error in group)
    named = ", ".join(field for field, _ in fields.most_common(6)) + (f" and {len(fields) - 6} more" if len(fields) > 6 else "")
    record, error = group[0]
    firsts = {_field(found.name, error): (record, error) for record, error in reversed(group)}
    samples = tuple(
        {"pointer": _pointer(found.name, error), "record": redacted_id(record.get("sourcedId")), "count": fields[field]}
        for field, (record, error) in sorted(firsts.items())
    )
    return at(
        found.where(record), f"{found.name}: {named} {'is' if len(fields) == 1 else 'are'} {problem}",
        pointer=_pointer(found.name, error), expected=_expected(error), observed=_observed(error), samples=samples[:5],
        count=len(group),
    )  # fmt: skip


def _expected(error: ValidationError) -> str:
    if error.validator == "enum":
        return ", ".join(map(str, _tokens(error)))[:120]
    if error.validator == "pattern":
        return {DATE: "YYYY-MM-DD", INSTANT: "YYYY-MM-DDThh:mm:ss.sssZ", YEAR: "YYYY"}.get(str(error.validator_value), "")
    if error.validator == "type":
        return str(error.validator_value)
    return "a value" if error.instance is None or error.validator != "additionalProperties" else "metadata for extensions"


def _observed(error: ValidationError) -> str:
    if error.validator in ("required",):
        return "absent"
    if error.validator == "additionalProperties":
        return "other properties"
    return shape(error.instance)


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


@check(
    "schema.grade-code", severity="warning", section="recommended vocabulary of grades",
    why="A consumer's table of grades knows the recommended codes only.", remedy="map the district's codes in the consumer",
)  # fmt: skip
def grades_are_recommended_codes(run: Run) -> Iterator[Notice]:
    """Grades are codes of the recommended vocabulary."""
    known = set(run.standard.enumerations["gradeCode"])
    for found in run.readable():
        for record in found.records:
            values = record.get("grades")
            strange = [grade for grade in values if grade not in known] if isinstance(values, list) else []
            if strange:
                yield at(found.pages[0], f"{found.name}: a grade outside the vocabulary", pointer=f"/{found.name}/*/grades",
                         expected="KG, 01 ... 12 and the other codes", observed=shape(strange[0]))  # fmt: skip

