"""Defects of a store's records: exactly the records of the answer key differ, in each version that has them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from data_gen import defects
from data_gen.bundle import from_store_to
from data_gen.command import generate
from data_gen.defects.orders import Order, orders
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.store_planting import plant_records
from data_gen.generation import write_store
from oneroster_harness.problems import UsageProblem
from oneroster_standard.store import COLLECTIONS, Store
from tests.data_gen.conftest import Records, recipe, records_of

assert defects.FAMILIES
IDS = sorted(RECORD_DEFECTS)
ONE_PLACE = {"academicSessions.wrong-year"}


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean store of 100 students."""
    path = tmp_path_factory.mktemp("store") / "clean.district"
    write_store(path, recipe(students=100))
    return path


@pytest.fixture(scope="module")
def clean(district: Path) -> dict[str, Records]:
    """Its records by version."""
    return {version: records_of(district, version) for version in COLLECTIONS}


def planted(district: Path, folder: Path, wanted: list[Order], seed: int = 1) -> tuple[Path, list[dict[str, Any]]]:
    """A copy of the store with defects, and its answer key's entries."""
    path = folder / "faulty.district"
    shutil.copytree(district, path)
    return path, plant_records(path, wanted, seed)


def differing(before: Records, after: Records) -> set[tuple[str, str]]:
    """Collection and id of records that are new, gone, doubled or other."""
    found = set()
    for name in before:
        texts = [[json.dumps(record, sort_keys=True) for record in found[name]] for found in (before, after)]
        for text in [*_beyond(texts[0], texts[1]), *_beyond(texts[1], texts[0])]:
            found.add((name, json.loads(text)["sourcedId"]))
    return found


def _beyond(one: list[str], other: list[str]) -> list[str]:
    known = set(other)
    return [text for text in one if text not in known]


@pytest.mark.parametrize("id", IDS)
def test_a_defect_spoils_the_records_of_its_key_in_each_version_and_no_others(
    id: str, district: Path, clean: dict[str, Records], tmp_path: Path
) -> None:
    count = 1 if id in ONE_PLACE else 2
    path, (entry,) = planted(district, tmp_path, [Order(id, count)])
    own = {(place["collection"], place["sourcedId"]) for place in entry["places"]}
    assert (entry["defect"], entry["rule"], entry["count"], len(own)) == (id, RECORD_DEFECTS[id].trips, count, count)
    for version in COLLECTIONS:
        spoilt = own if version in RECORD_DEFECTS[id].specs else set()
        assert differing(clean[version], records_of(path, version)) == spoilt
    for place in entry["places"]:
        assert place["field"] == RECORD_DEFECTS[id].field and place["specs"] == list(RECORD_DEFECTS[id].specs)


@pytest.mark.parametrize("id", [id for id in IDS if not RECORD_DEFECTS[id].adds])
def test_only_the_field_of_the_key_differs(id: str, district: Path, clean: dict[str, Records], tmp_path: Path) -> None:
    path, (entry,) = planted(district, tmp_path, [Order(id)])
    for version in RECORD_DEFECTS[id].specs:
        before, after = (
            next(one for one in found[entry["collection"]] if one["sourcedId"] == entry["sourcedId"])
            for found in (clean[version], records_of(path, version))
        )
        names = {name for name in before.keys() | after.keys() if before.get(name, ...) != after.get(name, ...)}
        assert names == ({"roles"} if (id, version) == ("users.bad-role", "1.2") else {entry["field"]})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.dictionaries(st.sampled_from(sorted(set(IDS) - ONE_PLACE)), st.integers(1, 2), min_size=1, max_size=8), seed=st.integers(0, 20))
def test_the_key_of_any_set_names_exactly_what_is_spoilt(
    wanted: dict[str, int], seed: int, district: Path, clean: dict[str, Records], tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        path, entries = planted(district, tmp_path_factory.mktemp("set"), [Order(id, count) for id, count in wanted.items()], seed)
    except UsageProblem as problem:
        event("refused")
        assert "at most" in problem.expected
        return
    assert [entry["count"] for entry in entries] == list(wanted.values())
    for version in COLLECTIONS:
        own = [
            (place["collection"], place["sourcedId"]) for entry in entries for place in entry["places"] if version in place["specs"]
        ]
        assert differing(clean[version], records_of(path, version)) == set(own)
    keys = [raw["sourcedId"].encode() for raw in records_of(path)["users"]]
    assert keys == sorted(keys)
    store = Store.open(path)
    assert store.meta["defects"] == dict(sorted(wanted.items()))
    store.close()


def test_the_command_plants_into_a_store_and_writes_the_key(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        generate,
        [str(tmp_path / "my.district"), "--students", "60", "--defect", "users.null=3%", "--defect", "enrollments.dangling-user=2"],
    )
    assert done.exit_code == 0, done.output
    key = json.loads(tmp_path.joinpath("answer-key.json").read_text())
    assert key["bundle"] == "my.district"
    users = len(records_of(tmp_path / "my.district")["users"])
    assert [(entry["defect"], entry["count"]) for entry in key["defects"]] == [("users.null", round(users * 3 / 100)), ("enrollments.dangling-user", 2)]


@pytest.mark.parametrize(
    ("out", "defect", "met"),
    [
        ("x.district", "users.null@day=1", "users.null@day=1"),
        ("x.district", "file.missing", "file.missing"),
        ("x.zip", "users.null", "users.null"),
        ("x.district", "academicSessions.wrong-year=2", "academicSessions.wrong-year=2"),
        ("x.district", "users.nul", "users.nul"),
    ],
)
def test_a_fault_that_does_not_fit_what_is_written_is_refused(out: str, defect: str, met: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(generate, [str(tmp_path / out), "--students", "30", "--defect", defect])
    assert done.exit_code != 0 and met in str(done.exception or done.output)
    assert not (tmp_path / out).exists()


def test_a_spoilt_store_still_gives_a_bundle_of_each_version(district: Path, tmp_path: Path) -> None:
    path, _ = planted(district, tmp_path, orders(IDS, RECORD_DEFECTS))
    for version in COLLECTIONS:
        from_store_to(path, tmp_path / version, version=version)
        assert tmp_path.joinpath(version, "users.csv").exists()
