"""Every quirk of the catalogue is seen in a response of the reference provider, and gone after a reset."""

from __future__ import annotations

from collections import Counter

import pytest

from mock_server.catalogue import entries
from mock_server.mock_process import RunningMock, running_mock
from oneroster_standard.dialects import load_quirks
from tests.mock_server import (
    signs_of_addresses,
    signs_of_answers,
    signs_of_odd_records,
    signs_of_records,
    signs_of_requests,
    signs_of_writes,
)
from tests.mock_server.conftest import Whole
from tests.mock_server.signs import SEEN
from tests.mock_server.wire import Wire, ids

__all__ = ["signs_of_addresses", "signs_of_answers", "signs_of_odd_records", "signs_of_records", "signs_of_requests", "signs_of_writes"]


@pytest.mark.parametrize("quirk", [found.id for found in load_quirks().values() if found.hook == "mock"])
def test_a_quirk_is_seen_when_it_is_on_and_gone_after_a_reset(
    oneroster_mock: RunningMock, reference: Wire, quirk: str
) -> None:
    assert quirk in SEEN, f"no one has written what a client sees of {quirk}"
    reference.bearer()
    assert not SEEN[quirk](reference)
    oneroster_mock.set_quirks("reference", [quirk])
    assert SEEN[quirk](reference)
    oneroster_mock.reset()
    assert not SEEN[quirk](reference)


@pytest.mark.parametrize("quirk", ["value.padded", "paging.no-link"])
def test_a_quirk_of_one_vendor_leaves_the_others_alone(
    oneroster_mock: RunningMock, reference: Wire, wires: dict[str, Wire], quirk: str
) -> None:
    oneroster_mock.set_quirks("infinite-campus", [quirk])
    assert SEEN[quirk](wires["infinite-campus"])
    assert not SEEN[quirk](reference)


def test_quirks_of_several_kinds_work_together(oneroster_mock: RunningMock, reference: Wire) -> None:
    chosen = ["value.null-instead-of-absent", "value.date-with-time", "paging.no-link", "envelope.extra-keys"]
    oneroster_mock.set_quirks("reference", chosen)
    assert [quirk for quirk in chosen if not SEEN[quirk](reference)] == []
    assert oneroster_mock.admin("GET", "/vendors/reference/quirks") == {"quirks": chosen}


# What a vendor's view of the district shows, against the reference provider's view of the same.


def test_administrators_are_missing_where_a_vendor_does_not_share_them(whole: Whole) -> None:
    roles = {vendor: {one["role"] for one in whole(vendor, "users")} for vendor in ("reference", "classlink")}
    assert roles["reference"] - roles["classlink"] == {"administrator", "aide"}


def test_a_person_without_an_account_is_hidden_and_the_enrollment_is_not(whole: Whole) -> None:
    known = set(ids(whole("infinite-campus", "users")))
    assert {one["user"]["sourcedId"] for one in whole("infinite-campus", "enrollments")} - known
    assert len(known) < len(whole("reference", "users"))
    assert {one["user"]["sourcedId"] for one in whole("reference", "enrollments")} <= set(
        ids(whole("reference", "users"))
    )


def people_with_two_rows(wire: Wire) -> set[str]:
    """E-mail addresses that stand on two users."""
    counts = Counter(one["email"] for one in wire.records("/teachers", "users") if one.get("email"))
    return {email for email, count in counts.items() if count > 1}


def test_staff_of_two_schools_are_two_rows(large_district: dict[str, Wire]) -> None:
    assert people_with_two_rows(large_district["powerschool"])
    assert not people_with_two_rows(large_district["reference"])


def test_some_classes_have_no_student(whole: Whole) -> None:
    empty = {}
    for vendor in ("reference", "powerschool"):
        seated = {
            one["class"]["sourcedId"] for one in whole(vendor, "enrollments") if one["role"] == "student"
        }
        empty[vendor] = set(ids(whole(vendor, "classes"))) - seated
    assert empty["powerschool"] and not empty["reference"]


def test_guardians_and_second_teachers_can_be_hidden() -> None:
    options = ["--quirk", "people.guardians-hidden", "--quirk", "enrollment.co-teachers-hidden"]
    seen: dict[bool, tuple[bool, int]] = {}
    for hidden in (True, False):
        with running_mock(students=300, vendors=["reference"], options=options if hidden else []) as mock:
            wire = Wire(mock.provider("reference"))
            known = set(ids(wire.records("/users")))
            agents = {agent["sourcedId"] for one in wire.records("/users") for agent in one.get("agents", ())}
            seats = Counter(one["class"]["sourcedId"] for one in wire.records("/enrollments", filter="role='teacher'"))
        seen[hidden] = (agents <= known, max(seats.values()))
    assert seen[True] == (False, 1)
    assert seen[False][0] and seen[False][1] > 1


def test_every_lens_quirk_is_covered_above() -> None:
    lenses = {found.id for found in load_quirks().values() if found.hook == "lens"}
    assert lenses == {
        "people.administrators-missing", "people.hidden-by-account", "people.staff-row-per-school", "class.without-people",
        "people.guardians-hidden", "enrollment.co-teachers-hidden",
    }  # fmt: skip


def test_the_catalogue_says_where_a_quirk_comes_from_and_what_finds_it() -> None:
    for entry in entries():
        assert entry["source"] and entry["confidence"], entry["id"]
        assert entry["assumed"] == (set(entry["confidence"].values()) == {"guess"})
