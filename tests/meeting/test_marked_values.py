"""No value of a person, no id of one, no credential and no token in any output: every value of a district is looked for in all of them."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import api_judge
from conformance.api_judge import Order, judge
from conformance.laws import LawBroken
from conformance.notices import Notice
from conformance.placeholders import sealed
from conformance.report import Report
from conformance.reports import FORMATS
from conformance.survey import Collection
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import load_quirks
from oneroster_standard.standard import VERSIONS, load
from sync_engine.commands import watching
from tests.meeting.endpoints import endpoint_of
from tests.sync_engine.conftest import call
from tests.watching.fakes import Days

PERSONAL = (
    "sourcedId", "givenName", "familyName", "middleName", "email", "username", "identifier", "phone", "sms", "userSourcedId", "agentSourcedIds",
    "userIds", "birthDate", "comment",
)  # fmt: skip
KNOWN = load_quirks()
QUIRKS = sorted(
    id for id in KNOWN
    if KNOWN[id].hook == "mock" and id.startswith(("filter.", "sort.", "view", "relationship.", "reference.", "value.", "fields.", "error.", "auth."))
)  # fmt: skip
FAULTS = ["fault.body-truncated@on=users", "fault.body-login-page@on=users", "fault.paging-row-doubled@on=users", "fault.auth-forbidden@on=users"]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A small district."""
    with running_mock(students=40, vendors=["reference"]) as found:
        yield found


@pytest.fixture(scope="module")
def marked(mock: RunningMock) -> frozenset[str]:
    """Every value of a person that is long enough to be no other word, and the credential; a name that is a word of the
    standard (a family called Proctor) says nothing where it stands."""
    found = {mock.provider().client_id, mock.provider().client_secret}
    for entity in ("users", "demographics", "enrollments", "results"):
        for row in mock.truth("reference", entity):
            for name in PERSONAL:
                value = row.get(name)
                found |= {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and len(one) > 5}
    words = {token.lower() for version in VERSIONS for tokens in load(version).enumerations.values() for token in tokens}
    return frozenset(value for value in found if value.lower() not in words)


def shown(report: Report) -> str:
    """A report in all of its formats."""
    return "\n".join(write(report, "info") for write in FORMATS.values()) + json.dumps(report.document(), ensure_ascii=False)


def leaked(text: str, marked: frozenset[str]) -> list[str]:
    """Marks that stand in a text, raw or percent-encoded."""
    lower = text.lower()
    return [value for value in marked if value.lower() in lower or value.replace("@", "%40").lower() in lower]


@pytest.mark.hazards
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(QUIRKS), min_size=1, max_size=3, unique=True), st.integers(1, 1000), st.sampled_from(["", *FAULTS]))
def test_a_report_shows_nothing_of_anybody(mock: RunningMock, marked: frozenset[str], quirks: list[str], seed: int, fault: str) -> None:
    mock.reset()
    mock.set_quirks("reference", quirks)
    mock.set_faults("reference", [fault] if fault else [])
    families = ["filter.", "view.", "relationship.", "reference.", "schema.", "data.", "auth.", "envelope.", "error.", "fields.", "sort."]
    report = judge(endpoint_of(mock, "reference"), Order(seed=seed, only=families))
    assert leaked(shown(report), marked) == []


def test_the_text_of_a_broken_law_and_its_traceback_show_nothing_of_anybody(mock: RunningMock, marked: frozenset[str], monkeypatch: pytest.MonkeyPatch) -> None:
    mock.reset()
    mock.set_quirks("reference", ["filter.ignored", "sort.ignored"])
    told: list[str] = []
    original = LawBroken.__init__

    def note(self: LawBroken, notice: Notice) -> None:
        original(self, notice)
        told.append("".join(traceback.format_exception(self)) + repr(self) + str(self))

    monkeypatch.setattr(LawBroken, "__init__", note)
    report = judge(endpoint_of(mock, "reference"), Order(only=["filter.", "sort."]))
    assert told and report.findings
    assert leaked("".join(told), marked) == []


