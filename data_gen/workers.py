"""Parts of a district made in several processes: each part writes a place of its own, so their number changes no byte.

Called by the writers of stores and bundles. Starts no process for one part, one worker or a small district.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

SMALL = 20_000
"""Students below which a process more costs what it saves."""
LARGEST = ("users", "enrollments", "results", "classes", "assessmentResults", "demographics", "lineItems")
"""Collections that take long, the longest first: what is begun last should be small."""
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One part: a function that other processes can import, and its arguments. collection: what it is made of."""

    name: str
    collection: str
    run: Callable[..., Any]
    arguments: tuple[Any, ...]


def workers_for(students: int, asked: int = 0) -> int:
    """How many processes to use: those that were asked for, otherwise one per core for all but small districts."""
    return asked or (len(os.sched_getaffinity(0)) if students >= SMALL else 1)


def done(tasks: Sequence[Task], workers: int, tell: Tell | None = None) -> list[Any]:
    """Run all tasks; returns what each gave, in their order.

    tell: called with the name of a task, in one process before it is run, in several when it is done.
    """
    if workers <= 1 or len(tasks) <= 1:
        found = []
        for task in tasks:
            if tell:
                tell(task.name)
            found.append(task.run(*task.arguments))
        return found
    # Spawned, not forked: the progress display runs in a thread.
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=get_context("spawn")) as pool:
        order = sorted(range(len(tasks)), key=lambda place: _rank(tasks[place].collection))
        futures = {pool.submit(tasks[place].run, *tasks[place].arguments): place for place in order}
        try:
            for future in as_completed(futures):
                if tell:
                    tell(tasks[futures[future]].name)
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    by_place = {place: future.result() for future, place in futures.items()}
    return [by_place[place] for place in range(len(tasks))]


def _rank(collection: str) -> int:
    return LARGEST.index(collection) if collection in LARGEST else len(LARGEST)
