"""The same seed gives the same bytes: on any machine, in any process, as a folder and as a ZIP."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from faker.config import AVAILABLE_LOCALES

from data_gen.draws import Draws
from data_gen.generation import write_clean, write_store
from data_gen.pools import FROZEN
from oneroster_harness.terminal import VERSION
from oneroster_standard.store import COLLECTIONS, Store
from tests.data_gen.conftest import recipe

GOLDEN_STORE = "92b534852cb5176bcb229c90da3beb42f41e8b14e698664ccb7517154e5ac88d"
GOLDEN_BUNDLE = "6d993ebe1dbe859799616714f3e25dabb09912d72dea7c726dba9630e81fd855"

GOLDEN_1P2 = "478f3cbc56c4faa435231eefd281a9ee79b34c0452ff24e04e1f3eae4f489207"
"""The files of 1.2 in the store, its own and those that both versions share."""

GOLDEN_LOCALES = {
    "de_DE": (
        "4efcdf8d7658a3e58334c3be8c02799b402b7b7d860b4bcd31a8d41415f27c44",
        "1e16baa259da2a15762999c5a92988e47b47ccde55e3a9721a883f9cf2a71edc",
    ),
    "en_US": (
        "5b088e1f1f434be3272f2b200bba26a0ea67b1f6f1f8d8defc10161d57f56f93",
        "de842b3dc1f91eb63e958d816c3037b429ccc628f59332232778ff45076873f1",
    ),
    "es_MX": (
        "3a8234781bfb52b2194f9526bfa90d683ba3c3214198070d5dd3c79f0cfc7109",
        "c560307fca47eeebee79b76f1e3aebb902ee993527dc63b572f3885e7b8c6ac4",
    ),
    "ja_JP": (
        "b8f498592cbd95323be6e0c61c607748b7a6130af104d1b57ed34a9eb262705f",
        "1e761df9981844c1b57a36f2eba5960ad5a746983eb3ee9b6564f8e3a6807391",
    ),
}
"""Locale -> its bundle of 1.1 and of 1.2."""
GOLDEN_VENDORS = {
    "classlink": "d7608bd2d23b4b5c38f6e0604a659126ca99c94c202c0f7b341f0cc7b2ff0fdc",
    "infinite-campus": "c801205572b2e7bde2d0220f3b9aff661bf4c93fd53a0af3ebcc9a60d3d844fc",
    "powerschool": "fae27376b62cff104472978896b876f6e0037472847562d964038649eba2549c",
}

PROGRAM = """
import sys
from pathlib import Path
from data_gen.generation import write_clean
from tests.data_gen.conftest import recipe
write_clean(Path(sys.argv[1]), recipe())
"""


def digest(folder: Path) -> str:
    """SHA-256 over names and bytes of all files, the release's number left out."""
    found = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        found.update(path.name.encode() + b"\0")
        found.update(path.read_bytes().replace(f"oneroster-harness {VERSION}".encode(), b"oneroster-harness"))
    return found.hexdigest()


def first_format(store: Path, folder: Path) -> Path:
    """The 1.1 part of a store, described as the first format of the store did: it was pinned before 1.2 was there."""
    folder.mkdir()
    meta = json.loads(store.joinpath("district.json").read_text("utf-8"))
    kept = {name: facts for name, facts in meta.pop("collections").items() if not name.startswith("v1p2.")}
    assert (meta.pop("format"), meta.pop("specs")) == (2, ["1.1", "1.2"])
    text = json.dumps({"format": 1, **meta, "spec": "1.1", "collections": kept}, indent=1, sort_keys=True)
    folder.joinpath("district.json").write_text(text + "\n", encoding="utf-8")
    for name in kept:
        for suffix in ("slab", "offsets"):
            shutil.copy(store / f"{name}.{suffix}", folder)
    return folder


def test_the_1_1_store_of_seed_1_has_the_bytes_that_were_pinned(store: Path, tmp_path: Path) -> None:
    assert digest(first_format(store, tmp_path / "first")) == GOLDEN_STORE


def test_the_1_2_store_of_seed_1_has_the_bytes_that_were_pinned(store: Path) -> None:
    opened = Store.open(store)
    found = hashlib.sha256()
    for name in COLLECTIONS["1.2"]:
        found.update(name.encode() + b"\0" + store.joinpath(f"{opened.stem(name, '1.2')}.slab").read_bytes())
    opened.close()
    assert found.hexdigest() == GOLDEN_1P2


