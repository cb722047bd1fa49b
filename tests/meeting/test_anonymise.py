"""An anonymised bundle has the faults of the real one, all of them and no other; by command, defect by defect."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from data_gen import defects
from data_gen.defects.draft import Draft
from data_gen.defects.orders import orders
from data_gen.defects.planting import plant, write_draft
from data_gen.defects.registry import DEFECTS
from data_gen.generation import Recipe, write_clean
from oneroster_harness.cli import front
from oneroster_harness.terminal import AS_OF
from oneroster_standard.standard import load

assert defects.FAMILIES
VERSIONS = ("1.1", "1.2")
FILES = {name for version in VERSIONS for name in load(version).csv_files} | {"manifest.csv"}
UNREADABLE = {"archive.truncated-zip", "archive.unsafe-path"}
"""Nothing is taken out of such an archive: the command refuses it."""
TOO_LARGE = {"classes.lunchroom"}
"""Needs more students than these bundles have."""
NOT_PROVED = {"archive.empty", "archive.unknown-file", "header.missing", "manifest.missing", "row.unclosed-quote"}
"""Faults that hide from verify-synthetic what a file holds, or that leave no place for the mark: the proof is not given."""
PERSONAL = {
    "users.csv": ("sourcedId", "username", "givenName", "familyName", "identifier", "email", "userIds"),
    "demographics.csv": ("sourcedId", "cityOfBirth"),
    "orgs.csv": ("sourcedId", "identifier"),
}


def run(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Run a verb through the front door; its exit code and its machine form."""
    result = CliRunner().invoke(front, [*map(str, arguments), "--json", "-"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def findings(path: Path) -> Counter[tuple[str, str, str]]:
    """How often each rule was broken, by file and column."""
    _, report = run("check", "csv", path)
    found: Counter[tuple[str, str, str]] = Counter()
    for one in report["findings"]:
        file = str(one["where"]["file"])
        # Names of archives and of files that nobody knows are replaced as well.
        found[one["check"], file if file in FILES else "another", str(one["where"]["column"])] += one["count"]
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle of 60 students in each version."""
    folder = tmp_path_factory.mktemp("clean")
    for spec in VERSIONS:
        write_clean(folder / spec / "bundle", Recipe(60, 1, AS_OF, spec=spec))
    return {spec: folder / spec / "bundle" for spec in VERSIONS}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key that is the same in each run, so that what it makes is too."""
    path = tmp_path / "key"
    path.write_text("a key of the tests, long enough")
    path.chmod(0o600)
    return path


def values(path: Path) -> set[tuple[str, str]]:
    """Personal values of three or more signs, by column."""
    found: set[tuple[str, str]] = set()
    with zipfile.ZipFile(path) as archive:
        for name, columns in PERSONAL.items():
            for row in csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8", newline="")):
                found |= {(column, row[column]) for column in columns if len(row[column]) >= 3}
    return found


@pytest.mark.hazards
@pytest.mark.parametrize("id", sorted(id for id, found in DEFECTS.items() if id not in UNREADABLE | TOO_LARGE and not found.needs_day))
def test_a_fault_is_found_again_with_the_same_count(id: str, clean: dict[str, Path], key: Path, tmp_path: Path) -> None:
    real, out = tmp_path / "real.zip", tmp_path / "out.zip"
    draft = Draft(clean[DEFECTS[id].specs[0]], 1, real.name)
    plant(draft, orders([id]))
    write_draft(real, draft)
    assert run("anonymise", real, out, "--key", key)[0] == 0
    before, after = findings(real), findings(out)
    if DEFECTS[id].trips == "csv.password-present":
        # Passwords are the one thing that is dropped instead of replaced.
        before = Counter({key: count for key, count in before.items() if key[0] != "csv.password-present"})
    assert after == before
    code, verdict = run("verify-synthetic", out)
    assert (code, verdict["anonymised"]) == ((1, verdict["anonymised"]) if id in NOT_PROVED else (0, True))


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_a_clean_bundle_stays_clean_and_nobody_is_left_in_it(spec: str, key: Path, tmp_path: Path) -> None:
    real, out = tmp_path / "real.zip", tmp_path / "out.zip"
    run("generate", real, "--students", 150, "--spec", spec, "--seed", 4)
    code, document = run("anonymise", real, out, "--key", key)
    assert code == 0 and document["left_out"] == 0
    assert findings(out) == findings(real) == Counter()
    assert run("verify-synthetic", out)[0] == 0
    assert len(values(out)) == len(values(real))
    assert not {value for _, value in values(out)} & {value for _, value in values(real)}


def test_days_of_one_key_fit_together(key: Path, tmp_path: Path) -> None:
    run("generate", tmp_path / "town", "--students", 80, "--days", 2)
    day = tmp_path / "town.days" / "day-001"
    for name in ("full", "delta"):
        run("anonymise", day / name, tmp_path / name, "--key", key)
        assert findings(tmp_path / name) == findings(day / name)

    def ids(path: Path) -> list[str]:
        with path.joinpath("enrollments.csv").open(encoding="utf-8", newline="") as stream:
            return [row["sourcedId"] for row in csv.DictReader(stream)]

    def shared(full: Path, delta: Path) -> list[bool]:
        known = set(ids(full))
        return [id in known for id in ids(delta)]

    assert shared(tmp_path / "full", tmp_path / "delta") == shared(day / "full", day / "delta")


@pytest.mark.parametrize("id", sorted(UNREADABLE))
def test_an_archive_that_is_cut_or_unsafe_is_refused(id: str, clean: dict[str, Path], tmp_path: Path) -> None:
    real = tmp_path / "real.zip"
    draft = Draft(clean["1.1"], 1, real.name)
    plant(draft, orders([id]))
    write_draft(real, draft)
    result = CliRunner().invoke(front, ["anonymise", str(real), str(tmp_path / "out.zip"), "--key", str(tmp_path / "key")])
    assert result.exit_code != 0 and not tmp_path.joinpath("out.zip").exists() and not tmp_path.joinpath("key").exists()
