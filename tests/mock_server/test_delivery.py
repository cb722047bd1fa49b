"""`oneroster serve` with delivery: the ready file, the admin API, real clients, and a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest
import requests

from mock_server.mock_process import MockProblem, RunningMock, running_mock
from tests.delivery.client import Files, connected, tree, unzipped
from tests.mock_server.wire import WITHIN_S

STUDENTS = 40
SERVE = [sys.executable, "-m", "oneroster_harness", "serve"]


@pytest.fixture(scope="module")
def delivering() -> Iterator[RunningMock]:
    """A server with all vendors that delivers by SFTP; whichever worker is asked, it sees the same drops."""
    options = ["--workers", "2", "--sftp-port", "0", "--quirk", "classlink:delivery.utf-8-bom", "--quirk", "classlink:paging.no-total-count"]
    with running_mock(students=STUDENTS, options=options) as mock:
        yield mock


@pytest.fixture
def mock(delivering: RunningMock) -> RunningMock:
    """The server in its first state."""
    delivering.reset()
    return delivering


def generated(out: Path, vendor: str, spec: str) -> Files:
    """What `oneroster generate` writes for the vendor, read back; an archive under its own name."""
    command = [sys.executable, "-m", "oneroster_harness", "generate", str(out), "--students", str(STUDENTS), "--vendor", vendor]
    command += ["--spec", spec, "--habit", "none"]
    subprocess.run(command, check=True, capture_output=True)
    return {out.name: out.read_bytes()} if out.is_file() else {path.name: path.read_bytes() for path in out.iterdir()}


def test_the_ready_file_says_how_to_sign_in(mock: RunningMock) -> None:
    entry = mock.ready["sftp"]
    assert list(entry) == ["host", "port", "username", "password", "path", "host_key"]
    assert (entry["host"], entry["path"]) == ("127.0.0.1", "/reference")
    assert entry["host_key"].startswith("ssh-ed25519 AAAA") and len(entry["host_key"].split()) == 2
    with connected(entry) as client:
        assert sorted(client.listdir("/")) == sorted(mock.providers)


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
@pytest.mark.parametrize(("name", "spec"), [("oneroster.zip", "1.1"), ("folder", "1.1"), ("oneroster.zip", "1.2")])
def test_without_habits_the_drop_is_what_generate_writes(
    mock: RunningMock, tmp_path: Path, vendor: str, name: str, spec: str
) -> None:
    form = "folder" if name == "folder" else "zip"
    mock.admin("PUT", f"/vendors/{vendor}/delivery", {"habits": [], "form": form, "spec": spec})
    mock.admin("POST", f"/vendors/{vendor}/drop")
    with connected(mock.admin("GET", f"/vendors/{vendor}/delivery")["sftp"]) as client:
        assert tree(client) == generated(tmp_path / name, vendor, spec)


@pytest.mark.parametrize(("vendor", "spec"), [("reference", "1.1"), ("infinite-campus", "1.2"), ("powerschool", "1.1")])
def test_days_that_pass_are_delivered(mock: RunningMock, tmp_path: Path, vendor: str, spec: str) -> None:
    command = [sys.executable, "-m", "oneroster_harness", "generate", str(tmp_path / "d.zip"), "--students", str(STUDENTS)]
    subprocess.run([*command, "--vendor", vendor, "--spec", spec, "--days", "6"], check=True, capture_output=True)
    way = {"habits": [], "form": "zip", "spec": spec, "schedule": "daily 02:00"}
    mock.admin("PUT", f"/vendors/{vendor}/delivery", way)
    assert mock.advance(6)["day"] == 6
    with connected(mock.admin("GET", f"/vendors/{vendor}/delivery")["sftp"]) as client:
        (body,) = tree(client).values()
    assert body == (tmp_path / "d.days" / "day-006" / "full.zip").read_bytes()


def test_an_asyncssh_client_reads_a_drop_with_the_pinned_key(mock: RunningMock) -> None:
    entry = mock.ready["sftp"]
    known = asyncssh.import_known_hosts(f"[{entry['host']}]:{entry['port']} {entry['host_key']}\n")

    async def read() -> bytes:
        async with (
            asyncssh.connect(
                entry["host"], entry["port"], username=entry["username"], password=entry["password"], known_hosts=known, config=None,
                client_keys=None, agent_path=None,
            ) as connection,
            connection.start_sftp_client() as client,
            client.open(f"{entry['path']}/users.csv", "rb") as stream,
        ):  # fmt: skip
            return bytes(await stream.read())

    with connected(entry) as client:
        assert asyncio.run(read()) == tree(client, "/reference")["users.csv"]


def test_vendors_deliver_by_their_own_habits_and_the_commands(mock: RunningMock) -> None:
    with connected(mock.ready["sftp"]) as client:
        powerschool, classlink = tree(client, "/powerschool"), tree(client, "/classlink")
        campus = unzipped(tree(client, "/infinite-campus")["oneroster.zip"])
    assert "manifest.csv" not in powerschool and powerschool["users.csv"].startswith(b"a_sourcedId,")
    assert campus["users_20261001.csv"].startswith(b"sourcedId\t")
    assert classlink["users.csv"].startswith(b"\xef\xbb\xbfsourcedId,") and b"metadata.homeroom" in classlink["users.csv"]
    assert mock.admin("GET", "/vendors/classlink/quirks")["quirks"][-1] == "paging.no-total-count"


def test_a_drop_is_ordered_and_carried_on_by_the_admin_api(mock: RunningMock) -> None:
    order = {"form": "zip", "habits": ["delivery.partial-visible"], "pace_s": None}
    assert mock.admin("POST", "/vendors/reference/drop", order)["status"] == "uploading"
    with pytest.raises(MockProblem, match="409"):
        mock.admin("POST", "/vendors/reference/drop", order)
    while mock.admin("POST", "/vendors/reference/drop/step")["status"] == "uploading":
        pass
    assert mock.admin("GET", "/vendors/reference/delivery")["drops"][-1]["files"] == ["oneroster.zip"]


def test_the_calendar_makes_what_falls_due_and_a_reset_sets_it_back(mock: RunningMock) -> None:
    assert mock.admin("PUT", "/vendors/reference/delivery", {"schedule": "daily 05:30"})["next"] == "2026-10-01T05:30:00+00:00"
    (made,) = mock.admin("POST", "/delivery/advance", {"days": 1})["drops"]["reference"]
    assert made["at"] == "2026-10-01T05:30:00+00:00"
    mock.admin("PUT", "/delivery/clock", {"speed": 2})
    mock.admin("POST", "/snapshot", {"name": "later"})
    mock.admin("POST", "/reset", {"snapshot": "later"})
    assert mock.admin("GET", "/delivery/clock")["speed"] == 2
    mock.reset()
    assert mock.admin("GET", "/delivery/clock") == {"now": "2026-10-01T00:00:00+00:00", "speed": 0}
    assert [drop["number"] for drop in mock.admin("GET", "/vendors/reference/delivery")["drops"]] == [1]


@pytest.mark.parametrize(("method", "path"), [("GET", "/vendors/reference/delivery"), ("POST", "/vendors/reference/drop"), ("GET", "/delivery/clock")])
def test_the_admin_token_is_needed(mock: RunningMock, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = requests.request(method, mock.ready["admin_url"] + path, headers=headers, timeout=WITHIN_S)
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/vendors/canvas/drop", {}, "404"), ("/vendors/reference/drop", [], "400"), ("/vendors/reference/drop", {"form": "tar"}, "folder or zip"),
        ("/vendors/reference/drop", {"habits": ["delivery.lat"]}, "did you mean 'delivery.late'"), ("/vendors/reference/drop/step", {}, "409"),
    ],
)  # fmt: skip
def test_a_wrong_order_is_told(mock: RunningMock, path: str, body: object, said: str) -> None:
    with pytest.raises(MockProblem, match=said):
        mock.admin("POST", path, body)


def test_journal_and_metrics_hold_no_secret_of_the_drop_server(mock: RunningMock) -> None:
    with pytest.raises(paramiko.AuthenticationException), connected({**mock.ready["sftp"], "password": "wrong-secret"}):
        pass
    with connected(mock.ready["sftp"]) as client:
        tree(client, "/reference")
    vendors = [mock.admin("GET", f"/vendors/{vendor}/delivery")["sftp"]["password"] for vendor in mock.providers]
    admin = {"Authorization": f"Bearer {mock.ready['admin_token']}"}
    told = json.dumps(mock.admin("GET", "/journal")) + requests.get(f"{mock.ready['admin_url']}/metrics", headers=admin, timeout=WITHIN_S).text
    for secret in (*vendors, mock.ready["sftp"]["password"], "wrong-secret"):
        assert secret not in told


def test_a_server_that_delivers_nothing_says_so() -> None:
    with running_mock(students=5, vendors=["reference"]) as mock:
        assert mock.ready["sftp"] is None
        with pytest.raises(MockProblem, match="--sftp-port 0, or --share-dir"):
            mock.admin("POST", "/vendors/reference/drop")


def test_a_share_is_filled_kept_after_the_end_and_used_again(tmp_path: Path) -> None:
    share = tmp_path / "share"
    for _ in range(2):
        with running_mock(students=5, vendors=["reference"], options=["--share-dir", str(share)]) as mock:
            assert mock.ready["sftp"] is None
            mock.admin("POST", "/vendors/reference/drop", {"form": "zip"})
            assert os.listdir(share / "reference") == ["oneroster.zip"]
            assert mock.admin("GET", "/vendors/reference/delivery")["share"] == str(share / "reference")
    assert os.listdir(share / "reference") == ["oneroster.zip"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--quirk", "delivery.late"], "where nothing is delivered"),
        (["--sftp-port", "0", "--quirk", "delivery.lat"], "did you mean 'delivery.late'"),
        (["--sftp-keys", "keys"], "an SFTP server"),
        (["--sftp-port", "0", "--sftp-keys", "/no/such/keys"], "the public keys cannot be read"),
    ],
)
def test_wrong_use_is_exit_2(options: list[str], said: str) -> None:
    ended = subprocess.run(
        [*SERVE, "--students", "5", "--port", "0", *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr and "Traceback" not in ended.stderr


def test_a_share_with_files_of_somebody_else_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "reference" / "thesis.txt"
    own.parent.mkdir()
    own.write_text("mine")
    command = [*SERVE, "--students", "5", "--vendor", "reference", "--port", "0", "--share-dir", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert own.read_text() == "mine" and "the folder reference holds files" in ended.stderr


def test_sigterm_in_the_middle_of_an_upload_ends_with_0_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    tmp_path.joinpath("temporary").mkdir()
    ready = tmp_path / "ready.json"
    command = [*SERVE, "--students", "40", "--port", "0", "--sftp-port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found = json.loads(process.stdout.readline())
        order = {"form": "zip", "habits": ["delivery.partial-visible"], "pace_s": None}
        admin = {"Authorization": f"Bearer {found['admin_token']}"}
        requests.post(f"{found['admin_url']}/vendors/reference/drop", json=order, headers=admin, timeout=WITHIN_S)
        with connected(found["sftp"]) as client:
            held = client.open("/reference/oneroster.zip", "rb")
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=10)
            held.close()
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert list(tmp_path.joinpath("temporary").iterdir()) == []
    with pytest.raises(ConnectionRefusedError), connected(found["sftp"]):
        pass
