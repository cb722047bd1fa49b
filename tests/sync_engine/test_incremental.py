"""Incremental runs: what changed is asked for and lands, what is doubtful is read whole, nothing is retired by a silence."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from oneroster_standard.moments import format_instant, parse_instant
from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.fake_provider import FakeProvider, Reply, Request, page

START = datetime(2026, 10, 1, 6, tzinfo=UTC)
FILTER = re.compile(r"dateLastModified(>=|>)'([^']+)'\Z")
Record = dict[str, Any]
NAMES = ("orgs", "users")


class School:
    """A provider's records and its days; mode: how it deals with filters, deletions and totals."""

    def __init__(self, fake: FakeProvider, mode: str = "honest") -> None:
        self.mode = mode
        self.day = 0
        self.records: dict[str, dict[str, Record]] = {name: {} for name in NAMES}
        self.asked: list[str] = []
        self._fake = fake
        for name in NAMES:
            fake.answers[name] = self._answer
        self.put("orgs", "o1", name="School")

    def now(self) -> datetime:
        return START + timedelta(days=self.day)

    def put(self, entity: str, key: str, *, at: datetime | None = None, **cells: str) -> None:
        """Add or change a record."""
        stamp = format_instant(at or self.now())
        if self.mode == "dates":
            stamp = stamp[:10]
        if self.mode == "local time":
            # Written as a school west of Greenwich does, without saying so.
            stamp = format_instant(parse_instant(stamp) - timedelta(hours=8)).rstrip("Z")
        before = self.records[entity].get(key, {})
        self.records[entity][key] = {**before, "sourcedId": key, "status": "active", "dateLastModified": stamp, **cells}

    def delete(self, entity: str, key: str) -> None:
        """Flag a record, or let it vanish."""
        if self.mode.startswith("vanishing"):
            del self.records[entity][key]
        else:
            self.put(entity, key, status="tobedeleted")

    def present(self, entity: str = "users") -> dict[str, str | None]:
        """What a perfect consumer holds: key and name of every record that counts."""
        return {key: one.get("givenName") for key, one in self.records[entity].items() if one["status"] == "active"}

    def _answer(self, request: Request) -> Reply:
        records = [self.records[request.entity][key] for key in sorted(self.records[request.entity])]
        total: int | None = -1
        if request.filter:
            found = FILTER.match(request.filter)
            assert found, request.filter
            operator, value = found.groups()
            if request.offset == 0:
                self.asked.append(f"{request.entity} {request.filter}")
            refused = {"refusing": True, "after only": operator == ">=", "days only": "T" in value}.get(self.mode, False)
            if refused:
                return Reply({}, status=400)
            if self.mode == "failing":
                return Reply({}, status=500)
            whole = len(records)
            if self.mode != "ignoring":
                records = [one for one in records if _passes(one["dateLastModified"], operator, value)]
            if self.mode == "lossy":
                records = records[:-1]
            if self.mode == "whole total":
                total = whole
        if self.mode.endswith("without totals"):
            total = None
        reply = page(request, records, cap=7, total=total)
        return Reply(reply.document, headers={**reply.headers, "Date": f"{self.now() + timedelta(hours=1):%a, %d %b %Y %H:%M:%S} GMT"})


def _passes(stamp: str, operator: str, value: str) -> bool:
    own, other = parse_instant(stamp), parse_instant(value)
    return own > other or (operator == ">=" and own == other)


@pytest.fixture
def school(fake: FakeProvider) -> School:
    """Sixty people who came one by one before the first day."""
    return filled(fake, "honest")


def filled(fake: FakeProvider, mode: str) -> School:
    """The school of a mode."""
    found = School(fake, mode)
    for number in range(60):
        found.put("users", f"u{number:02d}", at=START - timedelta(days=60 - number), givenName=f"Name {number}")
    return found


Run = Callable[..., Ran]


@pytest.fixture
def run(fake: FakeProvider, duck: Database, school: School) -> Run:
    """A sync of the school, incremental unless said otherwise, on the school's day."""
    return runner(fake, duck)


def runner(fake: FakeProvider, duck: Database) -> Run:
    def run(school: School, *options: object, incremental: bool = True) -> Ran:
        more = ("--incremental",) if incremental else ()
        return sync(
            "run", fake.url, duck.url, "--token-url", fake.token_url, "--yes", "--retry-wait", "0", "--tries", "2",
            "--as-of", f"{school.now():%Y-%m-%d}", *more, *options,
        )  # fmt: skip

    return run


def landed(duck: Database) -> dict[str, str | None]:
    return {row[0]: row[1] for row in duck.rows("users", '"sourcedId", "givenName", "_state"') if row[2] == "present"}


