"""Filters: no match, errors, letter case and encodings."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import check
from conformance.run import Run, at, json_of
from conformance.survey import key_of

SECTION = "REST 1.1, filtering"


@check("filter.no-match-is-empty", severity="error", section=SECTION, why="No match is an answer, not an error.")
def no_match_is_an_empty_list(run: Run) -> Iterator[Notice]:
    """A filter that selects nothing is 200 and an empty list."""
    run.collection("users")
    page = run.get("/users", {"filter": "sourcedId='no-such-object-1000000'"})
    document = json_of(page)
    if page.status != 200 or not isinstance(document, dict) or not any(value == [] for value in document.values()):
        yield at(page, "no match is not an empty list", expected="200 and an empty list", observed=str(page.status))


@check("filter.unknown-field", severity="error", section=SECTION, why="A misspelt field that selects all syncs everyone.")
def an_unknown_field_is_refused(run: Run) -> Iterator[Notice]:
    """A filter on an unknown field is a 400."""
    run.collection("users")
    page = run.get("/users", {"filter": "noSuchField='x'"})
    if page.status != 400:
        yield at(page, "an unknown filter field is not refused", expected="400 invalid_filter_field", observed=str(page.status))


@check("filter.syntax-error", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="A broken filter that is ignored returns everyone.")
def a_broken_filter_is_refused(run: Run) -> Iterator[Notice]:
    """A filter that is no expression is a 400."""
    run.collection("users")
    for text in ("status=active", "status='active", "status IS 'active'"):
        page = run.get("/users", {"filter": text, "limit": 1})
        if page.status != 400:
            yield at(page, "a broken filter is not refused", expected="400", observed=str(page.status))


@check("filter.case", severity="warning", section=SECTION + " (UNCONFIRMED)", why="A search that misses a name by its case loses a person.")
def an_identifier_is_compared_exactly(run: Run) -> Iterator[Notice]:
    """A key in another case selects nothing."""
    users = run.collection("users")
    own = next((key_of(row) for row in users.records if key_of(row).swapcase() != key_of(row)), None)
    other = next((key_of(row) for row in run.collection("orgs").records if key_of(row).swapcase() != key_of(row)), None)
    name, value = ("users", own) if own else ("orgs", other)
    if value is None:
        page = run.get("/users", {"filter": "role='STUDENT'", "limit": 1})
        if page.status not in (200, 400):
            yield at(page, "a token in another case is an error", expected="200 or 400", observed=str(page.status))
        return
    read = run.ids(f"/{name}", name, {"filter": f"sourcedId='{value.swapcase()}'"})
    if read is not None and value in read[0]:
        yield at(read[1], "sourcedId is compared without regard to case", expected="no match", observed="a match")


@check("filter.encoding", severity="warning", section=SECTION, why="HTTP clients encode quotes and blanks in different ways.")
def every_legal_encoding_is_read(run: Run) -> Iterator[Notice]:
    """A filter may be encoded in every legal way."""
    users = run.collection("users")
    name, role = ("role", str(users.records[0].get("role"))) if run.standard.version == "1.1" else ("enabledUser", "true")
    queries = (
        f"filter={name}%3D%27{role}%27%20AND%20status%3D%27active%27&limit=1",
        f"filter={name}='{role}'+AND+status='active'&limit=1",
        f"filter={name}%3d%27{role}%27+AND+status='active'&limit=1",
    )
    totals = [(page.status, page.total, page) for page in (run.get("/users", raw_query=query) for query in queries)]
    for status, total, page in totals[1:]:
        if (status, total) != totals[0][:2]:
            yield at(page, "one filter in another encoding is answered differently", expected=str(totals[0][0]), observed=str(status))


@check(
    "filter.operator-count", severity="info", section=SECTION + " (one operator is RECOMMENDED as the limit)",
    why="A filter of three predicates works with some providers only.", remedy="join two predicates at most; do the rest in the consumer",
)  # fmt: skip
def a_third_predicate_is_refused(run: Run) -> Iterator[Notice]:
    """A filter with two operators is a 400."""
    run.collection("users")
    page = run.get("/users", {"filter": "enabledUser='true' AND status='active' OR status='tobedeleted'", "limit": 1})
    if page.status != 400:
        yield at(page, "a filter with two operators is not refused", expected="400", observed=str(page.status))
