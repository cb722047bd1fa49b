"""Laws of reconciling: the target follows the source, whatever came before, and a second run finds nothing to do."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sync_engine.conftest import duckdb_database, sync
from tests.sync_engine.rosters import write_bundle

TEXT = st.text(alphabet="aBé日'\",;{}|%\\\n/", min_size=1, max_size=4).filter(
    lambda found: found == found.strip()
)
SNAPSHOTS = st.lists(st.dictionaries(TEXT, TEXT, max_size=5), min_size=1, max_size=3)


@settings(max_examples=8, deadline=None)
@example(snapshots=[{"a": "1", "b": "2"}, {"b": "3"}, {"a": "1", "b": "3"}])
@example(snapshots=[{"a": "1"}, {}, {"A": "1"}])
@given(snapshots=SNAPSHOTS)
def test_after_each_run_the_present_rows_are_the_source(snapshots: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = duckdb_database(Path(folder, "roster.duckdb"))
        seen: set[str] = set()
        for number, snapshot in enumerate(snapshots):
            rows = [{"sourcedId": key, "title": title} for key, title in snapshot.items()]
            bundle = write_bundle(Path(folder, f"b{number}"), {"categories": rows})
            run = ("run", bundle, database.url, "--yes", "--max-delete-percent", "100")
            assert sync(*run).code == 0
            landed = database.rows("categories", '"sourcedId", "title", "_state"')
            assert {key: title for key, title, state in landed if state == "present"} == snapshot
            seen |= snapshot.keys()
            assert {key for key, _, _ in landed} == seen, "a removed row is marked and never erased"
            assert sync(*run).changed() == {}
