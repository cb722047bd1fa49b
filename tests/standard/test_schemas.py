"""Derived schemas are valid, and hold and refuse what the standard does."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oneroster_standard.fields import filterable, is_known, sortable
from oneroster_standard.schemas import collection_schema, entity_schema, single_schema
from oneroster_standard.standard import VERSIONS, load

REFERENCE = {"href": "https://x.example/orgs/1", "sourcedId": "1", "type": "org"}
USER: dict[str, Any] = {
    "sourcedId": "1", "status": "active", "dateLastModified": "2026-01-02T03:04:05.678Z", "username": "u",
    "enabledUser": "true", "givenName": "A", "familyName": "B", "role": "student", "orgs": [REFERENCE],
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_every_class_has_a_valid_schema(version: str) -> None:
    standard = load(version)
    for name, entity in standard.classes.items():
        Draft202012Validator.check_schema(entity_schema(standard, name))
        if entity.collection and entity.single:
            Draft202012Validator.check_schema(collection_schema(standard, name))
            Draft202012Validator.check_schema(single_schema(standard, name))


def test_a_minimal_user_is_accepted() -> None:
    assert Draft202012Validator(entity_schema(load(), "user")).is_valid(USER)


@pytest.mark.parametrize(
    "change",
    [{"email": None}, {"enabledUser": True}, {"role": "Student"}, {"orgs": []}, {"orgs": REFERENCE}, {"extra": "1"},
     {"dateLastModified": "2026-01-02"}, {"grades": "09"}, {"sourcedId": 1}, {"givenName": ""}, {"sourcedId": "x" * 256}],
)  # fmt: skip
def test_a_faulty_user_is_refused(change: dict[str, Any]) -> None:
    assert not Draft202012Validator(entity_schema(load(), "user")).is_valid(
        USER | change
    )


def test_json_booleans_pass_only_when_either_form_is_asked_for() -> None:
    user = USER | {"enabledUser": True}
    assert Draft202012Validator(entity_schema(load(), "user", "either")).is_valid(user)


def test_nested_and_metadata_fields_can_be_filtered_and_lists_cannot_be_sorted() -> (
    None
):
    standard = load()
    assert {"school.sourcedId", "course.sourcedId", "terms.sourcedId", "grades"} <= set(
        filterable(standard, "class")
    )
    assert is_known(standard, "user", "metadata.any.key")
    assert not is_known(standard, "user", "metadata.")
    assert "grades" not in sortable(standard, "class")
