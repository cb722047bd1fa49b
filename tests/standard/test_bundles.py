"""Bundles: rows with their physical line, and archives that must not be opened."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_standard.bundle_writer import BundleWriter, csv_bytes
from oneroster_standard.bundles import Bundle, BundleProblem, Row, open_bundle
from oneroster_standard.cells import join_user_ids, split_user_ids

CELLS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff"),
    max_size=6,
)


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_what_is_written_is_read_with_physical_lines(tmp_path: Path, name: str) -> None:
    rows = [
        ["sourcedId", "name"],
        ["1", 'a "quoted", name'],
        ["2", "two\nlines"],
        ["3", "last"],
    ]
    with BundleWriter(tmp_path / name) as writer:
        writer.write("orgs.csv", [csv_bytes(rows)])
    with open_bundle(tmp_path / name) as bundle:
        assert list(bundle.rows("orgs.csv")) == [
            Row(line, cells) for line, cells in zip([1, 2, 3, 5], rows, strict=True)
        ]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), min_size=1, max_size=5))
def test_any_cells_survive_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("cells")
    path.joinpath("orgs.csv").write_bytes(csv_bytes(rows))
    assert [row.cells for row in open_bundle(path).rows("orgs.csv")] == rows


def test_a_byte_order_mark_is_skipped_and_a_wrong_byte_names_the_file(
    tmp_path: Path,
) -> None:
    tmp_path.joinpath("a.csv").write_bytes(b"\xef\xbb\xbfsourcedId\r\n")
    tmp_path.joinpath("b.csv").write_bytes(b"name\r\nJos\xe9\r\n")
    bundle = open_bundle(tmp_path)
    assert list(bundle.rows("a.csv")) == [Row(1, ["sourcedId"])]
    with pytest.raises(BundleProblem, match="expected UTF-8") as met:
        list(bundle.rows("b.csv"))
    assert (met.value.kind, met.value.where) == ("encoding", "b.csv")


def zip_with(path: Path, info: zipfile.ZipInfo, data: bytes = b"x") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info, data)
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("users.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "info", [zipfile.ZipInfo("../users.csv"), zipfile.ZipInfo("/etc/users.csv"), link()]
)
def test_an_unsafe_archive_is_refused_before_anything_is_read(
    tmp_path: Path, info: zipfile.ZipInfo
) -> None:
    with pytest.raises(BundleProblem) as met:
        open_bundle(zip_with(tmp_path / "x.zip", info))
    assert met.value.kind == "unsafe"


def test_a_bomb_a_cut_archive_and_nothing_at_all_are_told_apart(tmp_path: Path) -> None:
    bomb = zipfile.ZipInfo("users.csv")
    bomb.compress_type = zipfile.ZIP_DEFLATED
    kinds: dict[str, str] = {}
    zip_with(tmp_path / "bomb.zip", bomb, b"0" * (80 << 20))
    tmp_path.joinpath("cut.zip").write_bytes(
        zip_with(tmp_path / "whole.zip", zipfile.ZipInfo("a.csv")).read_bytes()[:-10]
    )
    for name in ("bomb.zip", "cut.zip", "none.zip"):
        with pytest.raises(BundleProblem) as met:
            open_bundle(tmp_path / name)
        kinds[name] = met.value.kind
    assert kinds == {
        "bomb.zip": "unsafe",
        "cut.zip": "not-a-zip",
        "none.zip": "missing",
    }


def test_a_damaged_member_is_found_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with BundleWriter(path) as writer:
        writer.write(
            "orgs.csv", [csv_bytes([["sourcedId"], *([[str(n)] for n in range(5000)])])]
        )
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)

    def read(bundle: Bundle) -> int:
        return sum(1 for _ in bundle.rows("orgs.csv"))

    with open_bundle(path) as bundle, pytest.raises(BundleProblem) as met:
        read(bundle)
    assert met.value.kind in ("cut", "encoding", "quoting")


@given(st.lists(st.fixed_dictionaries({"type": st.from_regex(r"[A-Za-z ]{1,6}", fullmatch=True),
                                       "identifier": st.from_regex(r"[A-Za-z0-9:,]{1,6}", fullmatch=True)}), max_size=3))  # fmt: skip
def test_user_ids_survive_their_cell(user_ids: list[dict[str, str]]) -> None:
    assert split_user_ids(join_user_ids(user_ids)) == user_ids
