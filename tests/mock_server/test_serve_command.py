"""`oneroster serve` as its callers see it: the ready document, names, ports, settings, the end."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import requests

from mock_server.mock_process import MockProblem, RunningMock, running_mock
from oneroster_standard.dialects import load_dialect
from oneroster_standard.standard import SERVICES
from tests.mock_server.wire import WITHIN_S, Wire, status_of

OWN_DIALECT = """
name = "own"
title = "Own SIS"
auth = ["bearer"]
[[path]]
path = "/own/v1p1"
basis = "guess"
[[deviation]]
quirk = "paging.no-link"
basis = "guess"
"""
SERVE = [sys.executable, "-m", "oneroster_harness", "serve"]


def refused(*options: str) -> subprocess.CompletedProcess[str]:
    """A serve command that is expected to end by itself."""
    return subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=60, check=False)


def test_the_ready_document_has_the_agreed_form(oneroster_mock: RunningMock) -> None:
    ready = oneroster_mock.ready
    assert list(ready) == ["providers", "console_url", "admin_url", "admin_token", "sftp"]
    assert list(ready["providers"]) == ["reference", "powerschool", "infinite-campus", "classlink"]
    for vendor, found in ready["providers"].items():
        assert set(found) == {
            "spec", "base_url", "base_urls", "token_url", "auth", "client_id", "client_secret", "bearer",
        }, vendor  # fmt: skip
        assert list(found["base_urls"]) == found["spec"]
        assert found["base_urls"]["1.1"] == found["base_url"]
        services = SERVICES if vendor == "reference" else SERVICES[:1]
        for service in services if "1.2" in found["spec"] else ():
            assert found["base_urls"]["1.2"][service].endswith(f"/ims/oneroster/{service}/v1p2")
        assert (found["token_url"] is None) == ("oauth2" not in found["auth"])
        assert (found["bearer"] is None) == ("bearer" not in found["auth"])
    assert ready["sftp"] is None


@pytest.mark.parametrize(
    ("vendor", "tail"),
    [
        ("powerschool", "/ws/v1p1/ims/oneroster/v1p1"),
        ("infinite-campus", "/campus/api/oneroster/v1p1"),
        ("classlink", r"/oneroster/v1p1/district[0-9a-f]{6}"),
    ],
)
def test_each_vendor_is_served_under_its_own_url(oneroster_mock: RunningMock, vendor: str, tail: str) -> None:
    url = oneroster_mock.provider(vendor).base_url
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+" + tail, url)


def test_the_console_shows_every_provider_and_no_secret(oneroster_mock: RunningMock) -> None:
    oneroster_mock.set_quirks("reference", ["paging.no-link"])
    page = requests.get(oneroster_mock.ready["console_url"], timeout=WITHIN_S)
    assert page.headers["Content-Type"].startswith("text/html")
    for provider in oneroster_mock.providers.values():
        assert provider.base_url in page.text
        assert provider.client_secret not in page.text
    vendor = requests.get(oneroster_mock.ready["console_url"] + "/vendors/reference", timeout=WITHIN_S)
    assert "paging.no-link" in vendor.text and oneroster_mock.provider().client_secret not in vendor.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--vendor", "powerscool"), "did you mean 'powerschool'"),
        (("--quirk", "paging.no-links"), "did you mean 'paging.no-link'"),
        (("--quirk", "classlnk:paging.no-link"), "did you mean 'classlink'"),
        (("--withhold", "powerschool:enrolments"), "did you mean 'enrollments'"),
        (("--vendor", "/no/such/file.toml"), "no such dialect"),
        (("--vendor", "classlink", "--vendor", "classlink"), "given twice"),
        (("--workers", "0"), "is not in the range"),
        (("--fault", "fault.server-eror"), "did you mean 'fault.server-error'"),
        (("--fault", "classlnk:fault.body-empty@on=orgs"), "did you mean 'classlink'"),
        (("--fault", "fault.server-error@status=200"), "500 to 599"),
        (("some.district", "--students", "5"), "exclude each other"),
    ],
)
def test_wrong_use_is_exit_2_and_names_the_nearest(options: tuple[str, ...], said: str) -> None:
    ended = refused("--port", "0", *options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_a_port_in_use_is_exit_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = refused("--students", "5", "--port", str(taken.getsockname()[1]))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "cannot be used" in ended.stderr


def test_a_district_that_is_not_there_is_exit_3(tmp_path: Path) -> None:
    ended = refused(str(tmp_path / "none.district"), "--port", "0")
    assert (ended.returncode, ended.stdout) == (3, "")


def test_a_ready_file_that_cannot_be_written_is_exit_3(tmp_path: Path) -> None:
    ended = refused(
        "--students",
        "5",
        "--vendor",
        "reference",
        "--port",
        "0",
        "--ready-file",
        str(tmp_path / "none" / "r"),
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "ready file cannot be written" in ended.stderr


def test_stdout_holds_the_ready_document_and_sigterm_ends_with_0(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    command = [*SERVE, "--students", "5", "--port", "0", "--vendor", "reference", "--ready-file", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert json.loads(line) == json.loads(path.read_text("utf-8"))
        found = json.loads(line)["providers"]["reference"]
        with requests.Session() as kept_open:
            kept_open.get(found["base_url"] + "/orgs", timeout=WITHIN_S)
            kept_open.get(found["base_url"] + "/%00%ff/../", timeout=WITHIN_S)
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=10)
    assert (process.returncode, rest) == (0, "")
    with pytest.raises(requests.ConnectionError):
        requests.get(found["base_url"] + "/orgs", timeout=WITHIN_S)


def test_options_choose_vendors_quirks_and_settings_and_a_reset_keeps_them() -> None:
    options = [
        "--quirk",
        "classlink:paging.no-total-count",
        "--quirk",
        "fields.ignored",
        "--withhold",
        "powerschool:users",
    ]
    with running_mock(students=5, seed=7, vendors=["powerschool", "classlink"], options=options) as mock:
        powerschool, classlink = (Wire(mock.provider(vendor)) for vendor in ("powerschool", "classlink"))
        mock.reset()
        assert list(mock.providers) == ["powerschool", "classlink"]
        assert powerschool.get("/users").status_code == 403
        assert set(powerschool.records("/orgs", fields="name")[0]) > {"name"}
        assert "X-Total-Count" not in classlink.get("/orgs").headers
        mock.withhold("powerschool", [])
        assert powerschool.get("/users").status_code == 200


def test_a_dialect_file_is_served_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN_DIALECT)
    with running_mock(students=5, vendors=[str(path)]) as mock:
        answer = Wire(mock.provider("own")).get("/orgs", limit=1)
    assert answer.status_code == 200
    assert "Link" not in answer.headers


def test_a_dialect_file_has_ids_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN_DIALECT + '[ids]\ndefault = "numeric"\n')
    with running_mock(students=5, vendors=[str(path)]) as mock:
        assert all(one["sourcedId"].isdigit() for one in Wire(mock.provider("own")).records("/classes"))


def test_a_written_district_is_served_as_the_vendor_it_is_seen_through(tmp_path: Path) -> None:
    build, view = (
        next(iter(entry_points(group="oneroster.districts", name=name))).load() for name in ("build", "view")
    )
    whole = build(tmp_path / "whole.district", students=5, seed=3, as_of=date(2026, 10, 1))
    seen = view(whole, tmp_path / "seen.district", vendor="powerschool")
    pages = []
    for district in (whole, seen):
        with running_mock(district, vendors=["powerschool"]) as mock:
            pages.append([one["sourcedId"] for one in Wire(mock.provider("powerschool")).records("/users")])
    assert pages[0] == pages[1]
    ended = refused(str(seen), "--port", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "seen through powerschool" in ended.stderr


def test_the_fixture_s_problem_repeats_what_the_command_said() -> None:
    with (
        pytest.raises(MockProblem, match="did you mean 'classlink'"),
        running_mock(students=5, vendors=["classlinc"]),
    ):
        pass


CLOSED = [
    ("powerschool", "orgs", "/orgs", 403), ("powerschool", "users", "/students", 403),
    ("powerschool", "users", "/demographics", 403), ("powerschool", "classes", "/courses", 403),
    ("powerschool", "enrollments", "/enrollments", 403), ("powerschool", "academic-sessions", "/terms", 403),
    ("powerschool", "plugin-enabled", "/orgs", 404), ("infinite-campus", "version-1733", "/orgs", 404),
    ("infinite-campus", "service-enabled", "/users", 404), ("infinite-campus", "data-scope-user-types", "/teachers", 403),
    ("infinite-campus", "data-scope-terms", "/academicSessions", 403), ("infinite-campus", "data-scope-schools", "/schools", 403),
    ("infinite-campus", "sections", "/classes", 403), ("classlink", "application-added", "/orgs", 401),
    ("classlink", "sharing-students", "/users", 403), ("classlink", "sharing-classes", "/classes", 403),
    ("classlink", "sharing-enrollments", "/enrollments", 403), ("classlink", "scope-schools", "/orgs", 403),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "setting", "path", "status"), CLOSED)
def test_a_withheld_setting_closes_its_resource_until_it_is_granted(
    oneroster_mock: RunningMock, wires: dict[str, Wire], vendor: str, setting: str, path: str, status: int
) -> None:
    wire = wires[vendor]
    assert wire.get(path).status_code == 200
    oneroster_mock.withhold(vendor, [setting])
    answer = wire.get(path)
    assert status_of(answer)[:3] == (status, "failure", "error")
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    oneroster_mock.withhold(vendor, [])
    assert wire.get(path).status_code == 200


def test_every_setting_of_every_vendor_is_seen_closed(oneroster_mock: RunningMock) -> None:
    for vendor in oneroster_mock.providers:
        known = {
            found["id"] for found in oneroster_mock.admin("GET", f"/vendors/{vendor}/settings")["settings"]
        }
        closing = {found.id for found in load_dialect(vendor).settings if found.withholds}
        assert known & closing == {setting for name, setting, _, _ in CLOSED if name == vendor}


def test_the_admin_api_needs_its_token_and_knows_its_names(oneroster_mock: RunningMock) -> None:
    url = oneroster_mock.ready["admin_url"]
    assert requests.get(f"{url}/journal", timeout=WITHIN_S).status_code == 401
    with pytest.raises(MockProblem, match="did you mean 'sort.ignored'"):
        oneroster_mock.set_quirks("reference", ["sort.ignore"])
    with pytest.raises(MockProblem, match="did you mean 'orgs'"):
        oneroster_mock.withhold("powerschool", ["org"])
    with pytest.raises(MockProblem, match="404"):
        oneroster_mock.set_quirks("canvas", [])


def test_the_journal_counts_requests_without_ids(oneroster_mock: RunningMock, reference: Wire) -> None:
    token = reference.bearer()
    oneroster_mock.reset()
    reference.get("/orgs")
    reference.get("/users/some-one")
    reference.get("/some-one")
    rows = {(row["what"], row["status"]): row["count"] for row in oneroster_mock.journal.counts()}
    assert rows == {("GET orgs", 200): 1, ("GET users", 404): 1, ("GET other", 404): 1}
    assert token not in json.dumps(oneroster_mock.admin("GET", "/journal"))
    admin = {"Authorization": f"Bearer {oneroster_mock.ready['admin_token']}"}
    metrics = requests.get(
        f"{oneroster_mock.ready['admin_url']}/metrics", headers=admin, timeout=WITHIN_S
    ).text
    assert 'oneroster_mock_requests_total{vendor="reference",what="GET orgs",status="200"} 1' in metrics


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
def test_the_truth_names_the_people_that_are_served(
    oneroster_mock: RunningMock, wires: dict[str, Wire], vendor: str
) -> None:
    served = [one["sourcedId"].strip() for one in wires[vendor].records("/users")]
    for channel in ("api", "csv"):
        assert [row["sourcedId"] for row in oneroster_mock.truth(vendor, "users", channel)] == served


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running_mock(students=5) as mock:
        mock.set_quirks("reference", ["value.padded", "value.date-with-time"])
        assert Wire(mock.provider("reference")).get("/users").status_code == 200
        assert Wire(mock.provider("classlink")).get("/users").status_code == 200
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
