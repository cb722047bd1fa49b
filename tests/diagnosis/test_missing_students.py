"""Why a student is missing: each place where the trail can end, and real ones of a district that lives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.diagnosis.result import Diagnosis
from conformance.diagnosis.student import trace
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import load_dialect
from tests.diagnosis.test_diagnose_api import OfAnswers, diagnose, told
from tests.sync_engine.conftest import call

TODAY = date(2026, 10, 1)
Record = dict[str, Any]


def parts(**changes: Any) -> tuple[Record | None, list[Record], dict[str, Record]]:
    """A student whose trail is whole, with changes by name."""
    user: Record = {"sourcedId": "s", "status": "active", "role": "student", "orgs": [{"sourcedId": "o"}]}
    seat: Record = {"sourcedId": "e", "status": "active", "class": {"sourcedId": "c"}, "beginDate": "2026-08-20", "endDate": "2027-06-01"}
    taught: Record = {"sourcedId": "c", "status": "active", "terms": [{"sourcedId": "t"}]}
    term: Record = {"sourcedId": "t", "status": "active", "startDate": "2026-08-20", "endDate": "2026-12-20"}
    others = {"o": {"sourcedId": "o", "status": "active"}, "c": taught | changes.get("taught", {}), "t": term | changes.get("term", {})}
    others = {key: row for key, row in others.items() if key not in changes.get("without", ())}
    seats = [seat | changes.get("seat", {})] if changes.get("seats", True) else []
    return (user | changes["user"] if "user" in changes else user) if changes.get("there", True) else None, seats, others


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({}, None),
        ({"there": False}, "student.unknown"),
        ({"user": {"status": "tobedeleted"}}, "student.gone"),
        ({"user": {"role": "teacher"}}, "student.other-role"),
        ({"without": ("o",)}, "student.school-missing"),
        ({"seats": False}, "student.no-enrollments"),
        ({"seat": {"endDate": "2026-09-01"}}, "student.enrollments-ended"),
        ({"seat": {"status": "tobedeleted"}}, "student.enrollments-ended"),
        ({"without": ("c",)}, "student.class-missing"),
        ({"taught": {"terms": []}}, "student.no-terms"),
        ({"term": {"endDate": "2026-09-15"}}, "student.terms-over"),
        ({"without": ("t",)}, "student.terms-over"),
    ],
)
def test_the_trail_ends_where_it_breaks(changes: Record, cause: str | None) -> None:
    found = Diagnosis("here", load_dialect("powerschool"))
    trace(found, OfAnswers(*parts(**changes)), "s", TODAY)
    assert found.cause == cause
    assert bool(found.remedy) is (cause is not None)


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A district twenty days later."""
    with running_mock(students=100, vendors=["reference", "powerschool", "infinite-campus", "classlink"]) as found:
        found.advance(20)
        yield found


@pytest.mark.parametrize("vendor", ["reference", "powerschool", "infinite-campus", "classlink"])
def test_a_student_who_is_there_is_found_by_either_id(mock: RunningMock, vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    student = next(row for row in mock.truth(vendor, "users") if row["role"] == "student" and row["status"] == "active" and row["identifier"])
    for id in (student["sourcedId"], student["identifier"]):
        ran = diagnose(mock, vendor, monkeypatch, "--student", id, "--as-of", "2026-10-21")
        assert told(ran)[0] is None, ran.err
        assert id not in ran.out + ran.err


def test_students_who_left_or_were_never_there_are_told(mock: RunningMock, monkeypatch: pytest.MonkeyPatch) -> None:
    users = mock.truth("reference", "users")
    left = next(row for row in users if row["role"] == "student" and row["status"] == "tobedeleted")
    teacher = next(row for row in users if row["role"] == "teacher")
    for id, cause in ((left["sourcedId"], "student.gone"), ("nobody", "student.unknown"), (teacher["sourcedId"], "student.other-role")):
        assert told(diagnose(mock, "reference", monkeypatch, "--student", id))[0] == cause


def test_a_student_of_a_bundle_is_traced_too(tmp_path: Path) -> None:
    assert call("generate", str(tmp_path / "d"), "--students", "30").code == 0
    header, first, *_ = (tmp_path / "d" / "users.csv").read_text("utf-8").splitlines()
    rows = [line.split(",") for line in (tmp_path / "d" / "users.csv").read_text("utf-8").splitlines()[1:]]
    student = next(row[0] for row in rows if row[0].startswith("stu"))
    assert call("diagnose", str(tmp_path / "d"), "--student", student, "--as-of", "2026-10-01", "--json", "-").document["cause"] is None
    assert call("diagnose", str(tmp_path / "d"), "--student", "nobody", "--as-of", "2026-10-01", "--json", "-").document["cause"] == "student.unknown"
    assert header and first
