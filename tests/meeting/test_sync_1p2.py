"""A 1.2 district by API, by CSV and as it is: three ways to the same rows, for the reference and every vendor that serves 1.2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.problems import EXIT_CLEAN, EXIT_COULD_NOT_RUN, EXIT_HELD, EXIT_WRONG_USE
from oneroster_standard.discovery import file_names
from oneroster_standard.standard import load
from tests.meeting.endpoints import environment_of
from tests.sync_engine.conftest import Database, Ran, call, duckdb_database, sync

VENDORS = ("reference", "powerschool", "infinite-campus")
STUDENTS = 60
FILES = {file.entity: file for file in load("1.2").csv_files.values() if file.name != "manifest.csv"}
PAGED = "fault.paging-capped@cap=25"
PASSING = [
    "fault.server-error@rate=0.1", "fault.connection-cut@on=users,times=2", "fault.body-truncated@on=results,offset=25-,times=2",
    "fault.auth-token-dies@after=4", "fault.load-too-many-requests@every=4,wait=0", "fault.paging-next-elsewhere",
    "fault.body-error-in-200@on=users,times=2", "fault.body-gzip-damaged@on=users,times=1",
]  # fmt: skip
REFUSED = ["fault.server-error@on=users", "fault.body-login-page@on=classes", "fault.auth-forbidden@on=enrollments"]
HELD = ["fault.paging-no-records@on=users", "fault.paging-row-lost@on=users"]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """All providers over a small district."""
    with running_mock(students=STUDENTS) as found:
        yield found


def landed(database: Database, entity: str) -> Rows:
    """All landed rows with the standard's columns."""
    headers = FILES[entity].headers
    found = [header for header in headers if header != "password"]
    columns = ", ".join(f'"{header}"' for header in found)
    return [dict(zip(found, row, strict=True)) for row in database.rows(entity, columns)]


def differing(database: Database, mock: RunningMock, vendor: str, channel: str) -> dict[str, list[tuple[Any, Any]]]:
    """Per entity the rows that are not as the truth has them: what was wanted and what stands there."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    there = database.tables()
    for entity in FILES:
        truth = mock.truth(vendor, entity, channel, "1.2")
        want = {row["sourcedId"]: {name: cell for name, cell in row.items() if name != "password"} for row in truth}
        got = {row["sourcedId"]: row for row in landed(database, entity)} if entity in there else {}
        wrong = [(want.get(key), got.get(key)) for key in want.keys() | got.keys() if want.get(key) != got.get(key)]
        if wrong:
            found[entity] = wrong
    return found


def by_api(mock: RunningMock, vendor: str, database: Database, *options: str, url: str = "") -> Ran:
    """A sync of the 1.2 API that waits for nothing between its tries."""
    found = mock.provider(vendor)
    root = url or found.base_urls["1.2"]["rostering"]
    return sync("run", root, database.url, "--vendor", vendor, "--token-url", found.token_url, "--yes", "--retry-wait", "0.01", *options)


@pytest.fixture
def signed_in(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clean mock, and the reference's credential in the environment."""
    mock.reset()
    for name, value in environment_of(mock, "reference").items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_api_of_1p2_lands_is_the_truth(
    vendor: str, mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.reset()
    for name, value in environment_of(mock, vendor).items():
        monkeypatch.setenv(name, value)
    database = duckdb_database(tmp_path / "api.duckdb")
    ran = by_api(mock, vendor, database)
    assert ran.code == EXIT_CLEAN, ran.err
    assert all(ran.document["complete"][name] for name in ("users", "roles", "userProfiles", "demographics", "enrollments"))
    assert differing(database, mock, vendor, "api") == {}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_bundle_of_1p2_lands_is_the_truth(vendor: str, mock: RunningMock, tmp_path: Path) -> None:
    mock.reset()
    database = duckdb_database(tmp_path / "csv.duckdb")
    made = call("generate", tmp_path / "district.zip", "--students", STUDENTS, "--spec", "1.2", "--vendor", vendor)
    assert made.code == EXIT_CLEAN, made.err
    assert sync("run", tmp_path / "district.zip", database.url, "--yes").code == EXIT_CLEAN
    assert differing(database, mock, vendor, "csv") == {}


@pytest.mark.usefixtures("signed_in")
def test_an_api_run_after_the_bundle_of_the_same_district_changes_only_the_instants(mock: RunningMock, tmp_path: Path) -> None:
    # The vendors' APIs show some values in another way than their exports, which the truth of each channel tells.
    database = duckdb_database(tmp_path / "roster.duckdb")
    assert call("generate", tmp_path / "district", "--students", STUDENTS, "--spec", "1.2").code == EXIT_CLEAN
    assert sync("run", tmp_path / "district", database.url, "--yes").code == EXIT_CLEAN
    before = {entity: landed(database, entity) for entity in FILES}
    ran = by_api(mock, "reference", database)
    assert ran.code == EXIT_CLEAN, ran.err
    assert {kind for found in ran.changed().values() for kind in found} == {"update"}
    assert not {"roles", "userProfiles", "userResources"} & ran.changed().keys(), "nested rows carry no instant on either channel"
    assert before == {entity: [{**row, "dateLastModified": None} for row in landed(database, entity)] for entity in FILES}


@pytest.mark.usefixtures("signed_in")
def test_the_version_follows_the_url_and_the_description_gives_the_token_endpoint(mock: RunningMock, tmp_path: Path) -> None:
    root = mock.provider().base_urls["1.2"]["rostering"]
    starts = [root, mock.provider().base_urls["1.2"]["gradebook"], f"{root}/discovery/{file_names('rostering')[0]}"]
    for number, url in enumerate(starts):
        database = duckdb_database(tmp_path / f"{number}.duckdb")
        ran = sync("run", url, database.url, "--yes")
        assert ran.code == EXIT_CLEAN, ran.err
        assert differing(database, mock, "reference", "api") == {}


@pytest.mark.usefixtures("signed_in")
def test_a_given_spec_that_the_url_contradicts_is_told(mock: RunningMock, tmp_path: Path) -> None:
    database = duckdb_database(tmp_path / "roster.duckdb")
    ran = by_api(mock, "reference", database, "--spec", "1.1")
    assert (ran.code, "--spec 1.1 and the URL disagree" in ran.err) == (EXIT_WRONG_USE, True)
    ran = by_api(mock, "reference", database, "--spec", "1.2", url=mock.provider().base_url)
    assert (ran.code, "--spec 1.2 and the URL disagree" in ran.err) == (EXIT_WRONG_USE, True)


@pytest.mark.hazards
@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(("order", "code"), [
    *((order, EXIT_CLEAN) for order in PASSING), *((order, EXIT_COULD_NOT_RUN) for order in REFUSED), *((order, EXIT_HELD) for order in HELD),
])  # fmt: skip
def test_no_fault_of_a_1p2_provider_loses_a_row(mock: RunningMock, tmp_path: Path, order: str, code: int) -> None:
    database = duckdb_database(tmp_path / "roster.duckdb")
    assert by_api(mock, "reference", database).code == EXIT_CLEAN
    mock.set_faults("reference", [PAGED, order])
    ran = by_api(mock, "reference", database)
    assert ran.code == code, ran.err
    assert mock.faults("reference")[1]["struck"] > 0
    assert differing(database, mock, "reference", "api") == {}
    assert "delete" not in str(ran.changed() if ran.out else "")
