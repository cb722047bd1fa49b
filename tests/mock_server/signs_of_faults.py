"""What a client sees of each fault, by its id: the order that shows it, and whether an answer does. Test support."""

from __future__ import annotations

import json
import re
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests

from oneroster_standard.oauth1 import sign
from tests.mock_server.raw_client import Raw, ask
from tests.mock_server.wire import Wire, ids

Sign = Callable[[Wire], bool]
SIGNS: dict[str, tuple[str, Sign]] = {}
"""Text of a fault -> its id and whether it is seen."""


def sign_of(*orders: str) -> Callable[[Sign], Sign]:
    """Note what shows one or more orders."""

    def note(seen: Sign) -> Sign:
        for order in orders:
            SIGNS[order] = order.partition("@")[0], seen
        return seen

    return note


def raw(wire: Wire, path: str, **headers: str) -> Raw:
    """The bytes of an answer."""
    return ask(wire.provider.base_url + path, {"Authorization": f"Bearer {wire.bearer()}", **headers})


@sign_of("fault.auth-token-dies")
def token_dies(wire: Wire) -> bool:
    old = str(wire.token_answer().json()["access_token"])
    statuses = [wire.call("GET", "/orgs", headers={"Authorization": f"Bearer {old}"}).status_code for _ in range(2)]
    new = str(wire.token_answer().json()["access_token"])
    statuses.append(wire.call("GET", "/orgs", headers={"Authorization": f"Bearer {new}"}).status_code)
    return statuses == [401, 401, 200]


@sign_of("fault.auth-token-born-expired")
def token_born_expired(wire: Wire) -> bool:
    answer = wire.token_answer()
    assert answer.json()["expires_in"] == 3600
    found = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return wire.call("GET", "/orgs", headers=found).status_code == 401


