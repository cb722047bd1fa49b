"""Bundles of every dialect: what a vendor's habits change is known to its judge, and every reader of ours still reads them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.csv_judge import judge
from conformance.known import mark_known
from data_gen.command import generate
from data_gen.describe.reading import tables
from data_gen.spelling import ARRIVING, chosen_habits
from data_gen.verification import verify
from oneroster_standard.dialects import SHIPPED, load_dialect
from oneroster_standard.dialects.delivery import load_delivery, load_habits

WRITING = [id for id in load_habits() if id not in ARRIVING]


def run(*arguments: object) -> str:
    """The command, which must succeed."""
    done = CliRunner().invoke(generate, list(map(str, arguments)))
    assert done.exit_code == 0, done.output or done.exception
    return done.output


def files(path: Path) -> dict[str, bytes]:
    """A bundle's files by name."""
    if path.is_dir():
        return {entry.relative_to(path).as_posix(): entry.read_bytes() for entry in path.rglob("*") if entry.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def known_to(path: Path, vendor: str) -> list[str]:
    """Checks that fail and that the vendor is not known for."""
    report = judge(path)
    mark_known(report, load_dialect(vendor))
    return [finding.check for finding in report.findings if not finding.known]


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_the_reference_bundle_has_no_habits(tmp_path: Path, ending: str) -> None:
    run(tmp_path / f"plain{ending}", "--students", 30)
    for name, data in files(tmp_path / f"plain{ending}").items():
        assert not data.startswith(b"\xef\xbb\xbf") and data.endswith(b"\r\n") and data.count(b"\n") == data.count(b"\r\n"), name


@pytest.mark.parametrize("vendor", SHIPPED)
def test_a_vendors_own_habits_are_documented_ones_and_never_a_guess(vendor: str) -> None:
    way = load_delivery(vendor)
    for habit in way.habits:
        if habit.quirk in way.in_bundles:
            assert habit.on and habit.basis in ("documented", "captured") and "guess" not in habit.source
    assert chosen_habits(vendor, ()) == way.written_habits
    assert chosen_habits(vendor, ("none",)) == ()
    assert set(chosen_habits(vendor, ("delivered",))) == set(way.default_habits) - ARRIVING | set(way.written_habits)


@pytest.mark.parametrize("ending", ["", ".zip"])
@pytest.mark.parametrize("vendor", SHIPPED)
def test_all_habits_of_a_vendor_are_known_to_its_judge_and_read_by_ours(vendor: str, ending: str, tmp_path: Path) -> None:
    out = tmp_path / f"out{ending}"
    told = run(out, "--students", 60, "--vendor", vendor, "--habit", "delivered", "--days", 1, "--json", "-")
    document = json.loads(told[told.index("{") :])
    assert set(document["rows"]) == set(files(out))
    full, delta = (tmp_path / "out.days" / "day-001" / f"{name}{ending}" for name in ("full", "delta"))
    assert known_to(out, vendor) == known_to(full, vendor) == []
    # Without a manifest, or with one in tabs, nothing says that a delta is one: it is judged as the bulk that it is not.
    taken_for_bulk = {"powerschool": {"csv.bulk-status"}, "infinite-campus": {"csv.bulk-closed"}}
    assert set(known_to(delta, vendor)) == taken_for_bulk.get(vendor, set())
    for path in (out, full):
        # A bundle without a manifest has nowhere to bear its watermark.
        assert [(one.file, one.message) for one in verify(path).findings] == (
            [("manifest.csv", "the generator's watermark is missing")] if vendor == "powerschool" else []
        )
        misfits: list[str] = []
        read = {table.file: sum(1 for _ in table.rows) for table in tables(path, misfits.append)}
        assert not misfits and read["users.csv"] > 100


def test_habits_of_classlink_are_there_without_asking_and_can_be_left_away(tmp_path: Path) -> None:
    run(tmp_path / "own", "--students", 30, "--vendor", "classlink")
    run(tmp_path / "none", "--students", 30, "--vendor", "classlink", "--habit", "none")
    own, none = (next(csv.reader(io.StringIO(tmp_path.joinpath(name, "users.csv").read_text("utf-8")))) for name in ("own", "none"))
    assert own == [*none, "metadata.homeroom", "metadata.bus"]
    assert judge(tmp_path / "own").findings == []


@pytest.mark.parametrize("habit", [id for id in WRITING if id != "delivery.many-entries"])
def test_each_habit_of_writing_can_be_asked_for_and_trips_what_it_names(habit: str, tmp_path: Path) -> None:
    run(tmp_path / "out.zip", "--students", 130, "--habit", habit.removeprefix("delivery."))
    report = judge(tmp_path / "out.zip")
    assert {finding.check for finding in report.findings if not finding.cause_of} == set(load_habits()[habit].trips)


@pytest.mark.parametrize("habit", ["delivery.utf-8-bom", "delivery.header-prefixed", "delivery.quotes-on", "delivery.metadata-columns"])
def test_habits_serve_1p2_too(habit: str, tmp_path: Path) -> None:
    run(tmp_path / "out", "--students", 60, "--spec", "1.2", "--habit", habit)
    assert {finding.check for finding in judge(tmp_path / "out").findings if not finding.cause_of} == set(load_habits()[habit].trips)


def test_the_same_seed_gives_the_same_bytes_with_habits(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        run(tmp_path / name, "--students", 30, "--vendor", "powerschool", "--habit", "delivered")
    assert tmp_path.joinpath("a.zip").read_bytes() == tmp_path.joinpath("b.zip").read_bytes()


def test_a_delta_against_an_earlier_bundle_is_spelt_too(tmp_path: Path) -> None:
    run(tmp_path / "before", "--students", 30)
    run(tmp_path / "delta.zip", "--students", 33, "--as-of", "2026-10-09", "--delta-from", tmp_path / "before", "--habit", "utf-8-bom")
    assert all(data.startswith(b"\xef\xbb\xbf") for data in files(tmp_path / "delta.zip").values())


def test_defects_go_with_habits_of_rows_and_lie_where_the_key_says(tmp_path: Path) -> None:
    run(tmp_path / "out", "--students", 60, "--vendor", "classlink", "--defect", "users.bad-email=3")
    key = json.loads(tmp_path.joinpath("answer-key.json").read_text())
    assert key["habits"] == ["delivery.metadata-columns"] and key["vendor"] == "classlink"
    rows = list(csv.DictReader(io.StringIO(tmp_path.joinpath("out", "users.csv").read_text("utf-8"))))
    assert [rows[place["row"] - 2]["email"].count(".at.") for place in key["defects"][0]["places"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("more", "met"),
    [
        (("--habit", "late"), "habit delivery.late"),
        (("--habit", "tabs"), "unknown habit 'tabs'"),
        (("--habit", "tab", "--defect", "users.bad-email"), "--habit delivery.tab"),
        (("--habit", "snapshot-skew", "--spec", "1.2"), "no column role"),
        (("--habit", "missing-file=nothing.csv"), "nothing.csv"),
    ],
)
def test_a_habit_that_does_not_fit_is_refused(more: tuple[str, ...], met: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(generate, [str(tmp_path / "out"), "--students", "30", *more])
    assert done.exit_code != 0 and met in str(done.exception)
    assert not tmp_path.joinpath("out").exists()
