"""The text of answers: strict JSON in UTF-8."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from conformance.notices import Notice
from conformance.registry import check
from conformance.run import Run, at


class _Fault(ValueError):
    """What is wrong with a text that a lenient reader takes."""


def _pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        raise _Fault("a member stands twice in one object")
    return dict(found)


def _constant(name: str) -> NoReturn:
    raise _Fault(f"{name} is no JSON")


def fault_of(body: bytes) -> str:
    """What a strict reader refuses in a body, empty when it takes it."""
    if body.startswith(b"\xef\xbb\xbf"):
        return "a byte order mark"
    try:
        json.loads(body.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_constant)
    except UnicodeDecodeError:
        return "bytes that are not UTF-8"
    except _Fault as fault:
        return str(fault)
    except ValueError:
        return "text that is not JSON"
    return ""


@check(
    "envelope.json-text", severity="error", section="RFC 8259; REST 1.1, formats",
    why="Strict JSON readers refuse the page, and lenient ones read something else.",
)  # fmt: skip
def bodies_are_strict_json(run: Run) -> Iterator[Notice]:
    """Collections are strict JSON in UTF-8: no byte order mark, no member twice, no NaN."""
    for found in run.readable():
        for page in found.pages:
            fault = fault_of(page.body)
            if fault:
                yield at(page, f"{found.name}: {fault}", expected="JSON as RFC 8259 has it", observed=fault)
                break
