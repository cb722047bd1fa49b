"""The journal tells what was asked and nothing about anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.asked import JournalProblem, JournalView
from mock_server.journal import OTHER, Entry, Journal
from mock_server.mock_process import RunningMock
from mock_server.request_log import Place, SharedLog
from tests.mock_server.wire import Wire

WORDS = frozenset({"status", "role", "familyName", "sourcedId", "school", "dateLastModified"})
MOMENT = 1_790_000_000.25


def journal(most: int = 100) -> Journal:
    return Journal(WORDS, most, clock=lambda: MOMENT)


def noted(query: dict[str, str], page_size: int | None = 100) -> Entry:
    found = journal()
    found.note(
        vendor="reference", spec="1.1", method="GET", path="/users", operation="getAllUsers",
        pairs=query.items(), status=200, page_size=page_size,
    )  # fmt: skip
    return found.entries()[0]


def test_an_entry_names_what_was_asked() -> None:
    entry = noted({
        "limit": "50", "offset": "100", "sort": "familyName", "orderBy": "desc", "fields": "sourcedId,role",
        "filter": "status='active' AND school.sourcedId='abc'",
    })  # fmt: skip
    assert (entry.limit, entry.offset, entry.page, entry.sort, entry.order_by) == (50, 100, 3, "familyName", "desc")
    assert entry.filter == ("status", "school.sourcedId")
    assert entry.fields == ("sourcedId", "role")
    assert entry.parameters == ("limit", "offset", "sort", "orderBy", "fields", "filter")
    assert entry.at == "2026-09-21T14:13:20.250Z"


def test_the_page_is_counted_by_the_vendors_page_size_when_no_limit_is_sent() -> None:
    assert noted({"offset": "200"}).page == 3
    assert noted({}).page == 1
    assert noted({}, page_size=None).page is None


def test_a_parameter_a_field_or_a_number_that_the_standard_has_not_is_noted_as_other() -> None:
    entry = noted({"ada": "1", "oauth_nonce": "n", "sort": "ada", "orderBy": "ada", "limit": "ada", "fields": "ada", "filter": "ada"})
    assert entry.parameters == (OTHER, "sort", "orderBy", "limit", "fields", "filter")
    assert (entry.sort, entry.order_by, entry.limit, entry.fields, entry.filter) == (OTHER, OTHER, None, (OTHER,), (OTHER,))


@given(
    st.dictionaries(st.sampled_from(["limit", "offset", "sort", "orderBy", "filter", "fields", "q"]), st.text(max_size=40)),
    st.sampled_from(["=", "!=", "~", ">"]),
)
def test_no_text_of_a_value_reaches_the_journal(query: dict[str, str], operator: str) -> None:
    secret = "Ada Lovelace"
    spoiled = {name: f"{value}{secret}" for name, value in query.items()}
    spoiled["filter"] = f"familyName{operator}'{secret}' AND status='{secret} OR {secret}'"
    found = journal()
    found.note(method="GET", pairs=spoiled.items(), status=200)
    text = json.dumps(found.document()) + "".join(map(str, found.entries()))
    assert "Ada" not in text and "Lovelace" not in text


def test_the_journal_keeps_the_last_entries_and_all_counts() -> None:
    found = journal(most=3)
    for _ in range(5):
        found.note(vendor="v", method="GET", path="/users", status=200)
    document = found.document()
    assert [entry["number"] for entry in document["entries"]] == [3, 4, 5]
    assert (document["total"], document["dropped"]) == (5, 2)
    assert document["requests"] == [{"vendor": "v", "what": "GET users", "status": 200, "count": 5}]
    assert [entry["number"] for entry in found.document(since=4)["entries"]] == [5]


def test_a_claim_about_a_journal_that_dropped_entries_is_refused() -> None:
    found = journal(most=1)
    for _ in range(2):
        found.note(method="GET", status=200)
    with pytest.raises(JournalProblem, match="keeps its last 1 requests and had 2"):
        JournalView(found.document).asked("/users").never()


def test_a_cleared_journal_counts_from_1_again() -> None:
    found = journal()
    found.note(method="GET", status=200)
    found.clear()
    assert found.document() == {"requests": [], "entries": [], "total": 0, "dropped": 0}
    found.note(method="GET", status=200)
    assert found.entries()[0].number == 1


@given(st.builds(dict, limit=st.integers(0, 9).map(str), filter=st.just("role='x'"), fields=st.just("role")))
def test_an_entry_survives_the_way_through_json(query: dict[str, str]) -> None:
    entry = noted(query)
    assert Entry.of(json.loads(json.dumps(entry.document()))) == entry


def view() -> JournalView:
    found = journal()
    for offset, status in (("0", 200), ("100", 200), ("200", 500), ("200", 200)):
        found.note(
            vendor="classlink", spec="1.1", method="GET", path="/users", operation="getAllUsers", status=status, page_size=100,
            pairs=(("limit", "100"), ("offset", offset), ("filter", "role='student'")),
        )  # fmt: skip
    found.note(vendor="classlink", spec="1.1", method="GET", path="/orgs", operation="getAllOrgs", status=200, page_size=100)
    return JournalView(found.document)


def test_claims_that_hold_say_nothing() -> None:
    asked = view().asked
    assert asked("/users", page=3).twice()
    assert asked("getAllUsers").times(4)
    assert asked("/users", page=3, status=500).once()
    assert asked(filter="status").never()
    assert asked("/users", without="limit").never()
    assert asked(without="limit").once()
    assert asked(having="filter", vendor="classlink").at_least(4)
    assert asked("/users", page=2).at_most(1)
    assert [entry.offset for entry in asked("/users")] == [0, 100, 200, 200]


@pytest.mark.parametrize("claim", ["never", "once"])
def test_a_claim_that_fails_shows_what_was_asked(claim: str) -> None:
    with pytest.raises(AssertionError) as caught:
        getattr(view().asked("/users", page=3), claim)()
    lines = str(caught.value).splitlines()
    assert lines[:3] == ["the client asked otherwise: /users, page 3", "  received   twice", f"  expected   {claim}"]
    assert lines[4] == "         1 classlink GET /users limit=100 offset=0 filter=role -> 200"
    assert lines[6] == "    >    3 classlink GET /users limit=100 offset=200 filter=role -> 500"


@pytest.mark.parametrize(
    ("claim", "count"), [("twice", None), ("times", 3), ("at_least", 3), ("at_most", 1)]
)
def test_every_claim_can_fail(claim: str, count: int | None) -> None:
    asked = view().asked("/users", page=3) if claim != "twice" else view().asked("/orgs")
    with pytest.raises(AssertionError):
        getattr(asked, claim)(*(() if count is None else (count,)))


def test_a_claim_with_an_unknown_word_is_refused() -> None:
    with pytest.raises(TypeError, match="knows no 'pages'"):
        view().asked("/users", pages=3)
    with pytest.raises(ValueError, match="notes no parameter 'page'"):
        view().asked("/users", without="page")


def test_the_mock_notes_templates_and_no_ids(oneroster_mock: RunningMock, reference: Wire) -> None:
    person = reference.records("/users")[0]
    oneroster_mock.reset()
    reference.get(f"/users/{person['sourcedId']}")
    reference.get(f"/users/{person['sourcedId']}/{person['familyName']}")
    reference.get(f"/{person['familyName']}")
    reference.get("/users", filter=f"familyName='{person['familyName']}'", sort=person["familyName"])
    journal = oneroster_mock.journal
    assert [entry.path for entry in journal.entries()] == ["/users/{sourcedId}", "/users/...", "/other", "/users"]
    text = json.dumps(oneroster_mock.admin("GET", "/journal"))
    assert person["sourcedId"] not in text and person["familyName"] not in text
    journal.asked("getUser", status=200).once()
    journal.asked("/users", filter="familyName", page=1, sort=OTHER).once()


def test_requests_that_met_no_provider_or_no_credential_are_noted(oneroster_mock: RunningMock) -> None:
    import requests

    provider = oneroster_mock.provider("reference")
    requests.get(f"{provider.base_url}/users?limit=5", timeout=30)
    requests.get(provider.base_url.replace("/ims/", "/imss/") + "/users", timeout=30)
    refused, lost = oneroster_mock.journal.entries()
    assert (refused.vendor, refused.path, refused.status, refused.limit) == ("reference", "/users", 401, 5)
    assert (lost.vendor, lost.path, lost.status) == ("", OTHER, 404)


def test_the_journal_is_read_on_from_an_entry(oneroster_mock: RunningMock, reference: Wire) -> None:
    for _ in range(3):
        reference.get("/orgs")
    assert [entry["number"] for entry in oneroster_mock.admin("GET", "/journal?since=2")["entries"]] == [3]


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    log = SharedLog(tmp_path)
    log.append(b"first\nhalf of the ")
    place, added = log.read(Place(0, 0))
    assert added == b"first\n"
    log.append(b"second\n")
    assert log.read(place)[1] == b"half of the second\n"


def test_a_log_that_started_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = SharedLog(tmp_path)
    log.append(b"one of the old ones\n")
    place, _ = log.read(Place(0, 0))
    # Two new starts, after which the file system may give the first file's number again.
    for text in (b"between\n", b"new\n"):
        log.clear()
        log.append(text)
    assert log.read(place)[1] == b"new\n"
