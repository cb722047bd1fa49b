"""What a run reports: the machine form and the table for a person.

Called by the command. Holds counts and reasons only, never a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sync_engine.difference import Counts

_COLUMNS = tuple(one.name for one in fields(Counts))


@dataclass(frozen=True, slots=True)
class Result:
    """One run. status: applied, planned, held, refused or failed. elapsed_s: seconds of the whole run. reads: of an
    incremental run, per entity since when it was read, or why it was read whole."""

    run: str
    source: str
    target: str
    status: str
    complete: Mapping[str, bool]
    changes: Mapping[str, Counts]
    reasons: tuple[str, ...]
    rows: int = 0
    requests: int = 0
    elapsed_s: float = 0.0
    reads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The machine form."""
        rate = self.rows / self.elapsed_s if self.elapsed_s > 0 else 0.0
        found: dict[str, Any] = {
            "run": self.run, "source": self.source, "target": self.target, "complete": dict(self.complete),
            "changes": {name: asdict(found) for name, found in self.changes.items()}, "status": self.status,
            "reasons": list(self.reasons), "rows_per_s": round(rate, 1), "elapsed_s": round(self.elapsed_s, 3),
            "requests": self.requests,
        }  # fmt: skip
        return found | ({"reads": {name: dict(one) for name, one in self.reads.items()}} if self.reads else {})

    def text(self) -> str:
        """The table for a person: one line per entity, then the reasons and the status."""
        width = max([len("entity"), *map(len, self.changes)])
        lines = ["entity".ljust(width) + "".join(f"{name:>12}" for name in _COLUMNS) + "  complete"]
        for name, counts in self.changes.items():
            cells = "".join(f"{getattr(counts, column):>12,}" for column in _COLUMNS)
            lines.append(f"{name.ljust(width)}{cells}  {'yes' if self.complete.get(name) else 'no'}")
        lines += [f"note: {reason}" for reason in self.reasons]
        lines += [f"read whole: {name}, {found['why']}" for name, found in self.reads.items() if found["why"]]
        lines.append(f"{self.status}: {self.source} -> {self.target}, run {self.run}, {self.elapsed_s:.1f} s")
        return "\n".join(lines)
