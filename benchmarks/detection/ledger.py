"""What came of each trial, one JSON line each, written as it comes: a run that is cut goes on where it ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

LEDGER = Path(__file__).parents[2] / "docs" / "detection.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """The outcome of one trial. roots: checks whose findings stand for themselves; folded: those told under a cause;
    errors: checks that failed themselves; skipped: checks with nothing to judge; trouble: why there is no report."""

    key: str
    roots: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    skipped: int = 0
    trouble: str = ""


def read(path: Path = LEDGER) -> dict[str, Entry]:
    """Entries by key; the last of a key counts."""
    if not path.exists():
        return {}
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return {found["key"]: Entry(**found) for found in lines}


def append(entry: Entry, path: Path) -> None:
    """Write one down."""
    with path.open("a", encoding="utf-8") as sink:
        sink.write(json.dumps(asdict(entry)) + "\n")


def merge(parts: list[Path], path: Path = LEDGER) -> dict[str, Entry]:
    """All entries of several ledgers, sorted, in one."""
    found = {key: entry for part in (path, *parts) for key, entry in read(part).items()}
    path.write_text("".join(json.dumps(asdict(found[key])) + "\n" for key in sorted(found)), encoding="utf-8")
    return found
