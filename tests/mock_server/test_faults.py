"""Every fault of the catalogue is seen on the wire, strikes what it is told to strike, and is gone after a reset."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mock_server.mock_handle import MockProblem
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects.faults import load_faults
from tests.mock_server.signs_of_faults import SIGNS, raw
from tests.mock_server.wire import Wire


def statuses(wire: Wire, path: str, many: int = 8) -> list[int]:
    """Status codes of the same request again and again."""
    return [wire.get(path).status_code for _ in range(many)]


@pytest.mark.parametrize("order", SIGNS)
def test_a_fault_is_seen_when_it_is_on_and_gone_after_a_reset(oneroster_mock: RunningMock, reference: Wire, order: str) -> None:
    id, is_seen = SIGNS[order]
    reference.bearer()
    assert not is_seen(reference)
    oneroster_mock.set_faults("reference", [order])
    assert is_seen(reference)
    assert [found["struck"] > 0 for found in oneroster_mock.faults("reference")] == [True], id
    oneroster_mock.reset()
    assert not is_seen(Wire(oneroster_mock.provider("reference")))


def test_every_fault_of_the_catalogue_is_seen_above() -> None:
    assert {id for id, _ in SIGNS.values()} == set(load_faults())


@pytest.mark.parametrize(
    ("chosen", "struck"),
    [
        ("first=3", [1, 2, 3]), ("after=6", [7, 8]), ("every=4", [4, 8]), ("requests=2-3", [2, 3]), ("times=2", [1, 2]),
        ("every=2,times=3", [2, 4, 6]), ("on=users", []), ("on=orgs,first=1", [1]), ("on=getAllOrgs,first=1", [1]),
        ("version=1.2", []), ("page=2", []), ("day=1-", []), ("seconds=0-3600,first=2", [1, 2]), ("rate=0", []),
    ],
)  # fmt: skip
def test_a_fault_strikes_what_it_was_told(oneroster_mock: RunningMock, reference: Wire, chosen: str, struck: list[int]) -> None:
    reference.bearer()
    oneroster_mock.set_faults("reference", [f"fault.server-error@{chosen}"])
    assert [number for number, status in enumerate(statuses(reference, "/orgs"), 1) if status == 500] == struck


def test_a_rate_strikes_the_same_requests_each_time(oneroster_mock: RunningMock, reference: Wire) -> None:
    reference.bearer()
    runs = []
    for _ in range(2):
        oneroster_mock.set_faults("reference", ["fault.server-error@rate=0.3"])
        runs.append(statuses(reference, "/orgs", 40))
    assert runs[0] == runs[1] and 4 < runs[0].count(500) < 25


def test_a_fault_strikes_a_page_and_an_offset(oneroster_mock: RunningMock, reference: Wire) -> None:
    for chosen in ("page=3", "offset=20"):
        oneroster_mock.set_faults("reference", [f"fault.server-error@{chosen}"])
        found = [reference.get("/users", limit=10, offset=offset).status_code for offset in (0, 10, 20, 30)]
        assert found == [200, 200, 500, 200], chosen
    assert reference.get("/orgs", limit=5, offset=20).status_code == 500


def test_a_fault_of_one_collection_and_one_vendor_leaves_the_others_alone(
    oneroster_mock: RunningMock, wires: dict[str, Wire]
) -> None:
    oneroster_mock.set_faults("powerschool", ["fault.server-error@on=students+courses"])
    found = [wires["powerschool"].get(path).status_code for path in ("/students", "/users", "/courses", "/orgs")]
    assert found == [500, 200, 500, 200]
    assert wires["reference"].get("/students").status_code == 200


def test_faults_work_together_and_are_told_with_their_counts(oneroster_mock: RunningMock, reference: Wire) -> None:
    orders = ["fault.server-error@first=1", {"id": "fault.load-too-many-requests", "requests": "2", "retry": "absent"}]
    oneroster_mock.set_faults("reference", [*orders, "fault.paging-wrong-total@by=5"])
    reference.bearer()
    assert statuses(reference, "/orgs", 3) == [500, 429, 200]
    answer = reference.get("/orgs", limit=100)
    assert int(answer.headers["X-Total-Count"]) == len(answer.json()["orgs"]) + 5
    told = oneroster_mock.faults("reference")
    assert [(found["fitting"], found["struck"]) for found in told] == [(4, 1), (4, 1), (4, 4)]
    assert told[0]["text"] == "fault.server-error@first=1"


def test_the_token_endpoint_fails_where_it_is_told_to(oneroster_mock: RunningMock, reference: Wire) -> None:
    oneroster_mock.set_faults("reference", ["fault.server-error@on=token,status=503,times=1"])
    assert [reference.token_answer().status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("vendor", ["powerschool", "infinite-campus", "classlink"])
def test_a_token_dies_at_every_vendor(oneroster_mock: RunningMock, vendor: str) -> None:
    wire = Wire(oneroster_mock.provider(vendor))
    assert wire.get("/orgs").status_code == 200
    oneroster_mock.set_faults(vendor, ["fault.auth-token-dies@after=1"])
    dead = 200 if vendor == "classlink" else 401
    assert statuses(wire, "/orgs", 3) == [200, 401, dead]
    assert Wire(oneroster_mock.provider(vendor)).get("/orgs").status_code == 200


def test_a_fault_of_1p2_has_the_error_of_1p2(oneroster_mock: RunningMock) -> None:
    found = oneroster_mock.provider("reference")
    wire = Wire(found)
    oneroster_mock.set_faults("reference", ["fault.load-too-many-requests@version=1.2"])
    assert wire.get("/orgs").status_code == 200
    answer = wire.session.get(
        found.base_urls["1.2"]["rostering"] + "/orgs", headers={"Authorization": f"Bearer {wire.bearer()}"}, timeout=30
    )
    assert answer.status_code == 429 and answer.json()["imsx_codeMajor"] == "failure"


def test_a_slow_answer_keeps_nobody_else_waiting(oneroster_mock: RunningMock, reference: Wire) -> None:
    reference.bearer()
    oneroster_mock.set_faults("reference", ["fault.server-slow-answer@delay_s=3,on=orgs"])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(raw, reference, "/orgs")
        assert reference.get("/users").elapsed.total_seconds() < 2
        assert oneroster_mock.admin("GET", "/health")["status"] == "ok"
        assert slow.result().status == 200


def test_cut_connections_are_told_apart_among_many(oneroster_mock: RunningMock, reference: Wire) -> None:
    reference.bearer()
    oneroster_mock.set_faults("reference", ["fault.connection-cut@form=chunked,on=orgs"])
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda path: raw(reference, path), ["/orgs", "/users?limit=40", "/classes?limit=40"] * 6))
    for turn, answer in enumerate(found):
        assert answer.is_whole == (turn % 3 != 0)


def test_a_head_request_is_struck_without_a_body(oneroster_mock: RunningMock, reference: Wire) -> None:
    oneroster_mock.set_faults("reference", ["fault.connection-cut", "fault.server-slow-drip"])
    answer = reference.call("HEAD", "/orgs")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"faults": ["fault.server-eror"]}, "did you mean 'fault.server-error'"),
        ({"faults": ["fault.server-error@status=99"]}, "500 to 599"),
        ({"faults": "fault.server-error"}, "expected"),
        ({}, "expected"),
    ],
)
def test_a_wrong_fault_changes_nothing(oneroster_mock: RunningMock, document: object, said: str) -> None:
    oneroster_mock.set_faults("reference", ["fault.body-empty"])
    with pytest.raises(MockProblem, match=said):
        oneroster_mock.admin("PUT", "/vendors/reference/faults", document)
    assert [found["id"] for found in oneroster_mock.faults("reference")] == ["fault.body-empty"]


def test_the_journal_tells_which_fault_struck(oneroster_mock: RunningMock, reference: Wire) -> None:
    reference.bearer()
    oneroster_mock.reset()
    oneroster_mock.set_faults("reference", ["fault.paging-wrong-total@page=2", "fault.server-error@on=token"])
    reference.get("/users", limit=5)
    reference.get("/users", limit=5, offset=5)
    reference.token_answer()
    entries = oneroster_mock.journal.entries()
    assert [entry.faults for entry in entries] == [(), ("fault.paging-wrong-total",), ("fault.server-error",)]
    assert str(entries[1]).endswith("-> 200 fault.paging-wrong-total")


def test_a_fault_waits_for_its_day(oneroster_mock: RunningMock, reference: Wire) -> None:
    oneroster_mock.set_faults("reference", ["fault.server-error@day=1"])
    found = [reference.get("/orgs").status_code]
    for _ in range(2):
        oneroster_mock.admin("POST", "/advance", {"days": 1})
        found.append(reference.get("/orgs").status_code)
    assert found == [200, 500, 200]


def test_a_snapshot_keeps_faults_and_their_counts(oneroster_mock: RunningMock, reference: Wire) -> None:
    oneroster_mock.set_faults("reference", ["fault.server-error@every=3"])
    assert statuses(reference, "/orgs", 2) == [200, 200]
    oneroster_mock.admin("POST", "/snapshot", {"name": "two served"})
    for _ in range(2):
        oneroster_mock.admin("POST", "/reset", {"snapshot": "two served"})
        assert statuses(reference, "/orgs", 2) == [500, 200]


@pytest.mark.oneroster(faults=["fault.body-empty@on=orgs"])
def test_a_mark_lets_things_go_wrong(oneroster_mock: RunningMock, reference: Wire) -> None:
    assert reference.get("/orgs").content == b"" and reference.get("/users").content


@pytest.fixture(scope="module")
def started() -> Iterator[RunningMock]:
    """A server of two workers with faults from the start."""
    options = ["--fault", "fault.server-error@on=users,every=2", "--fault", "classlink:fault.body-empty@on=orgs", "--workers", "2"]
    with running_mock(students=20, vendors=["reference", "classlink"], options=options) as mock:
        yield mock


def test_faults_of_the_start_are_counted_by_all_workers_and_come_back_with_a_reset(started: RunningMock) -> None:
    started.set_faults("reference", [])
    assert statuses(Wire(started.provider()), "/users", 4) == [200] * 4
    started.reset()
    # A connection of its own for each request reaches either worker.
    found = [Wire(started.provider()).get("/users").status_code for _ in range(12)]
    assert found == [200, 500] * 6
    assert Wire(started.provider("classlink")).get("/orgs").content == b""
    assert started.faults("reference")[0]["struck"] == 6
