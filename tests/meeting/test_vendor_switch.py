"""A district changes from PowerSchool to Infinite Campus, whose keys are others: after a review its rows go on, nobody twice."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.sync_engine.conftest import Database, call, duckdb_database, sync


def users(database: Database) -> dict[str, str]:
    """sourcedId of every present user, by the number that the district gave."""
    found = database.query("SELECT \"identifier\", \"sourcedId\" FROM users WHERE \"_state\" = 'present' AND \"identifier\" IS NOT NULL")
    assert len(found) == len(dict(found)), "somebody is there twice"
    return dict(found)


def test_a_district_changes_its_vendor_without_duplicates(tmp_path: Path) -> None:
    database = duckdb_database(tmp_path / "roster.duckdb")
    for vendor in ("powerschool", "infinite-campus"):
        assert call("generate", tmp_path / vendor, "--students", "60", "--vendor", vendor).code == 0
    assert sync("run", tmp_path / "powerschool", database.url, "--yes").code == 0
    before = users(database)
    matches = tmp_path / "matches.csv"
    found = sync("match", tmp_path / "infinite-campus", database.url, "-o", matches).document["matches"]
    assert found["users"]["match"] > 150
    assert (found["users"]["only-source"], found["users"]["ambiguous"], found["orgs"]["match"]) == (0, 0, 4)
    with matches.open(encoding="utf-8") as stream:
        assert all(set(line) == {"entity", "incoming", "landed", "matched_by", "verdict"} for line in csv.DictReader(stream))
    assert sync("aliases", database.url, "--accept", matches, "--by", "A. Clerk").code == 0
    ran = sync("run", tmp_path / "infinite-campus", database.url, "--yes")
    assert (ran.code, ran.document["changes"]["users"]["create"]) == (0, 0), ran.document["reasons"]
    after = users(database)
    assert set(after) <= set(before)
    assert all(before[number] == key for number, key in after.items())
    assert sync("run", tmp_path / "infinite-campus", database.url, "--yes").changed() == {}
