"""`python -m benchmarks.detection [--kind KIND ...]`: put what is not in the ledger to the suite, then write docs/detection.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.detection import ledger, page
from benchmarks.detection.running import Runner
from benchmarks.detection.trials import KINDS, trials


def main() -> int:
    """Run; returns 1 when the page shows something that was missed or a false alarm."""
    parser = argparse.ArgumentParser(prog="benchmarks.detection", description=__doc__)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="what to plant, default all")
    parser.add_argument("--only", default="", help="trials whose key has this text")
    parser.add_argument("--part", type=Path, help="write to this ledger instead and leave the page alone")
    parser.add_argument("--merge", type=Path, nargs="*", help="take these ledgers in and write the page; nothing is run")
    parser.add_argument("--again", action="store_true", help="also what the ledger has")
    parser.add_argument("--limit-s", type=int, default=180, help="seconds for one trial, default 180")
    chosen = parser.parse_args()
    if chosen.merge is None:
        _run(chosen)
    if chosen.part:
        return 0
    entries = ledger.merge(chosen.merge or [])
    page.PAGE.write_text(page.page(entries), encoding="utf-8")
    return int(not page.is_flawless(entries))


def _run(chosen: argparse.Namespace) -> None:
    path = chosen.part or ledger.LEDGER
    known = {} if chosen.again else ledger.read() | ledger.read(path)
    with tempfile.TemporaryDirectory(prefix="oneroster-detection-") as folder, ExitStack() as stack:
        runner = Runner(Path(folder), stack, chosen.limit_s)
        for trial in trials(tuple(chosen.kind or KINDS)):
            if trial.key in known or chosen.only not in trial.key:
                continue
            entry = runner.run(trial)
            ledger.append(entry, path)
            print(f"{trial.key}: {', '.join(entry.roots) or entry.trouble or 'nothing found'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
