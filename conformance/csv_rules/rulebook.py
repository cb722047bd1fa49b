"""The CSV rules by id: what each asks, how grave it is, where it comes from, and the function that judges.

Filled when the rules' modules are imported; read by the judge, the catalogue and the documentation.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from conformance.csv_rules.cell_tests import CellRule
from conformance.csv_rules.facts import BundleFacts, Finding
from oneroster_standard.standard import VERSIONS

BundleRule = Callable[[BundleFacts], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Exactly one of cell and bundle is set. specs: the versions whose bundles are judged by it."""

    id: str
    title: str
    severity: str
    section: str
    why: str
    expected: str
    remedy: str
    cell: CellRule | None = None
    bundle: BundleRule | None = None
    specs: tuple[str, ...] = VERSIONS


RULES: dict[str, Rule] = {}

C = TypeVar("C", bound=CellRule)
B = TypeVar("B", bound=BundleRule)


def _title(function: Callable[..., object]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def _register(rule: Rule) -> None:
    if rule.id in RULES:
        raise ValueError(f"rule {rule.id} is registered twice")
    RULES[rule.id] = rule


def cell_rule(
    id: str, *, severity: str, section: str, why: str, expected: str = "", remedy: str = "",
    specs: tuple[str, ...] = VERSIONS,
) -> Callable[[C], C]:  # fmt: skip
    """Register a rule about single cells; the function gives a test for the columns that it applies to."""

    def register(function: C) -> C:
        _register(Rule(id, _title(function), severity, section, why, expected, remedy, cell=function, specs=specs))
        return function

    return register


def bundle_rule(
    id: str, *, severity: str, section: str, why: str, expected: str = "", remedy: str = "",
    specs: tuple[str, ...] = VERSIONS,
) -> Callable[[B], B]:  # fmt: skip
    """Register a rule about files or across records; the function yields findings, or raises Skip."""

    def register(function: B) -> B:
        _register(Rule(id, _title(function), severity, section, why, expected, remedy, bundle=function, specs=specs))
        return function

    return register
