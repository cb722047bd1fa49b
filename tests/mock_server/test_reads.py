"""Every read of the standard: collections, views, objects, relationships, strict output, errors."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.mock_process import RunningMock
from oneroster_standard.schemas import collection_schema
from oneroster_standard.standard import VIEWS, load
from oneroster_standard.store import Store
from tests.mock_server.conftest import Whole
from tests.mock_server.wire import Records, Wire, ids, status_of

STANDARD = load("1.1")
COLLECTIONS = [found.collection for found in STANDARD.classes.values() if found.collection]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SINGLE = {"orgs": "org", "users": "user", "classes": "class", "courses": "course", "academicSessions": "academicSession",
          "enrollments": "enrollment", "demographics": "demographics", "resources": "resource", "categories": "category",
          "lineItems": "lineItem", "results": "result"}  # fmt: skip


def test_the_users_are_those_of_the_district(
    oneroster_mock: RunningMock, whole: Whole, tmp_path: Path
) -> None:
    build = next(iter(importlib.metadata.entry_points(group="oneroster.districts", name="build"))).load()
    built = Store.open(build(tmp_path / "own.district", students=60, seed=1, as_of=date(2026, 10, 1)))
    users = built.collection("users")
    assert ids(whole("reference", "users")) == [
        re.findall(rb'"sourcedId":"([^"]+)"', raw)[0].decode() for raw in users.iter_bytes()
    ]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_collection_fits_the_schema_of_the_standard(reference: Wire, collection: str) -> None:
    document = reference.get(f"/{collection}", limit=5000).json()
    assert list(document) == [collection] and document[collection]
    entity = STANDARD.collection(collection).name
    assert not list(Draft202012Validator(collection_schema(STANDARD, entity)).iter_errors(document))


def values(found: Any) -> Iterator[Any]:
    """Every value of a JSON document, from the leaves up."""
    for one in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from values(one)
    yield found


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_nothing_is_null_or_a_json_boolean_and_instants_are_utc(whole: Whole, collection: str) -> None:
    for record in whole("reference", collection):
        assert not any(one is None or one == "" or isinstance(one, bool) for one in values(record))
        assert INSTANT.fullmatch(record["dateLastModified"])
        assert record["status"] == "active"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_reference_leads_to_its_object(reference: Wire, whole: Whole, collection: str) -> None:
    seen: dict[str, str] = {}
    for record in whole("reference", collection):
        for one in values(record):
            if isinstance(one, dict) and "href" in one:
                assert set(one) == {"href", "sourcedId", "type"}
                seen.setdefault(one["type"], one["href"])
    for kind, href in seen.items():
        assert href.startswith(f"{reference.provider.base_url}/")
        answer = reference.call("GET", href.removeprefix(reference.provider.base_url))
        assert list(answer.json()) == [kind]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_single_object_comes_in_its_envelope(reference: Wire, whole: Whole, collection: str) -> None:
    record = whole("reference", collection)[-1]
    answer = reference.get(f"/{collection}/{record['sourcedId']}")
    assert answer.json() == {SINGLE[collection]: record}
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_typed_view_is_the_collection_filtered(reference: Wire, whole: Whole, view: str) -> None:
    collection, name, value = VIEWS[view]
    inside = [one for one in whole("reference", collection) if one[name] == value]
    outside = [one for one in whole("reference", collection) if one[name] != value]
    assert inside and reference.records(f"/{view}", collection) == inside
    assert reference.get(f"/{view}/{inside[0]['sourcedId']}").json() == {SINGLE[collection]: inside[0]}
    assert status_of(reference.get(f"/{view}/{outside[0]['sourcedId']}")) == (
        404,
        "failure",
        "error",
        "unknown object",
    )


class District:
    """Relationships worked out from whole collections."""

    def __init__(self, whole: Whole) -> None:
        self.users, self.classes = whole("reference", "users"), whole("reference", "classes")
        self.enrollments, self.sessions = (
            whole("reference", "enrollments"),
            whole("reference", "academicSessions"),
        )
        self.seat = next(one for one in self.enrollments if one["role"] == "student")
        self.class_id: str = self.seat["class"]["sourcedId"]
        self.school: str = self.seat["school"]["sourcedId"]
        self.student: str = self.seat["user"]["sourcedId"]
        self.own = next(one for one in self.classes if one["sourcedId"] == self.class_id)
        self.teacher = self.seated("teacher", self.class_id)[0]["sourcedId"]

    def seated(self, role: str, class_id: str) -> Records:
        """Users of a role in a class."""
        wanted = {one["user"]["sourcedId"] for one in self.enrollments
                  if one["class"]["sourcedId"] == class_id and one["role"] == role}  # fmt: skip
        return [one for one in self.users if one["sourcedId"] in wanted]

    def classes_of(self, user: str) -> Records:
        """Classes that a user is enrolled in."""
        wanted = {one["class"]["sourcedId"] for one in self.enrollments if one["user"]["sourcedId"] == user}
        return [one for one in self.classes if one["sourcedId"] in wanted]

    def at_school(self, role: str) -> Records:
        """People of a role who belong to the school."""
        return [one for one in self.users if one["role"] == role and self.school in ids(one["orgs"])]

    def expected(self) -> dict[str, tuple[str, Records]]:
        """Path -> payload key and records."""
        term, course = self.own["terms"][0]["sourcedId"], self.own["course"]["sourcedId"]
        here = [one for one in self.classes if one["school"]["sourcedId"] == self.school]
        held = [one for one in self.enrollments if one["class"]["sourcedId"] == self.class_id]
        inside = f"/schools/{self.school}/classes/{self.class_id}"
        return {
            f"/schools/{self.school}/classes": ("classes", here),
            f"/schools/{self.school}/students": ("users", self.at_school("student")),
            f"/schools/{self.school}/teachers": ("users", self.at_school("teacher")),
            f"/schools/{self.school}/enrollments": (
                "enrollments", [one for one in self.enrollments if one["school"]["sourcedId"] == self.school]),
            f"/schools/{self.school}/terms": (
                "academicSessions", [one for one in self.sessions if one["type"] == "term"
                                     and any(one["sourcedId"] in ids(found["terms"]) for found in here)]),
            f"{inside}/enrollments": ("enrollments", held),
            f"{inside}/students": ("users", self.seated("student", self.class_id)),
            f"{inside}/teachers": ("users", self.seated("teacher", self.class_id)),
            f"/classes/{self.class_id}/students": ("users", self.seated("student", self.class_id)),
            f"/classes/{self.class_id}/teachers": ("users", self.seated("teacher", self.class_id)),
            f"/terms/{term}/classes": ("classes", [one for one in self.classes if term in ids(one["terms"])]),
            f"/terms/{term}/gradingPeriods": (
                "academicSessions", [one for one in self.sessions if one.get("parent", {}).get("sourcedId") == term]),
            f"/courses/{course}/classes": (
                "classes", [one for one in self.classes if one["course"]["sourcedId"] == course]),
            f"/students/{self.student}/classes": ("classes", self.classes_of(self.student)),
            f"/teachers/{self.teacher}/classes": ("classes", self.classes_of(self.teacher)),
            f"/users/{self.teacher}/classes": ("classes", self.classes_of(self.teacher)),
        }  # fmt: skip


def test_relationships_are_what_the_collections_say(reference: Wire, whole: Whole) -> None:
    for path, (key, records) in District(whole).expected().items():
        assert records, path
        assert reference.records(path, key) == records, path


def test_gradebook_and_resource_relationships_are_what_the_collections_say(
    reference: Wire, whole: Whole
) -> None:
    results, items = whole("reference", "results"), whole("reference", "lineItems")
    item = next(one for one in items if one["sourcedId"] == results[0]["lineItem"]["sourcedId"])
    class_id, student = item["class"]["sourcedId"], results[0]["student"]["sourcedId"]
    own_items = [one for one in items if one["class"]["sourcedId"] == class_id]
    own_results = [one for one in results if one["lineItem"]["sourcedId"] in ids(own_items)]
    base = f"/classes/{class_id}"
    assert reference.records(f"{base}/lineItems", "lineItems") == own_items
    assert reference.records(f"{base}/results", "results") == own_results
    assert reference.records(f"{base}/lineItems/{item['sourcedId']}/results", "results") == [
        one for one in own_results if one["lineItem"]["sourcedId"] == item["sourcedId"]
    ]
    assert reference.records(f"{base}/students/{student}/results", "results") == [
        one for one in own_results if one["student"]["sourcedId"] == student
    ]
    for collection in ("classes", "courses"):
        linked = next((one for one in whole("reference", collection) if one.get("resources")), None)
        assert linked, collection
        found = reference.records(f"/{collection}/{linked['sourcedId']}/resources", "resources")
        assert ids(found) == sorted(ids(linked["resources"]))


@pytest.mark.parametrize(
    "path",
    ["/users/nobody", "/users/%2e%2e", "/demographics/x", "/classes/x/students", "/schools/x/classes", "/terms/x/gradingPeriods",
     "/users/nobody/classes", "/shoes", "/users/a/b/c", "/students/x/results", "/lineItems/x/results", "/Users", ""],
)  # fmt: skip
def test_what_is_not_there_is_a_404_in_json(reference: Wire, path: str) -> None:
    answer = reference.call("GET", path)
    assert status_of(answer) == (404, "failure", "error", "unknown object")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["imsx_description"]


def test_a_path_outside_every_provider_is_a_404_in_json(oneroster_mock: RunningMock, reference: Wire) -> None:
    root = oneroster_mock.ready["admin_url"].removesuffix("/_admin")
    answer = reference.session.get(f"{root}/learningdata/v1/users", timeout=30)
    assert status_of(answer) == (404, "failure", "error", "unknown object")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/users", "GET, HEAD"),
        ("DELETE", "/orgs/x", "GET, HEAD"),
        ("PATCH", "/results/x", "GET, HEAD, PUT, DELETE"),
    ],
)
def test_a_method_that_is_not_offered_is_refused_with_those_that_are(
    reference: Wire, method: str, path: str, allow: str
) -> None:
    answer = reference.call(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert answer.json()["statusInfoSet"]


def test_an_unheard_of_method_is_refused_in_json(reference: Wire) -> None:
    answer = reference.call("PROPFIND", "/users")
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/json")
    assert answer.json()["statusInfoSet"]


def test_a_trailing_slash_is_served_in_place(reference: Wire, whole: Whole) -> None:
    answer = reference.call("GET", "/orgs/?limit=100")
    assert (answer.status_code, answer.json()) == (200, {"orgs": whole("reference", "orgs")})
    assert reference.call("GET", f"/orgs/{whole('reference', 'orgs')[0]['sourcedId']}/").status_code == 200


@pytest.mark.parametrize(
    "more",
    [{"data": b'{"stray": true}'}, {"headers": {"Content-Type": "application/json"}}, {"data": b"not json"}],
)
def test_a_get_with_a_content_type_or_a_stray_body_is_served(
    reference: Wire, whole: Whole, more: dict[str, Any]
) -> None:
    for _ in range(2):
        assert reference.call("GET", "/orgs", **more).json() == {"orgs": whole("reference", "orgs")}


def test_unknown_parameters_are_ignored(reference: Wire, whole: Whole) -> None:
    assert reference.get("/orgs", ext_basic="true", page="2").json() == {"orgs": whole("reference", "orgs")}
