"""Signs of quirks in tokens, pages, filters, envelopes and errors."""

from __future__ import annotations

from tests.mock_server.signs import sign_of
from tests.mock_server.wire import Wire, ids


@sign_of("token.expires-in-string")
def _(wire: Wire) -> bool:
    return isinstance(wire.token_answer().json()["expires_in"], str)


@sign_of("token.reissued")
def _(wire: Wire) -> bool:
    first, second = (wire.token_answer().json() for _ in range(2))
    same = first["access_token"] == second["access_token"]
    return same and int(second["expires_in"]) < int(first["expires_in"])


@sign_of("token.basic-only")
def _(wire: Wire) -> bool:
    body = {"client_id": wire.provider.client_id, "client_secret": wire.provider.client_secret}
    return wire.token_answer().ok and wire.token_answer(auth=None, data=body).status_code == 401


@sign_of("token.app-name-required")
def _(wire: Wire) -> bool:
    return wire.token_answer().status_code == 400 and wire.token_answer(params={"appName": "district"}).ok


@sign_of("paging.limit-clamped")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", limit=100)
    return len(answer.json()["users"]) < 100 < int(answer.headers["X-Total-Count"])


@sign_of("paging.no-link")
def _(wire: Wire) -> bool:
    return "Link" not in wire.get("/users", limit=10).headers


@sign_of("paging.no-total-count")
def _(wire: Wire) -> bool:
    return "X-Total-Count" not in wire.get("/users").headers


@sign_of("paging.extra-count-header")
def _(wire: Wire) -> bool:
    headers = wire.get("/users", limit=10).headers
    return headers.get("x-count") == "10" and "x-perm-rev" in headers


@sign_of("paging.total-count-wrong")
def _(wire: Wire) -> bool:
    answer = wire.get("/orgs", limit=100)
    return int(answer.headers["X-Total-Count"]) != len(answer.json()["orgs"])


@sign_of("paging.offset-ignored")
def _(wire: Wire) -> bool:
    return wire.records("/users", limit=5) == wire.records("/users", limit=5, offset=5)


@sign_of("paging.offset-past-end-404")
def _(wire: Wire) -> bool:
    return wire.get("/orgs", offset=100).status_code == 404


@sign_of("paging.limit-ignored")
def _(wire: Wire) -> bool:
    return len(wire.records("/users", limit=2)) > 2


@sign_of("paging.next-for-ever")
def _(wire: Wire) -> bool:
    return 'rel="next"' in wire.get("/orgs", limit=100).headers["Link"]


@sign_of("paging.unstable-order")
def _(wire: Wire) -> bool:
    whole = ids(wire.records("/users"))
    paged = [
        one
        for offset in range(0, len(whole), 40)
        for one in ids(wire.records("/users", limit=40, offset=offset))
    ]
    return set(paged) != set(whole)


@sign_of("paging.limit-seven-loses-a-record")
def _(wire: Wire) -> bool:
    assert ids(wire.records("/users", limit=6)) == ids(wire.records("/users"))[:6]
    return ids(wire.records("/users", limit=7)) != ids(wire.records("/users"))[:7]


@sign_of("sort.ignored")
def _(wire: Wire) -> bool:
    answer = wire.get("/users", sort="familyName", limit=100)
    names = [one["familyName"].casefold() for one in answer.json()["users"]]
    return names != sorted(names) and "statusInfoSet" not in answer.json()


@sign_of("filter.ignored")
def _(wire: Wire) -> bool:
    return {one["role"] for one in wire.records("/users", filter="role='teacher'")} != {"teacher"}


@sign_of("filter.greater-means-at-least")
def _(wire: Wire) -> bool:
    bound = wire.first("/users")["dateLastModified"]
    found = wire.records("/users", filter=f"dateLastModified>'{bound}'")
    return any(one["dateLastModified"] == bound for one in found)


@sign_of("filter.one-value-wrong")
def _(wire: Wire) -> bool:
    counts = [
        len(wire.records("/users", filter=f"role='{role}'"))
        for role in ("student", "parent", "teacher", "guardian")
    ]
    return 0 in counts and sum(counts) > 0


@sign_of("filter.rejected")
def _(wire: Wire) -> bool:
    return wire.get("/users", filter="grades~'09'").status_code == 400


@sign_of("fields.ignored")
def _(wire: Wire) -> bool:
    return set(wire.records("/orgs", fields="name")[0]) > {"name"}


@sign_of("envelope.endpoint-named")
def _(wire: Wire) -> bool:
    school = wire.records("/orgs", filter="type='school'")
    keys = [
        list(wire.get(path).json()) for path in ("/schools", f"/schools/{school[0]['sourcedId']}/students")
    ]
    return keys == [["schools"], ["students"]]


@sign_of("envelope.single-as-array")
def _(wire: Wire) -> bool:
    return isinstance(wire.get(f"/orgs/{wire.first('/orgs')['sourcedId']}").json()["org"], list)


@sign_of("envelope.extra-keys")
def _(wire: Wire) -> bool:
    return {"status", "totalCount"} <= set(wire.get("/orgs").json())


@sign_of("error.html-not-found")
def _(wire: Wire) -> bool:
    answer = wire.get("/users/nobody")
    return answer.headers["Content-Type"].startswith("text/html") and "<html>" in answer.text


@sign_of("error.unknown-id-empty-200")
def _(wire: Wire) -> bool:
    answer = wire.get("/users/nobody")
    return (answer.status_code, answer.json()) == (200, {})


@sign_of("error.content-type-wrong")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").headers["Content-Type"].startswith("text/plain")
