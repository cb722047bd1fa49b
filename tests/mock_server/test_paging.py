"""Pages of the reference provider: partition, totals, links, bad numbers."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.mock_process import RunningMock
from tests.mock_server.conftest import Whole
from tests.mock_server.wire import Wire, ids, status_of

LINK = re.compile(r'<([^<>,]+)>; rel="(first|prev|next|last)"(?:, |$)')


def links(header: str) -> dict[str, str]:
    """rel -> URL; fails on any text that is not a well-formed link."""
    assert LINK.sub("", header) == "", header
    return {rel: url for url, rel in LINK.findall(header)}


@settings(max_examples=12, deadline=None)
@given(limit=st.integers(1, 120))
def test_pages_of_any_limit_partition_the_collection(
    wires: dict[str, Wire], whole: Whole, limit: int
) -> None:
    users = whole("reference", "users")
    offsets = range(0, len(users) + limit, max(limit, len(users) // 4 // limit * limit))
    for offset in offsets:
        answer = wires["reference"].get("/users", limit=limit, offset=offset)
        assert answer.json()["users"] == users[offset : offset + limit]
        assert answer.headers["X-Total-Count"] == str(len(users))


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_following_next_reads_every_record_once(reference: Wire, whole: Whole, limit: int) -> None:
    expected = [
        record for record in whole("reference", "academicSessions") if record["type"] == "gradingPeriod"
    ]
    answer, seen = reference.get("/gradingPeriods", limit=limit), []
    while True:
        seen += answer.json()["academicSessions"]
        following = links(answer.headers["Link"]).get("next")
        if following is None:
            break
        answer = reference.call("GET", following.removeprefix(reference.provider.base_url))
    assert seen == expected


@settings(max_examples=15, deadline=None)
@given(limit=st.integers(1, 60), offset=st.integers(0, 200))
def test_links_are_well_formed_and_repeat_the_rest_of_the_query(
    wires: dict[str, Wire], limit: int, offset: int
) -> None:
    asked = {
        "filter": "role='student' AND familyName>'A, B&C'",
        "fields": "sourcedId,orgs",
        "sort": "familyName",
    }
    answer = wires["reference"].get("/users", limit=limit, offset=offset, **asked)
    total = int(answer.headers["X-Total-Count"])
    found = links(answer.headers["Link"])
    numbers = {}
    for rel, url in found.items():
        assert url.startswith(f"{wires['reference'].provider.base_url}/users?")
        query = {name: values for name, values in parse_qs(urlsplit(url).query).items()}
        numbers[rel] = (int(query.pop("limit")[0]), int(query.pop("offset")[0]))
        assert query == {name: [value] for name, value in asked.items()}
    assert numbers["first"] == (limit, 0)
    assert numbers["last"][0] + numbers["last"][1] == total
    assert ("next" in found) == (offset + limit < total)
    assert ("prev" in found) == (offset > 0)
    if "next" in found:
        assert numbers["next"] == (limit, offset + limit)


def test_the_default_page_holds_a_hundred_records(reference: Wire) -> None:
    assert len(reference.get("/users").json()["users"]) == 100


@pytest.mark.parametrize("offset", [169, 170, 100_000, 10**17])
def test_past_the_end_is_an_empty_list_under_the_same_key(reference: Wire, offset: int) -> None:
    answer = reference.get("/users", offset=offset)
    assert (answer.status_code, answer.json()) == (200, {"users": []})
    assert answer.headers["X-Total-Count"] == "169"


@pytest.mark.parametrize("limit", [1000, 5000, 10_000])
def test_large_limits_are_honoured(reference: Wire, whole: Whole, limit: int) -> None:
    assert len(reference.get("/enrollments", limit=limit).json()["enrollments"]) == len(
        whole("reference", "enrollments")
    )


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=ten",
        "limit=",
        "limit=1.5",
        "offset=-1",
        "offset=x",
        "orderBy=dsc",
        "limit=1&limit=2",
    ],
)
def test_a_bad_number_or_order_is_refused_as_invalid_data(reference: Wire, query: str) -> None:
    answer = reference.call("GET", f"/users?{query}")
    assert status_of(answer) == (400, "failure", "error", "invalid data")


def test_an_empty_selection_has_no_links_and_total_zero(reference: Wire) -> None:
    answer = reference.get("/users", filter="familyName='nobody is called so'")
    assert (answer.status_code, answer.json()) == (200, {"users": []})
    assert answer.headers["X-Total-Count"] == "0"
    assert "Link" not in answer.headers


def test_head_has_the_headers_of_get_and_no_body(reference: Wire) -> None:
    got, head = (reference.call(method, "/users?limit=3") for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "X-Total-Count", "Link"):
        assert head.headers[name] == got.headers[name]


def test_the_last_link_holds_what_is_left(oneroster_mock: RunningMock, reference: Wire) -> None:
    answer = reference.get("/users", limit=10)
    last = links(answer.headers["Link"])["last"]
    assert last.endswith("limit=9&offset=160")
    page = reference.call("GET", last.removeprefix(reference.provider.base_url)).json()["users"]
    assert ids(page) == ids(reference.records("/users"))[160:]
