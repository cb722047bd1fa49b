"""Rows that are set aside are listed with their reason and place, stay landed as they were, and leave the list when they are good again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.fake_provider import FakeProvider
from tests.sync_engine.rosters import orgs, person, write_bundle


def run(database: Database, folder: Path, rows: list[dict[str, str]], day: int, mode: str = "bulk", extra: str = "") -> Ran:
    bundle = write_bundle(folder / f"day{day}", {"orgs": orgs(1), "users": rows}, {"users": mode})
    if extra:
        with (bundle / "users.csv").open("a", encoding="utf-8", newline="") as stream:
            stream.write(extra)
    return sync("run", bundle, database.url, "--yes", "--as-of", f"2026-10-{day:02d}")


def listed(database: Database) -> list[tuple[Any, ...]]:
    rows = sync("quarantine", database.url).document["quarantined"]
    return [(one["key"], one["reason"], one["columns"], one["rows"], one["since"], one["place"]) for one in rows]


def test_each_kind_of_row_is_listed_and_leaves_when_it_is_good_again(database: Database, tmp_path: Path) -> None:
    people = [person(f"u{number}") for number in range(5)]
    run(database, tmp_path, people, 1)
    assert listed(database) == []
    twice = [*people, person("u1", familyName="Other", email="x@example.org"), person("")]
    ran = run(database, tmp_path, twice, 2, extra="too,short\r\n")
    assert ran.document["changes"]["users"]["quarantined"] == 3
    told = [
        ("", "cells do not fit the header", "", 1, "2026-10-02", "users.csv, line 9"),
        ("", "no sourcedId", "sourcedId", 1, "2026-10-02", "users.csv, line 8"),
        ("u1", "one key with several contents", "familyName, email", 2, "2026-10-02", "users.csv, lines 3, 7"),
    ]  # fmt: skip
    assert [(*one[:2], set(one[2].split(", ")), *one[3:]) for one in listed(database)] == [
        (*one[:2], set(str(one[2]).split(", ")), *one[3:]) for one in told
    ]
    assert database.query("SELECT \"familyName\", \"_state\" FROM users WHERE \"sourcedId\" = 'u1'") == [("Family u1", "present")]
    again = run(database, tmp_path, [*people, person("u1", familyName="Other")], 3)
    assert again.document["changes"]["users"]["quarantined"] == 1
    assert [(one[0], one[4]) for one in listed(database)] == [("u1", "2026-10-02")]
    run(database, tmp_path, people, 4)
    assert listed(database) == []


def test_a_delta_that_brings_the_row_takes_it_off_the_list_and_one_that_does_not_leaves_it(duck: Database, tmp_path: Path) -> None:
    people = [person(f"u{number}") for number in range(5)]
    run(duck, tmp_path, people, 1)
    run(duck, tmp_path, [*people, person("u1", familyName="Other"), person("u2", familyName="Other")], 2)
    marks = {"status": "active", "dateLastModified": "2026-10-03"}
    run(duck, tmp_path, [{**person("u1", familyName="Settled"), **marks}], 3, mode="delta")
    assert [one[0] for one in listed(duck)] == ["u2"]
    assert duck.query("SELECT \"familyName\" FROM users WHERE \"sourcedId\" = 'u1'") == [("Settled",)]


def test_an_api_s_rows_are_listed_with_the_request(duck: Database, fake: FakeProvider) -> None:
    fake.served["users"] = [{"sourcedId": "u1", "givenName": "A"}, {"sourcedId": "u1", "givenName": "B"}, {"givenName": "C"}, "none"]  # type: ignore[list-item]
    sync("run", fake.url, duck.url, "--token-url", fake.token_url, "--yes", "--as-of", "2026-10-01")
    assert [(one[0], one[1], one[5]) for one in listed(duck)] == [
        ("", "no record", "GET /users"), ("", "no sourcedId", "GET /users"), ("u1", "one key with several contents", "GET /users"),
    ]  # fmt: skip


def test_the_list_names_no_value_but_the_key(duck: Database, tmp_path: Path) -> None:
    run(duck, tmp_path, [person("u1", familyName="Secretname"), person("u1", familyName="Othername")], 1)
    shown = call("sync", "quarantine", duck.url)
    assert shown.code == 0
    assert "u1, one key with several contents (familyName), 2 rows, since 2026-10-01, users.csv, lines 2, 3" in shown.out
    assert "name" not in shown.out.lower().replace("familyname", "")
    assert call("sync", "quarantine", duck.url, "--tenant", "other").out == "nothing is set aside\n"
