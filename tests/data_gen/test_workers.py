"""Any number of processes writes the same bytes; a fault in one of them is told, and nothing is half there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from data_gen.generation import Recipe, write_clean, write_store
from data_gen.workers import SMALL, Task, done, workers_for
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF


def digests(folder: Path) -> dict[str, str]:
    """Every file below a folder, or the file, by what it holds."""
    every = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in every}


@pytest.mark.parametrize(
    ("name", "vendor", "spec"),
    [("b", "reference", "1.1"), ("b.zip", "infinite-campus", "1.2"), ("b.district", "reference", "1.1")],
)
def test_one_two_and_three_processes_write_the_same_bytes(name: str, vendor: str, spec: str, tmp_path: Path) -> None:
    write = write_store if name.endswith(".district") else write_clean
    found = []
    for workers in (1, 2, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        rows = write(folder / name, Recipe(60, 3, AS_OF, vendor=vendor, spec=spec, workers=workers))
        found.append((list(rows.items()), digests(folder / name)))
        assert {path.name for path in folder.iterdir()} <= {name, "seen.district"}
    assert found[0] == found[1] == found[2]


def _fail(number: int) -> int:
    if number == 2:
        raise UsageProblem("a fault", "none")
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_in_a_process_is_the_fault_of_the_run(workers: int) -> None:
    with pytest.raises(UsageProblem, match="a fault"):
        done([Task(str(number), "", _fail, (number,)) for number in range(4)], workers)
    told: list[str] = []
    assert done([Task(str(number), "", _fail, (number,)) for number in (0, 1, 3)], workers, told.append) == [0, 1, 3]
    assert sorted(told) == ["0", "1", "3"]


def test_small_districts_are_made_in_one_process_unless_more_are_asked_for() -> None:
    assert workers_for(SMALL - 1) == 1
    assert workers_for(SMALL) >= 1
    assert workers_for(1, 3) == 3
