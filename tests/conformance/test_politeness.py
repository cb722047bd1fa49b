"""How the suite asks: a busy provider is waited for, a budget and a rate are kept, nothing is asked twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from conformance.api_judge import Order, judge
from conformance.probe import MOST_PAUSE_S, Probe, pause_of
from mock_server.mock_process import running_mock
from tests.conformance.faults import clean
from tests.conformance.faulty_proxy import Answered, Asked, Forward, Upstream, faulty

MOST_REQUESTS = 400


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A reference provider for the module, as the proxy sees it."""
    with running_mock(students=60, vendors=["reference"]) as mock:
        yield Upstream(mock.provider())


@pytest.mark.parametrize(
    ("status", "headers", "repeat", "pause"),
    [
        (200, {"Retry-After": "3"}, 0, None), (429, {"Retry-After": "3"}, 0, 3.0), (503, {"Retry-After": "0"}, 0, 0.0), (503, {}, 0, None),
        (429, {}, 2, 4.0), (429, {"Retry-After": "soon"}, 0, None), (429, {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0, 0.0),
    ],
)  # fmt: skip
def test_a_pause_is_what_the_answer_asks_for(status: int, headers: dict[str, str], repeat: int, pause: float | None) -> None:
    assert pause_of(status, headers, repeat) == pause


def test_a_provider_that_is_busy_now_and_then_is_judged_as_if_it_were_not(upstream: Upstream) -> None:
    met: Counter[str] = Counter()

    def busy(asked: Asked, forward: Forward) -> Answered:
        met["all"] += 1
        if met["all"] % 5 == 0:
            met["busy"] += 1
            return Answered(429, {"Retry-After": "0"}, b"{}")
        return forward(asked)

    with faulty(upstream, busy) as endpoint:
        report = judge(endpoint, Order(only=["paging.", "filter."]))
    assert met["busy"] > 10
    assert report.findings == []


def test_no_longer_than_the_cap_is_waited(upstream: Upstream) -> None:
    waited: list[float] = []
    with faulty(upstream, lambda asked, forward: Answered(429, {"Retry-After": "2" if asked.path == "/orgs" else "3600"}, b"{}")) as endpoint:
        probe = Probe(endpoint.url, budget=100, sleep=waited.append)
        assert probe.send("GET", f"{endpoint.url}/orgs").status == 429
        assert probe.send("GET", f"{endpoint.url}/users").status == 429
    assert waited == [2.0, 2.0, 2.0]
    assert max(waited) <= MOST_PAUSE_S


def test_a_rate_is_kept(upstream: Upstream) -> None:
    waited: list[float] = []
    with faulty(upstream, clean) as endpoint:
        probe = Probe(endpoint.url, budget=100, rate=0.01, sleep=waited.append)
        probe.send("GET", f"{endpoint.url}/orgs")
        probe.send("GET", f"{endpoint.url}/orgs")
    assert [90 < pause <= 100 for pause in waited] == [True]


def test_the_fast_tier_asks_no_question_twice_and_keeps_to_its_number(upstream: Upstream) -> None:
    met: Counter[tuple[str, str]] = Counter()

    def counting(asked: Asked, forward: Forward) -> Answered:
        if asked.method == "GET" and asked.headers.get("Authorization", "").startswith("Bearer") and "not-a-token" not in str(asked.headers):
            met[asked.path, asked.query] += 1
        return forward(asked)

    with faulty(upstream, counting) as endpoint:
        report = judge(endpoint)
    # Cookies, a body, a token of its own and a second look at the stamps are questions of their own about one address.
    assert {path for (path, _), count in met.items() if count > 1} <= {"/orgs", "/users", "/enrollments", "/academicSessions", "/courses"}
    assert sum(count - 1 for count in met.values()) <= 6
    assert report.requests <= MOST_REQUESTS
    assert report.covered["limit"]
    assert "users.role =" in report.covered["filter"]
