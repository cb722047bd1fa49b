"""Damaged bundles: whatever bytes of a file or of an archive are changed, the judge answers with findings or a refusal."""

from __future__ import annotations

import os
import tempfile
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.csv_judge import Judgement, judge_bundle
from oneroster_standard.bundle_writer import csv_bytes
from tests.conformance.small_bundle import rows

OUTCOMES = {"pass", "fail", "skip"}
CHEAP = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def _files() -> dict[str, bytes]:
    return {name: csv_bytes(lines) for name, lines in rows().items()}


@cache
def _archive(method: int) -> bytes:
    store = BytesIO()
    with zipfile.ZipFile(store, "w", method) as archive:
        for name, data in _files().items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return store.getvalue()


# An edit is a place (a share of the length), how many bytes go there, and the bytes that come.
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 6), st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)


def _edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for place, gone, come in edits:
        start = int(place * len(data))
        data = data[:start] + come + data[start + gone :]
    return data


def _is_answered(judgement: Judgement) -> None:
    """Every rule has an outcome, and a rule that fails says where."""
    assert judgement.outcomes
    assert {outcome.outcome for outcome in judgement.outcomes} <= OUTCOMES
    failed = {outcome.rule.id for outcome in judgement.outcomes if outcome.outcome == "fail"}
    assert failed <= {finding.check for finding in judgement.findings}


def _judge_folder(name: str, edits: list[tuple[float, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file, data in _files().items():
            Path(folder, file).write_bytes(_edited(data, edits) if file == name else data)
        _is_answered(judge_bundle(Path(folder)))


def _judge_archive(method: int, edits: list[tuple[float, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bundle.zip")
        path.write_bytes(_edited(_archive(method), edits))
        _is_answered(judge_bundle(path))


NAMES = st.sampled_from(sorted(rows()))
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])


@CHEAP
@given(NAMES, EDITS)
def test_a_file_with_changed_bytes_is_judged(name: str, edits: list[tuple[float, int, bytes]]) -> None:
    _judge_folder(name, edits)


@CHEAP
@given(METHODS, EDITS)
def test_an_archive_with_changed_bytes_is_judged(method: int, edits: list[tuple[float, int, bytes]]) -> None:
    _judge_archive(method, edits)


@pytest.mark.deep
@MANY
@given(NAMES, EDITS)
def test_files_with_changed_bytes_are_judged_thousands_of_times(
    name: str, edits: list[tuple[float, int, bytes]]
) -> None:
    _judge_folder(name, edits)


@pytest.mark.deep
@MANY
@given(METHODS, EDITS)
def test_archives_with_changed_bytes_are_judged_thousands_of_times(
    method: int, edits: list[tuple[float, int, bytes]]
) -> None:
    _judge_archive(method, edits)


def _failed(path: Path) -> set[str]:
    judgement = judge_bundle(path)
    _is_answered(judgement)
    return {outcome.rule.id for outcome in judgement.outcomes if outcome.outcome == "fail"}


def _folder(path: Path) -> Path:
    path.mkdir()
    for file, data in _files().items():
        (path / file).write_bytes(data)
    return path


def test_a_folder_with_the_name_of_a_file_is_a_finding(tmp_path: Path) -> None:
    path = _folder(tmp_path / "bundle")
    (path / "users.csv").unlink()
    (path / "users.csv").mkdir()
    assert _failed(path)


def test_a_file_of_no_bytes_is_a_finding(tmp_path: Path) -> None:
    path = _folder(tmp_path / "bundle")
    (path / "users.csv").write_bytes(b"")
    assert _failed(path)


@pytest.mark.parametrize("target", ["nowhere.csv", "users.csv"])
def test_a_link_that_leads_nowhere_is_a_finding(tmp_path: Path, target: str) -> None:
    path = _folder(tmp_path / "bundle")
    (path / "users.csv").unlink()
    (path / "users.csv").symlink_to(path / target)  # the second leads to itself
    assert _failed(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system knows no named pipes")
def test_a_pipe_with_the_name_of_a_file_is_a_finding_and_is_not_waited_for(tmp_path: Path) -> None:
    path = _folder(tmp_path / "bundle")
    (path / "users.csv").unlink()
    os.mkfifo(path / "users.csv")
    assert _failed(path)


def test_an_archive_in_an_archive_is_a_finding_and_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle.zip", _archive(zipfile.ZIP_DEFLATED))
    assert _failed(path)


def test_an_archive_of_large_form_with_data_descriptors_is_read(tmp_path: Path) -> None:
    class Stream(BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    store = Stream()
    with zipfile.ZipFile(store, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files().items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    path = tmp_path / "bundle.zip"
    path.write_bytes(store.getvalue())
    assert not _failed(path)


def test_a_file_of_a_folder_that_may_not_be_read_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _folder(tmp_path / "bundle")
    open_file = Path.open

    def refuse(self: Path, *given: object, **named: object) -> object:
        # By hand, because whoever runs the tests as root may read everything.
        if self.name == "users.csv":
            raise PermissionError(13, "Permission denied")
        return open_file(self, *given, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    assert _failed(path)
