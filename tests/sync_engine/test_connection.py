"""Waiting for a provider, renewing its tokens, and signing in the way it accepts."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint
from sync_engine.sources.connection import Connection, Patience
from tests.sync_engine.fake_provider import FakeProvider, Handler, Reply, Request, page


def connect(
    fake: FakeProvider, waits: list[float] | None = None, clock: list[float] | None = None
) -> Connection:
    """A connection whose waiting and time are the test's."""
    endpoint = Endpoint(fake.url, "oauth2", fake.token_url, "client", "secret")
    return Connection(
        endpoint, Patience(tries=4, first_wait_s=0.5, max_wait_s=8),
        sleep=(waits if waits is not None else []).append, clock=lambda: clock[0] if clock else 0.0,
    )  # fmt: skip


def failing_first(times: int, reply: Reply) -> Handler:
    """A collection that fails so many times before it is read."""
    replies = iter([reply] * times)
    return lambda request: next(replies, None) or page(request, [{"sourcedId": "o1"}])


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply({}, 503), [0.5, 1.0, 2.0]),
        (Reply({}, 429, {"Retry-After": "3"}), [3.0, 3.0, 3.0]),
        (Reply({}, 429, {"Retry-After": "3600"}), [8.0, 8.0, 8.0]),
    ],
)
def test_a_failing_provider_is_waited_for_as_it_asks(
    reply: Reply, expected: list[float], fake: FakeProvider
) -> None:
    fake.answers["orgs"] = failing_first(3, reply)
    waits: list[float] = []
    assert connect(fake, waits).get("orgs", {}).status == 200
    assert waits == expected


def test_a_token_is_renewed_before_it_expires(fake: FakeProvider) -> None:
    clock = [0.0]
    connection = connect(fake, clock=clock)
    for moment, tokens in ((0.0, 1), (3500.0, 1), (3571.0, 2)):
        clock[0] = moment
        connection.get("orgs", {})
        assert fake.count("token") == tokens


def test_a_token_that_dies_is_renewed_once(fake: FakeProvider) -> None:
    tokens = iter(("dead", "alive"))
    fake.answers["token"] = lambda request: Reply({"access_token": next(tokens), "expires_in": "soon"})
    fake.answers["orgs"] = lambda request: Reply(
        {"orgs": []}, status=200 if request.authorization == "Bearer alive" else 401
    )
    assert connect(fake).get("orgs", {}).status == 200


def test_a_refused_token_is_not_asked_for_again_and_again(fake: FakeProvider) -> None:
    fake.answers["orgs"] = lambda request: Reply({}, status=401)
    assert connect(fake).get("orgs", {}).status == 401
    assert (fake.count("token"), fake.count("orgs")) == (2, 2)


def test_the_credential_goes_by_basic_first_and_then_in_the_body(fake: FakeProvider) -> None:
    def answer(request: Request) -> Reply:
        ok = request.form.get("client_secret") == ["secret"]
        return Reply({"access_token": "t"}) if ok else Reply({"error": "invalid_client"}, 401)

    fake.answers["token"] = answer
    assert connect(fake).get("orgs", {}).status == 200
    first, second = [request for request in fake.requests if request.entity == "token"]
    assert first.authorization.startswith("Basic ") and "client_secret" not in first.form
    assert not second.authorization


def test_a_provider_that_knows_fewer_scopes_still_gives_a_token(fake: FakeProvider) -> None:
    asked = []

    def answer(request: Request) -> Reply:
        asked.append(len(request.form.get("scope", [""])[0].split()))
        refused = any("gradebook" in scope for scope in request.form.get("scope", []))
        return Reply({"error": "invalid_scope"}, 400) if refused else Reply({"access_token": "t"})

    fake.answers["token"] = answer
    assert connect(fake).get("orgs", {}).status == 200
    assert asked == [5, 2]


def test_a_redirect_on_the_same_origin_is_followed(fake: FakeProvider) -> None:
    fake.answers["users"] = lambda request: Reply({}, 307, {"Location": f"{fake.url}/orgs?limit=5"})
    assert connect(fake).get("users", {}).document == {"orgs": []}


