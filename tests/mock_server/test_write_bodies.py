"""Bodies of any shape: kept and read back strictly, or refused in the version's form; never a fault of the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mock_server.in_process import WsgiMock
from oneroster_standard.schemas import single_schema
from oneroster_standard.standard import VERSIONS, load
from tests.mock_server.test_every_read import headers, roots

WRITES = [(spec, found.name) for spec in VERSIONS for found in load(spec).operations if found.kind in ("write", "create")]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"]))
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3),
    max_leaves=6,
)


def parents(like: dict[str, Any], line_item: dict[str, Any]) -> dict[str, str]:
    """Placeholder -> id, such that they fit an object."""
    found = {"sourcedId": "own-1", "lineItemSourcedId": line_item["sourcedId"]}
    for name in ("class", "school", "academicSession"):
        reference = like.get(name) or line_item.get(name)
        if reference:
            found[f"{name}SourcedId"] = reference["sourcedId"]
    return found


@pytest.mark.oneroster(vendors=["reference"])
@pytest.mark.parametrize(("spec", "name"), WRITES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_body_is_kept_whole_or_refused(oneroster_wsgi: WsgiMock, spec: str, name: str, data: st.DataObject) -> None:
    standard, operation = load(spec), load(spec).operation(name)
    signed, urls = headers(oneroster_wsgi, "reference"), roots(oneroster_wsgi, "reference", spec)
    entity, client = standard.classes[operation.entity], oneroster_wsgi.client
    like = client.get(f"{urls['gradebook']}/{entity.collection}?limit=1", headers=signed).get_json()[entity.collection][0]
    body = {**like, "sourcedId": "own-1"}
    for item in data.draw(st.lists(st.sampled_from([*entity.property_names, "unheardOf"]), max_size=3, unique=True)):
        body[item] = data.draw(ANY)
    for item in data.draw(st.lists(st.sampled_from(entity.property_names), max_size=2, unique=True)):
        body.pop(item, None)
    item_id = like["lineItem"]["sourcedId"] if "lineItem" in like else ""
    item = client.get(f"{urls['gradebook']}/lineItems/{item_id}", headers=signed).get_json()["lineItem"] if item_id else like
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace("{" + parameter + "}", quote(parents(like, item)[parameter], safe=""))
    many = operation.kind == "create"
    document = {entity.collection: [body]} if many else {entity.single: body}
    document = document if data.draw(st.integers(0, 9)) else data.draw(ANY)
    answer = client.open(urls["gradebook"] + path, method=operation.method, json=document, headers=signed)
    assert answer.status_code in ((201, 422) if spec == "1.2" else (200, 201, 400, 422)), answer.text
    if answer.status_code < 300:
        kept = answer.get_json()["sourcedIdPairs"][0]["allocatedSourcedId"] if many else "own-1"
        found = client.get(f"{urls['gradebook']}/{entity.collection}/{kept}", headers=signed)
        errors = list(Draft202012Validator(single_schema(standard, entity.name)).iter_errors(found.get_json()))
        assert not errors, errors[0].message
        page = client.get(f"{urls['gradebook']}/{entity.collection}?limit=5000&sort=dateLastModified", headers=signed)
        assert kept in {one["sourcedId"] for one in page.get_json()[entity.collection]}
    elif spec == "1.2":
        assert answer.get_json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]["imsx_codeMinorFieldValue"] == "invaliddata"
