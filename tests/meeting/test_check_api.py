"""`oneroster check api` as its users run it: exit codes, machine form, setup steps, and no secret anywhere."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from conformance.api_checks import auth
from conformance.api_judge import Order, judge
from mock_server.mock_process import RunningMock, running_mock
from tests.meeting.endpoints import endpoint_of, environment_of

STEPS = {
    "powerschool": {
        "url": "Plugin Management Console", "credential": "Data Provider Configuration",
        "setting": "enrollments", "withheld": "API Profiles",
    },
    "infinite-campus": {
        "url": "version 1733", "credential": "active and not expired", "setting": "sections", "withheld": "data scope",
    },
    "classlink": {
        "url": "OneRoster application", "credential": "added, enabled and assigned",
        "setting": "sharing-enrollments", "withheld": "share enrollments",
    },
}  # fmt: skip
"""Words of the brief's setup steps that a finding must name, per vendor."""


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """All four providers over a small district."""
    with running_mock(students=60) as found:
        yield found


def run(arguments: list[str], environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with this environment's secrets only."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ONEROSTER_")}
    return subprocess.run(
        [sys.executable, "-m", "oneroster_harness", *arguments], env=bare | environment, cwd=folder, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip


def address(mock: RunningMock, vendor: str) -> list[str]:
    """URL and token URL as arguments."""
    found = mock.provider(vendor)
    return [found.base_url, *(["--token-url", found.token_url] if found.token_url else ["--auth", "oauth1"])]


@pytest.fixture(autouse=True)
def _first_state(mock: RunningMock) -> None:
    mock.reset()


def test_a_clean_provider_exits_0_and_stdout_holds_one_document(mock: RunningMock, tmp_path: Path) -> None:
    found = run(["check", "api", *address(mock, "reference"), "--json", "-", "--seed", "7"], environment_of(mock, "reference"), tmp_path)
    document = json.loads(found.stdout)
    assert found.returncode == 0
    assert document["verdict"] == "pass"
    assert document["seed"] == 7
    assert document["findings"] == []
    assert {"tool", "version", "as_of", "spec", "target", "summary", "profiles", "checks"} <= set(document)
    assert "verdict: pass" in found.stderr


def test_findings_exit_1_and_every_format_tells_them(mock: RunningMock, tmp_path: Path) -> None:
    mock.set_quirks("reference", ["value.null-instead-of-absent"])
    reports = [f"--report={kind}:{tmp_path / kind}" for kind in ("text", "json", "html", "junit")]
    found = run(["check", "api", *address(mock, "reference"), *reports], environment_of(mock, "reference"), tmp_path)
    assert found.returncode == 1
    for kind in ("text", "json", "html", "junit"):
        assert "schema.no-null" in (tmp_path / kind).read_text("utf-8"), kind
    suite = ElementTree.parse(tmp_path / "junit").getroot()
    assert suite.get("failures") == "1"
    finding = next(one for one in json.loads((tmp_path / "json").read_text("utf-8"))["findings"] if one["check"] == "schema.no-null")
    assert finding["where"]["request"].startswith("GET /")
    assert finding["where"]["pointer"].startswith("/")


def test_fail_on_decides_about_weak_findings(mock: RunningMock, tmp_path: Path) -> None:
    mock.set_quirks("reference", ["paging.no-link"])
    command = ["check", "api", *address(mock, "reference"), "--only", "headers."]
    assert run(command, environment_of(mock, "reference"), tmp_path).returncode == 0
    assert run([*command, "--fail-on", "warning"], environment_of(mock, "reference"), tmp_path).returncode == 1


def test_no_secret_is_in_any_output(mock: RunningMock, tmp_path: Path) -> None:
    secret = mock.provider("reference").client_secret
    for environment in (environment_of(mock, "reference"), environment_of(mock, "reference") | {"ONEROSTER_CLIENT_ID": "other"}):
        found = run(["check", "api", *address(mock, "reference"), "--json", "-"], environment, tmp_path)
        assert secret not in found.stdout + found.stderr


@pytest.mark.parametrize("vendor", sorted(STEPS))
def test_a_wrong_url_names_the_vendors_setup_step(mock: RunningMock, tmp_path: Path, vendor: str) -> None:
    url, *more = address(mock, vendor)
    found = run(["check", "api", f"{url}/nowhere", *more, "--vendor", vendor], environment_of(mock, vendor), tmp_path)
    assert found.returncode == 1
    assert "[endpoint.base-path]" in found.stdout
    assert STEPS[vendor]["url"] in found.stdout


@pytest.mark.parametrize("vendor", sorted(STEPS))
def test_a_refused_credential_names_the_vendors_setup_step(mock: RunningMock, tmp_path: Path, vendor: str) -> None:
    wrong = environment_of(mock, vendor) | {"ONEROSTER_CLIENT_SECRET": "not-the-secret"}
    found = run(["check", "api", *address(mock, vendor), "--vendor", vendor, "--json", "-"], wrong, tmp_path)
    document = json.loads(found.stdout)
    assert found.returncode == 1
    assert document["verdict"] == "incomplete"
    root = document["findings"][0]
    assert root["check"] in ("auth.token-issued", "auth.credential-accepted")
    assert STEPS[vendor]["credential"] in root["remedy"]
    assert not any(outcome["outcome"] == "pass" and outcome["id"].startswith("schema.") for outcome in document["checks"])


@pytest.mark.parametrize("vendor", sorted(STEPS))
def test_a_withheld_permission_names_the_vendors_setup_step(mock: RunningMock, tmp_path: Path, vendor: str) -> None:
    mock.withhold(vendor, [STEPS[vendor]["setting"]])
    found = run(["check", "api", *address(mock, vendor), "--vendor", vendor, "--json", "-"], environment_of(mock, vendor), tmp_path)
    document = json.loads(found.stdout)
    assert found.returncode == 1
    assert document["verdict"] == "incomplete"
    withheld = [one for one in document["findings"] if one["check"] == "permission.resource-granted"]
    assert any("enrollments" in one["message"] for one in withheld)
    assert all(STEPS[vendor]["withheld"] in one["remedy"] for one in withheld)


def test_a_spent_budget_is_incomplete_and_names_what_was_left_out(mock: RunningMock, tmp_path: Path) -> None:
    found = run(["check", "api", *address(mock, "reference"), "--budget", "40", "--json", "-"], environment_of(mock, "reference"), tmp_path)
    document = json.loads(found.stdout)
    assert found.returncode == 1
    assert document["verdict"] == "incomplete"
    assert document["requests"] <= 40
    assert any("budget of 40" in outcome["reason"] for outcome in document["checks"])


def test_a_closed_port_and_a_missing_credential_exit_3(mock: RunningMock, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
    silent = run(["check", "api", f"{closed}/v1p1", "--token-url", f"{closed}/token"], environment_of(mock, "reference"), tmp_path)
    assert silent.returncode == 3
    assert "does not answer" in silent.stderr
    bare = run(["check", "api", *address(mock, "reference")], {}, tmp_path)
    assert bare.returncode == 3
    assert "ONEROSTER_CLIENT_ID" in bare.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["--only", "pagin"], "paging"), (["--vendor", "powerscool"], "powerschool"), (["--report", "pdf:x"], "html"), (["--budget", "0"], "budget")],
)
def test_wrong_use_exits_2_with_the_valid_names(mock: RunningMock, tmp_path: Path, arguments: list[str], hint: str) -> None:
    found = run(["check", "api", *address(mock, "reference"), *arguments], environment_of(mock, "reference"), tmp_path)
    assert found.returncode == 2
    assert hint in found.stderr
    assert "Traceback" not in found.stderr


