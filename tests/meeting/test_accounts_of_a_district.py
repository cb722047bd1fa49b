"""A generated district's accounts: the same by both versions, and as its files say."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.sync_engine.conftest import call, sync
from tests.sync_engine.scim_service import assert_valid

ROLES = ("administrator", "teacher", "student")


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Version -> target with 300 students."""
    folder = tmp_path_factory.mktemp("accounts")
    found = {}
    for spec in ("1.1", "1.2"):
        bundle, target = folder / spec, f"duckdb:///{folder}/{spec}.duckdb"
        assert call("generate", bundle, "--students", 300, "--spec", spec).code == 0
        assert sync("run", bundle, target, "--yes").code == 0
        found[spec] = target
    return found


def exported(target: str, path: Path) -> dict[str, tuple[str, str, str, str]]:
    """User -> what the list of accounts says."""
    ran = sync("accounts", target, "--as-of", "2026-10-01", "--export", f"csv:{path}")
    assert ran.code == 0
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            row["sourcedId"]: (row["active"], row["role"], row["subject"], row["orgs"])
            for row in csv.DictReader(stream)
        }


def test_both_versions_give_the_same_accounts(landed: dict[str, str], tmp_path: Path) -> None:
    one, other = (exported(landed[spec], tmp_path / f"{spec}.csv") for spec in ("1.1", "1.2"))
    assert {id: found[:2] for id, found in one.items()} == {id: found[:2] for id, found in other.items()}
    assert len(one) > 300


def test_everybody_with_such_a_role_and_an_enabled_user_has_an_account(
    landed: dict[str, str], tmp_path: Path
) -> None:
    bundle = Path(landed["1.1"].removeprefix("duckdb:///")).with_name("1.1")
    with (bundle / "users.csv").open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    expected = Counter(one["role"] for one in people if one["role"] in ROLES and one["enabledUser"] == "true")
    ran = sync("accounts", landed["1.1"], "--export", f"scim:{tmp_path}/scim.json")
    assert ran.document["accounts"]["by_role"] == expected
    document = json.loads((tmp_path / "scim.json").read_text("utf-8"))
    assert_valid(document)
    assert len(document["Operations"]) == expected.total()


def test_neither_report_nor_hints_name_anybody(landed: dict[str, str]) -> None:
    bundle = Path(landed["1.1"].removeprefix("duckdb:///")).with_name("1.1")
    with (bundle / "users.csv").open(encoding="utf-8", newline="") as stream:
        people = list(csv.DictReader(stream))
    text, machine = call("sync", "accounts", landed["1.1"]), sync("accounts", landed["1.1"])
    shown = text.out + text.err + machine.out + machine.err
    assert not [one["sourcedId"] for one in people if one["sourcedId"] in shown or one["username"] in shown]
