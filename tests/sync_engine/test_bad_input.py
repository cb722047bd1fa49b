"""Whatever is wrong with a source, a target or a credential: a clear message, the right code, nothing changed."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.dialects import load_dialect
from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.fake_provider import FakeProvider, Reply, Request, page
from tests.sync_engine.rosters import orgs, users, write_bundle

Damage = Callable[[Path], None]


@pytest.fixture
def filled(duck: Database, tmp_path: Path) -> Database:
    """A target that holds something to lose."""
    sync("run", write_bundle(tmp_path / "first", {"orgs": orgs(1, 2), "users": users(1)}), duck.url, "--yes")
    return duck


def content(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the target, row by row, except the record of runs, which tells of failures too."""
    return {name: database.rows(name, "*") for name in sorted(database.tables()) if not name.startswith("_")}


def refused(ran: Ran, *words: str) -> None:
    """Exit 3, four facts for a person, one document for a machine, and no traceback."""
    assert ran.code == 3, ran.err
    assert ran.document["status"] == "failed"
    assert ran.document["changes"] == {}
    assert "Traceback" not in ran.err and "fault of oneroster" not in ran.err
    for word in words:
        assert word in ran.err, ran.err


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _damaged_member(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    middle = raw.index(b"users.csv") + 200
    raw[middle : middle + 40] = bytes(40)
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "word"), [(_cut, "not a readable ZIP"), (_damaged_member, "damaged or cut")]
)
def test_a_broken_archive_changes_nothing(
    damage: Damage, word: str, filled: Database, tmp_path: Path
) -> None:
    bundle = write_bundle(tmp_path / "b.zip", {"orgs": orgs(1), "users": users(*range(300))})
    damage(bundle)
    before = content(filled)
    refused(sync("run", bundle, filled.url, "--yes"), word, "try")
    assert content(filled) == before


def _wrong_encoding(folder: Path) -> None:
    text = (folder / "users.csv").read_bytes().decode()
    (folder / "users.csv").write_bytes(text.encode("cp1252"))


def _no_header(folder: Path) -> None:
    lines = (folder / "users.csv").read_bytes().splitlines(keepends=True)
    (folder / "users.csv").write_bytes(b"".join(lines[1:]))


def _column_gone(folder: Path) -> None:
    text = (folder / "users.csv").read_text("utf-8")
    (folder / "users.csv").write_text(text.replace("familyName", "surname", 1), "utf-8")


def _empty_file(folder: Path) -> None:
    (folder / "users.csv").write_bytes(b"")


def _no_file(folder: Path) -> None:
    (folder / "users.csv").unlink()


def _no_manifest(folder: Path) -> None:
    (folder / "manifest.csv").unlink()


def _open_quote(folder: Path) -> None:
    with (folder / "users.csv").open("ab") as stream:
        stream.write(b'"never closed,')


def _unknown_version(folder: Path) -> None:
    (folder / "manifest.csv").write_bytes(
        csv_bytes([["propertyName", "value"], ["oneroster.version", "9.9"], ["file.users", "bulk"]])
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_wrong_encoding, ("not UTF-8", "users.csv", "export it again as UTF-8")),
        (_no_header, ("the header lacks", "users.csv, line 1")),
        (_column_gone, ("the header lacks familyName", "users.csv, line 1")),
        (_empty_file, ("the header lacks", "users.csv, line 1")),
        (_no_file, ("users.csv is missing although the manifest says bulk",)),
        (_no_manifest, ("the bundle has no manifest.csv",)),
        (_open_quote, ("cannot be read as CSV", "users.csv")),
        (_unknown_version, ("no version of OneRoster that is known",)),
    ],
)
def test_a_bundle_that_is_not_as_announced_changes_nothing(
    damage: Damage, words: tuple[str, ...], filled: Database, tmp_path: Path
) -> None:
    bundle = write_bundle(tmp_path / "b", {"orgs": orgs(1), "users": users(*range(9))})
    damage(bundle)
    before = content(filled)
    refused(sync("run", bundle, filled.url, "--yes"), *words)
    assert content(filled) == before


def test_a_row_that_does_not_fit_its_header_is_set_aside_and_removes_nothing(
    filled: Database, tmp_path: Path
) -> None:
    bundle = write_bundle(tmp_path / "b", {"orgs": orgs(1)})
    with (bundle / "orgs.csv").open("ab") as stream:
        stream.write(b"o2,too,short\r\n")
    ran = sync("run", bundle, filled.url, "--yes")
    assert (ran.code, ran.changed()) == (4, {"orgs": {"held": 1, "quarantined": 1}})


def _api(fake: FakeProvider, database: Database, *options: str) -> Ran:
    return sync(
        "run", fake.url, database.url, "--token-url", fake.token_url, "--yes", "--retry-wait", "0",
        "--vendor", "powerschool", *options,
    )  # fmt: skip


def _after(pages: int, then: Reply) -> Callable[[Request], Reply]:
    """A collection of ten rows to a page whose later page goes wrong."""
    people = [{"sourcedId": f"u{number}"} for number in range(100)]
    return lambda request: page(request, people, cap=10) if request.offset < pages * 10 else then