def test_the_bundle_of_seed_1_has_the_bytes_that_were_pinned(folder: Path) -> None:
    assert digest(folder) == GOLDEN_BUNDLE


def content(path: Path) -> str:
    """SHA-256 over what a bundle's files hold, the manifest with the release's number left out."""
    found = hashlib.sha256()
    for file in sorted(path.glob("*.csv")):
        if file.name != "manifest.csv":
            found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


@pytest.mark.parametrize("locale", sorted(GOLDEN_LOCALES))
def test_a_frozen_locale_has_the_bytes_that_were_pinned_in_both_versions(locale: str, tmp_path: Path) -> None:
    found = []
    for spec in ("1.1", "1.2"):
        write_clean(tmp_path / spec, recipe(locale=locale, spec=spec))
        found.append(content(tmp_path / spec))
    assert tuple(found) == GOLDEN_LOCALES[locale]


def test_every_frozen_locale_is_pinned() -> None:
    assert set(GOLDEN_LOCALES) == set(FROZEN)


@pytest.mark.parametrize("vendor", sorted(GOLDEN_VENDORS))
def test_a_vendors_bundle_has_the_bytes_that_were_pinned(vendor: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", recipe(vendor=vendor))
    assert content(tmp_path / "bundle") == GOLDEN_VENDORS[vendor]


def test_another_seed_changes_people_classes_and_scores(folder: Path, tmp_path: Path) -> None:
    write_clean(tmp_path / "other", recipe(seed=2))
    for name in ("users.csv", "demographics.csv", "enrollments.csv", "orgs.csv", "results.csv"):
        assert folder.joinpath(name).read_bytes() != tmp_path.joinpath("other", name).read_bytes(), name


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_the_bytes_do_not_depend_on_the_hash_seed_of_the_process(
    folder: Path, tmp_path: Path, hash_seed: str
) -> None:
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "again")],
        check=True,
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
    )
    assert digest(tmp_path / "again") == digest(folder)


POOLS = """
import json, sys
from data_gen.pools.rebuild import sample
print(json.dumps({locale: sample(locale) for locale in sys.argv[1:]}))
"""
LOCALES = ("it_IT", "de_DE", "ja_JP", "ar_AA", "vi_VN", "et_EE", "fr_FR")


def sampled(hash_seed: str, locales: Sequence[str]) -> dict[str, object]:
    """The pools of some locales, from a process of that hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", POOLS, *locales], check=True, capture_output=True, text=True, env=environment
    )
    pools: dict[str, object] = json.loads(found.stdout)
    return pools


def test_the_names_of_a_locale_are_the_same_in_every_process() -> None:
    assert sampled("1", LOCALES) == sampled("2", LOCALES)


@pytest.mark.deep
def test_the_names_of_all_locales_are_the_same_in_every_process() -> None:
    assert sampled("1", AVAILABLE_LOCALES) == sampled("2", AVAILABLE_LOCALES)


def test_a_zip_holds_the_files_of_the_folder_at_its_root_and_is_the_same_every_time(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("one.zip", "two.zip"):
        write_clean(tmp_path / name, recipe())
    assert tmp_path.joinpath("one.zip").read_bytes() == tmp_path.joinpath("two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_draw_depends_on_its_seed_path_and_index_alone() -> None:
    draws = Draws(7)
    many = draws.below("students/given", range(1000), 1 << 20)
    assert [draws.one("students/given", index, 1 << 20) for index in (0, 17, 999)] == [
        many[0],
        many[17],
        many[999],
    ]
    assert draws.below("students/new-field", range(1000), 1 << 20) != many
    assert Draws(8).below("students/given", range(1000), 1 << 20) != many


def split_mix(key: int) -> Iterator[int]:
    """SplitMix64 in plain integers."""
    mask = (1 << 64) - 1
    while True:
        key = (key + 0x9E3779B97F4A7C15) & mask
        mixed = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        yield mixed ^ (mixed >> 31)


def test_raw_bits_are_those_of_the_published_generator() -> None:
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert list(islice(split_mix(1234567), 4)) == published
    key = int.from_bytes(hashlib.sha256(b"1/students/given").digest()[:8], "big")
    found = [int(bits) for bits in Draws(1).bits("students/given", range(50))]
    assert found == list(islice(split_mix(key), 50))


def test_a_store_is_written_the_same_twice(store: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "again.district", recipe())
    assert digest(tmp_path / "again.district") == digest(store)
