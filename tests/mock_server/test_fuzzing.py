"""Any query, header and body: a status of the standard, JSON in the version's form, no fault of ours, nobody's data to strangers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mock_server.in_process import WsgiMock, wsgi_mock

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=40)
NAMES = st.sampled_from(["limit", "offset", "sort", "orderBy", "filter", "fields", "nobody"])
VALUES = st.one_of(TEXT, st.integers().map(str), st.sampled_from(["'", "role='student'", "a='b' AND", "sourcedId", "%", "%zz", "é", "1e9"]))
PATHS = st.one_of(
    st.sampled_from(["/users", "/orgs/x", "/classes/x/students", "/lineItems/x", "/results", "/demographics", "/nothing", "/users/x/y/z"]),
    TEXT.map(lambda text: f"/{quote(text)}"),
)
BODIES = st.one_of(st.binary(max_size=60), st.sampled_from([b'{"lineItem":{}}', b'{"lineItem":[]}', b"[]", b"null", b'{"result":{"score":"x"}}']))
HEADERS = st.dictionaries(
    st.sampled_from(["Accept", "Accept-Encoding", "Content-Type", "If-Match", "Range", "X-Forwarded-Host", "Cookie"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30), max_size=3,
)  # fmt: skip
STATUSES = {200, 201, 204, 400, 401, 403, 404, 405, 413, 414, 422}


@pytest.fixture(scope="module")
def mock() -> Iterator[WsgiMock]:
    """The reference provider and a vendor, in process."""
    with wsgi_mock(students=20, vendors=["reference", "infinite-campus"]) as found:
        yield found


@pytest.fixture(scope="module")
def token(mock: WsgiMock) -> str:
    """A token of the reference provider for everything."""
    provider = mock.provider("reference")
    assert provider.token_url
    pair = (provider.client_id, provider.client_secret)
    answer = mock.client.post(provider.token_url, data={"grant_type": "client_credentials"}, auth=pair)
    return str(answer.get_json()["access_token"])


def asked(mock: WsgiMock, base: str, token: str, call: tuple[Any, ...]) -> Any:
    """One call of any kind below a service root."""
    method, path, query, headers, body = call
    return mock.app.test_client().open(
        urlsplit(base).path + path, method=method, query_string=query, data=body if method in ("PUT", "POST") else None,
        headers={**headers, "Authorization": f"Bearer {token}"},
    )  # fmt: skip


CALLS = st.tuples(
    st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]), PATHS,
    st.lists(st.tuples(NAMES, VALUES), max_size=4), HEADERS, BODIES,
)  # fmt: skip


@given(call=CALLS)
@example(call=("GET", "/users", [("filter", "sourcedId='\ud7ff'")], {}, b""))
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("root", ["1.1", "rostering", "gradebook", "resources"])
def test_any_call_gets_an_answer_of_the_standard(mock: WsgiMock, token: str, root: str, call: tuple[Any, ...]) -> None:
    urls = mock.ready["providers"]["reference"]["base_urls"]
    answer = asked(mock, urls["1.1"] if root == "1.1" else urls["1.2"][root], token, call)
    assert answer.status_code in STATUSES, answer.get_data(as_text=True)[:200]
    if answer.get_data() and call[0] != "HEAD":
        document = answer.get_json()
        if answer.status_code >= 400:
            told = document["statusInfoSet"][0] if root == "1.1" else document
            assert told["imsx_codeMajor"] == "failure"
            assert "Traceback" not in str(document)


@given(call=CALLS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_token_of_one_vendor_opens_nothing_of_another(mock: WsgiMock, token: str, call: tuple[Any, ...]) -> None:
    answer = asked(mock, mock.provider("infinite-campus").base_url, token, call)
    assert answer.status_code in {400, 401, 404, 405, 413, 414}
    assert "sourcedId" not in answer.get_data(as_text=True)