def test_a_run_asks_for_what_changed_since_the_mark_less_an_overlap(run: Run, school: School, duck: Database, fake: FakeProvider) -> None:
    first = run(school)
    assert (first.code, school.asked) == (0, [])
    assert "nothing was read of it" in first.document["reads"]["users"]["why"]
    school.day = 2
    school.put("users", "u07", givenName="Other")
    school.put("users", "new", givenName="New")
    school.delete("users", "u08")
    fake.requests.clear()
    ran = run(school)
    assert ran.changed() == {"users": {"create": 1, "update": 1, "delete": 1}}
    # The last change before was on the last of September, at six.
    assert "users dateLastModified>='2026-09-28T18:00:00.000Z'" in school.asked
    assert ran.document["reads"]["users"] == {"since": "2026-09-28T18:00:00.000Z", "why": ""}
    assert ran.document["complete"]["users"] is True
    assert landed(duck) == school.present()
    assert fake.count("users") < 4


def test_an_unchanged_school_costs_few_requests_a_collection(run: Run, school: School, fake: FakeProvider) -> None:
    run(school)
    school.day = 3
    fake.requests.clear()
    ran = run(school)
    assert ran.changed() == {}
    # What lies within the overlap, the empty page after it, and the total of all.
    assert fake.count("users") == 3


def test_a_plain_run_reads_everything_and_leaves_a_mark(run: Run, school: School) -> None:
    run(school, incremental=False)
    school.day = 1
    ran = run(school)
    assert ran.document["reads"]["users"]["since"]
    again = run(school, incremental=False)
    assert ("reads" in again.document, again.changed()) == (False, {})


def test_after_the_interval_everything_is_read_whole(run: Run, school: School, duck: Database) -> None:
    run(school)
    # Without a new stamp no filter shows it.
    school.records["users"]["u03"]["givenName"] = "Silent"
    for day in (1, 6):
        school.day = day
        assert run(school).document["reads"]["users"]["since"]
        assert landed(duck)["u03"] == "Name 3"
    school.day = 7
    ran = run(school)
    assert ran.document["reads"]["users"]["why"] == "the last whole read is 7 days old"
    assert landed(duck) == school.present()


def test_the_interval_is_an_option(run: Run, school: School) -> None:
    run(school)
    school.day = 2
    assert run(school, "--audit-every", "3d").document["reads"]["users"]["since"]
    assert run(school, "--audit-every", "2d").document["reads"]["users"]["why"] == "the last whole read is 2 days old"
    assert run(school, "--audit-every", "36h").code == 2


MODES = (
    "honest", "dates", "local time", "refusing", "after only", "days only", "failing", "ignoring", "lossy", "whole total", "without totals",
    "vanishing", "vanishing without totals",
)  # fmt: skip
QUICK = ("days only", "vanishing", "ignoring")
"""Modes that are played in every run of the tests; the others are played beside it."""
TRUSTED = {"honest", "dates", "local time", "after only", "days only", "whole total", "without totals"}
"""Modes in which a change is read as a change."""


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=() if mode in QUICK else pytest.mark.hazards) for mode in MODES])
def test_whatever_the_provider_makes_of_a_filter_the_landed_rows_are_the_truth_after_an_audit(
    mode: str, fake: FakeProvider, duck: Database
) -> None:
    school, run, chance = filled(fake, mode), runner(fake, duck), random.Random(mode)
    run(school)
    asked_since = 0
    for day in (1, 2, 4, 5, 7):
        school.day = day
        _happen(school, chance)
        ran = run(school)
        assert ran.code == 0, ran.err
        asked_since += bool(ran.document["reads"]["users"]["since"])
        still = {key for key, _, state in duck.rows("users") if state == "present"}
        assert school.present().keys() <= still, "somebody who is there was retired"
        if ran.document["reads"]["users"]["why"] or mode in TRUSTED:
            assert landed(duck) == school.present()
    assert bool(asked_since) == (mode in TRUSTED | {"vanishing", "lossy", "vanishing without totals"}), asked_since
    assert ran.document["reads"]["users"]["why"], "the seventh day is one of an audit"
    assert landed(duck) == school.present()


def _happen(school: School, chance: random.Random) -> None:
    """A day: some change, one comes, at times one goes."""
    there = sorted(school.present())
    for key in chance.sample(there, 3):
        school.put("users", key, givenName=f"Day {school.day}")
    school.put("users", f"n{school.day}", givenName="New")
    if school.day % 2:
        school.delete("users", there[chance.randrange(len(there))])


def test_a_change_that_becomes_visible_late_is_caught_by_the_overlap(run: Run, school: School, duck: Database) -> None:
    run(school)
    school.day = 1
    school.put("users", "u01", givenName="First")
    run(school)
    # Committed after that read, stamped well before it.
    school.put("users", "u02", at=school.now() - timedelta(hours=20), givenName="Late")
    assert run(school).changed() == {"users": {"update": 1}}
    assert landed(duck)["u02"] == "Late"


