"""One fault per check that no quirk of the catalogue shows: how a provider would fail it.

Test support; each fault is written from the check's sentence, not from its code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.faulty_proxy import Answered, Asked, Fault, Forward

FAULTS: dict[str, Fault] = {}
Record = dict[str, Any]


def clean(asked: Asked, forward: Forward) -> Answered:
    """No fault."""
    return forward(asked)


def shows(*checks: str) -> Callable[[Fault], Fault]:
    """Say which checks must see a fault."""

    def register(fault: Fault) -> Fault:
        FAULTS.update(dict.fromkeys(checks, fault))
        return fault

    return register


def records(check: str, collection: str, change: Callable[[list[Record]], None]) -> None:
    """A fault of a collection's records: change works on the records of each page in place."""

    def fault(asked: Asked, forward: Forward) -> Answered:
        answer = forward(asked)
        document = answer.document
        if isinstance(document, dict) and isinstance(document.get(collection), list):
            change(document[collection])
            return answer.with_document(document)
        return answer

    FAULTS[check] = fault


def token(check: str, change: Callable[[Record], object]) -> None:
    """A fault of the token answer's members."""

    def fault(asked: Asked, forward: Forward) -> Answered:
        answer = forward(asked)
        if asked.path == "/token" and answer.status == 200:
            document = answer.document
            change(document)
            return answer.with_document(document)
        return answer

    FAULTS[check] = fault


def rewrite(check: str, when: Callable[[Asked], bool], change: Callable[[Asked], Asked]) -> None:
    """A fault of reading the request: where it applies, another request is answered."""
    FAULTS[check] = lambda asked, forward: forward(change(asked) if when(asked) else asked)


def instead(check: str, when: Callable[[Asked], bool], status: int, body: Any = None) -> None:
    """A fault of the answer: where it applies, this one is given."""
    content = b"" if body is None else json.dumps(body).encode()
    FAULTS[check] = lambda asked, forward: (
        Answered(status, {"Content-Type": "application/json"}, content) if when(asked) else forward(asked)
    )


def accepted(check: str, when: Callable[[Asked], bool], body: Any = None) -> None:
    """A fault of refusing: where the mock refuses, 200 is answered."""

    def fault(asked: Asked, forward: Forward) -> Answered:
        answer = forward(asked)
        if when(asked) and 400 <= answer.status < 500:
            return Answered(200, {"Content-Type": "application/json"}, json.dumps(body or {}).encode())
        return answer

    FAULTS[check] = fault


def _filter(asked: Asked) -> str:
    return asked.parameters.get("filter", "")


def _set(name: str, value: Any) -> Callable[[list[Record]], None]:
    return lambda found: found[0].__setitem__(name, value) if found else None


def _unfiltered(asked: Asked) -> Asked:
    return asked.with_parameters(filter=None)


def _refused(status: int = 401) -> Answered:
    return Answered(status, {"Content-Type": "application/json"}, b"{}")


