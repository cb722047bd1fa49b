"""Values of people in the requests that a report shows: each is replaced by the place where it was found, and found again at replay.

Called by the API judge before a report leaves it, and by `oneroster replay`. A place is `{users/12/familyName}`: the property of the
record at that offset; `[2:5]` takes a part of it, `!upper` another case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from conformance.notices import Notice
from conformance.selection import atoms
from conformance.survey import Collection, Record
from oneroster_standard.standard import VERSIONS, load

OF_PEOPLE: dict[str, tuple[str, ...]] = {
    "users": (
        "sourcedId", "givenName", "familyName", "middleName", "preferredFirstName", "preferredMiddleName", "preferredLastName", "username", "email",
        "identifier", "phone", "sms", "password", "userMasterIdentifier", "userIds.identifier", "userIds.type",
    ),
    "demographics": ("sourcedId", "birthDate", "sex", "cityOfBirth", "stateOfBirthAbbreviation", "countryOfBirthCode"),
    "enrollments": ("sourcedId",),
    "results": ("sourcedId", "comment"),
    "assessmentResults": ("sourcedId", "comment"),
}  # fmt: skip
"""Properties whose values are a person's, or lead to one."""
UNKNOWN = "{...}"
"""Stands for a person's value that is nowhere to be found again."""
CASES: dict[str, Callable[[str], str]] = {"upper": str.upper, "lower": str.lower, "swapcase": str.swapcase}
PLACE = re.compile(r"\{(?P<collection>\w+)/(?P<offset>\d+)/(?P<field>[\w.]+)(\[(?P<start>\d+):(?P<end>\d+)\])?(!(?P<case>\w+))?\}")
_TERM = re.compile(r"([\w.]+)\s*(?:!=|>=|<=|=|>|<|~)\s*'((?:[^']|'')*)'")
_PERSONAL_FIELDS = {field.partition(".")[0] for fields in OF_PEOPLE.values() for field in fields} - {"sourcedId"}
_LEADING = ("user", "student", "agents")
_PEOPLE = {*OF_PEOPLE, "students", "teachers"}


def sealed(notices: list[Notice], collections: Mapping[str, Collection]) -> list[Notice]:
    """The same notices, no request of which shows a person's value."""
    wanted: dict[str, bool] = {}
    for notice in notices:
        for request in _requests(notice):
            for text, is_personal in _candidates(request):
                wanted[text] = wanted.get(text, False) or is_personal
    places = _places(wanted, collections)
    return [_sealed(notice, places) for notice in notices] if places else notices


def _requests(notice: Notice) -> Iterator[str]:
    yield from (str(where["request"]) for where in (notice.where, *notice.samples) if where.get("request"))


def _candidates(request: str) -> Iterator[tuple[str, bool]]:
    """Texts of a request that could be a value: steps of its path, literals of its filter; and whether the field is a person's."""
    path, _, query = request.partition(" ")[2].partition("?")
    yield from ((unquote(step), False) for step in path.split("/") if len(step) > 1 and step not in _words())
    of_people = path.rstrip("/").rpartition("/")[2] in _PEOPLE
    for field, literal in _TERM.findall(unquote(query.replace("+", " "))):
        yield literal.replace("''", "'"), of_people and field.partition(".")[0] in {*_PERSONAL_FIELDS, *_LEADING}


@cache
def _words() -> frozenset[str]:
    """Steps of paths that are nobody's id."""
    return frozenset(step for version in VERSIONS for one in load(version).operations for step in one.path.split("/") if not step.startswith("{"))


def _places(wanted: Mapping[str, bool], collections: Mapping[str, Collection]) -> dict[str, str]:
    """Text -> the place where it was found. One pass over the records, whatever is wanted."""
    found: dict[str, str] = {}
    for name, fields in OF_PEOPLE.items():
        for offset, record in enumerate(collections[name].records if name in collections and wanted else ()):
            for field in fields:
                for value in _texts(record, field):
                    for text, form in _forms(value):
                        if text in wanted:
                            found.setdefault(text, f"{{{name}/{offset}/{field}{form}}}")
    for text in [text for text, is_personal in wanted.items() if is_personal and text and text not in found]:
        found[text] = _part_of(text, collections)
    return found


def _texts(record: Record, field: str) -> list[str]:
    return [value for value in atoms(record, field) if isinstance(value, str) and value]


def _forms(value: str) -> Iterator[tuple[str, str]]:
    yield value, ""
    yield from ((change(value), f"!{name}") for name, change in CASES.items() if change(value) != value)


def _part_of(text: str, collections: Mapping[str, Collection]) -> str:
    for name, fields in OF_PEOPLE.items():
        for offset, record in enumerate(collections[name].records if name in collections else ()):
            for field in fields:
                for value in _texts(record, field):
                    start = value.find(text)
                    if start >= 0:
                        return f"{{{name}/{offset}/{field}[{start}:{start + len(text)}]}}"
    return UNKNOWN


def _sealed(notice: Notice, places: Mapping[str, str]) -> Notice:
    def seal(text: str) -> str:
        for value, place in places.items():
            for spelt in dict.fromkeys((quote(value, safe=""), quote(value.replace("'", "''"), safe=""), value)):
                text = _with(text, spelt, place)
                # A literal of a filter stands between %27, whose end would hide the border of a word.
                text = text.replace(f"%27{spelt}%27", f"%27{place}%27")
        return text

    def seal_all(where: Mapping[str, Any]) -> dict[str, Any]:
        return {name: seal(value) if isinstance(value, str) else value for name, value in where.items()}

    message, expected, observed, curl = (seal(text) for text in (notice.message, notice.expected, notice.observed, notice.curl))
    return replace(
        notice, where=seal_all(notice.where), samples=tuple(map(seal_all, notice.samples)), message=message, expected=expected,
        observed=observed, curl=curl,
    )  # fmt: skip


def _with(text: str, spelt: str, place: str) -> str:
    """A text with a value replaced where it stands as a word of its own."""
    return re.sub(rf"(?<![\w-]){re.escape(spelt)}(?![\w-])", lambda _: place, text) if spelt in text else text


def resolved(request: str, record_at: Callable[[str, int], Record | None]) -> str | None:
    """A request with its places filled in, None when one of them cannot be.

    record_at: the record of a collection at an offset.
    """
    if UNKNOWN in request:
        return None
    missing = False

    def fill(match: re.Match[str]) -> str:
        nonlocal missing
        record = record_at(match["collection"], int(match["offset"]))
        values = _texts(record, match["field"]) if record else []
        if not values:
            missing = True
            return ""
        value = values[0][int(match["start"]) : int(match["end"])] if match["start"] else values[0]
        value = CASES[match["case"]](value) if match["case"] in CASES else value
        return quote(value.replace("'", "''"), safe="")

    filled = PLACE.sub(fill, request)
    return None if missing else filled


def replayable(ordered: list[Notice]) -> list[Notice]:
    """Findings in the order of a report; where curl cannot repeat a request, what can stands in its place: it is signed, or has places."""
    met: dict[str, int] = {}
    found = []
    for notice in ordered:
        number = met[notice.id] = met.get(notice.id, 0) + 1
        # What is wrong on purpose in a check of signing in would be right in a replay.
        is_read = str(notice.where.get("request", "")).startswith("GET /") and not notice.check.startswith("auth.")
        by_hand = "Authorization: OAuth" in notice.curl or PLACE.search(notice.curl) or UNKNOWN in notice.curl
        name = f"{notice.id}#{number}" if number > 1 else notice.id
        found.append(replace(notice, curl=f"oneroster replay REPORT.json '{name}'") if is_read and by_hand else notice)
    return found