def test_a_stamp_of_the_future_does_not_move_the_mark_past_the_provider_s_own_time(run: Run, school: School, duck: Database) -> None:
    school.put("users", "u01", at=START + timedelta(days=900), givenName="Tomorrow")
    run(school)
    school.day = 1
    school.put("users", "u02", givenName="Changed")
    assert run(school).document["reads"]["users"]["since"]
    assert landed(duck) == school.present()


def test_rows_without_a_stamp_leave_no_mark(run: Run, school: School) -> None:
    del school.records["users"]["u05"]["dateLastModified"]
    run(school)
    school.day = 1
    found = run(school).document["reads"]
    assert "built upon" in found["users"]["why"]


def test_another_credential_or_vendor_reads_everything(run: Run, school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    run(school)
    school.day = 1
    assert run(school, "--vendor", "classlink").document["reads"]["users"]["why"].startswith("the vendor, the version or the credential")
    assert run(school, "--vendor", "classlink").document["reads"]["users"]["since"]
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", "another")
    assert run(school, "--vendor", "classlink").document["reads"]["users"]["why"].startswith("the vendor, the version or the credential")


def test_rows_that_something_else_wrote_are_repaired_by_a_whole_read(run: Run, school: School, duck: Database) -> None:
    run(school)
    duck.query("UPDATE users SET \"givenName\" = 'Ours' WHERE \"sourcedId\" = 'u09'")
    school.day = 1
    assert run(school).document["reads"]["users"]["why"] == "something other than a sync wrote to the landed rows"
    assert landed(duck) == school.present()


def test_a_row_that_waits_is_shown_again_until_it_lands(run: Run, school: School, duck: Database) -> None:
    run(school)
    school.day = 1
    for number in range(30):
        school.put("users", f"u{number:02d}", givenName=f"Other {number}")
    assert run(school).code == 4
    for day in (3, 4):
        school.day = day
        again = run(school)
        assert (again.code, again.document["reads"]["users"]["since"] != "") == (4, True)
        assert again.document["changes"]["users"]["held"] == 30
    for number in range(30):
        school.put("users", f"u{number:02d}", givenName=f"Name {number}")
    school.day = 5
    assert run(school).code == 0
    assert landed(duck) == school.present()


def test_the_deletions_that_are_told_are_guarded_too(run: Run, school: School, duck: Database) -> None:
    run(school)
    school.day = 1
    for number in range(20):
        school.delete("users", f"u{number:02d}")
    ran = run(school)
    assert (ran.code, ran.document["changes"]["users"]["held"]) == (4, 20)
    assert len(landed(duck)) == 60


def test_an_undone_run_is_read_again(run: Run, school: School, duck: Database) -> None:
    run(school)
    school.day = 1
    school.put("users", "u04", givenName="Other")
    run(school)
    assert sync("undo", duck.url, "--yes", "--as-of", "2026-10-02").code == 0
    assert landed(duck)["u04"] == "Name 4"
    ran = run(school)
    assert "built upon" in ran.document["reads"]["users"]["why"]
    assert landed(duck) == school.present()


def test_a_mark_is_kept_with_its_rows_or_not_at_all(run: Run, school: School, duck: Database, tmp_path: Path, fake: FakeProvider) -> None:
    run(school)
    marks = duck.query('SELECT "entity", "at", "served" FROM "_oneroster_watermarks" ORDER BY 1')
    assert marks == [("orgs", "2026-10-01T06:00:00.000Z", 1), ("users", "2026-09-30T06:00:00.000Z", 60)]
    school.day = 1
    school.put("users", "u04", givenName="Other")
    plan = tmp_path / "plan.json"
    made = sync("plan", fake.url, duck.url, "--token-url", fake.token_url, "--incremental", "-o", plan, "--as-of", "2026-10-02")
    assert made.document["reads"]["users"]["since"]
    assert duck.query('SELECT "entity", "at", "served" FROM "_oneroster_watermarks" ORDER BY 1') == marks
    assert sync("apply", plan).code == 0
    assert duck.query("SELECT \"at\" FROM \"_oneroster_watermarks\" WHERE \"entity\" = 'users'") == [("2026-10-02T06:00:00.000Z",)]


def test_marks_on_both_engines(database: Database, fake: FakeProvider) -> None:
    school, run = filled(fake, "honest"), runner(fake, database)
    run(school)
    school.day = 1
    school.delete("users", "u01")
    ran = run(school)
    assert (ran.changed(), ran.document["reads"]["users"]["why"]) == ({"users": {"delete": 1}}, "")
    school.day = 2
    assert run(school).changed() == {}


def test_a_bundle_says_itself_what_it_holds(duck: Database, tmp_path: Path) -> None:
    from tests.sync_engine.rosters import orgs, write_bundle

    ran = sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--yes", "--incremental")
    assert (ran.code, "reads" in ran.document) == (0, False)
    assert call("sync", "run", tmp_path / "a", duck.url, "--incremental", "--audit-every", "x").code == 2
