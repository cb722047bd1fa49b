"""Each defect of a store's records is served as it is, and found by the check that it names; the server tells what is planted."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.api_judge import Order as Suite
from conformance.api_judge import judge
from conformance.report import Report
from data_gen import defects
from data_gen.defects.orders import Order
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.store_planting import plant_records
from data_gen.generation import Recipe, write_store
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.terminal import AS_OF
from tests.meeting.endpoints import endpoint_of
from tests.meeting.keystone import faults_of_checks, roots

assert defects.FAMILIES
MOST = 6
ALONE = {"users.duplicate-id"}
"""Its consequences hide what others are found by."""
VERSIONS = ("1.1", "1.2")


def batches() -> list[list[str]]:
    """All defects in as few stores as keep them apart: in each, every check is named by one of them."""
    found: list[list[str]] = []
    for id, defect in sorted(RECORD_DEFECTS.items()):
        for batch in found:
            others = [RECORD_DEFECTS[other] for other in batch]
            if len(batch) < MOST and not ALONE & {id, *batch} and all(other.trips != defect.trips for other in others):
                batch.append(id)
                break
        else:
            found.append([id])
    return found


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean store."""
    path = tmp_path_factory.mktemp("store") / "clean.district"
    write_store(path, Recipe(100, 1, AS_OF))
    return path


def judged(mock: RunningMock, spec: str) -> Report:
    """The report on the reference provider in a version."""
    endpoint = endpoint_of(mock, "reference")
    if spec == "1.2":
        endpoint = replace(endpoint, url=mock.provider("reference").base_urls["1.2"]["rostering"])
    return judge(endpoint, Suite())


@pytest.mark.hazards
@pytest.mark.parametrize("batch", batches(), ids=lambda batch: batch[0])
def test_planted_records_are_served_and_found_by_the_checks_that_they_name(batch: list[str], district: Path, tmp_path: Path) -> None:
    path = tmp_path / "faulty.district"
    shutil.copytree(district, path)
    entries = plant_records(path, [Order(id) for id in batch], 1)
    with running_mock(path, vendors=["reference"]) as mock:
        for spec in VERSIONS:
            own = [RECORD_DEFECTS[id] for id in batch if spec in RECORD_DEFECTS[id].specs]
            # 1.2 is judged where a defect shows only there: all others are the same records.
            if spec == "1.1" or any(defect.specs == ("1.2",) for defect in own):
                report = judged(mock, spec)
                assert roots(report) == {check for defect in own for check in (defect.trips, *defect.also)}
                assert faults_of_checks(report) == []
        for entry in entries:
            truth = mock.truth("reference", entry["collection"]) if "1.1" in entry["specs"] else [{"sourcedId": entry["sourcedId"]}]
            assert entry["sourcedId"] in {row["sourcedId"] for row in truth}
        assert mock.admin("GET", "/health")["defects"] == {id: 1 for id in sorted(batch)}
        mock.advance(2)


def test_a_clean_district_has_nothing_planted(district: Path) -> None:
    with running_mock(district, vendors=["reference"]) as mock:
        assert mock.admin("GET", "/health")["defects"] == {}


def test_every_vendor_serves_a_district_with_all_defects(district: Path, tmp_path: Path) -> None:
    path = tmp_path / "faulty.district"
    shutil.copytree(district, path)
    plant_records(path, [Order(id) for id in sorted(RECORD_DEFECTS)], 1)
    with running_mock(path) as mock:
        for vendor in ("powerschool", "infinite-campus", "classlink"):
            for channel in ("api", "csv"):
                assert mock.truth(vendor, "users", channel=channel)
        mock.advance(1)
