"""Writing the gradebook: create, replace, remove; runs only when writes are allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of, reference_ids
from conformance.survey import key_of, records_in

SECTION = "REST 1.1, gradebook"


def _send(run: Run, method: str, sourced_id: str, body: object = None, *, signed: bool = True) -> Exchange:
    if not run.sign_in.may("gradebook.createput"):
        raise Skip("the token lacks gradebook.createput")
    url = run.probe.url(f"/categories/{sourced_id}")
    headers, hint = run.sign_in.headers(method, url) if signed else ({}, "")
    data = None if body is None else json.dumps(body).encode()
    run.survey.forget()
    return run.probe.send(method, url, headers={**headers, "Content-Type": "application/json"}, body=data, auth_hint=hint)


def _read_back(run: Run, sourced_id: str) -> dict[str, object]:
    document = json_of(run.get(f"/categories/{sourced_id}"))
    record = document.get("category") if isinstance(document, dict) else None
    return record if isinstance(record, dict) else {}


def _own(run: Run, name: str) -> str:
    return f"oneroster-harness-{name}-{run.seed}"


@check("gradebook.put-creates", severity="error", section=SECTION, why="Consumers tell created from replaced by the status.", writes=True)
def put_creates_with_201(run: Run) -> Iterator[Notice]:
    """PUT of a new category is 201, and it can be read complete."""
    own = _own(run, "create")
    _send(run, "DELETE", own)
    answer = _send(run, "PUT", own, {"category": {"sourcedId": own, "title": "Harness"}})
    if answer.status != 201:
        yield at(answer, "a created category is not answered with 201", expected="201", observed=str(answer.status))
    record = _read_back(run, own)
    if not record.get("status") or not record.get("dateLastModified"):
        yield at(answer, "a created category is not read back complete", expected="status and dateLastModified")
    _send(run, "DELETE", own)


@check("gradebook.put-replaces", severity="error", section=SECTION, why="A replacement must replace.", writes=True)
def put_replaces(run: Run) -> Iterator[Notice]:
    """PUT of an existing category replaces it with 200 or 201."""
    own = _own(run, "replace")
    _send(run, "PUT", own, {"category": {"sourcedId": own, "title": "First"}})
    answer = _send(run, "PUT", own, {"category": {"sourcedId": own, "title": "Second"}})
    title = _read_back(run, own).get("title")
    if answer.status not in (200, 201) or title != "Second":
        yield at(answer, "a category is not replaced", expected="200 and the new title", observed=str(answer.status))
    _send(run, "DELETE", own)


@check("gradebook.delete-hides", severity="error", section=SECTION, why="A deleted column must leave the gradebook.", writes=True)
def a_deleted_object_leaves_the_lists(run: Run) -> Iterator[Notice]:
    """A deleted category is in no list."""
    own = _own(run, "delete")
    _send(run, "PUT", own, {"category": {"sourcedId": own, "title": "Gone"}})
    answer = _send(run, "DELETE", own)
    records, _ = records_in(run.get("/categories", {"filter": f"sourcedId='{own}'"}), "categories")
    listed = [record for record in records or () if key_of(record) == own]
    if answer.status not in (200, 204) or listed:
        yield at(answer, "a deleted category is still listed", expected="204, and gone", observed=str(answer.status))


@check("gradebook.put-id-mismatch", severity="error", section=SECTION, why="Two ids for one object store it twice.", writes=True)
def a_mismatch_of_ids_is_refused(run: Run) -> Iterator[Notice]:
    """PUT with another sourcedId in its body is refused."""
    answer = _send(run, "PUT", _own(run, "mismatch"), {"category": {"sourcedId": "another", "title": "x"}})
    if not 400 <= answer.status < 500:
        yield at(answer, "a mismatch of ids is not refused", expected="422", observed=str(answer.status))


@check(
    "gradebook.post-allocates", severity="error", section="REST 1.2, gradebook", specs=("1.2",), writes=True,
    why="A tool that posts line items finds them again by the ids that the provider gives them.",
)  # fmt: skip
def post_allocates_ids(run: Run) -> Iterator[Notice]:
    """POST of line items to a class is 201 with a sourcedIdPair each, and they can be read."""
    if not run.sign_in.may("gradebook.createpost"):
        raise Skip("the token lacks gradebook.createpost")
    item = dict(run.collection("lineItems").records[0])
    own, owner = _own(run, "post"), reference_ids(item, "class")[0]
    body = {"lineItems": [{**item, "sourcedId": own, "title": "Harness"}]}
    run.survey.forget()
    url = run.probe.url(f"/classes/{escaped(owner)}/lineItems")
    headers, hint = run.sign_in.headers("POST", url)
    answer = run.probe.send("POST", url, headers={**headers, "Content-Type": "application/json"}, body=json.dumps(body).encode(), auth_hint=hint)
    document = json_of(answer)
    pairs = document.get("sourcedIdPairs") if isinstance(document, dict) else None
    pair = pairs[0] if isinstance(pairs, list) and len(pairs) == 1 and isinstance(pairs[0], dict) else {}
    allocated = str(pair.get("allocatedSourcedId", ""))
    if answer.status != 201 or pair.get("suppliedSourcedId") != own or not allocated:
        yield at(answer, "posted line items are not answered with their ids", pointer="/sourcedIdPairs", expected="201 and a pair each",
                 observed=str(answer.status))  # fmt: skip
        return
    page = run.get(f"/lineItems/{escaped(allocated)}")
    if page.status != 200:
        yield at(page, "a posted line item cannot be read", expected="200", observed=str(page.status))
    url = run.probe.url(f"/lineItems/{escaped(allocated)}")
    headers, hint = run.sign_in.headers("DELETE", url)
    run.probe.send("DELETE", url, headers=headers, auth_hint=hint)


@check("gradebook.write-scope", severity="error", section=SECTION, why="Anyone could write marks.", writes=True)
def writing_needs_a_credential(run: Run) -> Iterator[Notice]:
    """PUT without a credential is a 401."""
    answer = _send(run, "PUT", _own(run, "anonymous"), {"category": {"title": "x"}}, signed=False)
    if answer.status not in (401, 403):
        yield at(answer, "a write without credential is not refused", expected="401", observed=str(answer.status))
