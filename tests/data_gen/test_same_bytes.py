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

GOLDEN_STORE = "aa72900ad9488b25441801fbd90e939fc85697c4904d12e28b761ef04dc248f1"
GOLDEN_BUNDLE = "61b3ebb0837c8129ffd7aa09fefd64f582436cb6cf306cac3deefaace45d5788"

GOLDEN_1P2 = "dfe550c257aa702377c90e4a3cb96b1c376b05ae4e3154923f37d5addf12c54f"
"""The files of 1.2 in the store, its own and those that both versions share."""

GOLDEN_LOCALES = {
    "de_DE": (
        "e415c8cf0c2068067169463ef1ddaafdcdef555af37ea5546c00f630e94e5ebe",
        "fcb851b013f4dc0966233836115c0330e3201154e929e54a10dfc134d7b5e42d",
    ),
    "en_US": (
        "98a4332ef6faf4bf299c804565fa8b52348df7d5ad8fc52a0ce6bf1ae71c345d",
        "207a85df17cde346c04a6ae4d354749bf51feb6fcee002865034d6843a0b03b7",
    ),
    "es_MX": (
        "b0170acc5788b9f0248f0b38bb9b287f0a0720693d0540af1f990c17545a33c5",
        "6719d6f0262bf2493467e7547249f19c549c93067c6c8452558520cd3ca03ac4",
    ),
    "ja_JP": (
        "326885d6693b71899a51743cf5ea61f2dc689a17a5062e438cbdd07bdfed4b86",
        "f10d5f391eb3ff92f1a79b260b5daee35bb8820b93c1535726a9157817972e78",
    ),
}
"""Locale -> its bundle of 1.1 and of 1.2."""
GOLDEN_VENDORS = {
    "classlink": "b0e81582b5cbca4c6462680a625667eafdbd41e72031044b5aefbd1ad370aaf6",
    "infinite-campus": "fb87ca3029ec368fce6b0a5db3226df30a85e957ce2e460e7c6728a3e252402a",
    "powerschool": "f995e08c3bfbdd987ffdab3c0f36411c127fa77a37ffa8dbaeb86c0bf97891c0",
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
