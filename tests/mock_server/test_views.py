"""A kept view is used again as long as all that it depends on is the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mock_server.preparing import choose, district_function, prepare
from oneroster_harness.problems import CannotRun

NAMES = ["reference", "powerschool"]


def district(folder: Path, seed: int = 1) -> Path:
    """A small district."""
    made: Path = district_function("build")(folder / f"{seed}.district", students=5, seed=seed, as_of=date(2026, 10, 1))
    return made


def stores(base: Path, folder: Path, kept: Path | None, *quirks: str) -> list[Path]:
    """Where the stores of a start are: that of the reference provider, and PowerSchool's."""
    prepared = prepare(folder, base, choose(NAMES, quirks), kept)
    return [Path(row["store"]) for row in prepared.config["vendors"]]


def test_a_view_is_kept_and_used_again(tmp_path: Path) -> None:
    base, kept = district(tmp_path), tmp_path / "views"
    own, first = stores(base, tmp_path, kept)
    assert own == base and first.parent == kept
    stamp = first.joinpath("district.json").stat().st_mtime_ns
    assert stores(base, tmp_path, kept) == [base, first]
    assert first.joinpath("district.json").stat().st_mtime_ns == stamp
    assert [found.name for found in kept.iterdir()] == [first.name]


def test_another_district_and_another_scope_have_views_of_their_own(tmp_path: Path) -> None:
    base, kept = district(tmp_path), tmp_path / "views"
    _, first = stores(base, tmp_path, kept)
    _, other = stores(district(tmp_path, seed=2), tmp_path, kept)
    _, narrower = stores(base, tmp_path, kept, "powerschool:people.administrators-missing")
    assert len({first, other, narrower}) == 3
    assert first.joinpath("users.slab").read_bytes() != narrower.joinpath("users.slab").read_bytes()


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    base = district(tmp_path)
    assert stores(base, tmp_path, None)[1].parent == tmp_path


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    base = district(tmp_path)
    tmp_path.joinpath("file").write_text("in the way")
    with pytest.raises(CannotRun, match="a view cannot be kept"):
        stores(base, tmp_path, tmp_path / "file" / "views")
