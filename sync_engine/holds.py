"""Holds: why rows of a plan wait, and under which name a person approves them.

Made by the guards, kept in the plan, released by `sync apply --approve`. A reason names entities, schools and classes
by their key, and never a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN = 8
"""So many holds of one kind are told one by one; the plan holds them all."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why rows wait.

    kind: remove, change, create, reused, waits. scope and key: which group of rows, for example class and its
    sourcedId. rows: how many wait for it; a row may wait for several. approvable: whether a person may let them through
    with this plan.
    """

    entity: str
    kind: str
    scope: str
    key: str
    rows: int
    why: str
    approvable: bool = True

    @property
    def id(self) -> str:
        """A short name, the same for the same hold in any plan."""
        return hold_id(self.entity, self.kind, self.scope, self.key)

    @property
    def reason(self) -> str:
        """One line for a person."""
        group = f" {self.scope} {self.key}:" if self.scope in ("school", "class", "role") else ""
        return f"{self.entity}:{group} {self.why}  [{self.id}]"

    def document(self) -> dict[str, Any]:
        """The form in a plan's file."""
        return {
            "id": self.id, "entity": self.entity, "kind": self.kind, "scope": self.scope, "key": self.key,
            "rows": self.rows, "why": self.why, "approvable": self.approvable,
        }  # fmt: skip


def hold_id(entity: str, kind: str, scope: str, key: str) -> str:
    """The short name of a hold."""
    return "h" + hashlib.sha256(f"{entity}\x00{kind}\x00{scope}\x00{key}".encode()).hexdigest()[:8]


def read_hold(found: Mapping[str, Any]) -> Hold:
    """A hold of a plan's file. Raises KeyError or TypeError for something else."""
    return Hold(
        str(found["entity"]), str(found["kind"]), str(found["scope"]), str(found["key"]), int(found["rows"]),
        str(found["why"]), bool(found["approvable"]),
    )  # fmt: skip


def reasons(holds: Iterable[Hold], settled: Collection[str] = ()) -> list[str]:
    """One line per hold that still waits; many of one kind are told as a number after the first."""
    groups: dict[tuple[str, str, str], list[Hold]] = {}
    for hold in holds:
        if hold.id not in settled:
            groups.setdefault((hold.entity, hold.kind, hold.scope), []).append(hold)
    told: list[str] = []
    for (entity, _, scope), found in groups.items():
        told += [hold.reason for hold in found[:SHOWN]]
        if len(found) > SHOWN:
            told.append(f"{entity}: {len(found) - SHOWN:,} more like this ({scope}); the plan names them all")
    return told
