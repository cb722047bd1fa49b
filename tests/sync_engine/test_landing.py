"""A district by API, by CSV, and as it is: three ways to the same rows, for each vendor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oneroster_standard.standard import load
from tests.sync_engine.conftest import Database, Mock, call, duckdb_database, sync

VENDORS = ("reference", "powerschool", "infinite-campus", "classlink")
ROSTER = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics")
LINKS = ("classResources", "courseResources")
GRADEBOOK = ("resources", "categories", "lineItems", "results")


def entities(vendor: str, channel: str) -> tuple[str, ...]:
    """What a vendor's channel carries: the three vendors' APIs end at rostering."""
    return ROSTER + LINKS + (GRADEBOOK if vendor == "reference" or channel == "csv" else ())


def landed(database: Database, entity: str) -> list[dict[str, Any]]:
    """All landed rows with the standard's columns."""
    headers = [found for found in load("1.1").csv_files[f"{entity}.csv"].headers if found != "password"]
    columns = ", ".join(f'"{header}"' for header in headers)
    return [dict(zip(headers, row, strict=True)) for row in database.rows(entity, columns)]


def differing(database: Database, mock: Mock, vendor: str, channel: str) -> dict[str, list[str]]:
    """Per entity the sourcedIds that differ from the truth."""
    found: dict[str, list[str]] = {}
    for entity in entities(vendor, channel):
        truth = mock.truth(vendor, entity, channel)
        want = {row["sourcedId"]: {name: cell for name, cell in row.items() if name != "password"} for row in truth}
        got = {row["sourcedId"]: row for row in landed(database, entity)}
        assert want, f"the truth of {entity} is empty"
        wrong = sorted(key for key in want.keys() | got.keys() if want.get(key) != got.get(key))
        if wrong:
            found[entity] = wrong
    return found


def sign_in(monkeypatch: pytest.MonkeyPatch, provider: dict[str, Any], *, bearer: bool = False) -> list[str]:
    """Put a provider's credential into the environment; returns the options to add."""
    for name in ("ONEROSTER_CLIENT_ID", "ONEROSTER_CLIENT_SECRET", "ONEROSTER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    if bearer:
        monkeypatch.setenv("ONEROSTER_TOKEN", provider["bearer"])
        return []
    monkeypatch.setenv("ONEROSTER_CLIENT_ID", provider["client_id"])
    monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", provider["client_secret"])
    return ["--token-url", provider["token_url"]] if provider["token_url"] else []


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_an_api_lands_is_the_truth(
    vendor: str, mock: Mock, duck: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = mock.ready["providers"][vendor]
    options = sign_in(monkeypatch, provider)
    ran = sync("run", provider["base_url"], duck.url, "--vendor", vendor, "--yes", *options)
    assert ran.code == 0, ran.err
    assert all(ran.document["complete"][name] for name in entities(vendor, "api"))
    assert differing(duck, mock, vendor, "api") == {}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_a_bundle_lands_is_the_truth(vendor: str, mock: Mock, duck: Database, tmp_path: Path) -> None:
    bundle = tmp_path / ("district.zip" if vendor in VENDORS[:2] else "district")
    made = call("generate", bundle, "--students", "60", "--vendor", vendor)
    assert made.code == 0, made.err
    ran = sync("run", bundle, duck.url, "--yes")
    assert ran.code == 0, ran.err
    assert differing(duck, mock, vendor, "csv") == {}


def test_habits_of_the_wire_do_not_reach_the_landed_rows(
    mock: Mock, duck: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    habits = (
        "null-instead-of-absent", "empty-string-instead-of-absent", "boolean-json", "number-instead-of-string",
        "date-with-time", "padded",
    )  # fmt: skip
    mock.set_quirks("reference", [f"value.{habit}" for habit in habits])
    try:
        provider = mock.ready["providers"]["reference"]
        ran = sync("run", provider["base_url"], duck.url, "--yes", *sign_in(monkeypatch, provider))
        assert ran.code == 0, ran.err
        assert differing(duck, mock, "reference", "api") == {}
    finally:
        mock.set_quirks("reference", [])


def test_both_mechanisms_of_classlink_and_oauth_1_of_the_reference_read_the_same(
    mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for vendor, auth in (("classlink", "bearer"), ("classlink", "oauth1"), ("reference", "oauth1")):
        provider = mock.ready["providers"][vendor]
        options = sign_in(monkeypatch, provider, bearer=auth == "bearer")
        target = duckdb_database(tmp_path / f"{vendor}-{auth}.duckdb")
        options = [] if auth == "oauth1" else options
        ran = sync("run", provider["base_url"], target.url, "--auth", auth, "--yes", *options)
        assert ran.code == 0, ran.err
        found.append(len(target.rows("orgs")))
    assert found[0] == found[1] == found[2] == 4


def test_an_api_run_after_a_bundle_changes_only_the_instants(
    mock: Mock, duck: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("generate", tmp_path / "district", "--students", "60")
    sync("run", tmp_path / "district", duck.url, "--yes")
    provider = mock.ready["providers"]["reference"]
    ran = sync("run", provider["base_url"], duck.url, "--yes", *sign_in(monkeypatch, provider))
    kinds = {kind for found in ran.changed().values() for kind in found}
    assert kinds == {"update"}
    assert "classResources" not in ran.changed(), "links carry no instant on either channel"
