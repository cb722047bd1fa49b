"""OpenAPI documents hold every operation of the tables, and an outside validator takes them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from jsonschema import Draft4Validator
from openapi_spec_validator import validate

from oneroster_standard.openapi import openapi
from oneroster_standard.scopes import short
from oneroster_standard.standard import SERVICES, load

URL = "http://127.0.0.1/ims/oneroster"
DOCUMENTS: list[tuple[str, Sequence[str]]] = [("1.1", SERVICES), *(("1.2", (service,)) for service in SERVICES)]


@pytest.mark.parametrize(("spec", "services"), DOCUMENTS)
@pytest.mark.parametrize("token_url", ["http://127.0.0.1/token", None])
def test_an_outside_validator_takes_the_document(spec: str, services: Sequence[str], token_url: str | None) -> None:
    validate(openapi(load(spec), services, server_url=URL, token_url=token_url))


@pytest.mark.parametrize(("spec", "services"), DOCUMENTS)
def test_every_operation_of_the_tables_is_told_with_its_scopes(spec: str, services: Sequence[str]) -> None:
    document = openapi(load(spec), services, server_url=URL, token_url="http://127.0.0.1/token")
    told = {
        (method.upper(), path, found["operationId"], *(short(scope) for need in found["security"] for scope in need["OAuth2CC"]))
        for path, methods in document["paths"].items()
        for method, found in methods.items()
    }
    assert told == {
        (found.method, found.path, found.name, *found.scopes) for found in load(spec).operations if found.service in services
    }


def test_1p2_has_eighty_one_operations() -> None:
    documents = [openapi(load("1.2"), (service,), server_url=URL) for service in SERVICES]
    assert [sum(map(len, found["paths"].values())) for found in documents] == [41, 35, 5]


def test_schemas_of_a_document_judge_records_as_the_tables_do() -> None:
    document = openapi(load("1.1"), SERVICES, server_url=URL)
    schema = {"$ref": "#/components/schemas/Org", "components": document["components"]}
    org = {"sourcedId": "1", "status": "active", "dateLastModified": "2026-08-01T00:00:00.000Z", "name": "A", "type": "school", "identifier": "1"}
    assert Draft4Validator(schema).is_valid(org)
    assert not Draft4Validator(schema).is_valid({**org, "type": "academy"})
    assert not Draft4Validator(schema).is_valid({**org, "principal": "nobody"})