def test_a_providers_file_names_an_endpoint(mock: RunningMock, tmp_path: Path) -> None:
    own = mock.provider("powerschool")
    (tmp_path / "providers.toml").write_text(
        f'[providers.springfield]\nurl = "{own.base_url}"\ntoken_url = "{own.token_url}"\nvendor = "powerschool"\n'
        f'client_id_env = "SPRINGFIELD_ID"\nclient_secret_env = "SPRINGFIELD_SECRET"\n',
        encoding="utf-8",
    )
    secrets = {"SPRINGFIELD_ID": own.client_id, "SPRINGFIELD_SECRET": own.client_secret}
    found = run(["check", "api", "springfield"], secrets, tmp_path)
    assert found.returncode == 0, found.stderr
    assert "known deviations" in found.stdout


@pytest.mark.parametrize("tail", ["/rostering/v1p2", "/gradebook/v1p2", "/rostering/v1p2/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json"])
def test_any_root_of_1p2_serves_and_its_description_tells_where_tokens_are(mock: RunningMock, tmp_path: Path, tail: str) -> None:
    url = mock.provider("reference").base_url.removesuffix("/v1p1") + tail
    command = ["check", "api", url, "--json", "-", "--only", "endpoint.", "--only", "data."]
    found = run(command, environment_of(mock, "reference"), tmp_path)
    document = json.loads(found.stdout)
    assert (found.returncode, document["spec"], document["verdict"]) == (0, "1.2", "pass")
    assert "endpoint.discovery" in {outcome["id"] for outcome in document["checks"] if outcome["outcome"] == "pass"}


def test_a_second_that_passes_between_two_signed_requests_is_no_finding(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nonce is used up for its timestamp: whoever signs anew a second later replays nothing."""
    ticks = count(int(time.time()) - 30)
    monkeypatch.setattr(auth, "time", SimpleNamespace(time=lambda: next(ticks)))
    report = judge(endpoint_of(mock, "reference"), Order(only=["auth.nonce-replay-refused"]))
    assert [(found.id, found.outcome) for found in report.outcomes if found.outcome != "skip"] == [("auth.nonce-replay-refused", "pass")]
