"""Answers come in gzip where the client accepts it, and say so."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask, Response

from mock_server import compression
from tests.mock_server.wire import Wire

TEXT = b'{"orgs":[' + b'{"sourcedId":"org-1"},' * 100 + b"{}]}"


@pytest.fixture
def app() -> Flask:
    """An application with one large, one small and one binary answer."""
    found = Flask("answers")
    compression.install(found)
    found.add_url_rule("/large", "large", lambda: Response(TEXT, content_type="application/json"))
    found.add_url_rule("/small", "small", lambda: Response(b"{}", content_type="application/json"))
    found.add_url_rule("/binary", "binary", lambda: Response(TEXT, content_type="application/zip"))
    return found


@pytest.mark.parametrize("asked", ["gzip", "GZIP", "deflate, gzip;q=0.5", "*", "br;q=1.0, gzip;q=0.8, identity;q=0.1"])
def test_a_client_that_accepts_gzip_is_answered_in_gzip(app: Flask, asked: str) -> None:
    answer = app.test_client().get("/large", headers={"Accept-Encoding": asked})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data) == TEXT
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(TEXT)


@pytest.mark.parametrize("asked", [None, "", "identity", "gzip;q=0", "br, deflate", "gzip;q=0.3, identity;q=0.9", "*;q=0"])
def test_any_other_client_gets_the_bytes_as_they_are(app: Flask, asked: str | None) -> None:
    answer = app.test_client().get("/large", headers={} if asked is None else {"Accept-Encoding": asked})
    assert "Content-Encoding" not in answer.headers and answer.data == TEXT
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/small", "/binary"])
def test_small_answers_and_binary_ones_are_left_alone(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers and "Vary" not in answer.headers


def test_the_same_answer_gives_the_same_bytes(app: Flask) -> None:
    client = app.test_client()
    assert len({client.get("/large", headers={"Accept-Encoding": "gzip"}).data for _ in range(3)}) == 1


def test_a_page_has_the_same_records_either_way(reference: Wire) -> None:
    plain = reference.call("GET", "/users", params={"limit": 50}, headers={"Accept-Encoding": "identity"})
    coded = reference.call("GET", "/users", params={"limit": 50}, headers={"Accept-Encoding": "gzip"})
    assert coded.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert coded.json() == plain.json()
    assert coded.headers["X-Total-Count"] == plain.headers["X-Total-Count"]
