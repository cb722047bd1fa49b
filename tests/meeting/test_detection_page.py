"""The published detection score names exactly what can be planted today, and says of each what the ledger says."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmarks.detection import ledger, page
from benchmarks.detection.ledger import Entry
from benchmarks.detection.trials import Trial, trials
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.registry import DEFECTS
from oneroster_standard.dialects import load_quirks
from oneroster_standard.dialects.faults import load_faults
from tests.meeting.keystone import OF_THE_DAYS, OF_THE_VIEW, ON_THE_WIRE, TOO_FEW_SECTIONS

AGAIN = "run `python -m benchmarks.detection`"
TRIAL = Trial("quirk", "any", "1.1", ("a.check",))


def test_the_committed_page_is_what_its_ledger_says() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(ledger.read()), AGAIN


def test_the_ledger_knows_nothing_that_is_gone() -> None:
    assert set(ledger.read()) <= {trial.key for trial in trials()}, AGAIN


def test_the_matrix_names_exactly_what_can_be_planted_with_the_checks_that_its_source_declares() -> None:
    told = dict(re.findall(r"^\| `([a-zA-Z0-9.-]+)` \| (.*?) \|", page.PAGE.read_text("utf-8").partition("## Clean")[0], re.MULTILINE))
    declared = {id: found.trips for id, found in load_quirks().items()}
    declared |= {id: found.trips for id, found in load_faults().items() if found.trips}
    names = {id: tuple(re.findall(r"`(.*?)`", text)) for id, text in told.items()}
    assert {id: set(names[id]) for id in declared} == {id: set(trips) for id, trips in declared.items()}
    others = {(kind, id): (found.trips, *getattr(found, "also", ())) for kind, known in (("record", RECORD_DEFECTS), ("csv", DEFECTS))
              for id, found in known.items() if not getattr(found, "needs_day", False)}  # fmt: skip
    assert set(names) == set(declared) | {id for _, id in others}
    put = {(trial.kind, trial.id): trial.declared for trial in trials(("record", "csv"))}
    assert put == others


def test_the_keystone_and_the_matrix_plant_the_same_quirks() -> None:
    keystone = {*ON_THE_WIRE, *OF_THE_VIEW, *OF_THE_DAYS, *TOO_FEW_SECTIONS}
    assert {trial.id for trial in trials(("quirk",)) if trial.spec == "1.1" or not trial.is_also_older} == keystone


def test_as_much_is_planted_as_the_score_promises() -> None:
    scored = {(trial.kind, trial.id) for trial in trials() if page.is_scored(trial) and trial.declared}
    assert sum(kind != "csv" for kind, _ in scored) >= 120
    assert sum(kind == "csv" for kind, _ in scored) >= 80


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (None, "not run"),
        (Entry("any", ["a.check"], ["b.check"]), "caught"),
        (Entry("any", ["a.check"], errors=["b.check"]), "failed itself: `b.check`"),
        (Entry("any", ["a.check", "b.check"]), "found, with others beside it: `b.check`"),
        (Entry("any", ["b.check"]), "missed; found `b.check`"),
        (Entry("any"), "nothing found"),
        (Entry("any", trouble="TooLong: not ended"), "no result: TooLong: not ended"),
    ],
)  # fmt: skip
def test_only_the_declared_root_alone_counts_as_caught(entry: Entry | None, said: str) -> None:
    assert page.verdict(TRIAL, entry) == said


def test_a_finding_where_nothing_may_be_found_is_a_false_alarm() -> None:
    permitted = replace(TRIAL, declared=())
    assert page.verdict(permitted, Entry("any")) == "silent"
    assert page.verdict(permitted, Entry("any", ["a.check"])) == "false alarm: `a.check`"


def test_a_score_with_something_not_run_is_not_flawless() -> None:
    assert not page.is_flawless({})
