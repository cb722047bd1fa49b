"""A diagnosis as it grows: steps in order, and the first cause.

Filled by the steps of APIs, bundles and students; read by the command and the support bundle.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from oneroster_standard.dialects import Dialect, load_dialect

SYMPTOM = "@"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of the table. remedy: a text, or @symptom of a vendor's file."""

    id: str
    says: str
    remedy: str
    confidence: float


@cache
def causes() -> dict[str, Cause]:
    """All causes by id, in the order in which they are looked for."""
    raw = tomllib.loads(Path(__file__).with_name("causes.toml").read_text("utf-8"))
    return {row["id"]: Cause(row["id"], row["says"], row["remedy"], float(row["confidence"])) for row in raw["cause"]}


def setup_step(text: str, dialect: Dialect) -> str:
    """A remedy in the words of a vendor's own pages."""
    if not text.startswith(SYMPTOM):
        return text
    symptom = text.removeprefix(SYMPTOM)
    return dialect.remedies.get(symptom, load_dialect("reference").remedies[symptom])


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at. outcome: pass, fail, warn or skip."""

    id: str
    outcome: str
    detail: str


class Found(Exception):
    """A cause that leaves nothing more to look at."""


@dataclass
class Diagnosis:
    """What was looked at, and what is wrong. cause: the first one, None when nothing is."""

    target: str
    dialect: Dialect
    vendor_guess: str | None = None
    vendor_confidence: float = 0.0
    vendor_signs: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    cause: str | None = None
    says: str = ""
    remedy: str = ""
    confidence: float = 1.0
    settings: tuple[str, ...] = ()

    def passed(self, id: str, detail: str = "") -> None:
        """A step is well."""
        self.steps.append(Step(id, "pass", detail))

    def skipped(self, id: str, reason: str) -> None:
        """A step could not be taken."""
        self.steps.append(Step(id, "skip", reason))

    def noted(self, id: str, detail: str) -> None:
        """Something to know that is no cause."""
        self.steps.append(Step(id, "warn", detail))

    def failed(
        self, id: str, cause: str, detail: str, *, remedy: str = "", settings: tuple[str, ...] = (), says: str = "", confidence: float | None = None
    ) -> None:
        """A step fails; its cause is the diagnosis when it is the first."""
        self.steps.append(Step(id, "fail", detail))
        if self.cause is not None:
            return
        known = causes().get(cause)
        self.cause, self.settings = cause, settings
        self.says = says or (known.says if known else detail)
        self.remedy = remedy or (setup_step(known.remedy, self.dialect) if known else "")
        self.confidence = confidence if confidence is not None else known.confidence if known else 0.9

    def stop(self, id: str, cause: str, detail: str, **more: Any) -> None:
        """A step fails, and the steps behind it cannot be taken; raises Found."""
        self.failed(id, cause, detail, **more)
        raise Found

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "target": self.target, "cause": self.cause, "says": self.says, "confidence": round(self.confidence, 2),
            "vendor_guess": self.vendor_guess, "vendor_confidence": round(self.vendor_confidence, 2), "vendor_signs": self.vendor_signs,
            "steps": [{"id": step.id, "outcome": step.outcome, "detail": step.detail} for step in self.steps],
            "settings": list(self.settings), "remedy": self.remedy,
        }  # fmt: skip

    def text(self) -> str:
        """The diagnosis for a person: the cause, what mends it, then the steps."""
        lines = [self.target]
        if self.cause is None:
            lines.append("nothing is wrong with what was looked at")
        else:
            lines += [f"cause: {self.says}  [{self.cause}]", f"  try       {self.remedy}", f"  sure      {self.confidence:.0%}"]
        if self.vendor_guess:
            lines.append(f"vendor: {self.vendor_guess} ({self.vendor_confidence:.0%}: {'; '.join(self.vendor_signs)})")
        lines.append("")
        marks = {"pass": "ok", "fail": "FAIL", "warn": "note", "skip": "-"}
        lines += [f"  {marks[step.outcome]:<5} {step.id:<24} {step.detail}".rstrip() for step in self.steps]
        return "\n".join(lines)