@pytest.mark.parametrize("payload", [
    {"statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "error"}]}, {"imsx_codeMajor": "failure"},
    {"imsx_StatusInfo": {"imsx_codeMajor": "failure"}}, {"errors": [{"message": "busy"}]}, {"error": "busy", "orgs": None},
])  # fmt: skip
def test_an_error_in_a_200_is_a_page_that_failed(payload: dict[str, object], fake: FakeProvider) -> None:
    fake.answers["orgs"] = failing_first(2, Reply(payload))
    assert connect(fake).get("orgs", {}).document == {"orgs": [{"sourcedId": "o1"}]}
    assert fake.count("orgs") == 3


def test_a_status_beside_records_is_no_error(fake: FakeProvider) -> None:
    warned = {"orgs": [{"sourcedId": "o1"}], "statusInfoSet": [{"imsx_codeMajor": "failure", "imsx_severity": "warning"}]}
    fake.answers["orgs"] = lambda request: Reply(warned)
    assert connect(fake).get("orgs", {}).document == warned


def both(fake: FakeProvider, auth: str) -> Connection:
    """A connection with a second credential; the first one's token is `old`."""
    first = Endpoint(fake.url, auth, fake.token_url, "client", "old", "old")
    endpoint = replace(first, second=replace(first, client_secret="new", token="new"))
    return Connection(endpoint, Patience(tries=1), sleep=lambda _: None, clock=lambda: 0.0)


def asked_with(request: Request) -> str:
    """The secret that a token request bears."""
    if request.form.get("client_secret"):
        return request.form["client_secret"][0]
    return base64.b64decode(request.authorization.removeprefix("Basic ")).decode().rpartition(":")[2]


def test_a_second_credential_serves_when_the_token_endpoint_refuses_the_first(fake: FakeProvider) -> None:
    fake.answers["token"] = lambda request: Reply({"access_token": "t"}, 200 if asked_with(request) == "new" else 401)
    connection = both(fake, "oauth2")
    assert (connection.get("orgs", {}).status, connection.served) == (200, "second")


def test_a_second_credential_serves_when_the_api_refuses_every_token_of_the_first(fake: FakeProvider) -> None:
    fake.answers["token"] = lambda request: Reply({"access_token": asked_with(request)})
    fake.answers["orgs"] = lambda request: page(request, []) if request.authorization == "Bearer new" else Reply({}, 401)
    connection = both(fake, "oauth2")
    assert (connection.get("orgs", {}).status, connection.served) == (200, "second")
    # Once to begin, once anew, once with the second credential.
    assert fake.count("token") == 3


@pytest.mark.parametrize("auth", ["oauth1", "bearer"])
def test_a_second_credential_serves_where_there_is_no_token_endpoint(fake: FakeProvider, auth: str) -> None:
    refused: set[str] = set()

    def answer(request: Request) -> Reply:
        fine = request.authorization == "Bearer new" if auth == "bearer" else bool(refused)
        refused.add(request.authorization)
        return page(request, []) if fine else Reply({}, 401)

    fake.answers["orgs"] = answer
    connection = both(fake, auth)
    assert (connection.get("orgs", {}).status, connection.served) == (200, "second")


def test_the_first_credential_serves_as_long_as_it_is_accepted(fake: FakeProvider) -> None:
    connection = both(fake, "oauth2")
    assert (connection.get("orgs", {}).status, connection.served) == (200, "first")


def test_two_refused_credentials_are_refused(fake: FakeProvider) -> None:
    fake.answers["token"] = lambda _: Reply({}, 401)
    with pytest.raises(CannotRun, match="refused the credential"):
        both(fake, "oauth2").get("orgs", {})
    fake.answers["orgs"] = lambda _: Reply({}, 401)
    assert both(fake, "bearer").get("orgs", {}).status == 401
    assert fake.count("orgs") == 2


def test_threads_that_meet_a_revoked_credential_at_once_all_take_the_second(fake: FakeProvider) -> None:
    fake.answers["orgs"] = lambda request: page(request, []) if request.authorization == "Bearer new" else Reply({}, 401)
    connection = both(fake, "bearer")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(connection.get, "orgs", {}) for _ in range(16)]
    assert {one.result().status for one in asked} == {200}


def test_whoever_runs_is_asked_before_each_request_and_may_end_the_reading(fake: FakeProvider) -> None:
    asked: list[int] = []

    def before() -> None:
        asked.append(len(fake.requests))
        if len(asked) > 3:
            raise CannotRun("enough")

    connection = Connection(Endpoint(fake.url, "oauth2", fake.token_url, "client", "secret"), Patience(tries=3), before_request=before)
    connection.get("orgs", {})
    connection.get("users", {})
    with pytest.raises(CannotRun, match="enough"):
        connection.get("classes", {})
    # The token, two collections, and not the third.
    assert asked == [0, 1, 2, 3] and fake.count("classes") == 0
