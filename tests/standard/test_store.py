"""The store gives back what was written, at any row, and refuses what is no store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oneroster_standard.store import Store, StoreProblem, StoreWriter

IDS = st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=30)


def record(sourced_id: str) -> bytes:
    body = {
        "sourcedId": sourced_id,
        "parent": {"href": "@/orgs/x", "sourcedId": "x", "type": "org"},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=40,
    deadline=None,
)
@given(
    IDS.map(
        lambda found: [
            text
            for text in found
            if text.encode("utf-8", "replace") == text.encode("utf-8", "ignore")
        ]
    )
)
def test_every_slice_and_every_id_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    path = tmp_path_factory.mktemp("store") / "x.district"
    ordered = sorted(ids, key=lambda text: text.encode("utf-8"))
    records = [record(found) for found in ordered]
    with StoreWriter(path, {"seed": 1}) as writer:
        writer.collection("orgs").extend(records[:3])
        writer.collection("orgs").extend(records[3:])
    store = Store.open(path)
    orgs = store.collection("orgs")
    assert len(orgs) == len(ids)
    assert json.loads(b"[" + orgs.slice_bytes(0, len(ids)) + b"]") == [
        json.loads(found) for found in records
    ]
    assert [orgs.find(found) for found in ordered] == list(range(len(ids)))
    assert orgs.find("never there") is None or "never there" in ids
    assert orgs.slice_bytes(len(ids), len(ids) + 5) == b""
    for rows in (range(len(ids)), range(len(ids) - 1, -1, -1), range(0, len(ids), 2), [*range(2, len(ids)), *range(min(2, len(ids)))]):
        gathered = orgs.gather(np.array(rows, dtype=np.int32))
        assert json.loads(b"[" + gathered + b"]") == [json.loads(records[row]) for row in rows]
    assert len(store.collection("users")) == 0
    store.close()


def test_an_unfinished_store_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="stop"),
        StoreWriter(tmp_path / "x.district", {}) as writer,
    ):
        writer.collection("orgs").append(record("1"))
        raise RuntimeError("stop")
    with pytest.raises(StoreProblem, match=r"finished \.district store"):
        Store.open(tmp_path / "x.district")


def test_another_format_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("district.json").write_text('{"format": 99}')
    with pytest.raises(StoreProblem, match="another store format"):
        Store.open(tmp_path)


def test_a_version_finds_its_own_records_and_shares_those_that_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.district"
    with StoreWriter(path, {}, ("1.1", "1.2")) as writer:
        writer.collection("orgs").append(record("shared"))
        writer.collection("users").append(record("old"))
        writer.collection("users", "1.2").append(record("new"))
        writer.collection("scoreScales", "1.2").append(record("scale"))
    store = Store.open(path)
    assert store.specs == ("1.1", "1.2")
    assert store.collection("orgs", "1.2") is store.collection("orgs")
    assert [store.collection("users", found).find("new") for found in store.specs] == [None, 0]
    assert (store.count("users"), store.count("scoreScales", "1.2"), store.count("assessmentResults", "1.2")) == (1, 1, 0)
    assert ("1.1", "orgs") in store.contents and ("1.2", "orgs") not in store.contents
    assert {("1.1", "users"), ("1.2", "users")} < set(store.contents)
    with pytest.raises(ValueError, match="scoreScales"):
        store.collection("scoreScales")
    store.close()


def test_a_store_of_one_version_refuses_the_other_and_says_how_to_get_it(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "x.district", {}):
        pass
    store = Store.open(tmp_path / "x.district")
    with pytest.raises(StoreProblem, match=r"a store of 1\.1; expected one that holds 1\.2"):
        store.collection("users", "1.2")
