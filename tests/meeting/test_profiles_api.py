"""Profiles put to a provider: the clean one passes where it can, and every demand of every shipped profile is seen failing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from conformance import api_judge
from conformance.api_judge import Order, judge
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.profiles.applying import judge_api_profiles
from conformance.profiles.asking import Asking
from conformance.profiles.evidence import ApiEvidence
from conformance.profiles.loading import load_profile, load_profiles, shipped
from conformance.profiles.model import API, REQUIRED, Profile, RequestDemand
from conformance.profiles.verdicts import Verdict, verdict_of
from conformance.report import Outcome, Report
from conformance.run import Run
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.providers import Endpoint
from tests.meeting.endpoints import endpoint_of
from tests.meeting.test_check_api import address, environment_of
from tests.meeting.test_check_api import run as run_command

READS = {name: found.api.specs[0] for name in shipped() if (found := load_profile(name)).api}


@dataclass
class Judged:
    """A finished run over the clean reference provider, to plant faults in."""

    run: Run
    report: Report
    endpoint: Endpoint


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    with running_mock(students=150) as found:
        yield found


def _endpoint(mock: RunningMock, spec: str) -> Endpoint:
    found = endpoint_of(mock, "reference")
    return found if spec == "1.1" else replace(found, url=found.url.removesuffix("/v1p1") + "/rostering/v1p2", spec="1.2")


@pytest.fixture(scope="module")
def judged(mock: RunningMock) -> dict[str, Judged]:
    """One run per version, with all that the checks saw."""
    found: dict[str, Judged] = {}
    for spec in ("1.1", "1.2"):
        kept: list[Run] = []

        def keep(report: Report, run: Run, *more: Any, kept: list[Run] = kept, **named: Any) -> None:
            kept.append(run)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api_judge, "judge_api_profiles", keep)
            endpoint = _endpoint(mock, spec)
            report = judge(endpoint, Order(allow_writes=True))
        found[spec] = Judged(kept[0], report, endpoint)
    return found


def _judge(profile: Profile, judged: Judged, **changes: Any) -> Verdict:
    report = replace(judged.report, **changes)
    return verdict_of(profile, report, ApiEvidence(judged.run))


@pytest.mark.parametrize("name", sorted(READS))
def test_the_clean_provider_passes(judged: dict[str, Judged], name: str) -> None:
    own = judged[READS[name]]
    report = replace(own.report, profiles={})
    judge_api_profiles(report, own.run, load_profiles([name]), allow_writes=True, unread="")
    found = report.profiles[name]
    assert (found["verdict"], found["blockers"], found["not_exercised"], found["remarks"]) == ("pass", [], [], [])


def test_what_google_writes_is_incomplete_without_leave_to_write(judged: dict[str, Judged]) -> None:
    own = judged["1.2"]
    answers = list(Asking(own.run, load_profile("google"), allow_writes=False).answers())
    skipped = [one for one in answers if one.outcome == "skip"]
    assert {one.demand for one in skipped} >= {"request line-item-create", "request result-delete"}
    assert all("--allow-writes" in one.message for one in skipped)
    assert _verdict(own, answers).word == "incomplete"


def _verdict(judged: Judged, answers: list[Any]) -> Verdict:
    return verdict_of(load_profile("google"), judged.report, ApiEvidence(judged.run), answers)


@pytest.mark.parametrize("name", sorted(READS))
def test_every_field_that_is_missing_is_told(judged: dict[str, Judged], name: str) -> None:
    own, profile = judged[READS[name]], load_profile(name)
    for entity in profile.entities:
        if API not in entity.channels:
            continue
        collection = own.run.survey.collections[entity.name]
        for demand in entity.fields:
            records = collection.records
            # In 1.2 a user's roles hold what 1.1 holds at the user.
            gone = {demand.field} | ({"roles"} if demand.field in ("role", "orgs") else set())
            collection.records = [{key: value for key, value in record.items() if key not in gone} for record in records]
            try:
                verdict = _judge(profile, own)
            finally:
                collection.records = records
            met = {one.demand for one in (verdict.blockers if demand.need == REQUIRED else verdict.remarks)}
            assert f"{entity.name}.{demand.field}" in met, (name, entity.name, demand.field)
        assert _judge(profile, own).word == "pass"


@pytest.mark.parametrize("name", sorted(READS))
def test_every_entity_that_is_withheld_empty_or_unasked_is_told(judged: dict[str, Judged], name: str) -> None:
    own, profile = judged[READS[name]], load_profile(name)
    for entity in profile.entities:
        if API not in entity.channels:
            continue
        collection = own.run.survey.collections[entity.name]
        for fault in ({"trouble": "answers 403"}, {"records": []}):
            own.run.survey.collections[entity.name] = replace(collection, **fault)  # type: ignore[arg-type]
            verdict = _judge(profile, own)
            assert entity.name in {one.demand for one in (verdict.blockers if entity.need == REQUIRED else verdict.remarks)}
        del own.run.survey.collections[entity.name]
        verdict = _judge(profile, own)
        own.run.survey.collections[entity.name] = collection
        if entity.need == REQUIRED:
            assert entity.name in {one.demand for one in verdict.unasked}
            assert verdict.word == "incomplete"


@pytest.mark.parametrize("name", sorted(READS))
def test_every_check_that_a_profile_names_blocks_it_or_leaves_it_open(judged: dict[str, Judged], name: str) -> None:
    own, profile = judged[READS[name]], load_profile(name)
    named = {one.check: one for one in _judge(profile, own).answers if one.check}
    for check in named:
        outcomes = own.report.outcomes
        about = next((demand.places[0] for demand in profile.checks if check in demand.ids and demand.places and demand.need == REQUIRED), "")
        planted = Notice("planted", {"request": "GET /x", "pointer": about}, check=check, severity="error")
        failed = _judge(profile, own, findings=[planted], outcomes=[replace(one, outcome="fail") if one.id == check else one for one in outcomes])
        assert [one.check for one in failed.blockers] == [check]
        skipped = _judge(profile, own, outcomes=[replace(one, outcome="skip", reason="no") if one.id == check else one for one in outcomes])
        must_run = any(demand.must_run and any(check == one or (one.endswith("*") and check.startswith(one[:-1])) for one in demand.ids) for demand in profile.checks)
        assert skipped.word == ("incomplete" if must_run else "pass"), check
    assert named or not any(API in demand.channels for demand in profile.checks)


def test_a_reference_that_the_consumer_does_not_read_does_not_block_it(judged: dict[str, Judged]) -> None:
    own, profile = judged["1.1"], load_profile("lingco")
    elsewhere = Notice("planted", {"pointer": "/users/*/agents"}, check="reference.resolves", severity="error")
    outcomes = [replace(one, outcome="fail") if one.id == "reference.resolves" else one for one in own.report.outcomes]
    assert _judge(profile, own, findings=[elsewhere], outcomes=outcomes).word == "pass"


def test_a_finding_that_the_vendor_is_known_for_blocks_as_well(judged: dict[str, Judged]) -> None:
    own, profile = judged["1.1"], load_profile("lingco")
    known = Notice("planted", {"pointer": "/enrollments/*/class"}, check="reference.resolves", severity="info", known=True, graded="error")
    outcomes = [Outcome("reference.resolves", "fail", "known deviation", "")]
    assert "check reference.resolves" in {one.demand for one in _judge(profile, own, findings=[known], outcomes=outcomes).blockers}


@pytest.mark.parametrize("name", sorted(READS))
def test_another_version_and_another_sign_in_are_told(judged: dict[str, Judged], name: str) -> None:
    other = judged["1.2" if READS[name] == "1.1" else "1.1"]
    assert "version" in {one.demand for one in _judge(load_profile(name), other).blockers}
    own, profile = judged[READS[name]], load_profile(name)
    evidence = ApiEvidence(own.run)
    evidence.auth = "bearer"
    verdict = verdict_of(profile, own.report, evidence)
    if profile.api and profile.api.auth:
        assert "auth" in {one.demand for one in verdict.unasked}
        assert verdict.word == "incomplete"


# Requests: each expectation of each request is broken on its way back.

Change = Callable[[Exchange], Exchange]


def _with(exchange: Exchange, document: Any) -> Exchange:
    return replace(exchange, body=json.dumps(document).encode())


def _each_record(change: Callable[[dict[str, Any]], None]) -> Change:
    def fault(exchange: Exchange) -> Exchange:
        document = json.loads(exchange.body)
        for value in document.values():
            for record in value if isinstance(value, list) else [value]:
                change(record)
        return _with(exchange, document)

    return fault


def _dropped(path: str) -> Change:
    return _each_record(lambda record: record.pop(path.partition(".")[0], None))


def _put(path: str, value: Any) -> Change:
    return _each_record(lambda record: record.__setitem__(path.partition(".")[0], value))


def _list(change: Callable[[list[Any]], list[Any]]) -> Change:
    def fault(exchange: Exchange) -> Exchange:
        document = json.loads(exchange.body)
        return _with(exchange, {key: change(value) if isinstance(value, list) else value for key, value in document.items()})

    return fault


def _headers(**values: str) -> Change:
    return lambda exchange: replace(exchange, headers={**exchange.headers, **{name.replace("_", "-"): value for name, value in values.items()}})


def _faults(demand: RequestDemand) -> Iterator[tuple[str, Change]]:
    yield "status", lambda exchange: replace(exchange, status=500)
    if demand.method != "GET":
        return
    yield "no JSON", lambda exchange: replace(exchange, body=b"<html>")
    if demand.records in ("some", "one"):
        yield "empty", _list(lambda records: [])
    if demand.records == "one":
        yield "two", _list(lambda records: records * 2)
    if demand.records == "none":
        yield "all", _list(lambda records: [{"sourcedId": "x"}])
    if demand.has_total:
        yield "no total", _headers(X_Total_Count="")
    if demand.content_type:
        yield "content type", _headers(Content_Type="text/html")
    for path in demand.first:
        yield f"first {path}", _dropped(path)
    for path in demand.every:
        yield f"every {path}", _put(path, "" if not demand.every[path] else "other")
    for path in demand.first_is:
        yield f"is {path}", _put(path, "other")
    for path in demand.take.values():
        yield f"take {path}", _dropped(path)
    if demand.lists:
        yield "not listed", _list(lambda records: [])
    if demand.lacks:
        yield "still listed", _list(lambda records: [*records, {"sourcedId": "ID"}])
    if demand.differs_from:
        yield "the first again", _list(lambda records: [{"sourcedId": "FIRST"}])


def _asked(judged: Judged, profile: Profile, demand: RequestDemand, change: Change, clock: Callable[[], float] | None = None) -> set[str]:
    """Demands that fail when the answers to one request are changed on their way."""
    asking = Asking(judged.run, profile, allow_writes=True, **({"clock": clock} if clock else {}))
    send = asking._send

    def faulty(asked: RequestDemand) -> Exchange:
        answer = send(asked)
        if asked.id != demand.id:
            return answer
        changed = change(answer)
        own = changed.body
        for mark, value in ((b'"ID"', asking.facts.get(demand.lacks.strip("{}"), "")), (b'"FIRST"', _first(asking, demand))):
            own = own.replace(mark, json.dumps(value).encode())
        return replace(changed, body=own)

    asking._send = faulty  # type: ignore[method-assign]
    return {one.demand for one in asking.answers() if one.outcome == "fail"}


def _slow() -> Callable[[], float]:
    """A clock that moves by 40 seconds whenever it is looked at."""
    ticks = iter(range(0, 100_000, 40))
    return lambda: float(next(ticks))


def _first(asking: Asking, demand: RequestDemand) -> str:
    return next(iter(asking.ids.get(f"{demand.differs_from} {asking.facts['each']}", [])), "")


@pytest.mark.parametrize("name", [name for name in READS if load_profile(name).requests])
def test_every_expectation_of_every_request_is_seen_failing(judged: dict[str, Judged], name: str) -> None:
    own, profile = judged[READS[name]], load_profile(name)
    for demand in profile.requests:
        wanted = {f"request {demand.id} {each}".strip() for each in demand.each or ("",)}
        for label, change in _faults(demand):
            assert _asked(own, profile, demand, change) & wanted, (demand.id, label)
        if demand.within_s:
            assert _asked(own, profile, demand, lambda exchange: exchange, _slow()) & wanted, (demand.id, "slow")
    assert {one.outcome for one in Asking(own.run, profile, allow_writes=True).answers()} == {"pass"}


def test_no_address_of_a_teacher_is_in_a_verdict(judged: dict[str, Judged]) -> None:
    own, profile = judged["1.2"], load_profile("google")
    asking = Asking(own.run, profile, allow_writes=False)
    asking._send = lambda demand: Exchange("GET", "", "/teachers", 500, {}, b"", "")  # type: ignore[method-assign]
    text = json.dumps(verdict_of(profile, own.report, ApiEvidence(own.run), asking.answers()).document())
    assert asking.facts["teacher_email"] not in text
    assert "{teacher_email}" in text


# As users run it.


@pytest.mark.parametrize(
    ("profile", "quirk", "demand"),
    [("microsoft-sds", "paging.no-total-count", "request full-users"), ("core-1.1", "value.null-instead-of-absent", "check schema.no-null")],
)
def test_a_quirk_of_the_provider_blocks_the_consumer_that_breaks_on_it(
    mock: RunningMock, tmp_path: Any, profile: str, quirk: str, demand: str
) -> None:  # fmt: skip
    mock.reset()
    mock.set_quirks("reference", [quirk])
    found = run_command(["check", "api", *address(mock, "reference"), "--profile", profile, "--json", "-"], environment_of(mock, "reference"), tmp_path)
    verdict = json.loads(found.stdout)["profiles"][profile]
    assert found.returncode == 1
    assert demand in {one["demand"] for one in verdict["blockers"]}
    assert f"profile {profile}: fail" in found.stderr


def test_withheld_enrollments_block_lingco_and_a_refused_sign_in_leaves_it_open(mock: RunningMock, tmp_path: Any) -> None:
    mock.reset()
    mock.withhold("powerschool", ["enrollments"])
    command = ["check", "api", *address(mock, "powerschool"), "--vendor", "powerschool", "--profile", "lingco", "--json", "-"]
    found = run_command(command, environment_of(mock, "powerschool"), tmp_path)
    assert "enrollments" in {one["demand"] for one in json.loads(found.stdout)["profiles"]["lingco"]["blockers"]}
    wrong = environment_of(mock, "powerschool") | {"ONEROSTER_CLIENT_SECRET": "not-the-secret"}
    refused = json.loads(run_command(command, wrong, tmp_path).stdout)["profiles"]["lingco"]
    assert (refused["verdict"], refused["blockers"]) == ("incomplete", [])
    assert refused["not_exercised"][0]["reason"] == "sign-in was refused"
    mock.reset()


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus", "classlink"])
def test_the_briefs_consumer_takes_every_vendor(mock: RunningMock, tmp_path: Any, vendor: str) -> None:
    mock.reset()
    command = ["check", "api", *address(mock, vendor), "--vendor", vendor, "--profile", "lingco", "--json", "-"]
    found = run_command(command, environment_of(mock, vendor), tmp_path)
    verdict = json.loads(found.stdout)["profiles"]["lingco"]
    assert (found.returncode, verdict["verdict"], verdict["blockers"], verdict["not_exercised"]) == (0, "pass", [], [])
