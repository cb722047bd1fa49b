"""Tokens whose life is over, and another district's: told by the suite, and what it says when it was given nothing to judge by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.api_checks import expiry
from conformance.api_judge import Order, judge
from conformance.report import Report
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint, resolve
from tests.meeting.endpoints import endpoint_of, environment_of
from tests.meeting.test_check_api import run
from tests.mock_server.old_tokens import expired_token

REFERENCE = Path(__file__).parents[2] / "oneroster_standard" / "dialects" / "reference.toml"
EXPIRED, FOREIGN = "auth.expired-token-refused", "auth.other-district-refused"
LIFE_S = 2


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMock]:
    """The reference, and one whose tokens live for two seconds."""
    text = REFERENCE.read_text("utf-8").replace('name = "reference"', 'name = "brief"').replace("life_s = 3600", f"life_s = {LIFE_S}")
    vendor = tmp_path_factory.mktemp("vendor") / "brief.toml"
    vendor.write_text(text.replace('"/ims/oneroster', '"/brief/ims/oneroster').replace('path = "/token"', 'path = "/brief/token"'), encoding="utf-8")
    with running_mock(students=10, vendors=["reference", str(vendor)]) as found:
        yield found


@pytest.fixture(autouse=True)
def _first_state(mock: RunningMock) -> None:
    mock.reset()


def outcome(report: Report, check: str) -> tuple[str, str]:
    return next((one.outcome, one.reason) for one in report.outcomes if one.id == check)


def other(mock: RunningMock, vendor: str = "reference") -> Endpoint:
    """A provider with the credential of another district beside its own."""
    endpoint, found = endpoint_of(mock, vendor), mock.other_district(vendor)
    return replace(endpoint, other=replace(endpoint, client_id=found.client_id, client_secret=found.client_secret))


def test_a_run_outlives_its_tokens_and_sees_the_first_one_refused(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "GRACE_S", 0.1)
    order = Order(only=["auth.", "paging.", "filter."], patience_s=2 * LIFE_S)
    report = judge(endpoint_of(mock, "brief"), order)
    assert {found.check for found in report.findings} == {"auth.token-fresh"}
    assert outcome(report, EXPIRED) == ("pass", "")
    mock.set_quirks("brief", ["auth.expired-token"])
    report = judge(endpoint_of(mock, "brief"), order)
    assert {found.check for found in report.findings} == {"auth.token-fresh", EXPIRED}


def test_without_an_expired_token_the_check_says_what_it_lacks(mock: RunningMock) -> None:
    report = judge(endpoint_of(mock, "reference"), Order(only=[EXPIRED, FOREIGN]))
    assert outcome(report, EXPIRED)[0] == "skip" and "lives for 3600 s" in outcome(report, EXPIRED)[1]
    assert outcome(report, FOREIGN)[0] == "skip" and "ONEROSTER_OTHER_CLIENT_ID" in outcome(report, FOREIGN)[1]


def test_a_token_that_is_still_good_proves_nothing(mock: RunningMock) -> None:
    with_old = replace(endpoint_of(mock, "reference"), expired_token=expired_token())
    assert outcome(judge(with_old, Order(only=[EXPIRED])), EXPIRED) == ("pass", "")
    same = replace(other(mock), other=endpoint_of(mock, "reference"))
    assert outcome(judge(same, Order(only=[FOREIGN])), FOREIGN) == ("skip", "the credential given for another district is the one of this district")
    wrong = replace(other(mock), other=replace(endpoint_of(mock, "reference"), client_id="nobody"))
    assert "gets no token (401)" in outcome(judge(wrong, Order(only=[FOREIGN])), FOREIGN)[1]


@pytest.mark.parametrize("auth", ["oauth2", "oauth1"])
def test_another_districts_credential_is_told_by_token_and_by_signature(mock: RunningMock, auth: str) -> None:
    endpoint = other(mock)
    assert endpoint.other is not None
    endpoint = replace(endpoint, auth=auth, other=replace(endpoint.other, auth=auth))
    assert outcome(judge(endpoint, Order(only=[FOREIGN])), FOREIGN) == ("pass", "")
    mock.set_quirks("reference", ["auth.other-district"])
    report = judge(endpoint, Order(only=[FOREIGN], deep=True))
    assert {found.check for found in report.findings} == {FOREIGN}
    assert sum(found.count for found in report.findings) >= 9


def test_the_command_takes_both_from_the_environment_and_shows_neither(mock: RunningMock, tmp_path: Path) -> None:
    own, neighbour = mock.provider("reference"), mock.other_district("reference")
    stale = expired_token()
    secrets = {
        "ONEROSTER_OTHER_CLIENT_ID": neighbour.client_id, "ONEROSTER_OTHER_CLIENT_SECRET": neighbour.client_secret, "ONEROSTER_EXPIRED_TOKEN": stale,
    }  # fmt: skip
    mock.set_quirks("reference", ["auth.other-district", "auth.expired-token"])
    command = ["check", "api", own.base_url, "--token-url", str(own.token_url), "--only", FOREIGN, "--only", EXPIRED, "--json", "-"]
    found = run(command, environment_of(mock, "reference") | secrets, tmp_path)
    assert {one["check"] for one in json.loads(found.stdout)["findings"]} == {EXPIRED, FOREIGN}
    assert not [value for value in secrets.values() if value in found.stdout + found.stderr]


def test_the_providers_file_names_the_other_district(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        '[providers.here]\nurl = "https://sis.example.org/v1p1"\ntoken_url = "https://sis.example.org/token"\nclient_id = "a"\nclient_secret_env = "OWN"\n'
        'other_client_id = "b"\nother_client_secret_env = "OTHER"\nother_token_url = "https://next.example.org/token"\nexpired_token_env = "OLD"\n',
        encoding="utf-8",
    )
    found = resolve("here", providers_file=str(file), environ={"OWN": "hush-1", "OTHER": "hush-2", "OLD": "hush-3"})
    assert found.other is not None
    assert (found.client_id, found.other.client_id, found.other.client_secret, found.expired_token) == ("a", "b", "hush-2", "hush-3")
    assert (found.url, found.other.token_url) == (found.other.url, "https://next.example.org/token")
    assert resolve("here", providers_file=str(file), environ={"OWN": "1"}).other is None
    assert "hush" not in repr(found)
    with pytest.raises(CannotRun, match="another district"):
        resolve("https://a.example.org/v1p1", environ={"ONEROSTER_TOKEN": "t", "ONEROSTER_OTHER_CLIENT_ID": "b", "ONEROSTER_OTHER_CLIENT_SECRET": "c"})
