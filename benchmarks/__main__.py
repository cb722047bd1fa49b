"""`python -m benchmarks [--full] [--repeats N] [NAME ...]`: measure groups and print one line per figure."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import generating, judging, reconciling, serving, syncing

GROUPS = {"generating": generating.figures, "serving": serving.figures, "judging": judging.figures, "syncing": syncing.figures,
          "reconciling": reconciling.figures}


def main() -> int:
    """Measure; returns 1 when a target does not hold."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"groups: {', '.join(GROUPS)}; default all")
    parser.add_argument("--full", action="store_true", help="at the size of a million students")
    parser.add_argument("--repeats", type=int, default=5, help="rounds per figure, default 5")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(GROUPS)
    if unknown:
        parser.error(f"unknown group {', '.join(sorted(unknown))}; valid: {', '.join(GROUPS)}")
    found = []
    print(f"Python {platform.python_version()}, {platform.machine()}, {chosen.repeats} rounds, medians", flush=True)
    for name in chosen.names or GROUPS:
        folder = Path(tempfile.mkdtemp(prefix=f"oneroster-bench-{name}-"))
        try:
            for figure in GROUPS[name](folder, full=chosen.full, repeats=chosen.repeats):
                found.append(figure)
                print(figure.line(), flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    if chosen.json:
        rows = [
            {"name": one.name, "figure": one.figure, "target": one.target, "holds": one.holds, "detail": one.detail} for one in found
        ]
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return int(any(one.holds is False for one in found))


if __name__ == "__main__":
    sys.exit(main())
