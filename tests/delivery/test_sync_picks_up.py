"""The sync takes bundles from the drop folder as they come: whole ones, once each, from a server whose key is pinned."""

from __future__ import annotations

import os
from pathlib import Path

import paramiko
import pytest

from oneroster_harness.problems import EXIT_CLEAN, EXIT_COULD_NOT_RUN, EXIT_HELD, EXIT_WRONG_USE
from tests.delivery.conftest import Deliver, Running
from tests.sync_engine.conftest import Database, Ran, duckdb_database, sync

USERS = '"sourcedId", "status", "_state"'
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFF9WhDqDwBp4HjrXhCsYr9DYnJsYXS5VSp3ZSgDJ7wU"


class Consumer:
    """A sync of the reference's drop folder into one database."""

    def __init__(self, running: Running, folder: Path, *, host_key: str = "", path: str = "") -> None:
        entry = running.sign_in("reference")
        self.database: Database = duckdb_database(folder / "roster.duckdb")
        self.password = str(entry["password"])
        self._providers = folder / "providers.toml"
        url = f"sftp://{entry['username']}@{entry['host']}:{entry['port']}{path or '/'}"
        self._providers.write_text(f'[providers.drop]\nurl = "{url}"\nhost_key = "{host_key or entry["host_key"]}"\n')

    def run(self) -> Ran:
        """One sync that waits for nothing."""
        return sync("run", "drop", self.database.url, "--providers", self._providers, "--yes", "--settle", "0")

    def users(self) -> int:
        """Rows of users in the target; 0 for none made yet."""
        return len(self.database.rows("users", USERS)) if "users" in self.database.tables() else 0


@pytest.fixture
def consumer(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Consumer:
    """A consumer with the account's password."""
    found = Consumer(running, tmp_path)
    monkeypatch.setenv("ONEROSTER_SFTP_PASSWORD", found.password)
    return found


def drop(running: Running, form: str, *habits: str, waits: bool = False) -> None:
    """Make a drop, whole or waiting at each step."""
    more = {"pace_s": None} if waits else {}
    running.order("drop", "reference", form=form, habits=[f"delivery.{habit}" for habit in habits], **more)


def finish(running: Running) -> None:
    """Carry a drop on to its end."""
    while running.order("step", "reference")["status"] == "uploading":
        pass


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_bundle_lands_once_and_then_nothing_is_new(running: Running, consumer: Consumer, form: str) -> None:
    drop(running, form)
    first = consumer.run()
    assert (first.code, first.document["status"]) == (EXIT_CLEAN, "applied"), first.err
    assert first.document["changes"]["users"]["create"] == consumer.users() > 60
    second = consumer.run()
    assert (second.code, second.document["status"], second.changed()) == (EXIT_CLEAN, "applied", {})
    assert second.document["reasons"] == ["nothing new lies in the drop folder"]


def test_the_same_bytes_uploaded_again_are_nothing_new(running: Running, consumer: Consumer) -> None:
    drop(running, "zip")
    assert consumer.run().code == EXIT_CLEAN
    drop(running, "folder")
    assert consumer.run().changed() == {}
    drop(running, "zip")
    again = consumer.run()
    assert (again.code, again.document["reasons"]) == (EXIT_CLEAN, ["nothing new lies in the drop folder"])


@pytest.mark.parametrize(("form", "habit"), [("zip", "partial-visible"), ("zip", "temporary-name"), ("folder", "partial-visible")])
def test_an_upload_under_way_changes_nothing_and_lands_when_it_is_whole(
    running: Running, consumer: Consumer, another_store: Path, form: str, habit: str
) -> None:
    drop(running, form)
    assert consumer.run().code == EXIT_CLEAN
    before = consumer.users()
    running.service.deliver("reference", another_store)
    drop(running, form, habit, waits=True)
    for _ in range(3):
        ran = consumer.run()
        assert ran.code == EXIT_COULD_NOT_RUN or ran.document["reasons"] == ["nothing new lies in the drop folder"], ran.out
        assert consumer.users() == before
        if running.order("step", "reference")["status"] != "uploading":
            break
    else:
        finish(running)
    ran = consumer.run()
    # Another district: some of its keys now bear other names, which the guard holds.
    assert ran.code == EXIT_HELD, ran.err
    assert ran.document["changes"]["users"]["create"] > 0
    waiting = consumer.run()
    assert (waiting.code, waiting.document["status"]) == (EXIT_HELD, "held"), "what waits is read again, so that it can be approved"


def test_an_upload_that_broke_off_is_refused(running: Running, consumer: Consumer) -> None:
    drop(running, "zip", "upload-aborted")
    ran = consumer.run()
    assert (ran.code, "no new bundle is whole" in ran.err, consumer.users()) == (EXIT_COULD_NOT_RUN, True, 0)


def test_loose_files_without_a_manifest_are_refused(running: Running, consumer: Consumer) -> None:
    drop(running, "folder", "manifest-missing")
    ran = consumer.run()
    assert (ran.code, "manifest.csv has not come yet" in ran.err, consumer.users()) == (EXIT_COULD_NOT_RUN, True, 0)


def test_a_server_with_another_key_gets_no_credential(running: Running, consumer: Consumer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Consumer(running, tmp_path / "other", host_key=OTHER_KEY)
    ran = stranger.run()
    assert (ran.code, "not the pinned one" in ran.err) == (EXIT_COULD_NOT_RUN, True), ran.err
    assert consumer.password not in ran.err + ran.out


def test_a_wrong_password_and_a_wrong_path_are_told(
    running: Running, consumer: Consumer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    ran = Consumer(running, tmp_path / "other", path="/no/such/folder").run()
    assert (ran.code, "the drop folder cannot be read" in ran.err) == (EXIT_COULD_NOT_RUN, True), ran.err
    monkeypatch.setenv("ONEROSTER_SFTP_PASSWORD", "not-it-at-all")
    ran = consumer.run()
    assert (ran.code, "refused the SFTP credential" in ran.err) == (EXIT_COULD_NOT_RUN, True), ran.err
    assert "not-it-at-all" not in ran.err + ran.out


def test_a_password_in_the_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    ran = sync("run", "sftp://me:s3cret-word@host.invalid/x", duckdb_database(tmp_path / "x.duckdb").url, "--yes")
    assert (ran.code, "s3cret-word" in ran.err + ran.out) == (EXIT_WRONG_USE, False)


def test_a_key_signs_in_too(deliver: Deliver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = paramiko.RSAKey.generate(2048)
    key.write_private_key_file(str(tmp_path / "key"))
    os.chmod(tmp_path / "key", 0o600)
    running = deliver(client_keys=f"ssh-rsa {key.get_base64()} somebody\n")
    consumer = Consumer(running, tmp_path)
    monkeypatch.delenv("ONEROSTER_SFTP_PASSWORD", raising=False)
    monkeypatch.setenv("ONEROSTER_SFTP_KEY_FILE", str(tmp_path / "key"))
    ran = consumer.run()
    assert ran.code == EXIT_CLEAN, ran.err
    assert consumer.users() > 60
