"""How faults are written: `ID@key=value,...` on the command line, objects with the same keys in JSON.

Called by the serve command and the admin API. A window is `3`, `3-5` or `3-`; several words are joined by `+`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from mock_server.faults.selection import TOKEN, UNENDING, Selection, Window
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects.faults import FaultFacts, Parameter, load_faults
from oneroster_standard.standard import VERSIONS, load

Value = int | float | str
WORDS = ("on", "version")
WINDOWS = ("page", "offset", "requests", "seconds", "day")
COUNTS = ("first", "every", "after", "times")
SELECTING = tuple(found.name for found in fields(Selection))
_NUMBER = r"\d+(?:\.\d+)?"
_WINDOW = re.compile(rf"({_NUMBER})(-({_NUMBER})?)?")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """A fault as it was asked for: what it is, which requests it strikes, what it was told."""

    id: str
    selection: Selection
    values: Mapping[str, Value] = field(default_factory=dict)

    def value(self, name: str) -> Value:
        """What the fault was told, or its default."""
        return self.values.get(name, load_faults()[self.id].parameters[name].default)

    def document(self) -> dict[str, Any]:
        """The order as JSON: its id and what differs from the default, windows as text."""
        found: dict[str, Any] = {"id": self.id}
        for name in SELECTING:
            value = getattr(self.selection, name)
            if name in WINDOWS and value is not None:
                found[name] = _window_text(value)
            elif value != getattr(_default(self.id), name):
                found[name] = list(value) if isinstance(value, tuple) else value
        return found | dict(self.values)

    def text(self) -> str:
        """The order as it stands on a command line."""
        found = self.document()
        pairs = [
            f"{name}={'+'.join(value) if isinstance(value, list) else value}" for name, value in found.items() if name != "id"
        ]
        return f"{self.id}@{','.join(pairs)}" if pairs else self.id


def _default(id: str) -> Selection:
    return Selection(times=load_faults()[id].times)


def read_text(text: str) -> FaultOrder:
    """An order out of `ID[@key=value,...]`.

    Raises UsageProblem that names the word and what is valid.
    """
    id, at, rest = text.strip().partition("@")
    pairs: dict[str, str] = {}
    for piece in rest.split(",") if at else ():
        name, equals, value = piece.partition("=")
        if not equals or not value.strip():
            raise UsageProblem(f"{piece!r} in the fault {id}", "key=value", try_="oneroster faults")
        if name.strip() in pairs:
            raise UsageProblem(f"{name.strip()} is given twice in the fault {id}", "each key once")
        pairs[name.strip()] = value.strip()
    return read_object({"id": id, **pairs})


def read_object(document: Any) -> FaultOrder:
    """An order out of its JSON object, or out of its text.

    Raises UsageProblem that names the key and what is valid.
    """
    if isinstance(document, str):
        return read_text(document)
    if not isinstance(document, Mapping) or not isinstance(document.get("id"), str):
        raise UsageProblem("a fault is not an object with an id", '{"id": "fault.server-error", "page": 3}, or text')
    known = load_faults()
    facts = known.get(str(document["id"]))
    if facts is None:
        raise unknown("fault", str(document["id"])[:_LONGEST], known, "oneroster faults")
    chosen: dict[str, Any] = {"times": facts.times}
    values: dict[str, Value] = {}
    for name, value in document.items():
        if name in SELECTING:
            chosen[name] = _selected(name, value, facts.id)
        elif name in facts.parameters:
            values[name] = _value(facts.parameters[name], value, facts.id)
        elif name != "id":
            raise unknown(f"key of {facts.id}", str(name)[:_LONGEST], [*SELECTING, *facts.parameters], f"oneroster explain {facts.id}")
    _check_words(facts, chosen.get("on", ()))
    return FaultOrder(facts.id, Selection(**chosen), values)


def _wrong(name: str, value: Any, id: str, expected: str) -> UsageProblem:
    return UsageProblem(f"{name}={str(value)[:_LONGEST]!r} in the fault {id}", expected, try_=f"oneroster explain {id}")


def _selected(name: str, value: Any, id: str) -> Any:
    if name in WORDS:
        words = value if isinstance(value, list) else str(value).split("+")
        if not words or not all(isinstance(word, str) and word for word in words):
            raise _wrong(name, value, id, "words joined by +")
        if name == "version" and not set(words) <= set(VERSIONS):
            raise _wrong(name, value, id, " or ".join(VERSIONS))
        return tuple(words)
    if name in WINDOWS:
        return _window(name, value, id)
    if name == "rate":
        return _number(name, value, id, 0, 1)
    found = _number(name, value, id, 0, 1e12)
    if found != int(found):
        raise _wrong(name, value, id, "a whole number")
    return int(found)


def _window(name: str, value: Any, id: str) -> Window:
    match = _WINDOW.fullmatch(str(value))
    if match is None or len(str(value)) > 40:
        raise _wrong(name, value, id, "a number, or a window such as 3-5 or 3-")
    begin = float(match[1])
    end = begin if not match[2] else float(match[3]) if match[3] else UNENDING
    if end < begin:
        raise _wrong(name, value, id, "a window that ends after it begins")
    return begin, end


def _window_text(window: Window) -> str:
    begin, end = (f"{value:.12g}" for value in window)
    return begin if begin == end else f"{begin}-" if window[1] == UNENDING else f"{begin}-{end}"


def _number(name: str, value: Any, id: str, least: float, most: float) -> float:
    try:
        found = float(value) if not isinstance(value, bool) and len(str(value)) <= 40 else None
    except (TypeError, ValueError):
        found = None
    if found is None or not least <= found <= most:
        raise _wrong(name, value, id, f"a number from {least:g} to {most:g}")
    return found


def _value(parameter: Parameter, value: Any, id: str) -> Value:
    if parameter.kind == "word":
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
            raise _wrong(parameter.name, value, id, parameter.says)
        if parameter.choices and value not in parameter.choices:
            raise _wrong(parameter.name, value, id, ", ".join(parameter.choices))
        return value
    found = _number(parameter.name, value, id, parameter.least, parameter.most)
    if parameter.kind == "number":
        return found
    if found != int(found):
        raise _wrong(parameter.name, value, id, "a whole number")
    return int(found)


def _check_words(facts: FaultFacts, words: tuple[str, ...]) -> None:
    operations = [found for spec in VERSIONS for found in load(spec).operations]
    known = {found.name for found in operations} | {found.payload_key for found in operations} | {
        found.path.split("/")[1] for found in operations
    }
    for word in words:
        if word not in known | {TOKEN}:
            raise unknown(f"operation or collection of {facts.id}", word[:_LONGEST], {*known, TOKEN})