HTML = Reply(text="<!DOCTYPE html><title>Sign in</title>", headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("entity", "reply", "symptom", "word"),
    [
        (
            "token",
            Reply({"error": "invalid_client"}, 401),
            "refused-credential",
            "refused the credential (401)",
        ),
        ("token", Reply({}, 404), "wrong-url", "404"),
        ("token", HTML, "html-answer", "a web page"),
        ("orgs", Reply({}, 401), "refused-credential", "refused the credential (401)"),
        ("users", Reply({}, 403), "withheld-permission", "withholds users (403)"),
        ("orgs", Reply({}, 404), "wrong-url", "404"),
        ("users", HTML, "html-answer", "HTML with status 200"),
        ("users", Reply(text="<html></html>"), "html-answer", "HTML with status 200"),
    ],
)
def test_a_refusal_names_the_setup_step_of_the_vendor(
    entity: str, reply: Reply, symptom: str, word: str, fake: FakeProvider, filled: Database
) -> None:
    fake.answers[entity] = lambda request: reply
    before = content(filled)
    ran = _api(fake, filled)
    refused(ran, word, load_dialect("powerschool").remedies[symptom])
    assert content(filled) == before
    assert "s3cret-word" not in ran.err + ran.out


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply({}, 500), "status 500, 5 tries"),
        (Reply({}, 429), "status 429, 5 tries"),
        (Reply(text='{"users": [{"sourcedId": '), "a body that is not JSON"),
        (Reply({}, 400), "a later page was refused (status 400)"),
        (Reply({"message": "none"}), "no list of records"),
    ],
)
def test_a_page_that_fails_for_ever_changes_nothing(
    reply: Reply, word: str, fake: FakeProvider, filled: Database
) -> None:
    fake.answers["users"] = _after(3, reply)
    before = content(filled)
    refused(_api(fake, filled), word, "/users")
    assert content(filled) == before


def test_a_closed_port_is_named(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEROSTER_TOKEN", "t0ken-word")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/ims/oneroster/v1p1"
    before = content(filled)
    ran = sync("run", url, filled.url, "--yes", "--retry-wait", "0")
    refused(ran, "nothing answers", url)
    assert content(filled) == before
    assert "t0ken-word" not in ran.err + ran.out


def test_a_redirect_to_another_origin_is_not_followed(fake: FakeProvider, filled: Database) -> None:
    elsewhere = fake.url.replace("127.0.0.1", "localhost")
    fake.answers["users"] = lambda request: Reply({}, 302, {"Location": f"{elsewhere}/orgs"})
    refused(_api(fake, filled), "redirects to another origin")


def test_no_credential_is_said_before_any_request(
    fake: FakeProvider, filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONEROSTER_CLIENT_SECRET")
    refused(_api(fake, filled), "no credential was given", "ONEROSTER_CLIENT_SECRET")
    assert fake.requests == []


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("b.zip", "sqlite:///x.db", "'sqlite' is not a target"),
        ("b.zip", "roster.duckdb", "not a database URL"),
        ("b.zip", "duckdb:///:memory:", "in memory"),
        ("ftp://host/b.zip", "duckdb:///x", "ftp:// is not a source"),
        ("sftp://host/b.zip", "duckdb:///x", "the address lacks the account"),
        ("nowhere", "duckdb:///x", "neither a URL nor a name"),
    ],
)
def test_wrong_use_is_exit_2(
    source: str, target: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONEROSTER_TOKEN", "t")
    write_bundle(tmp_path / "b.zip", {"orgs": orgs(1)})
    ran = call("sync", "run", source, target, "--yes")
    assert ran.code == 2
    assert word in ran.err


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("duckdb:////nowhere-at-all/x.duckdb", "folder does not exist"),
        ("postgresql://tester:p4ss-word@127.0.0.1:1/x?connect_timeout=2", "cannot be reached"),
    ],
)
def test_a_target_that_cannot_be_reached_is_exit_3(target: str, word: str, tmp_path: Path) -> None:
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": orgs(1)}), target, "--yes")
    refused(ran, word)
    assert "p4ss-word" not in ran.err + ran.out


def test_a_missing_driver_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": orgs(1)}), "postgresql://127.0.0.1:1/x", "--yes")
    refused(ran, "pip install 'oneroster-harness[postgres]'")


def test_a_target_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("precious " * 1000)
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": orgs(1)}), f"duckdb:///{file}", "--yes")
    refused(ran, "cannot be opened as DuckDB")
    assert file.read_text() == "precious " * 1000


def test_a_password_in_the_target_is_not_kept_in_the_plan(postgres_url: str, tmp_path: Path) -> None:
    url = postgres_url.replace("tester@", "tester:p4ss-word@").replace("postgres:@", "postgres:p4ss-word@")
    plan = tmp_path / "plan.json"
    ran = sync("plan", write_bundle(tmp_path / "b", {"orgs": orgs(1)}), url, "-o", plan)
    assert ran.code == 0, ran.err
    assert "p4ss-word" not in plan.read_text() + ran.out + ran.err
    assert json.loads(plan.read_text())["target"].startswith("postgresql://")
