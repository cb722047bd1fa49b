"""Archives, layouts and versions: what cannot be opened is a finding, and only a path without anything is refused."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from conformance.csv_judge import Judgement, judge_bundle
from oneroster_harness.problems import CannotRun
from oneroster_standard.bundle_writer import csv_bytes
from tests.conformance.small_bundle import rows, write


def _checks(judgement: Judgement) -> set[str]:
    return {finding.check for finding in judgement.findings if not finding.cause_of}


def _zip(path: Path, files: dict[str, bytes], *, link: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name == link:
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, data)
    return path


def _files() -> dict[str, bytes]:
    return {name: csv_bytes(lines) for name, lines in rows().items()}


def test_a_path_without_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRun) as refused:
        judge_bundle(tmp_path / "nowhere.zip")
    assert refused.value.exit_code == 3


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_half_an_archive_is_a_finding_and_nothing_passes_for_read(tmp_path: Path, keep: float) -> None:
    whole = write(tmp_path / "bundle.zip").read_bytes()
    path = tmp_path / "half.zip"
    path.write_bytes(whole[: int(len(whole) * keep)])
    judgement = judge_bundle(path)
    assert _checks(judgement) == {"csv.archive-readable"}
    assert {outcome.outcome for outcome in judgement.outcomes if outcome.rule.cell} == {"skip"}


def test_a_damaged_member_is_a_finding_and_the_other_files_are_judged(tmp_path: Path) -> None:
    path = _zip(tmp_path / "bundle.zip", _files())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("results.csv")
        start = info.header_offset + 30 + len(info.filename)
    data = bytearray(path.read_bytes())
    data[start + 8 : start + 40] = b"\xff" * 32
    path.write_bytes(data)
    judgement = judge_bundle(path)
    assert _checks(judgement) == {"csv.archive-readable"}
    assert [(f.file) for f in judgement.findings] == ["results.csv"]


def test_an_encrypted_archive_is_a_finding(tmp_path: Path) -> None:
    path = _zip(tmp_path / "bundle.zip", {"users.csv": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert _checks(judge_bundle(path)) == {"csv.archive-readable"}


def test_a_file_that_is_no_archive_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes(_files()["users.csv"])
    assert _checks(judge_bundle(path)) == {"csv.archive-readable"}


@pytest.mark.parametrize(
    ("files", "link"),
    [
        ({"../users.csv": b"x"}, ""),
        ({"/etc/users.csv": b"x"}, ""),
        ({"users.csv": b"target"}, "users.csv"),
        ({"users.csv": b"0" * (70 << 20)}, ""),
        ({f"f{number}": b"" for number in range(1_001)}, ""),
    ],
    ids=["a path upwards", "an absolute path", "a link", "a bomb", "too many entries"],
)
def test_an_unsafe_archive_is_a_finding_and_not_unpacked(
    tmp_path: Path, files: dict[str, bytes], link: str
) -> None:
    assert _checks(judge_bundle(_zip(tmp_path / "bundle.zip", files, link=link))) == {"csv.archive-safe"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_twice_in_an_archive_is_a_finding(tmp_path: Path) -> None:
    path = _zip(tmp_path / "bundle.zip", _files())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("users.csv", _files()["users.csv"])
    assert _checks(judge_bundle(path)) == {"csv.file-unique"}


def test_an_empty_folder_is_one_finding(tmp_path: Path) -> None:
    assert _checks(judge_bundle(tmp_path)) == {"csv.bundle-empty"}


@pytest.mark.parametrize("name", ["outer.zip", "outer"])
def test_a_nested_folder_is_a_finding_and_its_files_are_judged(tmp_path: Path, name: str) -> None:
    if name.endswith(".zip"):
        files = {f"OneRoster/{file}": data for file, data in _files().items()}
        path = _zip(tmp_path / name, {**files, "__MACOSX/._users.csv": b"x"})
    else:
        path = tmp_path / name
        path.mkdir()
        write(path / "OneRoster")
    judgement = judge_bundle(path)
    assert _checks(judgement) == {"csv.archive-layout"}
    assert judgement.facts.readings["users.csv"].rows == 4


@pytest.mark.parametrize("met", ["Users.csv", "users_20260815.csv", "users.txt"])
def test_a_file_of_another_name_is_a_finding_and_judged(tmp_path: Path, met: str) -> None:
    files = {met if name == "users.csv" else name: data for name, data in _files().items()}
    judgement = judge_bundle(_zip(tmp_path / "bundle.zip", files))
    assert _checks(judgement) == {"csv.file-name"}
    assert judgement.facts.readings["users.csv"].rows == 4


def test_a_bundle_of_another_version_than_asked_is_judged_by_its_own(tmp_path: Path) -> None:
    judgement = judge_bundle(write(tmp_path / "bundle"), spec="1.2")
    assert _checks(judgement) == {"csv.spec-agrees"}
    assert judgement.facts.standard.version == "1.1"


def test_a_manifest_that_calls_every_file_absent_says_that_nothing_changed(tmp_path: Path) -> None:
    lines = [
        [name, "absent" if name.startswith("file.") else value] for name, value in rows()["manifest.csv"]
    ]
    judgement = judge_bundle(_zip(tmp_path / "bundle.zip", {"manifest.csv": csv_bytes(lines)}))
    assert not _checks(judgement)
    assert "skip" in {outcome.outcome for outcome in judgement.outcomes}


def test_a_delta_may_name_records_that_were_sent_earlier(tmp_path: Path) -> None:
    found = {name: lines for name, lines in rows().items() if name in ("manifest.csv", "enrollments.csv")}
    for row in found["manifest.csv"][1:]:
        if row[0].startswith("file."):
            row[1] = "delta" if row[0] == "file.enrollments" else "absent"
    for row in found["enrollments.csv"][1:]:
        row[1:3] = ["active", "2026-10-01T00:00:00.000Z"]
    judgement = judge_bundle(write(tmp_path / "bundle", found))
    reasons = {outcome.rule.id: outcome.reason for outcome in judgement.outcomes if outcome.outcome == "skip"}
    assert not _checks(judgement)
    assert "users.csv is not in the bundle" in reasons["csv.reference"]


def test_no_value_of_a_cell_is_in_any_finding(tmp_path: Path) -> None:
    found = rows()
    for column, value in (("role", "Zzyzx-role"), ("email", "Zzyzx mail"), ("password", "Zzyzx1")):
        found["users.csv"][2][found["users.csv"][0].index(column)] = value
    found["users.csv"].append(["Zzyzx-id", "too", "short"])
    assert "zzyzx" not in repr(judge_bundle(write(tmp_path / "bundle", found)).findings).lower()
