"""A store that is seen in bulk holds what the lens shows record by record, in order of the vendor's keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen import key_order
from data_gen.districts import build, view
from data_gen.id_columns import KINDS, new_ids
from data_gen.key_order import KeyOrder
from data_gen.lens import FORMS, Lens, lens_of
from data_gen.seen_rows import SeenRows
from oneroster_harness.terminal import AS_OF
from oneroster_standard.dialects import dialect_names, load_quirks
from oneroster_standard.marks import parse, render
from oneroster_standard.store import COLLECTIONS, SEPARATOR, Store, StoreWriter

SCOPES = tuple(sorted(quirk for quirk, found in load_quirks().items() if found.scope))
"""Quirks that decide who is shown."""


@pytest.fixture(scope="module", params=[1_000, 1])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A district large enough for grades of several groups, co-teachers and shared staff, and one of a single student."""
    folder = tmp_path_factory.mktemp("base")
    return Store.open(build(folder / "base.district", students=request.param, seed=5, as_of=AS_OF))


def one_by_one(lens: Lens, source: Store, name: str) -> list[bytes]:
    """The collection as the lens shows it record by record."""
    found = [
        (shown["sourcedId"].encode(), render(shown))
        for raw in source.collection(name, lens.version).iter_bytes()
        for shown in lens.shown(name, parse(raw))
    ]
    return [record + SEPARATOR for _, record in sorted(found)]


@pytest.mark.parametrize("quirks", [(), SCOPES, *((quirk,) for quirk in SCOPES)], ids=lambda found: "-".join(found) or "none")
@pytest.mark.parametrize("vendor", dialect_names())
def test_a_view_in_bulk_is_what_the_lens_shows_record_by_record(vendor: str, quirks: tuple[str, ...], base: Store, tmp_path: Path) -> None:
    for version in ("1.1", "1.2"):
        lens = lens_of(vendor, quirks, version)
        for name in COLLECTIONS[version]:
            wanted = one_by_one(lens, base, name)
            lines = list(SeenRows(lens, base, name, tmp_path).lines())
            assert b"".join(bytes(found.body) for found in lines) == b"".join(wanted), (version, name)
            assert [int(length) for found in lines for length in found.lengths] == list(map(len, wanted)), (version, name)


@pytest.mark.parametrize("form", sorted(FORMS))
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 10**7 - 1), st.sampled_from(["", "-0", "a", "h00012"])), min_size=1))
def test_many_ids_become_what_each_becomes(form: str, made: list[tuple[bytes, int, str]]) -> None:
    ids = [f"{kind.decode()}-{number:07d}{ending}" for kind, number, ending in made]
    lens = Lens("x", forms={"default": form})
    wanted = [lens.new_id(KINDS[one[:3].encode()], one).encode() for one in ids]
    assert new_ids(lens.forms, np.array(ids, np.bytes_)).tolist() == wanted


def test_an_id_that_was_not_generated_is_refused() -> None:
    with pytest.raises(KeyError):
        new_ids({"default": "numeric"}, np.array([b"abc-0000001"]))
    with pytest.raises(ValueError, match="not generated"):
        new_ids({"default": "numeric"}, np.array([b"stu-00000X1"]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text("0123456789", min_size=1, max_size=6).map(str.encode), unique=True), st.integers(1, 7))
def test_keys_come_back_in_order_with_their_rows(keys: list[bytes], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch, KeyOrder(Path("."), 8) as order:
        patch.setattr(key_order, "RUN", 5)
        patch.setattr(key_order, "WINDOW", 2)
        for start in range(0, len(keys), size):
            part = keys[start : start + size]
            order.add(np.array(part), np.arange(start, start + len(part)))
        found = [(bytes(entry["key"]), int(entry["row"])) for entries in order.merged() for entry in entries]
    assert found == sorted((key, row) for row, key in enumerate(keys))


def test_records_of_another_make_are_refused_instead_of_being_half_translated(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "odd.district", {"vendor": "reference"}) as writer:
        writer.collection("orgs").append(b'{"sourcedId":"org-s0001","parent":{"href":"\x01/orgs/org-d0001","type":"org"}}')
    with pytest.raises(ValueError, match="another make"):
        view(tmp_path / "odd.district", tmp_path / "seen", vendor="classlink")