def test_a_check_that_fails_itself_shows_nothing_of_anybody(mock: RunningMock, marked: frozenset[str], monkeypatch: pytest.MonkeyPatch) -> None:
    mock.reset()
    value = next(iter(marked))

    def breaks(notices: list[Notice]) -> list[Notice]:
        raise ValueError(f"something about {value}")

    monkeypatch.setattr(api_judge, "fold", breaks)
    report = judge(endpoint_of(mock, "reference"), Order(only=["data.", "schema."]))
    assert [outcome for outcome in report.outcomes if outcome.outcome == "error"]
    assert leaked(shown(report), marked) == []


def test_commands_show_nothing_of_anybody_at_any_verbosity(
    mock: RunningMock, marked: frozenset[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.reset()
    mock.set_quirks("reference", ["filter.ignored"])
    own = mock.provider()
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", own.client_id)
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", own.client_secret)
    student = next(row["sourcedId"] for row in mock.truth("reference", "users") if row["role"] == "student")
    address = [own.base_url, "--token-url", str(own.token_url)]
    for words in (
        ["check", "api", *address, "--only", "filter.", "--report", f"html:{tmp_path / 'r.html'}", "--report", f"junit:{tmp_path / 'r.xml'}"],
        ["--debug", "check", "api", *address, "--only", "filter."], ["diagnose", *address, "--student", student],
        ["--debug", "diagnose", *address, "--student", student, "--json", str(tmp_path / "d.json")],
    ):  # fmt: skip
        ran = call(*words)
        assert leaked(ran.out + ran.err, marked) == [], words[:2]
    assert leaked("".join(path.read_text("utf-8") for path in tmp_path.iterdir()), marked) == []


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=30).filter(lambda text: text.strip() == text), st.sampled_from(["", "upper"]))
def test_any_name_in_a_request_is_replaced_by_its_place(name: str, case: str) -> None:
    from urllib.parse import quote

    literal = name.upper() if case else name
    request = f"GET /users?filter={quote(f'familyName={chr(39)}{literal.replace(chr(39), chr(39) * 2)}{chr(39)}', safe='')}&limit=1"
    notice = Notice("m", {"request": request}, curl=f"curl '{request}'")
    users = Collection("users", [{"sourcedId": "record-one", "familyName": name}])
    (found,) = sealed([notice], {"users": users})
    assert "{users/0/familyName" in found.where["request"]
    assert quote(literal, safe="") not in found.where["request"].partition("familyName")[2].partition("{")[0]


def test_a_watch_shows_nothing_of_anybody_in_events_messages_metrics_and_pages(
    mock: RunningMock, marked: frozenset[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.reset()
    own = mock.provider()
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", own.client_id)
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", own.client_secret)
    policy, target = tmp_path / "policy.toml", f"duckdb:///{tmp_path / 'roster.duckdb'}"
    keeps = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write(sys.stdin.read() + chr(10))"
    policy.write_text(f"[[notify]]\ncommand = [{json.dumps(sys.executable)}, '-c', {json.dumps(keeps)}, '{tmp_path / 'messages'}']\n", encoding="utf-8")
    noons = {1: ["fault.body-login-page@on=users"], 2: ["fault.paging-no-records@on=users"]}
    clock = Days(3, {day: lambda faults=faults: mock.set_faults("reference", faults) for day, faults in noons.items()})
    monkeypatch.setattr(watching, "clock_of_watches", lambda: clock)
    address = [own.base_url, target, "--token-url", str(own.token_url)]
    ran = call("sync", "run", *address, "--yes", "--watch", "daily@02:30", "--log", "json", "--policy", policy, "--json", tmp_path / "watch.json")
    told = [json.loads(line) for line in (tmp_path / "messages").read_text("utf-8").splitlines()]
    assert {(one["event"], one["state"]) for one in told} == {("began", "failed"), ("ended", "failed"), ("began", "held")}
    status = call("sync", "status", target, "--html", tmp_path / "status.html", "--metrics", tmp_path / "metrics", "--json", tmp_path / "status.json")
    history = call("sync", "history", target, "--json", "-")
    written = "".join(path.read_text("utf-8") for path in tmp_path.iterdir() if path.suffix in ("", ".json", ".html"))
    assert leaked(ran.out + ran.err + status.out + history.out + written, marked) == []
    assert all(name in ran.err for name in ("run-problem", "state-began", "message-sent"))
