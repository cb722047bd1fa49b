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
    for more in (["--defect", "users.bad-email@day=3"], ["--defect", "series.half-empty"], ["--delta-from", str(tmp_path)]):
        assert CliRunner().invoke(generate, [str(tmp_path / "out"), "--days", "2", *more]).exit_code != 0
    assert not (tmp_path / "out").exists()


def test_earlier_days_are_not_replaced_unless_asked(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--students", "20", "--days", "1")
    assert CliRunner().invoke(generate, [str(tmp_path / "out"), "--students", "20", "--days", "1"]).exit_code != 0
    run(str(tmp_path / "out"), "--students", "20", "--days", "2", "--force")
    assert sorted(entry.name for entry in (tmp_path / "out.days").iterdir()) == ["day-001", "day-002"]


@pytest.mark.parametrize("ending", ["", ".zip"])
@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_a_defect_of_one_day_leaves_the_other_days_and_every_delta_as_they_were(tmp_path: Path, spec: str, ending: str) -> None:
    more = ["--students", "40", "--days", "3", "--spec", spec]
    run(str(tmp_path / f"clean{ending}"), *more)
    wanted = ["file.missing@day=2", "series.half-empty@day=3", "users.bad-email=3", "users.bad-email=5%@day=3", "series.id-reused=2@day=3"]
    run(str(tmp_path / f"out{ending}"), *more, *(part for text in wanted for part in ("--defect", text)))
    key = json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]
    assert [(entry["defect"], entry["day"]) for entry in key] == [
        ("file.missing", 2), ("series.half-empty", 3), ("users.bad-email", 0), ("users.bad-email", 3), ("series.id-reused", 3),
    ]  # fmt: skip
    assert {entry["bundle"] for entry in key} == {f"out{ending}", f"out.days/day-002/full{ending}", f"out.days/day-003/full{ending}"}
    for entry in key:
        assert tmp_path.joinpath(entry["bundle"]).exists()
    differ = {
        name: {
            file for file, text in bundle(tmp_path / f"out{name}{ending}").items()
            if text != bundle(tmp_path / f"clean{name}{ending}").get(file)
        } | (set(bundle(tmp_path / f"clean{name}{ending}")) - set(bundle(tmp_path / f"out{name}{ending}")))
        for name in ("", ".days/day-001/full", ".days/day-002/full", ".days/day-003/full", ".days/day-002/delta", ".days/day-003/delta")
    }  # fmt: skip
    assert differ == {
        "": {"users.csv"}, ".days/day-001/full": set(), ".days/day-002/full": {"results.csv"},
        ".days/day-003/full": {"enrollments.csv", "users.csv"}, ".days/day-002/delta": set(), ".days/day-003/delta": set(),
    }  # fmt: skip
    for day in ("day-001", "day-002", "day-003"):
        expected = [tmp_path.joinpath(f"{name}.days", day, "expected-diff.json").read_bytes() for name in ("clean", "out")]
        assert expected[0] == expected[1]


def test_a_reused_id_bears_another_name_than_on_the_day_before(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--students", "40", "--days", "2", "--defect", "series.id-reused=2@day=2")
    (entry,) = json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]
    days = [{row["sourcedId"]: row for row in rows(tmp_path / f"out.days/day-00{day}/full" / "users.csv")} for day in (1, 2)]
    after = rows(tmp_path / "out.days/day-002/full/users.csv")
    for place in entry["places"]:
        now = after[place["row"] - 2]
        before = days[0][now["sourcedId"]]
        assert (now["givenName"], now["familyName"]) == (before["familyName"], before["givenName"])


def test_a_renumbered_section_takes_its_people_along(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--students", "40", "--days", "1", "--spec", "1.2", "--defect", "series.section-renumbered=3@day=1")
    (entry,) = json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]
    full = tmp_path / "out.days/day-001/full"
    classes = {row["sourcedId"] for row in rows(full / "classes.csv")}
    named = {rows(full / "classes.csv")[place["row"] - 2]["sourcedId"] for place in entry["places"]}
    assert all(found.endswith("-new") for found in named) and len(named) == 3
    for name in ("enrollments.csv", "lineItems.csv", "results.csv", "scoreScales.csv"):
        assert {row["classSourcedId"] for row in rows(full / name)} <= classes


def test_a_class_that_is_emptied_has_no_students_left(tmp_path: Path) -> None:
    run(str(tmp_path / "out"), "--students", "40", "--days", "1", "--defect", "series.class-emptied=2@day=1")
    (entry,) = json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]
    full = tmp_path / "out.days/day-001/full"
    classes = rows(full / "classes.csv")
    emptied = {classes[place["row"] - 2]["sourcedId"] for place in entry["places"]}
    seated = {row["classSourcedId"] for row in rows(full / "enrollments.csv") if row["role"] == "student"}
    assert len(emptied) == 2 and not emptied & seated


def test_a_rekeyed_enrollment_is_the_same_one_under_another_id(tmp_path: Path) -> None:
    run(str(tmp_path / "clean"), "--students", "40", "--days", "1")
    run(str(tmp_path / "out"), "--students", "40", "--days", "1", "--defect", "series.enrollment-rekeyed=4@day=1")
    clean, faulty = (rows(tmp_path / f"{name}.days/day-001/full/enrollments.csv") for name in ("clean", "out"))
    other = [(old, new) for old, new in zip(clean, faulty, strict=True) if old != new]
    assert len(other) == 4
    assert all({**old, "sourcedId": ""} == {**new, "sourcedId": ""} for old, new in other)


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a file by column."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
