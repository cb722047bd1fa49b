"""Published clients that nobody here wrote, unmodified: each reads every user, and is refused with a wrong secret.

They are installed into folders of their own, by locks with versions and hashes; Ruby's and Perl's come by apt.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mock_server.mock_process import RunningMock
from tests.mock_server.wire import Wire
from tests.services.test_wheel import outside

pytestmark = pytest.mark.services
HERE = Path(__file__).parent / "clients"
PREFIX = {"1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/", "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/"}
SIGNED = ("reference", "classlink")
TOKEN = ("reference", "powerschool", "infinite-campus")
WITHIN_S = 120
Job = dict[str, Any]
Run = Callable[["Client", Job], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Client:
    """A program under clients/ that takes a job as JSON and prints {"users": ids} or {"status": code}."""

    program: str
    method: str
    vendors: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.program}-{self.method}"


CLIENTS = [
    Client("oauth-1.0a.mjs", "HMAC-SHA1", SIGNED),
    Client("oauth-1.0a.mjs", "HMAC-SHA256", SIGNED),
    Client("ruby-oauth.rb", "header", SIGNED),
    Client("ruby-oauth.rb", "query_string", SIGNED),
    Client("net-oauth.pl", "HMAC-SHA1", SIGNED),
    Client("net-oauth.pl", "HMAC-SHA256", SIGNED),
    Client("simple-oauth2.mjs", "header", TOKEN),
    Client("simple-oauth2.mjs", "body", TOKEN),
    Client("openid-client.mjs", "header", TOKEN),
    Client("openid-client.mjs", "body", TOKEN),
    Client("ruby-oauth2.rb", "header", TOKEN),
    Client("ruby-oauth2.rb", "body", TOKEN),
    Client("curl.sh", "header", TOKEN),
]
PAIRS = [(client, vendor, "1.1") for client in CLIENTS for vendor in client.vendors]
PAIRS += [(client, vendor, "1.2") for client in CLIENTS if client.vendors == TOKEN for vendor in TOKEN]
TEACHERS = {"1.1": "role='teacher' AND status='active'", "1.2": "roles.role='teacher' AND status='active'"}
# PowerSchool reads credentials from the Basic header only.
REFUSES_THE_FORM = "powerschool"


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node programs beside their locked packages."""
    folder = tmp_path_factory.mktemp("node")
    for path in (*HERE.glob("*.mjs"), *HERE.glob("package*.json"), HERE / ".npmrc"):
        shutil.copy(path, folder)
    subprocess.run(
        ["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
    )
    return folder


@pytest.fixture(scope="module")
def connector_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the PyPI package `oneroster` and what it needs."""
    folder = tmp_path_factory.mktemp("connector") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    locked = ["--no-deps", "--require-hashes", "-r", str(HERE / "requirements.lock")]
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *locked], check=True)
    return python


def told(command: list[str], job: Job, folder: Path) -> dict[str, Any]:
    """What a program prints for a job."""
    done = subprocess.run(
        command, input=json.dumps(job), cwd=folder, env=outside(), capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def run(node_folder: Path) -> Run:
    """Run a client of CLIENTS."""

    def go(client: Client, job: Job) -> dict[str, Any]:
        kind = client.program.rpartition(".")[2]
        command = {
            "mjs": ["node", "--experimental-global-webcrypto", client.program],
            "rb": ["ruby", str(HERE / client.program)],
            "pl": ["perl", str(HERE / client.program)],
            "sh": ["bash", str(HERE / client.program)],
        }[kind]
        return told(command, {**job, "method": client.method}, node_folder)

    return go


def job_of(mock: RunningMock, vendor: str, spec: str = "1.1", **more: Any) -> Job:
    """What a client is told about a provider."""
    provider = mock.provider(vendor)
    root = provider.base_url if spec == "1.1" else provider.base_urls[spec]["rostering"]
    return {
        "root": root, "token_url": provider.token_url, "client_id": provider.client_id, "client_secret": provider.client_secret,
        "scopes": [PREFIX[spec] + name for name in ("roster-core.readonly", "roster.readonly")], "size": 40, "filter": None, **more,
    }  # fmt: skip


def ids(mock: RunningMock, vendor: str, spec: str = "1.1") -> list[str]:
    """The sourcedIds that a perfect client would hold, sorted."""
    return sorted(row["sourcedId"] for row in mock.truth(vendor, "users", spec=spec))


def teachers(mock: RunningMock, vendor: str, spec: str) -> list[str]:
    """The sourcedIds of all who hold the role teacher, picked here out of an unfiltered read."""
    provider = replace(mock.provider(vendor), base_url=job_of(mock, vendor, spec)["root"])
    return sorted(
        user["sourcedId"].strip()
        for user in Wire(provider).records("/users")
        if "teacher" in ([held["role"] for held in user["roles"]] if spec == "1.2" else [user["role"]])
    )


def read(answer: dict[str, Any]) -> list[str]:
    """The sourcedIds that a client read, sorted. PowerSchool pads some of them with a blank."""
    return sorted(id.strip() for id in answer["users"])


def refused(client: Client, vendor: str) -> bool:
    return vendor == REFUSES_THE_FORM and client.method == "body"


@pytest.mark.parametrize(("client", "vendor", "spec"), PAIRS, ids=str)
def test_a_published_client_reads_every_user(
    oneroster_mock: RunningMock, run: Run, client: Client, vendor: str, spec: str
) -> None:
    answer = run(client, job_of(oneroster_mock, vendor, spec))
    if refused(client, vendor):
        assert answer == {"status": 401}
    else:
        assert read(answer) == ids(oneroster_mock, vendor, spec)


@pytest.mark.parametrize(("client", "vendor", "spec"), PAIRS, ids=str)
def test_a_published_client_filters_with_blanks_and_quotes(
    oneroster_mock: RunningMock, run: Run, client: Client, vendor: str, spec: str
) -> None:
    if not refused(client, vendor):
        asked = job_of(oneroster_mock, vendor, spec, filter=TEACHERS[spec])
        assert read(run(client, asked)) == teachers(oneroster_mock, vendor, spec)
        oneroster_mock.journal.asked("/users", filter="status", spec=spec).at_least(1)


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_published_client_is_told_401_for_a_wrong_secret(
    oneroster_mock: RunningMock, run: Run, client: Client
) -> None:
    wrong = job_of(oneroster_mock, "reference", client_secret="wrong")
    assert run(client, wrong) == {"status": 401}


def test_the_connector_of_2020_reads_every_collection(oneroster_mock: RunningMock, connector_python: Path) -> None:
    for vendor in SIGNED:
        for kind in ("users", "students", "teachers", "classes", "courses", "schools"):
            answer = told(
                [str(connector_python), str(HERE / "oneroster_connector.py")],
                job_of(oneroster_mock, vendor, read=kind, size=10_000), HERE,
            )  # fmt: skip
            entity = {"students": "users", "teachers": "users", "schools": "orgs"}.get(kind, kind)
            rows = oneroster_mock.truth(vendor, entity)
            wanted = {"students": ("role", "student"), "teachers": ("role", "teacher"), "schools": ("type", "school")}.get(kind)
            assert read(answer) == sorted(
                row["sourcedId"] for row in rows if wanted is None or row[wanted[0]] == wanted[1]
            )


def test_the_connector_of_2020_follows_links_and_stops_early_where_a_vendor_sends_none(
    oneroster_mock: RunningMock, connector_python: Path
) -> None:
    command = [str(connector_python), str(HERE / "oneroster_connector.py")]
    answer = told(command, job_of(oneroster_mock, "reference", read="users", size=40), HERE)
    assert read(answer) == ids(oneroster_mock, "reference")
    assert len(told(command, job_of(oneroster_mock, "classlink", read="users", size=40), HERE)["users"]) == 40


def test_the_connector_of_2020_finds_the_students_of_a_named_group(
    oneroster_mock: RunningMock, connector_python: Path
) -> None:
    command = [str(connector_python), str(HERE / "oneroster_connector.py")]
    school = next(row for row in oneroster_mock.truth("reference", "orgs") if row["type"] == "school")
    asked = job_of(oneroster_mock, "reference", read="students", group="schools", group_name=school["name"], size=500)
    enrolled = {
        row["userSourcedId"]
        for row in oneroster_mock.truth("reference", "enrollments")
        if row["role"] == "student" and row["schoolSourcedId"] == school["sourcedId"]
    }
    assert set(told(command, asked, HERE)["users"]) == enrolled
    oneroster_mock.journal.asked("getStudentsForSchool").once()


def test_the_connector_of_2020_is_told_401_for_a_wrong_secret(
    oneroster_mock: RunningMock, connector_python: Path
) -> None:
    command = [str(connector_python), str(HERE / "oneroster_connector.py")]
    wrong = job_of(oneroster_mock, "reference", client_secret="wrong", read="users")
    assert told(command, wrong, HERE) == {"status": 401}
