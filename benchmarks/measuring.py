"""Interleaved pairs, medians, resident memory: how every figure is taken.

Called by the benchmarks. Uses no figure of an earlier run.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. target None: told, not judged. at_least: whether a larger figure is better."""

    name: str
    figure: float
    target: float | None
    detail: str
    at_least: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.target is None:
            return None
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    def line(self) -> str:
        """The figure as one line."""
        sign = ">=" if self.at_least else "<="
        target = "no target" if self.target is None else f"target {sign} {self.target:g}"
        verdict = {None: "told", True: "holds", False: "DOES NOT HOLD"}[self.holds]
        return f"{self.name:<18} {self.figure:>9.3g}   {target:<16} {verdict:<14} {self.detail}"


def medians(actions: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """Median of each action's own measure, taken in turn: A B A B; one round beforehand is thrown away."""
    for action in actions:
        action()
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(repeats):
        for place, action in enumerate(actions):
            taken[place].append(action())
    return [statistics.median(values) for values in taken]


def seconds(action: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def oneroster(*arguments: str, folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a verb in a process of its own, quietly.

    Raises CalledProcessError with a non-zero exit code.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONEROSTER_")}
    subprocess.run(
        [sys.executable, "-m", "oneroster_harness", *arguments], cwd=folder, env=own | (environment or {}), check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def peak_mb(*command: str, folder: Path) -> float:
    """Peak resident memory in MB of a Python command in a process of its own."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, "
        "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=folder, check=True, capture_output=True, text=True)
    return float(done.stdout)


def tree(process_id: int) -> list[int]:
    """A process and its descendants, from /proc."""
    found = [process_id]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def cpu_seconds(process_id: int) -> float:
    """Seconds that a process, its descendants and all their threads have run, from /proc; to the nanosecond."""
    spent = 0
    for one in tree(process_id):
        for found in Path(f"/proc/{one}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):  # a thread that has just ended
                spent += int(found.read_text().split()[0])
    return spent / 1e9


def resident_mb(process_id: int) -> float:
    """Resident memory in MB of the largest process of a tree: the worker, mapped pages of files left out."""
    sizes = []
    for one in tree(process_id):
        lines = Path(f"/proc/{one}/status").read_text().splitlines()
        sizes.append(sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024)
    return max(sizes)