# Signing in.
@shows("auth.token-issued")
def _created(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return Answered(201, answer.headers, answer.body) if asked.path == "/token" and answer.status == 200 else answer


token("auth.token-type", lambda document: document.update(token_type="mac"))
token("auth.expires-in-present", lambda document: document.pop("expires_in"))
token("auth.scope-echoed", lambda document: document.update(scope="everything"))
token("permission.scope-granted", lambda document: document.update(scope=document["scope"].split()[2]))


@shows("auth.wrong-secret-refused", "auth.grant-type-checked")
def _anyone(asked: Asked, forward: Forward) -> Answered:
    return Answered(200, {"Content-Type": "application/json"}, b'{"access_token": "x", "token_type": "Bearer", "expires_in": 3600}') if (
        asked.path == "/token" and (b"made_up" in asked.body or forward(asked).status == 401)
    ) else forward(asked)


@shows("auth.missing-credential-refused", "auth.unknown-token-refused")
def _open(asked: Asked, forward: Forward) -> Answered:
    return forward(asked if asked.path == "/token" else replace(asked, headers={**asked.headers, "Authorization": "OAuth any"}))


@shows("auth.www-authenticate")
def _unnamed(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    answer.headers.pop("WWW-Authenticate", None)
    return answer


shows("auth.bad-signature-refused", "auth.timestamp-window", "auth.nonce-replay-refused")(clean)
for _method in ("SHA1", "SHA256"):
    instead(f"auth.signature-{_method.lower()}", lambda asked, method=f"HMAC-{_method}": method in asked.headers.get("Authorization", ""), 401)
instead("auth.credential-accepted", lambda asked: asked.path != "/token", 401)

# Address and permission.
instead("endpoint.base-path", lambda asked: asked.path != "/token", 404)
instead("endpoint.reachable", lambda asked: asked.path == "/classes", 500)
instead("permission.resource-granted", lambda asked: asked.path == "/classes", 403)
instead("endpoint.trailing-slash", lambda asked: asked.path.endswith("/"), 404)
instead("endpoint.body-ignored", lambda asked: asked.method == "GET" and bool(asked.body), 400)


@shows("endpoint.is-api")
def _page(asked: Asked, forward: Forward) -> Answered:
    if asked.path != "/orgs":
        return forward(asked)
    return Answered(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title>")


# Errors.
accepted("error.unknown-path", lambda asked: asked.path == "/noSuchCollection")


@shows("error.status-info", "error.description-top-level")
def _bare_error(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return answer.with_document({"error": "no"}) if answer.status == 404 else answer


# Filters.
rewrite("filter.complement", lambda asked: "!=" in _filter(asked), _unfiltered)
rewrite("filter.conjunction", lambda asked: " AND " in _filter(asked), lambda asked: asked.with_parameters(filter=_filter(asked).partition(" AND ")[0]))
rewrite("filter.disjunction", lambda asked: " OR " in _filter(asked), lambda asked: asked.with_parameters(filter=_filter(asked).partition(" OR ")[0]))
rewrite("filter.contains", lambda asked: "~" in _filter(asked), lambda asked: asked.with_parameters(filter=_filter(asked).replace("~", "=")))
instead("filter.date-and-instant", lambda asked: _filter(asked).startswith("dateLastModified>") and "T" not in _filter(asked), 400)
rewrite("filter.nested", lambda asked: ".sourcedId" in _filter(asked), _unfiltered)
instead("filter.list", lambda asked: "grades~" in _filter(asked) or "subjects~" in _filter(asked), 400)
instead("filter.no-match-is-empty", lambda asked: "no-such-object" in _filter(asked), 404)
rewrite("filter.unknown-field", lambda asked: "noSuchField" in _filter(asked), _unfiltered)
accepted("filter.syntax-error", lambda asked: bool(_filter(asked)), {"users": []})
rewrite(
    "filter.case", lambda asked: _filter(asked).startswith("sourcedId="),
    lambda asked: asked.with_parameters(filter="sourcedId=" + _filter(asked).removeprefix("sourcedId=").swapcase()),
)  # fmt: skip
instead("filter.encoding", lambda asked: "+AND+" in asked.query, 400)


# Paging.
@shows("paging.total-filtered")
def _whole_total(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    if _filter(asked):
        answer.headers["X-Total-Count"] = "99999"
    return answer


@shows("paging.links-repeat-query")
def _poor_link(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    if _filter(asked) and "Link" in answer.headers:
        answer.headers["Link"] = f'<http://127.0.0.1{asked.path}?limit=1&offset=1>; rel="next"'
    return answer


@shows("paging.link-well-formed")
def _bare_rel(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    answer.headers["Link"] = answer.headers.get("Link", "").replace('rel="next"', "rel=next")
    return answer


rewrite("paging.default-limit", lambda asked: asked.path != "/token" and "limit" not in asked.parameters, lambda asked: asked.with_parameters(limit="10"))
accepted("paging.bad-limit", lambda asked: "limit" in asked.parameters)
accepted("paging.bad-offset", lambda asked: "offset" in asked.parameters)

# Fields and sort.
rewrite("fields.single", lambda asked: asked.path.count("/") == 2, lambda asked: asked.with_parameters(fields=None))
instead("fields.unknown-name", lambda asked: "noSuchField" in asked.query, 400)
accepted("fields.blank", lambda asked: "fields=" in asked.query)
rewrite("sort.descending", lambda asked: asked.parameters.get("orderBy") == "desc", lambda asked: asked.with_parameters(orderBy="asc"))
instead("sort.unknown-field", lambda asked: "noSuchField" in asked.query, 400)
accepted("sort.bad-order", lambda asked: "dsc" in asked.query)


def _loses_one(when: Callable[[Asked], bool]) -> Fault:
    def fault(asked: Asked, forward: Forward) -> Answered:
        answer = forward(asked)
        document = answer.document
        if when(asked) and isinstance(document, dict):
            return answer.with_document({name: rows[1:] if isinstance(rows, list) else rows for name, rows in document.items()})
        return answer

    return fault


shows("sort.same-records")(_loses_one(lambda asked: "sort" in asked.parameters))
shows("view.complete")(_loses_one(lambda asked: asked.path == "/students"))


# Views and relationships.
rewrite("view.typed", lambda asked: asked.path == "/students", lambda asked: replace(asked, path="/users"))
rewrite("view.single-wrong-type", lambda asked: asked.path.startswith("/schools/"), lambda asked: replace(asked, path=asked.path.replace("/schools/", "/orgs/")))
instead("relationship.unknown-parent", lambda asked: "no-such-school" in asked.path, 500)

# Records.
records("data.session-dates", "academicSessions", _set("endDate", "1990-01-01"))
records("data.enrollment-dates", "enrollments", lambda found: found[0].update(beginDate="2026-09-01", endDate="2026-08-01") if found else None)
records("data.password-present", "users", _set("password", "planted"))
records("data.unique-id", "orgs", lambda found: found.append(found[0]))
records("schema.required", "orgs", lambda found: found[0].pop("name", None) if found else None)
records("schema.unknown-property", "users", _set("favouriteColour", "blue"))
records("schema.year", "academicSessions", _set("schoolYear", "26-27"))
records("schema.grade-code", "users", _set("grades", ["Grade 4"]))


def _relative(found: list[Record]) -> None:
    for record in found:
        for reference in record.get("orgs", ()):
            reference["href"] = "/orgs/" + reference["sourcedId"]


def _disowned(found: list[Record]) -> None:
    for record in found:
        record["children"] = record.get("children", [])[:1]


def _cyclic(found: list[Record]) -> None:
    for record in found:
        if record.get("children"):
            record["parent"] = record["children"][0]


records("reference.href-absolute", "users", _relative)
records("reference.parent-child", "orgs", _disowned)
records("reference.parent-cycle", "orgs", _cyclic)


# Records that do not go together.
def _set_where(name: str, value: Any, test: Callable[[Record], bool]) -> Callable[[list[Record]], None]:
    def change(found: list[Record]) -> None:
        for record in found:
            if name in record and test(record):
                record[name] = value

    return change


def _misled(found: list[Record]) -> None:
    for record in found:
        for reference in record.get("orgs", ()):
            reference["href"] = reference["href"].rpartition("/")[0] + "/another"


def _misnamed(found: list[Record]) -> None:
    for record in found:
        if "course" in record:
            record["course"]["type"] = "class"


def _elsewhere(found: list[Record]) -> None:
    for record in found:
        if "school" in record and record.get("role") == "student":
            record["school"]["sourcedId"] += "x"


records("data.session-nesting", "academicSessions", _set_where("endDate", "2099-01-01", lambda record: record.get("type") == "gradingPeriod"))
records("data.enrollment-role", "enrollments", _set_where("role", "teacher", lambda record: record.get("role") == "student"))
records("data.enrollment-school", "enrollments", _elsewhere)
records("reference.href-leads", "users", _misled)
records("reference.type-fits", "classes", _misnamed)


# Links, singles and queries of views.
@shows("paging.link-targets")
def _skipping_link(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    if asked.parameters.get("limit") == "5" and "Link" in answer.headers:
        offset = int(asked.parameters.get("offset", "0"))
        answer.headers["Link"] = answer.headers["Link"].replace(f"offset={offset + 5}>; rel=\"next\"", f"offset={offset + 6}>; rel=\"next\"")
    return answer


@shows("envelope.single-agrees")
def _older_single(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    document = answer.document
    if isinstance(document, dict) and isinstance(document.get("class"), dict):
        document["class"]["title"] = "as it was last year"
        return answer.with_document(document)
    return answer


instead("view.single", lambda asked: asked.path.startswith("/terms/") and asked.path.count("/") == 2, 404)
rewrite("view.query", lambda asked: asked.path == "/students", _unfiltered)
rewrite("relationship.query", lambda asked: asked.path.endswith("/students"), lambda asked: asked.with_parameters(limit="100"))


@shows("error.code-minor")
def _one_minor_for_all(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return Answered(answer.status, answer.headers, answer.body.replace(b"invalid_filter_field", b"invalid data"))


@shows("auth.scope-enforced")
def _all_scopes(asked: Asked, forward: Forward) -> Answered:
    answer = forward(asked)
    return forward(replace(asked, headers={**asked.headers, "Authorization": "OAuth any"})) if answer.status == 403 else answer


# Writing.
def _writes(check: str, method: str, answer: Callable[[Asked, Forward], Answered]) -> None:
    FAULTS[check] = lambda asked, forward: answer(asked, forward) if asked.method == method else forward(asked)


_writes("gradebook.put-creates", "PUT", lambda asked, forward: replace_status(forward(asked), 200))
_writes("gradebook.put-replaces", "PUT", lambda asked, forward: forward(asked) if b"First" in asked.body else Answered(200))
_writes("gradebook.delete-hides", "DELETE", lambda asked, forward: Answered(204))
_writes("gradebook.put-id-mismatch", "PUT", lambda asked, forward: replace_status(forward(asked), 200))
_writes("gradebook.write-scope", "PUT", lambda asked, forward: replace_status(forward(asked), 201))


_writes("gradebook.model-status", "PUT", lambda asked, forward: replace_status(forward(asked), 202))


@shows("gradebook.model-lists")
def _own_objects_are_in_no_list(asked: Asked, forward: Forward) -> Answered:
    """Whatever a client wrote can be read alone and is in no list."""
    answer = forward(asked)
    if asked.method != "GET" or not asked.path.endswith(("/lineItems", "/results", "/categories")) or answer.status != 200:
        return answer
    return answer.with_document({
        name: [one for one in value if not one["sourcedId"].startswith("oneroster-harness")] for name, value in answer.document.items()
    })


def replace_status(answer: Answered, status: int) -> Answered:
    """The same answer under another status."""
    return Answered(status, answer.headers, answer.body)
