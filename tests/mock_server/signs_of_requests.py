"""Signs of quirks in parameters, links, totals, filters, and in errors of a vendor's own."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import requests

from tests.mock_server.signs import sign_of
from tests.mock_server.wire import WITHIN_S, Wire, ids


def total(wire: Wire, **parameters: object) -> int:
    return int(wire.get("/users", **parameters).headers["X-Total-Count"])


def raw(wire: Wire, query: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {wire.bearer()}"}
    return wire.session.get(f"{wire.provider.base_url}/users?{query}", headers=headers, timeout=WITHIN_S)


@sign_of("paging.returned-count-header")
def _(wire: Wire) -> bool:
    return wire.get("/users", limit=3).headers.get("x-returned-count") == "3"


@sign_of("paging.total-of-page")
def _(wire: Wire) -> bool:
    return (total(wire, limit=3), total(wire, limit=4)) == (3, 4)


@sign_of("paging.total-unfiltered")
def _(wire: Wire) -> bool:
    return total(wire, filter="role='teacher'", limit=1) == total(wire, limit=1)


@sign_of("paging.link-unquoted")
def _(wire: Wire) -> bool:
    return "rel=next" in wire.get("/users", limit=3).headers["Link"]


@sign_of("paging.link-other-host")
def _(wire: Wire) -> bool:
    link = wire.get("/users", limit=3).headers["Link"].partition(">")[0].lstrip("<")
    return urlsplit(link).netloc != urlsplit(wire.provider.base_url).netloc


@sign_of("paging.link-first-page-only")
def _(wire: Wire) -> bool:
    return "Link" in wire.get("/users", limit=3).headers and "Link" not in wire.get("/users", limit=3, offset=3).headers


@sign_of("paging.large-limit-refused")
def _(wire: Wire) -> bool:
    return wire.get("/orgs", limit=1000).ok and wire.get("/orgs", limit=1001).status_code == 400


@sign_of("paging.zero-limit-is-all")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", limit=0)
    return answer.ok and len(answer.json()["users"]) == total(wire)


@sign_of("paging.default-small")
def _(wire: Wire) -> bool:
    return len(wire.get("/users").json()["users"]) == 20


@sign_of("paging.past-end-without-key")
def _(wire: Wire) -> bool:
    return wire.get("/orgs", offset=1000).json() == {}


@sign_of("paging.data-moves")
def _(wire: Wire) -> bool:
    return total(wire, limit=5, offset=5) == total(wire, limit=5) + 1


@sign_of("sort.bad-order-accepted")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", sort="sourcedId", orderBy="dsc", limit=20)
    return answer.ok and ids(answer.json()["users"]) == ids(wire.records("/users", sort="sourcedId", limit=20))


@sign_of("filter.standard-field-fails")
def _(wire: Wire) -> bool:
    return wire.get("/users", filter="grades~'09'").status_code == 500


@sign_of("filter.plus-is-literal")
def _(wire: Wire) -> bool:
    answers = [raw(wire, f"filter=role='student'{blank}AND{blank}status='active'").status_code for blank in ("+", "%20")]
    return answers == [400, 200]


@sign_of("filter.unquoted-accepted")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", filter="role=teacher", limit=5000)
    return answer.ok and {one["role"] for one in answer.json()["users"]} == {"teacher"}


@sign_of("filter.case-ignored")
def _(wire: Wire) -> bool:
    own = next(one for one in ids(wire.records("/users")) if one.swapcase() != one)
    return ids(wire.records("/users", filter=f"sourcedId='{own.swapcase()}'")) == [own]


@sign_of("filter.many-operators")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", filter="role='teacher' AND status='active' OR role='student'", limit=5000)
    return answer.ok and {one["role"] for one in answer.json()["users"]} == {"teacher", "student"}


@sign_of("filter.unknown-field-ignored")
def _(wire: Wire) -> bool:
    answer = wire.get("/classes", filter="school.sourceId='7'")
    return answer.ok and len(answer.json()["classes"]) > 1


@sign_of("filter.instant-refused")
def _(wire: Wire) -> bool:
    answers = [wire.get("/users", filter=f"dateLastModified>'{bound}'") for bound in ("2026-01-01T00:00:00.000Z", "2026-01-01")]
    return [answer.status_code for answer in answers] == [400, 200]


@sign_of("filter.date-refused")
def _(wire: Wire) -> bool:
    answers = [wire.get("/users", filter=f"dateLastModified>'{bound}'") for bound in ("2026-01-01T00:00:00.000Z", "2026-01-01")]
    return [answer.status_code for answer in answers] == [200, 400]


@sign_of("fields.refused")
def _(wire: Wire) -> bool:
    return wire.get("/orgs", fields="sourcedId").status_code == 400


@sign_of("envelope.single-named-by-type")
def _(wire: Wire) -> bool:
    school = wire.records("/orgs", filter="type='school'")[0]["sourcedId"]
    return list(wire.get(f"/orgs/{school}").json()) == ["school"]


@sign_of("envelope.bare-array")
def _(wire: Wire) -> bool:
    return isinstance(wire.get("/orgs").json(), list)


@sign_of("envelope.empty-body")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", offset=100_000)
    return answer.status_code == 200 and answer.content == b""


@sign_of("error.unknown-id-400")
def _(wire: Wire) -> bool:
    return wire.get("/users/nobody").status_code == 400


@sign_of("error.unknown-id-500")
def _(wire: Wire) -> bool:
    return wire.get("/users/nobody").status_code == 500


@sign_of("relationship.unknown-parent-empty")
def _(wire: Wire) -> bool:
    answer = wire.get("/schools/nowhere/students")
    return (answer.status_code, answer.json()) == (200, {"users": []}) if answer.ok else False


@sign_of("error.private-shape")
def _(wire: Wire) -> bool:
    return list(wire.get("/users/nobody").json()) == ["message"]


@sign_of("error.code-minor-spelling")
def _(wire: Wire) -> bool:
    return "imsx_CodeMinor" in wire.get("/users/nobody").json()["statusInfoSet"][0]


@sign_of("permission.forbidden-as-500")
def _(wire: Wire) -> bool:
    return wire.get("/demographics").status_code == 500 and wire.get("/users").ok


@sign_of("json.byte-order-mark")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").content.startswith(b"\xef\xbb\xbf{")


@sign_of("json.duplicate-keys")
def _(wire: Wire) -> bool:
    names: list[list[str]] = []
    json.loads(wire.get("/orgs").content, object_pairs_hook=lambda pairs: names.append([name for name, _ in pairs]))
    return any(found.count("status") == 2 for found in names)
