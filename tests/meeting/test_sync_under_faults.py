"""The sync against every fault of the mock: a passing one costs nothing, a lasting one is refused or held, none loses a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.problems import EXIT_CLEAN, EXIT_COULD_NOT_RUN, EXIT_HELD
from oneroster_standard.dialects.faults import load_faults
from tests.meeting.endpoints import environment_of
from tests.sync_engine.conftest import Database, Ran, duckdb_database, sync

PAGED = "fault.paging-capped@cap=25"
"""Makes several pages of a small district."""
PASSING = [
    "fault.server-error@first=2", "fault.server-error@on=users,offset=25-,times=2,form=html,status=502", "fault.server-error@rate=0.1",
    "fault.server-error@on=token,times=1", "fault.load-too-many-requests@every=4,wait=0",
    "fault.load-too-many-requests@first=1,retry=date,wait=0", "fault.load-too-many-requests@first=1,retry=absent,status=503",
    "fault.connection-cut@on=users,times=2", "fault.connection-cut@form=chunked,on=enrollments,offset=25,times=1",
    "fault.body-truncated@on=users,offset=25-,times=2", "fault.body-empty@on=orgs,times=1", "fault.auth-token-dies@after=4",
    "fault.auth-unauthorized@on=users,offset=25,times=1", "fault.server-slow-answer@delay_s=0.2,on=users,first=2",
    "fault.server-slow-drip@pieces=4,pause_s=0.05,on=orgs", "fault.server-wrong-clock@skew_s=-7200",
    "fault.paging-next-plain-http", "fault.paging-next-elsewhere", "fault.paging-next-without-filter", "fault.paging-next-for-ever",
    "fault.paging-next-for-ever@form=same", "fault.body-gzip-damaged@on=users,offset=25,times=2",
    "fault.body-gzip-damaged@form=short,on=orgs,times=1", "fault.body-gzip-damaged@form=plain,on=enrollments,times=2",
    "fault.body-error-in-200@on=users,times=2", "fault.body-error-in-200@on=enrollments,offset=25,times=1",
]  # fmt: skip
"""The run ends well, with nothing to do."""
REFUSED = [
    "fault.auth-token-born-expired", "fault.auth-unauthorized", "fault.auth-forbidden@on=users", "fault.server-error@on=users",
    "fault.body-login-page@on=users", "fault.body-truncated@on=users", "fault.body-empty@on=users", "fault.connection-cut@on=users",
    "fault.body-gzip-damaged@on=users", "fault.body-error-in-200@on=users", "fault.load-too-many-requests@on=users,offset=25-,wait=0",
]  # fmt: skip
"""The run ends with exit code 3 and changes nothing."""
HELD = [
    "fault.paging-no-records@on=users", "fault.paging-no-records@on=users,total=true", "fault.paging-no-records@on=enrollments,offset=25-",
    "fault.paging-row-lost@on=users", "fault.paging-page-repeated@on=users",
]  # fmt: skip
"""The read cannot be believed and rows are absent: they are held, exit code 4."""
TOLD = ["fault.paging-wrong-total@by=5", "fault.paging-wrong-total@by=-5,on=users", "fault.paging-row-doubled@on=users"]
"""The read cannot be believed, but no row is absent: the run ends well and tells why it would have removed nothing."""


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """The reference provider over a small district."""
    with running_mock(students=60, vendors=["reference"]) as found:
        yield found


def run(mock: RunningMock, database: Database) -> Ran:
    """A sync that waits for nothing between its tries."""
    found = mock.provider()
    return sync("run", found.base_url, database.url, "--token-url", found.token_url, "--yes", "--retry-wait", "0.01")


def held(database: Database) -> dict[str, list[tuple[str, str]]]:
    """What the target holds: sourcedId and state of every row."""
    return {table: [(row[0], row[2]) for row in database.rows(table)] for table in ("orgs", "users", "classes", "enrollments")}


@pytest.fixture
def landed(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A target that holds the whole district."""
    for name, value in environment_of(mock, "reference").items():
        monkeypatch.setenv(name, value)
    mock.reset()
    database = duckdb_database(tmp_path / "roster.duckdb")
    assert run(mock, database).code == EXIT_CLEAN
    return database


@pytest.mark.hazards
@pytest.mark.parametrize("order", PASSING)
def test_a_fault_that_passes_costs_nothing(mock: RunningMock, landed: Database, order: str) -> None:
    before = held(landed)
    mock.set_faults("reference", [PAGED, order])
    ran = run(mock, landed)
    assert ran.code == EXIT_CLEAN, ran.err + ran.out
    assert (ran.changed(), ran.document["status"]) == ({}, "applied")
    assert mock.faults("reference")[1]["struck"] > 0
    assert held(landed) == before


@pytest.mark.parametrize("order", REFUSED)
def test_a_fault_that_lasts_is_refused_and_changes_nothing(mock: RunningMock, landed: Database, order: str) -> None:
    before = held(landed)
    mock.set_faults("reference", [PAGED, order])
    ran = run(mock, landed)
    assert ran.code == EXIT_COULD_NOT_RUN, ran.err + ran.out
    assert mock.faults("reference")[1]["struck"] > 0
    assert held(landed) == before


@pytest.mark.parametrize(("order", "code"), [*((order, EXIT_HELD) for order in HELD), *((order, EXIT_CLEAN) for order in TOLD)])
def test_a_read_that_cannot_be_believed_removes_nothing(mock: RunningMock, landed: Database, order: str, code: int) -> None:
    before = held(landed)
    mock.set_faults("reference", [PAGED, order])
    ran = run(mock, landed)
    assert (ran.code, bool(ran.document["reasons"])) == (code, True)
    assert "delete" not in str(ran.changed())
    assert mock.faults("reference")[1]["struck"] > 0
    assert held(landed) == before
    mock.reset()
    assert (run(mock, landed).code, held(landed)) == (EXIT_CLEAN, before)


def test_every_fault_is_put_to_the_sync() -> None:
    put = {order.partition("@")[0] for order in [PAGED, *PASSING, *REFUSED, *HELD, *TOLD]}
    assert put == set(load_faults())
