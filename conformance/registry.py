"""Checks of a provider: their metadata, their prose and the functions that judge.

Filled when the families are imported; read by the runner, the catalogue and the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.notices import Notice

if TYPE_CHECKING:
    from conformance.run import Run

Judge = Callable[["Run"], Iterable[Notice]]
SEVERITIES = ("error", "warning", "info")


class Skip(Exception):
    """The check has nothing to judge; the message says what was missing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. writes: it changes the provider and runs only when that is allowed. last: time works for it, so all others come first."""

    id: str
    title: str
    severity: str
    section: str
    why: str
    remedy: str
    writes: bool
    judge: Judge
    specs: tuple[str, ...] = ("1.1", "1.2")
    last: bool = False


CHECKS: dict[str, Check] = {}


def check(
    id: str, *, severity: str, section: str, why: str, remedy: str = "report it to the vendor", writes: bool = False,
    specs: tuple[str, ...] = ("1.1", "1.2"), last: bool = False,
) -> Callable[[Judge], Judge]:
    """Register a check; the first line of the function's docstring is its title. specs: versions that it judges.
    last: put after all others."""
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity!r}; expected one of {', '.join(SEVERITIES)}")

    def register(judge: Judge) -> Judge:
        if id in CHECKS:
            raise ValueError(f"check {id} is registered twice")
        title = (inspect.getdoc(judge) or "").partition("\n")[0]
        CHECKS[id] = Check(id, title, severity, section, why, remedy, writes, judge, specs, last)
        return judge

    return register
