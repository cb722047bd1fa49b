"""One small district as a store, a folder and parsed records, shared by the tests of the generator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from data_gen.generation import Recipe, write_clean, write_store
from oneroster_harness.terminal import AS_OF
from oneroster_standard.marks import MARKS, absolute
from oneroster_standard.store import COLLECTIONS, Store

BARE = dict.fromkeys(MARKS, "")
Records = dict[str, list[dict[str, Any]]]


def recipe(students: int = 60, seed: int = 1, **more: str) -> Recipe:
    """A small recipe as of the release's own day."""
    return Recipe(students, seed, AS_OF, **more)


def records_of(path: Path, version: str = "1.1") -> Records:
    """Every record of a store by collection, as one version has it; roots of services are left out."""
    store = Store.open(path)
    try:
        return {
            name: [orjson.loads(absolute(raw, BARE)) for raw in store.collection(name, version).iter_bytes()]
            for name in COLLECTIONS[version]
        }
    finally:
        store.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean bundle of 60 students."""
    path = tmp_path_factory.mktemp("clean") / "bundle"
    write_clean(path, recipe())
    return path


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same district as a store."""
    path = tmp_path_factory.mktemp("store") / "small.district"
    write_store(path, recipe())
    return path


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A district of 1,000 students, large enough for grades of several groups, co-teachers and shared staff."""
    path = tmp_path_factory.mktemp("town") / "town.district"
    write_store(path, recipe(1_000, 5))
    return records_of(path)
