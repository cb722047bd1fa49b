"""Series of days: a delta leads from one full bundle to the next, and expected-diff.json says the same."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_gen.command import generate
from oneroster_standard.standard import load

Rows = dict[str, dict[str, list[str]]]
DAYS = 12


def run(*arguments: str) -> None:
    """The command, which must succeed."""
    done = CliRunner().invoke(generate, list(arguments))
    assert done.exit_code == 0, done.output


def bundle(path: Path) -> Rows:
    """File -> key -> row of a bundle's data files, in their order."""
    texts: Mapping[str, str]
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            texts = {name: archive.read(name).decode() for name in archive.namelist()}
    else:
        texts = {file.name: file.read_text("utf-8") for file in path.iterdir()}
    tables = {name: list(csv.reader(io.StringIO(text, newline="")))[1:] for name, text in texts.items() if name != "manifest.csv"}
    return {name: {row[0]: row for row in rows} for name, rows in tables.items()}


def applied(before: Rows, delta: Rows) -> Rows:
    """A full bundle with a delta applied to it, as a consumer does that knows nothing else."""
    found = {name: dict(rows) for name, rows in before.items()}
    for name, rows in delta.items():
        for key, row in rows.items():
            if row[1] == "tobedeleted":
                del found[name][key]
            else:
                assert row[1] == "active"
                found.setdefault(name, {})[key] = [row[0], "", "", *row[3:]]
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture(scope="module", params=[("1.1", "reference", ".zip"), ("1.2", "reference", ""), ("1.1", "powerschool", ""), ("1.2", "infinite-campus", ".zip")])
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Day 0 with its later days, the version and the ending of its bundles."""
    spec, vendor, form = request.param
    out = tmp_path_factory.mktemp("series") / f"district{form}"
    run(str(out), "--students", "120", "--days", str(DAYS), "--spec", spec, "--vendor", vendor)
    return out, spec, form


def day(series: tuple[Path, str, str], number: int) -> Path:
    """The folder of a day."""
    return series[0].with_name("district.days") / f"day-{number:03d}"


def test_a_delta_applied_to_the_day_before_is_the_full_bundle(series: tuple[Path, str, str]) -> None:
    now, changed = bundle(series[0]), 0
    for number in range(1, DAYS + 1):
        delta = bundle(day(series, number) / f"delta{series[2]}")
        now = applied(now, delta)
        assert now == bundle(day(series, number) / f"full{series[2]}")
        changed += sum(map(len, delta.values()))
    assert changed > 30


def test_a_delta_holds_no_row_that_does_not_differ(series: tuple[Path, str, str]) -> None:
    before = bundle(series[0])
    for number in range(1, DAYS + 1):
        for name, rows in bundle(day(series, number) / f"delta{series[2]}").items():
            for key, row in rows.items():
                assert row[2].endswith("Z")
                assert before.get(name, {}).get(key, [])[3:] != row[3:] or row[1] == "tobedeleted", (number, name, key)
        before = bundle(day(series, number) / f"full{series[2]}")


def test_the_expected_difference_is_that_of_the_full_bundles(series: tuple[Path, str, str]) -> None:
    files = {name.removesuffix(".csv"): name for name in load(series[1]).csv_files}
    before, ever = bundle(series[0]), {name: set(rows) for name, rows in bundle(series[0]).items()}
    for number in range(1, DAYS + 1):
        after = bundle(day(series, number) / f"full{series[2]}")
        told = json.loads((day(series, number) / "expected-diff.json").read_text("utf-8"))
        assert told["day"] == number
        for collection, kinds in told["expected"].items():
            name = files[collection]
            old, new = before.get(name, {}), after.get(name, {})
            keys = {kind: {one["sourcedId"] for one in rows} for kind, rows in kinds.items()}
            assert all(one["reason"] for rows in kinds.values() for one in rows)
            assert keys.get("retire", set()) == old.keys() - new.keys()
            assert keys.get("create", set()) | keys.get("restore", set()) == new.keys() - old.keys()
            assert keys.get("restore", set()) == (new.keys() - old.keys()) & ever.get(name, set())
            # What 1.2 keeps in files of their own differs there: a role is not a cell of users.csv.
            assert {key for key in new.keys() & old.keys() if new[key] != old[key]} <= keys.get("update", set())
            ever.setdefault(name, set()).update(new)
        untold = {name for name in after if before.get(name) != after[name]} - {files[one] for one in told["expected"]}
        assert untold <= {"roles.csv", "userProfiles.csv", "userResources.csv"}
        before = after


def test_a_delta_against_an_earlier_bundle_leads_to_the_new_one(tmp_path: Path) -> None:
    run(str(tmp_path / "before"), "--students", "60")
    run(str(tmp_path / "after"), "--students", "75", "--as-of", "2026-10-09")
    run(str(tmp_path / "delta.zip"), "--students", "75", "--as-of", "2026-10-09", "--delta-from", str(tmp_path / "before"))
    assert applied(bundle(tmp_path / "before"), bundle(tmp_path / "delta.zip")) == bundle(tmp_path / "after")


def test_what_does_not_go_together_is_refused(tmp_path: Path) -> None:
    for more in (["--defect", "users.bad-email"], ["--delta-from", str(tmp_path)]):
        assert CliRunner().invoke(generate, [str(tmp_path / "out"), "--days", "2", *more]).exit_code != 0
    assert not (tmp_path / "out").exists()


def test_earlier_days_are_not_replaced_unless_asked(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--students", "20", "--days", "1")
    assert CliRunner().invoke(generate, [str(tmp_path / "out"), "--students", "20", "--days", "1"]).exit_code != 0
    run(str(tmp_path / "out"), "--students", "20", "--days", "2", "--force")
    assert sorted(entry.name for entry in (tmp_path / "out.days").iterdir()) == ["day-001", "day-002"]
