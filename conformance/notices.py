"""Notices: what a check found, where, and how to see it again; folded to exact counts and few samples.

Made by checks, kept by the runner, read by the reports. Holds field names, places and shapes, never a person's value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

MOST_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """One finding. check, severity, section and remedy are filled by the runner when they are empty.

    where: {"request", "pointer"} or {"file", "row", "column"}. cause_of: id of the finding that this one follows from.
    graded: the severity by the standard's words, where a vendor's, a profile's or a baseline changed it. accepted: the reason
    that a baseline gives. steps: the requests that lead to it, one after another, where one alone does not.
    """

    message: str
    where: Mapping[str, Any] = field(default_factory=dict)
    expected: str = ""
    observed: str = ""
    curl: str = ""
    count: int = 1
    severity: str = ""
    check: str = ""
    section: str = ""
    remedy: str = ""
    cause_of: str = ""
    known: bool = False
    graded: str = ""
    accepted: str = ""
    samples: tuple[Mapping[str, Any], ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same fault in the same place, in every report and every run."""
        return finding_id(self.check, self.message, self.where)

    @property
    def is_settled(self) -> bool:
        """Whether it no longer counts: the vendor is known for it, or a baseline accepts it."""
        return self.known or bool(self.accepted)


def finding_id(check: str, message: str, where: Mapping[str, Any]) -> str:
    """Twelve digits that name a finding: of its check, its message and its place.

    Counts, rows and pages change from run to run and are left out: numbers in the message, the query of a request.
    """
    spot = where.get("pointer") or where.get("file") or str(where.get("request", "")).partition("?")[0]
    parts = (check, re.sub(r"[0-9][0-9,.]*", "#", message), str(spot), str(where.get("column") or ""))
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:12]


def redacted_id(sourced_id: object) -> str:
    """A short mark for an id: the same id gives the same mark, nothing leads back."""
    return "#" + hashlib.sha256(str(sourced_id).encode("utf-8", "replace")).hexdigest()[:8]


def shape(value: object) -> str:
    """What a value looks like, without showing it: its JSON type and its kinds of characters."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a JSON boolean"
    if isinstance(value, int | float):
        return "a JSON number"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, Mapping):
        return "an object"
    text = str(value)
    if not text:
        return "an empty string"
    kinds = [
        name
        for name, test in (("digits", str.isdigit), ("letters", str.isalpha), ("blanks", str.isspace))
        if any(map(test, text))
    ]
    if any(not (letter.isalnum() or letter.isspace()) for letter in text):
        kinds.append("signs")
    return f"a string of {len(text)} characters ({', '.join(kinds)})"


def fold(notices: list[Notice]) -> list[Notice]:
    """One notice per message and pointer: counts added up, samples kept to five."""
    folded: dict[tuple[str, str, str], Notice] = {}
    for notice in notices:
        key = (notice.message, str(notice.where.get("pointer", notice.where.get("file", ""))), notice.severity)
        first = folded.get(key)
        if first is None:
            folded[key] = replace(notice, samples=notice.samples or (notice.where,))
        else:
            samples = (*first.samples, *(notice.samples or (notice.where,)))[:MOST_SAMPLES]
            folded[key] = replace(first, count=first.count + notice.count, samples=samples)
    return list(folded.values())
