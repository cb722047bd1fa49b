"""Since when a target has seen a credential, which one serves, and that nobody can read it there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sync_engine.commands import watching
from sync_engine.monitoring.credentials import CREDENTIALS
from tests.sync_engine.conftest import Database, call, sync
from tests.sync_engine.fake_provider import FakeProvider, Reply
from tests.sync_engine.rosters import orgs, write_bundle
from tests.sync_engine.test_connection import asked_with
from tests.watching.fakes import FakeClock


@pytest.fixture
def accepted(fake: FakeProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Secrets that the provider accepts; its providers file names two credentials."""
    found = {"old-secret"}
    fake.answers["token"] = lambda request: Reply({"access_token": "t"}, 200 if asked_with(request) in found else 401)
    fake.served["orgs"] = [{"sourcedId": "o1", "status": "active", "name": "School", "type": "school", "dateLastModified": "2026-09-30T08:00:00.000Z"}]
    monkeypatch.setenv("OLD", "old-secret")
    monkeypatch.setenv("NEW", "new-secret")
    (tmp_path / "providers.toml").write_text(
        f'[providers.north]\nurl = "{fake.url}"\ntoken_url = "{fake.token_url}"\nclient_id = "client"\nclient_secret_env = "OLD"\n'
        'second_client_secret_env = "NEW"\n', encoding="utf-8",
    )  # fmt: skip
    return found


def test_rotation_with_an_overlap(accepted: set[str], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["run", "north", database.url, "--providers", tmp_path / "providers.toml", "--yes"]
    assert sync(*words).code == 0
    assert sync("status", database.url).document["tenants"][0]["measures"]["credential"]["place"] == "first"
    accepted.add("new-secret")
    accepted.remove("old-secret")
    ran = sync(*words)
    assert ran.code == 0
    assert any("the second one served" in reason for reason in ran.document["reasons"])
    assert sync("status", database.url).document["tenants"][0]["measures"]["credential"]["place"] == "second"
    assert "the second one serves" in call("sync", "status", database.url).out
    # The operator puts it first: it is the same credential, as old as before.
    since = sync("status", database.url).document["tenants"][0]["measures"]["credential"]["seen_since"]
    monkeypatch.setenv("OLD", "new-secret")
    monkeypatch.delenv("NEW")
    assert not any("second" in reason for reason in sync(*words).document["reasons"])
    found = sync("status", database.url).document["tenants"][0]["measures"]
    assert (found["credential"]["place"], found["credential"]["seen_since"]) == ("first", since)
    assert found["source_modified_at"] == "2026-09-30T08:00:00.000Z"


def test_a_target_holds_no_secret(accepted: set[str], duck: Database, tmp_path: Path) -> None:
    assert sync("run", "north", duck.url, "--providers", tmp_path / "providers.toml", "--yes").code == 0
    kept = str(duck.query(f'SELECT * FROM "{CREDENTIALS}"'))
    assert kept.count("north") == 0 and kept.count("default") == 2
    assert not any(secret in kept for secret in ("old-secret", "new-secret", "client"))
    assert b"old-secret" not in (tmp_path / "roster.duckdb").read_bytes()


def test_status_tells_an_old_credential(accepted: set[str], duck: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sync("run", "north", duck.url, "--providers", tmp_path / "providers.toml", "--yes").code == 0
    policy = tmp_path / "policy.toml"
    policy.write_text("[watch]\nrotate_after_days = 90\n", encoding="utf-8")
    monkeypatch.setattr(watching, "clock_of_watches", lambda: FakeClock(datetime.fromisoformat("2030-01-01T00:00Z")))
    found = sync("status", duck.url, "--policy", policy).document["tenants"][0]["measures"]
    assert found["states"].keys() == {"rotate"} and found["credential"]["age_days"] > 1000
    text = call("sync", "status", duck.url, "--policy", policy).out
    assert "rotate it now" in text and "days old" in text


def test_a_bundle_has_no_credential(duck: Database, tmp_path: Path) -> None:
    assert sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--yes").code == 0
    assert sync("status", duck.url).document["tenants"][0]["measures"]["credential"] is None
    assert CREDENTIALS not in duck.tables()
