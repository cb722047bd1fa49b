"""How faults are written, and which requests a selection strikes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mock_server.faults.kinds  # noqa: F401 - registers the faults
from mock_server.faults.catalogue import entries
from mock_server.faults.grammar import read_object, read_text
from mock_server.faults.hooks import REGISTRY
from mock_server.faults.selection import UNENDING, Asked, Selection
from oneroster_harness.problems import UsageProblem
from oneroster_standard.dialects.faults import load_faults

USERS = Asked("getAllUsers", "users", "1.1", 100, 200, "users")


def test_a_fault_is_read_with_its_selection_and_its_parameters() -> None:
    found = read_text("fault.server-error@status=503,page=2-3,on=users+token,rate=0.25,times=4,after=1")
    assert (found.id, dict(found.values)) == ("fault.server-error", {"status": 503})
    assert found.selection == Selection(on=("users", "token"), page=(2, 3), rate=0.25, after=1, times=4)
    assert (found.value("status"), found.value("form")) == (503, "json")


def test_text_and_json_say_the_same() -> None:
    found = read_object({"id": "fault.load-too-many-requests", "page": 3, "on": ["users"], "retry": "date", "requests": "5-"})
    assert found.selection == Selection(on=("users",), page=(3, 3), requests=(5, UNENDING))
    assert read_text(found.text()) == found == read_object(found.document())
    assert found.text() == "fault.load-too-many-requests@on=users,page=3,requests=5-,retry=date"


windows = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: f"{min(pair)}-{max(pair)}")
keys = st.fixed_dictionaries({}, optional={
    "on": st.lists(st.sampled_from(["users", "getAllOrgs", "token", "students"]), min_size=1, unique=True),
    "version": st.just(["1.2"]), "page": windows, "offset": windows, "requests": windows, "day": windows,
    "rate": st.integers(0, 100).map(lambda found: found / 100), "first": st.integers(0, 99), "every": st.integers(0, 9),
    "after": st.integers(0, 99), "times": st.integers(0, 9),
})  # fmt: skip


@given(st.sampled_from(sorted(load_faults())), keys)
def test_what_is_written_is_read_again(id: str, chosen: dict[str, Any]) -> None:
    found = read_object({"id": id, **chosen})
    assert read_text(found.text()) == read_object(found.document()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fault.server-eror", "did you mean 'fault.server-error'"), ("fault.server-error@stats=1", "did you mean 'status'"),
        ("fault.server-error@status=200", "status='200'"), ("fault.server-error@status=abc", "status='abc'"),
        ("fault.server-error@status", "'status' in the fault"), ("fault.server-error@page=5-3", "page='5-3'"),
        ("fault.server-error@rate=1.5", "rate='1.5'"), ("fault.server-error@on=usrs", "did you mean 'users'"),
        ("fault.server-error@form=xml", "form='xml'"), ("fault.server-error@first=1,first=2", "given twice"),
        ("fault.server-error@version=1.3", "version='1.3'"), ("fault.server-error@first=1.5", "first='1.5'"), ("", "unknown fault"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_told_with_what_is_valid(text: str, said: str) -> None:
    with pytest.raises(UsageProblem) as raised:
        read_text(text)
    assert said in raised.value.met


@pytest.mark.parametrize("document", [None, [], {}, {"id": 5}, {"id": "fault.server-error", "on": [5]}, {"id": "fault.server-error", "on": []},
                                      {"id": "fault.server-error", "rate": True}, {"id": "fault.server-error", "times": "1e400"},
                                      {"id": "fault.server-error", "rate": "nan"}, {"id": "fault.server-error", "page": {"a": 1}}])  # fmt: skip
def test_any_other_json_is_refused(document: Any) -> None:
    with pytest.raises(UsageProblem):
        read_object(document)


@pytest.mark.parametrize(
    ("selection", "fits"),
    [
        (Selection(), True), (Selection(on=("users",)), True), (Selection(on=("getAllUsers",)), True), (Selection(on=("orgs",)), False),
        (Selection(version=("1.1",)), True), (Selection(version=("1.2",)), False), (Selection(page=(3, 3)), True),
        (Selection(page=(1, 2)), False), (Selection(offset=(150, 250)), True), (Selection(offset=(0, 100)), False),
    ],
)  # fmt: skip
def test_a_selection_fits_by_what_was_asked(selection: Selection, fits: bool) -> None:
    assert selection.fits(USERS) is fits


def test_what_is_no_collection_has_no_page() -> None:
    single = Asked("getUser", "user", "1.1")
    assert Selection().fits(single) and not Selection(page=(1, UNENDING)).fits(single)


def due(selection: Selection, many: int = 12) -> list[int]:
    """Numbers of the requests that are struck."""
    return [number for number in range(1, many + 1) if selection.is_due(number, "draw")]


def test_a_selection_counts() -> None:
    assert due(Selection(first=3)) == [1, 2, 3]
    assert due(Selection(after=9)) == [10, 11, 12]
    assert due(Selection(every=5)) == [5, 10]
    assert due(Selection(requests=(4, 6))) == [4, 5, 6]
    assert due(Selection(after=2, every=2, first=8)) == [4, 6, 8]


def test_a_rate_strikes_its_share_and_the_same_requests_each_time() -> None:
    struck = due(Selection(rate=0.1), 5000)
    assert struck == due(Selection(rate=0.1), 5000)
    assert 400 < len(struck) < 600
    assert struck != [number for number in range(1, 5001) if Selection(rate=0.1).is_due(number, "another")]
    assert set(struck) < set(due(Selection(rate=0.5), 5000))
    assert (due(Selection(rate=0)), len(due(Selection(rate=1)))) == ([], 12)


def test_a_selection_has_its_time() -> None:
    chosen = Selection(seconds=(10, 20), day=(2, UNENDING))
    assert chosen.is_open(15, 2) and not chosen.is_open(5, 2) and not chosen.is_open(15, 1) and not chosen.is_open(21, 3)


def test_every_fault_of_the_catalogue_does_something_and_is_listed() -> None:
    assert set(REGISTRY) == set(load_faults()) == {entry["id"] for entry in entries()}
    for found in load_faults().values():
        assert found.id.startswith("fault.") and found.strikes in ("api", "token", "pages", "any") and found.source
        for parameter in found.parameters.values():
            assert read_object({"id": found.id, parameter.name: parameter.default}).value(parameter.name) == parameter.default
