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
