"""Synthetic data is proved, and whatever might be of a real person is named by its place alone."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_gen.command import verify_synthetic
from data_gen.verification import is_fictitious, is_reserved, verify
from oneroster_harness.problems import CannotRun
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.store import Store, StoreWriter


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A bundle that may be changed."""
    return shutil.copytree(folder, tmp_path / "bundle")


def put(path: Path, row: int, column: str, value: str) -> None:
    """Write one cell of a CSV file; row is its line."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    rows[row - 1][rows[0].index(column)] = value
    path.write_bytes(csv_bytes(rows))


def test_clean_bundles_and_stores_are_proved_synthetic(folder: Path, store: Path) -> None:
    for path in (folder, store):
        verdict = verify(path)
        assert (verdict.count, verdict.has_watermark) == (0, True)
        assert verdict.emails > 150 and verdict.phones > 150


@pytest.mark.parametrize(
    "file, column, value, message",
    [
        ("users.csv", "email", "someone@springfield.k12.wa.us", "e-mail"),
        ("users.csv", "email", "someone@example.org.evil.com", "e-mail"),
        ("users.csv", "email", "a@example.org,b@gmail.com", "e-mail"),
        ("users.csv", "username", "someone@gmail.com", "e-mail"),
        ("users.csv", "phone", "(206) 555-0200", "phone"),
        ("users.csv", "sms", "2065551234", "phone"),
        ("users.csv", "phone", "ask the office", "phone"),
        ("results.csv", "comment", "call 206-324-1187 at noon", "phone"),
        ("orgs.csv", "name", "School of head@school.edu", "e-mail"),
    ],
)
def test_a_real_looking_value_is_found_at_its_row_and_column_and_not_shown(
    copy: Path, file: str, column: str, value: str, message: str
) -> None:
    put(copy / file, 3, column, value)
    result = CliRunner().invoke(verify_synthetic, [str(copy), "--json", "-"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (found,) = document["findings"]
    assert (found["file"], found["row"], found["column"]) == (file, 3, column)
    assert message in found["message"] and document["synthetic"] is False
    assert value not in result.output


def _without_manifest(folder: Path) -> None:
    folder.joinpath("manifest.csv").unlink()


def _foreign_code(folder: Path) -> None:
    path = folder / "manifest.csv"
    path.write_bytes(path.read_bytes().replace(b"synthetic-district", b"district"))


def _note(folder: Path) -> None:
    folder.joinpath("notes.txt").write_text("anything")


def _no_header(folder: Path) -> None:
    path = folder / "users.csv"
    path.write_bytes(path.read_bytes().partition(b"\r\n")[2])


def _wrong_bytes(folder: Path) -> None:
    path = folder / "users.csv"
    path.write_bytes(path.read_bytes() + b"\xff\xfe\r\n")


@pytest.mark.parametrize("spoil", [_without_manifest, _foreign_code, _note, _no_header, _wrong_bytes])
def test_what_cannot_be_known_is_not_proved(copy: Path, spoil: Callable[[Path], None]) -> None:
    spoil(copy)
    assert verify(copy).count == 1


@pytest.mark.parametrize("version, file", [("1.1", "users.slab"), ("1.2", "v1p2.users.slab")])
def test_a_store_is_searched_in_all_its_values_of_both_versions(
    store: Path, tmp_path: Path, version: str, file: str
) -> None:
    source = Store.open(store)
    with StoreWriter(tmp_path / "changed", {**source.meta}, source.specs) as writer:
        for own, name in source.contents:
            raw = list(source.collection(name, own).iter_bytes())
            if (own, name) == (version, "users"):
                assert b"families.example.com" in raw[10]
                raw[10] = raw[10].replace(b"families.example.com", b"families.org")
            writer.collection(name, own).extend(raw)
    source.close()
    (found,) = verify(tmp_path / "changed").findings
    assert (found.file, found.row, found.column) == (file, 11, "email")


def test_a_store_without_its_watermark_is_not_proved(store: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(store, tmp_path / "copy")
    meta = json.loads(copy.joinpath("district.json").read_text())
    copy.joinpath("district.json").write_text(json.dumps({**meta, "watermark": "another"}))
    assert [found.file for found in verify(copy).findings] == ["district.json"]


def test_findings_are_counted_in_full_and_kept_in_part(copy: Path) -> None:
    path = copy / "users.csv"
    path.write_bytes(path.read_bytes().replace(b"example", b"school"))
    verdict = verify(copy)
    assert verdict.count == verdict.emails > 100


def test_reserved_domains_are_those_that_nobody_can_own() -> None:
    for domain in (
        "example.org",
        "staff.example.com",
        "Students.EXAMPLE.net",
        "a.test",
        "b.invalid",
        "c.example",
    ):
        assert is_reserved(domain)
    for domain in ("example.de", "myexample.org", "example.org.uk", "gmail.com", "test.com", ""):
        assert not is_reserved(domain)


def test_fictitious_numbers_are_555_01xx() -> None:
    for number in ("555-0100", "(206) 555-0199", "206-555-0123", "+1 206 555 0150", "12065550123"):
        assert is_fictitious(number)
    for number in ("555-0200", "206-555-1234", "206-556-0123", "555-01234", "", "+49 30 555 0123"):
        assert not is_fictitious(number)


def test_a_path_that_is_neither_bundle_nor_store_cannot_be_judged(tmp_path: Path) -> None:
    tmp_path.joinpath("cut.zip").write_bytes(b"PK\3\4 and no more")
    for name in ("nothing.zip", "cut.zip"):
        with pytest.raises(CannotRun):
            verify(tmp_path / name)
