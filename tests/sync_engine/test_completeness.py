"""When a read is believed to be whole, and that nothing is removed when it is not."""

from __future__ import annotations

import threading

import pytest

from tests.sync_engine.conftest import Database, Ran, sync
from tests.sync_engine.fake_provider import FakeProvider, Handler, Reply, Request, page

PEOPLE = [{"sourcedId": f"u{number:03d}", "role": "student", "givenName": "A"} for number in range(40)]


def run(fake: FakeProvider, duck: Database, *options: object) -> Ran:
    return sync(
        "run", fake.url, duck.url, "--token-url", fake.token_url, "--yes", "--retry-wait", "0", *options
    )


@pytest.fixture
def landed(fake: FakeProvider, duck: Database) -> Database:
    """A target that holds all people."""
    fake.served["users"] = PEOPLE
    assert run(fake, duck).changed() == {"users": {"create": 40}}
    return duck


def present(database: Database) -> int:
    return len([row for row in database.rows("users") if row[2] == "present"])


def test_a_page_cap_below_the_limit_loses_no_row(fake: FakeProvider, duck: Database) -> None:
    fake.answers["users"] = lambda request: page(request, PEOPLE, cap=7)
    ran = run(fake, duck)
    assert (ran.changed(), ran.document["complete"]["users"]) == ({"users": {"create": 40}}, True)


def test_pages_are_fetched_at_once_where_a_total_is_announced(fake: FakeProvider, duck: Database) -> None:
    together = threading.Barrier(3, timeout=20)

    def answer(request: Request) -> Reply:
        if 0 < request.offset < 40:
            together.wait()
        return page(request, PEOPLE, cap=10)

    fake.answers["users"] = answer
    ran = run(fake, duck)
    assert (ran.changed(), ran.document["complete"]["users"]) == ({"users": {"create": 40}}, True)


@pytest.mark.parametrize("connections", [1, 4])
def test_pages_of_changing_size_are_read_whole(connections: int, fake: FakeProvider, duck: Database) -> None:
    sizes = {0: 10, 10: 10, 20: 3, 23: 10, 33: 7}
    fake.answers["users"] = lambda request: page(request, PEOPLE, cap=sizes.get(request.offset, 10))
    ran = run(fake, duck, "--connections", connections)
    assert (ran.changed(), ran.document["complete"]["users"]) == ({"users": {"create": 40}}, True)


def _lost_page(request: Request) -> Reply:
    return page(request, PEOPLE[:20], total=40)


def _total_too_low(request: Request) -> Reply:
    return page(request, PEOPLE[:30], cap=10, total=20)


def _total_that_moves(request: Request) -> Reply:
    return page(request, PEOPLE[:30], cap=10, total=30 + bool(request.offset))


def _offset_ignored(request: Request) -> Reply:
    first = Request("GET", "users", 10, 0, "", {})
    return page(first, PEOPLE, total=40)


def _offset_ignored_without_total(request: Request) -> Reply:
    return page(Request("GET", "users", 10, 0, "", {}), PEOPLE, total=None)


def _one_row_twice(request: Request) -> Reply:
    return page(request, [*PEOPLE[:30], PEOPLE[0]], total=31)


def _one_id_with_two_contents(request: Request) -> Reply:
    return page(request, [*PEOPLE[:30], {**PEOPLE[0], "givenName": "B"}], total=31)


def _a_row_without_an_id(request: Request) -> Reply:
    return page(request, [*PEOPLE[:30], {"givenName": "B"}], total=31)


@pytest.mark.parametrize(
    "answer",
    [
        _lost_page, _total_too_low, _total_that_moves, _offset_ignored, _offset_ignored_without_total, _one_row_twice,
        _one_id_with_two_contents, _a_row_without_an_id,
    ],
)  # fmt: skip
def test_a_read_that_does_not_add_up_removes_nothing(
    answer: Handler, fake: FakeProvider, landed: Database
) -> None:
    fake.answers["users"] = answer
    ran = run(fake, landed)
    assert ran.document["complete"]["users"] is False
    assert (ran.code, ran.document["status"]) == (4, "held")
    assert ran.document["changes"]["users"]["delete"] == 0
    assert any(reason.startswith("users:") for reason in ran.document["reasons"])
    assert present(landed) == 40


def test_a_row_that_is_set_aside_keeps_its_last_good_version(fake: FakeProvider, landed: Database) -> None:
    fake.answers["users"] = lambda request: page(request, [*PEOPLE, {**PEOPLE[0], "givenName": "B"}])
    ran = run(fake, landed)
    assert ran.changed() == {"users": {"quarantined": 1}}
    assert landed.rows("users", '"givenName"')[0] == ("A",)


def test_without_a_total_two_readings_that_agree_are_whole(fake: FakeProvider, landed: Database) -> None:
    fake.answers["users"] = lambda request: page(request, PEOPLE[:37], cap=10, total=None)
    ran = run(fake, landed)
    assert ran.document["complete"]["users"] is True
    assert ran.changed() == {"users": {"delete": 3}}


def test_without_a_total_two_readings_that_differ_remove_nothing(
    fake: FakeProvider, landed: Database
) -> None:
    begun = 0

    def answer(request: Request) -> Reply:
        nonlocal begun
        begun += request.offset == 0
        return page(request, PEOPLE[: 38 - begun], total=None)

    fake.answers["users"] = answer
    ran = run(fake, landed)
    assert ran.document["complete"]["users"] is False
    assert present(landed) == 40


def test_a_provider_that_answers_404_past_the_end_is_read_whole(fake: FakeProvider, duck: Database) -> None:
    def answer(request: Request) -> Reply:
        return page(request, PEOPLE) if request.offset < 40 else Reply({}, status=404)

    fake.answers["users"] = answer
    assert run(fake, duck).document["complete"]["users"] is True


def test_an_optional_entity_that_is_refused_is_a_reason_and_no_failure(
    fake: FakeProvider, duck: Database
) -> None:
    fake.answers["demographics"] = lambda request: Reply({}, status=403)
    ran = run(fake, duck)
    assert (ran.code, ran.document["complete"]["demographics"]) == (0, False)
    assert "demographics: not served to us (status 403)" in ran.document["reasons"]


def test_wire_habits_do_not_reach_the_landed_rows(fake: FakeProvider, duck: Database) -> None:
    odd = {
        "sourcedId": " u1 ", "status": None, "dateLastModified": "2026-10-01T02:00:00+02:00", "enabledUser": True,
        "orgs": [{"sourcedId": " o1 "}, {"sourcedId": ""}], "email": "", "middleName": None, "grades": "05",
        "userIds": [], "identifier": 100.0, "agents": [],
    }  # fmt: skip
    fake.answers["users"] = lambda request: Reply(
        {"people": [odd] if not request.offset else []}, headers={"X-Total-Count": "1"}
    )
    assert run(fake, duck).code == 0
    columns = (
        '"sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "email", "middleName", "grades",'
        ' "userIds", "identifier", "agentSourcedIds"'
    )
    instant = "2026-10-01T00:00:00.000Z"
    assert duck.rows("users", columns) == [
        ("u1", "active", instant, "true", ["o1"], None, None, ["05"], None, "100", None)
    ]
