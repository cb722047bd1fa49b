"""The tables hold what the standard says; pinned by facts that published documents state in numbers."""

from __future__ import annotations

import pytest

from oneroster_standard.standard import VERSIONS, VIEWS, load


def test_unknown_version_lists_the_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"1\.1, 1\.2"):
        load("1.3")


def test_1p1_has_22_core_reads_and_17_relationships() -> None:
    rostering = [
        found for found in load("1.1").operations if found.service == "rostering"
    ]
    core = [found for found in rostering if "roster-core.readonly" in found.scopes]
    related = [found for found in rostering if found.kind == "related"]
    assert (len(core), len(related)) == (22, 17)


def test_1p2_has_81_operations() -> None:
    assert len(load("1.2").operations) == 81


def test_1p1_bundle_has_14_files_and_1p2_has_22() -> None:
    assert (len(load("1.1").csv_files), len(load("1.2").csv_files)) == (14, 22)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_enumeration_reference_and_target_exists(version: str) -> None:
    standard = load(version)
    for entity in standard.classes.values():
        for item in entity.properties:
            if item.kind == "enum":
                assert item.target in standard.enumerations
            if item.kind in ("guidref", "object"):
                assert item.target in standard.classes
    for file in standard.csv_files.values():
        for column in file.columns:
            assert not column.enumeration or column.enumeration in standard.enumerations
            assert not column.references or column.references in standard.csv_files


def test_every_1p1_csv_column_has_its_json_property() -> None:
    standard = load("1.1")
    for key, entity in standard.collections.items():
        for column in standard.csv_files[f"{key}.csv"].columns:
            assert column.property in entity.property_names, (key, column.header)


def test_views_name_a_value_of_their_enumeration() -> None:
    standard = load("1.1")
    for collection, name, value in VIEWS.values():
        assert (
            value
            in standard.enumerations[
                standard.collection(collection).property(name).target
            ]
        )


def test_users_csv_begins_and_ends_as_published() -> None:
    headers = load("1.1").csv_files["users.csv"].headers
    assert headers[:5] == (
        "sourcedId",
        "status",
        "dateLastModified",
        "enabledUser",
        "orgSourcedIds",
    )
    assert headers[-3:] == ("agentSourcedIds", "grades", "password")
