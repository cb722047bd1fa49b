"""A finding is seen again by its id: signed afresh, its places filled in, nothing of anybody shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.mock_process import RunningMock, running_mock
from tests.meeting.endpoints import environment_of
from tests.sync_engine.conftest import call


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A provider that takes tokens, and one that takes signatures."""
    with running_mock(students=60, vendors=["reference", "classlink"]) as found:
        for vendor in ("reference", "classlink"):
            found.add_quirks(vendor, ["filter.ignored"])
        yield found


def judged(mock: RunningMock, vendor: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[str, Any], Path]:
    """The provider's address, its report, and the report's file."""
    own = mock.provider(vendor)
    for name, value in environment_of(mock, vendor).items():
        monkeypatch.setenv(name, value)
    address = [own.base_url, *(["--token-url", own.token_url] if own.token_url else ["--auth", "oauth1"])]
    path = folder / "report.json"
    assert call("check", "api", *address, "--only", "filter.", "--only", "view.", "--json", str(path)).code == 1
    return address, json.loads(path.read_text("utf-8")), path


def test_a_request_about_a_person_is_shown_by_its_place_and_replayed(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, document, path = judged(mock, "reference", tmp_path, monkeypatch)
    by_place = [found for found in document["findings"] if "{users/" in found["where"]["request"]]
    assert by_place
    for found in by_place:
        assert found["curl"].startswith("oneroster replay REPORT.json '")
        told = call("replay", str(path), found["curl"].split("'")[1], *address, "--json", "-").document
        assert (told["finding"], told["status"]) == (found["check"], 200)
        assert told["request"] == found["where"]["request"]
    mock.journal.asked("/users", limit=1)


def test_a_signed_request_is_replayed_by_id_and_not_by_curl(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, document, path = judged(mock, "classlink", tmp_path, monkeypatch)
    reads = [found for found in document["findings"] if found["where"].get("request", "").startswith("GET /")]
    assert reads and all("replay REPORT.json" in found["curl"] for found in reads)
    ran = call("replay", str(path), reads[0]["check"], *address)
    assert ran.code == 0
    assert "status    200" in ran.out and "a text" in ran.out
    values = {row[name] for row in mock.truth("classlink", "users") for name in ("sourcedId", "familyName", "email") if row.get(name)}
    assert not [value for value in values if len(value) > 5 and value in ran.out + ran.err]
    assert mock.provider("classlink").client_secret not in ran.out + ran.err


def test_what_cannot_be_replayed_is_told(mock: RunningMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address, _, path = judged(mock, "reference", tmp_path, monkeypatch)
    assert "did you mean" in call("replay", str(path), "filter.selets", *address).err
    assert call("replay", str(path), "filter.selects#99", *address).code == 2
    assert call("replay", str(tmp_path / "none.json"), "x", *address).code == 3
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", "wrong")
    refused = call("replay", str(path), "filter.selects", *address)
    assert (refused.code, "diagnose" in refused.err) == (3, True)
