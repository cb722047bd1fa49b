"""The vendors are different servers on the wire: what each shows that the reference provider does not.

Every difference names its evidence; none is a guess. The list is written by hand from the sources, not from the
dialect files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from requests_oauthlib import OAuth1

from oneroster_standard.dialects import load_dialect
from tests.mock_server import signs_of_addresses, signs_of_answers, signs_of_records, signs_of_requests
from tests.mock_server.signs import SEEN, everywhere
from tests.mock_server.wire import WITHIN_S, Wire, ids

__all__ = ["signs_of_addresses", "signs_of_answers", "signs_of_records", "signs_of_requests"]

VENDORS = ("powerschool", "infinite-campus", "classlink")
STRONG = ("documented", "captured", "code")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


@dataclass(frozen=True, slots=True)
class Difference:
    """What a client sees of one vendor and not of the reference provider. large: needs a larger district."""

    vendor: str
    what: str
    confidence: str
    source: str
    seen: Callable[[Wire], bool]
    large: bool = False


def origin(wire: Wire) -> str:
    """Scheme, host and port."""
    parts = urlsplit(wire.provider.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def opens(wire: Wire, path: str) -> bool:
    """Whether a path at the host's root serves orgs with the provider's own credential."""
    header = {"Authorization": f"Bearer {wire.bearer()}"}
    return wire.session.get(f"{origin(wire)}{path}/orgs", headers=header, timeout=WITHIN_S).ok


def has_token_url(wire: Wire) -> bool:
    return wire.provider.token_url is not None


def access_token_path(wire: Wire) -> bool:
    url = str(wire.provider.token_url)
    slashed = wire.session.post(
        url + "/", auth=(wire.provider.client_id, wire.provider.client_secret), timeout=WITHIN_S
    )
    return url.endswith("/oauth/access_token") and slashed.ok


def app_name_required(wire: Wire) -> bool:
    url = str(wire.provider.token_url)
    pair = (wire.provider.client_id, wire.provider.client_secret)
    bare = wire.session.post(url.partition("?")[0], auth=pair, timeout=WITHIN_S)
    return "appName" in parse_qs(urlsplit(url).query) and not bare.ok and wire.token_answer().ok


def token_is_a_jwt(wire: Wire) -> bool:
    try:
        return "exp" in jwt.decode(wire.bearer(), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return False


def one_teacher_per_class(wire: Wire) -> bool:
    seats = wire.records("/enrollments", filter="role='teacher'")
    return max(Counter(one["class"]["sourcedId"] for one in seats).values()) == 1


def two_rows_per_person(wire: Wire) -> bool:
    counts = Counter(one["email"] for one in wire.records("/teachers", "users") if one.get("email"))
    return max(counts.values()) == 2


def role_letters(wire: Wire) -> bool:
    letters = {"student": "s", "teacher": "t"}
    found = [
        (one["sourcedId"], letters[one["role"]])
        for one in everywhere(wire, "users")
        if one["role"] in letters
    ]
    return all(re.fullmatch(letter + r"\d+", own) for own, letter in found)


def upper_case_guids(wire: Wire) -> bool:
    return all(GUID.fullmatch(one) for one in ids(everywhere(wire, "orgs", "academicSessions")))


def dangling_students(wire: Wire) -> bool:
    known = set(ids(everywhere(wire, "users")))
    return any(one["user"]["sourcedId"] not in known for one in everywhere(wire, "enrollments"))


def legacy_root(wire: Wire) -> bool:
    app = parse_qs(urlsplit(str(wire.provider.token_url)).query).get("appName", ["none"])[0]
    return opens(wire, f"/campus/oneroster/{app}/ims/oneroster/v1p1")


def proxy_root(wire: Wire) -> bool:
    return opens(wire, f"/{wire.provider.base_url.rpartition('/')[2]}/ims/oneroster/v1p1")


def signed_and_static_keys(wire: Wire) -> bool:
    auth = OAuth1(wire.provider.client_id, wire.provider.client_secret, signature_method="HMAC-SHA1")
    signed = wire.session.get(f"{wire.provider.base_url}/orgs", auth=auth, timeout=WITHIN_S)
    return signed.ok and wire.provider.bearer is not None and wire.get("/orgs").ok


def joined_enrollment_ids(wire: Wire) -> bool:
    return all(re.fullmatch(r"\w+_\w+", one) for one in ids(everywhere(wire, "enrollments")))


def no_metadata(wire: Wire) -> bool:
    return not any("metadata" in one for one in everywhere(wire, "orgs", "users", "classes"))


def empty_lists(wire: Wire) -> bool:
    return any(one.get("grades") == [] for one in everywhere(wire, "users"))


def no_administrators(wire: Wire) -> bool:
    return "administrator" not in {one["role"] for one in everywhere(wire, "users")}


PS, IC, CL = VENDORS
DIFFERENCES = [
    Difference(PS, "expires_in is text", "captured", "PS-UTIL", SEEN["token.expires-in-string"]),
    Difference(PS, "the token is a UUID", "captured", "PS-UTIL", lambda wire: bool(UUID.fullmatch(wire.bearer()))),
    Difference(PS, "the token answer names no scope", "code", "PS-UTIL, PS-TEAM",
               lambda wire: "scope" not in wire.token_answer().json()),
    Difference(PS, "tokens come from /oauth/access_token, slash or not", "code", "PS-UTIL, PS-TEAM", access_token_path),
    Difference(PS, "a few ids are padded", "code", "PS-RUST", SEEN["value.padded"]),
    Difference(PS, "staff of two schools are two users", "code", "EDLINK, PS-LPS", two_rows_per_person, large=True),
    Difference(PS, "course codes repeat", "code", "PS-LPS", SEEN["course.per-school"]),
    Difference(PS, "co-teachers are not shared", "documented", "PS-CL", one_teacher_per_class),
    Difference(IC, "the token URL needs appName", "code", "IC-PY, IC-PS1, IC-TS", app_name_required),
    Difference(IC, "the token is a JWT with exp", "code", "IC-TOK", token_is_a_jwt),
    Difference(IC, "client ids begin with InfiniteCampus_", "documented", "IC-KB",
               lambda wire: wire.provider.client_id.startswith("InfiniteCampus_")),
    Difference(IC, "what is absent is null", "code", "IC-PY", SEEN["value.null-instead-of-absent"]),
    Difference(IC, "classCode is a name", "documented", "IC-NET", SEEN["class.code-is-a-name"]),
    Difference(IC, "student user names are numbers", "documented", "IC-NET", SEEN["people.username-numeric"]),
    Difference(IC, "people without an account are hidden", "documented", "IC-KB", dangling_students),
    Difference(IC, "courses have no year and no grades", "documented", "IC-NET", SEEN["course.year-missing"]),
    Difference(IC, "no teacher is primary", "code", "IC-PY", SEEN["enrollment.no-primary-teacher"]),
    Difference(IC, "enrollments are also split by role", "documented", "IC-KB", SEEN["endpoint.split-enrollments"]),
    Difference(IC, "ext_basic leaves children out", "code", "IC-NET, IC-MT", SEEN["endpoint.private-parameter"]),
    Difference(IC, "people and districts by kind", "code", "IC-RB, IC-PY", SEEN["endpoint.people-by-kind"]),
    Difference(IC, "grades cannot be filtered", "documented", "IC-NET", SEEN["filter.rejected"]),
    Difference(IC, "user ids are a role letter and a number", "documented", "IC-KB", role_letters),
    Difference(IC, "ids of orgs and sessions are upper-case GUIDs", "code", "IC-PY, IC-NET", upper_case_guids),
    Difference(IC, "the legacy service root is served", "code", "IC-RB, IC-OLD", legacy_root),
    Difference(CL, "there is no token endpoint", "captured", "CL-PSD, CL-CDO", lambda wire: not has_token_url(wire)),
    Difference(CL, "signatures and a static bearer", "code", "CL-TOOLS, CL-PSD", signed_and_static_keys),
    Difference(CL, "the proxy's service root is served", "documented", "CL-DEV, CL-CDO", proxy_root),
    Difference(CL, "no Link header", "captured", "CL-CDO", SEEN["paging.no-link"]),
    Difference(CL, "a misspelt order means asc", "captured", "CL-CDO", SEEN["sort.bad-order-accepted"]),
    Difference(CL, "AND groups joined by OR", "third-party", "CL-PSD", SEEN["filter.many-operators"]),
    Difference(CL, "private count headers", "captured", "CL-CDO, CL-PSD", SEEN["paging.extra-count-header"]),
    Difference(CL, "what is absent is empty text or an empty list", "captured", "CL-CDO, CL-ADOBE", empty_lists),
    Difference(CL, "records carry no metadata", "captured", "CL-CDO, CL-ADOBE", no_metadata),
    Difference(CL, "href leads to another host", "captured", "CL-CDO", SEEN["reference.href-other-host"]),
    Difference(CL, "one instant on all records", "captured", "CL-CDO", SEEN["value.last-modified-is-import-time"]),
    Difference(CL, "grades of a class are several and unsorted", "captured", "CL-CDO", SEEN["value.grades-unsorted"]),
    Difference(CL, "userIds are Fed and FED", "captured", "CL-CDO, CL-ADOBE", SEEN["value.user-id-type-spelling"]),
    Difference(CL, "no administrators", "documented", "CL-SUP", no_administrators),
    Difference(CL, "sections of a course share their title", "captured", "CL-CDO", SEEN["class.same-titles"]),
    Difference(CL, "subjects and subjectCodes do not pair", "captured", "CL-CDO", SEEN["class.subjects-unpaired"]),
    Difference(CL, "enrollment ids are joined", "captured", "CL-CDO", joined_enrollment_ids),
]  # fmt: skip


@pytest.mark.parametrize("found", DIFFERENCES, ids=lambda found: f"{found.vendor}: {found.what}")
def test_a_difference_is_seen_at_the_vendor_and_not_at_the_reference(
    request: pytest.FixtureRequest, wires: dict[str, Wire], found: Difference
) -> None:
    served: dict[str, Wire] = request.getfixturevalue("large_district") if found.large else wires
    assert found.seen(served[found.vendor])
    assert not found.seen(served["reference"])


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_vendor_differs_in_eight_ways_that_someone_has_seen_or_written(vendor: str) -> None:
    strong = [
        found
        for found in DIFFERENCES
        if found.vendor == vendor and found.confidence in STRONG and found.source
    ]
    assert len(strong) >= 8


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_strong_deviation_of_a_dialect_file_is_in_the_list_or_only_on_demand(vendor: str) -> None:
    strong = {one.quirk for one in load_dialect(vendor).deviations if one.on and one.basis in STRONG}
    listed = {
        quirk
        for quirk, sign in SEEN.items()
        for one in DIFFERENCES
        if one.vendor == vendor and one.seen is sign
    }
    own_words = {
        "token.app-name-required", "people.hidden-by-account", "people.staff-row-per-school",
        "people.administrators-missing", "value.empty-string-instead-of-absent",
        # Seen only where a client asks for more than a page may hold, or where the refusal itself is a guess.
        "paging.limit-clamped", "token.basic-only",
        # Seen once days have passed: tests/meeting/test_days.py.
        "deletion.no-tombstones",
    }  # fmt: skip
    assert strong - listed <= own_words


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_client_of_one_vendor_is_a_stranger_to_the_others(wires: dict[str, Wire], vendor: str) -> None:
    own = wires[vendor].provider
    for other, wire in wires.items():
        if other != vendor and wire.provider.token_url:
            answer = wire.token_answer(auth=(own.client_id, own.client_secret))
            assert answer.status_code == 401


@pytest.mark.parametrize(("vendor", "path"), [(PS, "/api/ims/oneroster/v1p1"), (IC, "/campus/api/oneroster/v1p1/{app}/ims/oneroster/v1p1"), (CL, "/proxy/v1p0/{app}/ims/oneroster/v1p1")])  # fmt: skip
def test_the_other_service_roots_of_the_field_are_served_too(
    wires: dict[str, Wire], vendor: str, path: str
) -> None:
    wire = wires[vendor]
    app = re.findall(r"district[0-9a-f]+", f"{wire.provider.base_url} {wire.provider.token_url}")
    assert opens(wire, path.format(app=app[0] if app else ""))


@pytest.mark.parametrize("vendor", VENDORS)
def test_references_lead_to_the_service_root_that_was_called(wires: dict[str, Wire], vendor: str) -> None:
    href = wires[vendor].first("/classes")["school"]["href"]
    own = wires[vendor].provider.base_url
    assert href.startswith("https://district.rosterserver.example/" if vendor == CL else f"{own}/orgs/")


def test_a_page_never_holds_more_than_the_vendor_s_maximum(large_district: dict[str, Wire]) -> None:
    answer = large_district[PS].get("/enrollments", limit=5000)
    assert len(answer.json()["enrollments"]) == 1000 < int(answer.headers["X-Total-Count"])
    assert len(large_district["reference"].get("/enrollments", limit=5000).json()["enrollments"]) == 5000
