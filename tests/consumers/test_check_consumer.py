"""A good consumer has no row wrong; a bad habit is found by its cause and by no other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from conformance.consumer.adapter import EXAMPLE, Adapter, parse_adapter, read_adapter
from conformance.consumer.judge import Play, judge
from conformance.report import Report
from oneroster_standard.dialects import SHIPPED
from tests.sync_engine.conftest import call

SMALL = str(Path(__file__).with_name("small_consumer.py"))
REFERENCE = Path(__file__).parents[2] / "oneroster_standard" / "dialects" / "reference.toml"


def small(habit: str = "") -> Adapter:
    """The small consumer with one bad habit, or none."""
    words = [sys.executable, SMALL, "{folder}/landed", habit]
    return parse_adapter({"name": habit or "small", "landed": "csv:{folder}/landed", "command": dict.fromkeys(("api", "full", "delta"), words)}, "here")


def roots(report: Report) -> set[str]:
    """Checks with a finding that follows from no other."""
    return {notice.check for notice in report.findings if not notice.cause_of}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The consumer's command finds the standard's tables."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


# Every channel of every vendor is a long play: the reference's is part of the tests, the others' stand beside them in CI.
@pytest.mark.parametrize("vendor", [name if name == "reference" else pytest.param(name, marks=pytest.mark.hazards) for name in SHIPPED])
def test_our_sync_has_no_row_wrong_by_any_channel_in_six_days_with_faults(vendor: str, tmp_path: Path) -> None:
    report = judge(read_adapter(EXAMPLE), Play(vendors=(vendor,), channels=("api", "full", "delta")), tmp_path)
    assert (report.verdict, report.findings) == ("pass", [])
    passed = {outcome.id for outcome in report.outcomes if outcome.outcome == "pass"}
    assert {"consumer.failed-read-keeps-rows", "consumer.passing-fault", "consumer.all-pages", "consumer.absent-retired"} <= passed


def test_another_consumer_that_does_well_passes_too(tmp_path: Path) -> None:
    report = judge(small(), Play(channels=("api", "full", "delta"), days=5), tmp_path)
    assert (report.verdict, report.findings) == ("pass", [])


@pytest.mark.hazards
@pytest.mark.parametrize(
    ("habit", "channel", "check"),
    [
        ("first-page", "api", "consumer.all-pages"),
        ("own-step", "api", "consumer.steps-by-received"),
        ("empties", "api", "consumer.failed-read-keeps-rows"),
        ("drops-tombstones", "delta", "consumer.tobedeleted-honoured"),
        ("drops-tombstones", "full", "consumer.absent-retired"),
        ("shifts-dates", "full", "consumer.dates-keep-their-day"),
        ("appends", "full", "consumer.one-row-per-key"),
        ("never-updates", "full", "consumer.updates-applied"),
        ("late", "delta", "consumer.retired-in-time"),
        ("loses-a-field", "full", "consumer.columns"),
        ("other-values", "full", "consumer.values"),
        ("invents", "full", "consumer.rows-extra"),
        ("forgets", "full", "consumer.wrongly-retired"),
        ("skips-one", "full", "consumer.rows-missing"),
        ("gives-up", "api", "consumer.passing-fault"),
        ("fails", "full", "consumer.runs"),
        ("lands-elsewhere", "full", "consumer.lands"),
    ],
)
def test_a_bad_habit_is_found_by_its_cause(habit: str, channel: str, check: str, tmp_path: Path) -> None:
    report = judge(small(habit), Play(channels=(channel,), days=5, has_hardships=channel == "api"), tmp_path)
    assert roots(report) == {check}
    finding = next(notice for notice in report.findings if notice.check == check)
    assert finding.remedy and finding.where["vendor"] == "reference" and finding.where["channel"] == channel


def test_a_run_that_hides_a_failed_read_is_told(tmp_path: Path) -> None:
    report = judge(small("empties"), Play(days=4), tmp_path)
    hidden = [notice for notice in report.findings if notice.check == "consumer.failure-told"]
    assert [notice.cause_of for notice in hidden] == ["consumer.failed-read-keeps-rows"]


def test_keys_that_differ_in_case_only_are_two_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = tmp_path / "twins.toml"
    dialect.write_text(REFERENCE.read_text("utf-8").replace('name = "reference"', 'name = "twins"') + '\n[ids]\nusers = "case-twins"\n', "utf-8")
    monkeypatch.chdir(tmp_path)  # a dialect file may be named from where the user stands
    play = Play(vendors=(dialect.name,), channels=("full",), days=1, has_hardships=False)
    assert roots(judge(small(), play, tmp_path / "good")) == set()
    assert roots(judge(small("folds-case"), play, tmp_path / "bad")) == {"consumer.id-case"}


def test_a_restored_record_that_stays_away_is_told(tmp_path: Path) -> None:
    play = Play(channels=("full",), days=24, students=200, has_hardships=False)
    assert roots(judge(small("never-again"), play, tmp_path)) == {"consumer.restored"}


def test_an_adapter_says_what_is_not_taken_and_what_is_called_otherwise(tmp_path: Path) -> None:
    adapter = parse_adapter(
        {
            "landed": "csv:{folder}/landed", "command": {"full": [sys.executable, SMALL, "{folder}/landed", "own-names"]},
            "table": {"users": "people"}, "columns": {"users": {"person_key": "sourcedId"}}, "ignore": {"users": ["phone"]},
            "take": {"entities": ["users", "orgs"]}, "inactive": {"column": "left_on", "empty": False},
        },
        "here",
    )  # fmt: skip
    report = judge(adapter, Play(channels=("full",), days=1, has_hardships=False), tmp_path)
    assert (report.verdict, report.findings) == ("pass", [])


def test_a_function_and_a_database_are_places_to_land_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [sys.executable, SMALL, "{folder}/landed", "sqlite"]
    by_database = parse_adapter({"landed": "sqlite:///{folder}/rows.db", "command": {"full": words}}, "here")
    by_function = parse_adapter({"landed": "python:tests.consumers.small_consumer:landed", "command": {"full": words}}, "here")
    for adapter in (by_database, by_function):
        report = judge(adapter, Play(channels=("full",), days=1, has_hardships=False), tmp_path / adapter.landed[:6])
        assert (report.verdict, report.findings) == ("pass", [])


def test_the_command_gives_exit_code_verdict_and_findings(tmp_path: Path) -> None:
    words = f"{sys.executable} {SMALL} {{folder}}/landed skips-one"
    ran = call(
        "check", "consumer", "--run", words, "--landed", "csv:{folder}/landed", "--channel", "full", "--vendor", "reference", "--days", "1",
        "--json", "-",
    )  # fmt: skip
    document = json.loads(ran.out)
    assert (ran.code, document["verdict"]) == (1, "fail")
    assert {finding["check"] for finding in document["findings"]} == {"consumer.rows-missing"}
    assert document["findings"][0]["where"]["file"] in ("users", "orgs", "classes", "courses", "enrollments", "academicSessions")


def test_wrong_use_names_what_is_valid(tmp_path: Path) -> None:
    adapter = tmp_path / "a.toml"
    adapter.write_text('landed = "csv:x"\n[command]\nap = "true"\n', "utf-8")
    wrong = call("check", "consumer", str(adapter))
    assert wrong.code == 2 and "api" in wrong.err
    assert call("check", "consumer").code == 2
    assert call("check", "consumer", str(tmp_path / "none.toml")).code == 3
    assert call("check", "consumer", "--run", "no-such-program", "--landed", "csv:x", "--vendor", "reference", "--days", "0").code == 3


def test_the_example_is_printed_as_it_is_shipped() -> None:
    assert call("check", "consumer", "--example").out == EXAMPLE.read_text("utf-8")