@sign_of("fault.auth-unauthorized")
def unauthorized(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 401 and "Bearer" in answer.headers["WWW-Authenticate"]


@sign_of("fault.auth-forbidden")
def forbidden(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 403 and "statusInfoSet" in answer.json()


@sign_of("fault.load-too-many-requests@wait=7")
def told_to_wait(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 429 and answer.headers["Retry-After"] == "7"


@sign_of("fault.load-too-many-requests@wait=90,retry=date")
def told_until_when(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    if answer.status_code != 429:
        return False
    wait = (parsedate_to_datetime(answer.headers["Retry-After"]) - datetime.now(UTC)).total_seconds()
    return 60 < wait <= 90


@sign_of("fault.load-too-many-requests@status=403,retry=absent")
def told_nothing(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 403 and "Retry-After" not in answer.headers and "too many requests" in answer.text


@sign_of("fault.server-error@status=503")
def fails_as_json(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 503 and "statusInfoSet" in answer.json()


@sign_of("fault.server-error@status=502,form=html")
def fails_as_a_page(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 502 and answer.headers["Content-Type"].startswith("text/html")


@sign_of("fault.server-error@form=empty")
def fails_without_a_word(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 500 and answer.content == b""


@sign_of("fault.server-slow-answer@delay_s=0.4")
def answers_late(wire: Wire) -> bool:
    started = time.monotonic()
    assert wire.get("/orgs").status_code == 200
    return time.monotonic() - started >= 0.4


@sign_of("fault.server-slow-drip@pieces=4,pause_s=0.1")
def drips(wire: Wire) -> bool:
    answer = raw(wire, "/orgs?limit=3")
    assert answer.is_whole and json.loads(answer.body)["orgs"]
    return answer.arrived_s[-1] - answer.arrived_s[0] >= 0.2


@sign_of("fault.server-wrong-clock@skew_s=-3600")
def has_a_wrong_clock(wire: Wire) -> bool:
    url = wire.provider.base_url + "/orgs"
    found = wire.provider
    at = [time.time(), time.time() - 3600]
    statuses = []
    for moment in at:
        signed = sign("GET", url, key=found.client_id, secret=found.client_secret, timestamp=int(moment))
        answer = requests.get(url, headers=signed, timeout=30)
        statuses.append(answer.status_code)
    behind = time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
    return statuses == [401, 200] and 3590 < behind < 3610


@sign_of("fault.connection-cut", "fault.connection-cut@keep=0", "fault.connection-cut@keep=1", "fault.connection-cut@form=chunked",
         "fault.connection-cut@form=chunked,keep=0")  # fmt: skip
def is_cut(wire: Wire) -> bool:
    answer = raw(wire, "/users?limit=50")
    assert answer.status == 200
    return answer.was_ended and not answer.is_whole


@sign_of("fault.body-truncated", "fault.body-truncated@keep=0.9")
def is_half_a_document(wire: Wire) -> bool:
    answer = raw(wire, "/orgs")
    assert answer.is_whole and answer.headers["content-type"] == "application/json"
    try:
        json.loads(answer.body)
    except ValueError:
        return answer.status == 200
    return False


@sign_of("fault.body-login-page")
def is_a_login_page(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 200 and "<title>Sign in</title>" in answer.text


@sign_of("fault.body-error-in-200")
def is_an_error_in_200(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 200 and "statusInfoSet" in answer.json() and "orgs" not in answer.json()


@sign_of("fault.body-empty")
def is_nothing(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 200 and answer.content == b""


@sign_of("fault.body-gzip-damaged", "fault.body-gzip-damaged@form=short", "fault.body-gzip-damaged@form=plain")
def is_damaged_gzip(wire: Wire) -> bool:
    answer = raw(wire, "/users?limit=50", **{"Accept-Encoding": "gzip"})
    assert answer.is_whole and answer.headers["content-encoding"] == "gzip"
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacking.decompress(answer.body)
    except zlib.error:
        return True
    return not unpacking.eof


@sign_of("fault.paging-no-records")
def has_no_records(wire: Wire) -> bool:
    answer = wire.get("/users")
    return answer.status_code == 200 and answer.json()["users"] == [] and answer.headers["X-Total-Count"] == "0"


@sign_of("fault.paging-no-records@total=true")
def has_a_total_without_records(wire: Wire) -> bool:
    answer = wire.get("/users")
    return answer.json()["users"] == [] and answer.headers["X-Total-Count"] != "0"


@sign_of("fault.paging-wrong-total@by=-2", "fault.paging-wrong-total@by=3")
def has_a_wrong_total(wire: Wire) -> bool:
    answer = wire.get("/orgs", limit=1000)
    return int(answer.headers["X-Total-Count"]) != len(answer.json()["orgs"])


@sign_of("fault.paging-capped@cap=5")
def is_capped(wire: Wire) -> bool:
    answer = wire.get("/users", limit=50)
    return len(answer.json()["users"]) == 5 and "offset=5>" in answer.headers["Link"]


def pages(wire: Wire, limit: int = 20) -> tuple[list[str], list[int]]:
    """sourcedIds of all users page by page as links lead, and the totals that were told; at most 50 pages."""
    found: list[str] = []
    totals: list[int] = []
    url = f"/users?limit={limit}"
    for _ in range(50):
        answer = wire.call("GET", url)
        found += ids(answer.json()["users"])
        totals.append(int(answer.headers["X-Total-Count"]))
        following = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("Link", ""))
        if not following:
            break
        url = following[1].removeprefix(wire.provider.base_url)
    return found, totals


@sign_of("fault.paging-row-lost")
def loses_a_row(wire: Wire) -> bool:
    found, totals = pages(wire)
    return len(found) == len(set(found)) == totals[0] - 1 == totals[-1]


@sign_of("fault.paging-row-doubled")
def doubles_a_row(wire: Wire) -> bool:
    found, totals = pages(wire)
    return len(found) == len(set(found)) + 1 == totals[-1] == totals[0] + 1


@sign_of("fault.paging-page-repeated")
def repeats_the_page(wire: Wire) -> bool:
    found, totals = pages(wire)
    return len(set(found)) == 20 and len(found) >= totals[0]


def link_of(wire: Wire, **query: str) -> str:
    """The target of the next link of a page of users."""
    answer = wire.get("/users", limit="10", **query)
    found = re.search(r'<([^>]*)>; rel="next"', answer.headers["Link"])
    assert found
    return found[1]


@sign_of("fault.paging-next-plain-http")
def forgets_the_port(wire: Wire) -> bool:
    return link_of(wire).startswith("http://127.0.0.1/")


@sign_of("fault.paging-next-elsewhere")
def leads_elsewhere(wire: Wire) -> bool:
    return urlsplit(link_of(wire)).netloc == "roster.example.net"


@sign_of("fault.paging-next-without-filter")
def forgets_the_filter(wire: Wire) -> bool:
    link = link_of(wire, filter="role='student'", sort="familyName")
    return "filter" not in link and "sort" not in link and "offset=10" in link


@sign_of("fault.paging-next-for-ever")
def never_ends(wire: Wire) -> bool:
    return 'rel="next"' in wire.get("/users", limit=10, offset=100_000).headers.get("Link", "")


@sign_of("fault.paging-next-for-ever@form=same")
def turns_in_a_circle(wire: Wire) -> bool:
    return link_of(wire).endswith("offset=0")
