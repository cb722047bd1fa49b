"""Marks become addresses exactly, and a record survives being read and written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oneroster_standard.marks import MARKS, ROOT, absolute, parse, refer, render
from oneroster_standard.standard import VERSIONS, load

ROOTS = {service: f"https://host.example/ims/oneroster/{service}/v1p2" for service in MARKS}
TARGETS = sorted(name for name, found in load("1.2").classes.items() if found.collection and found.single)


def test_a_reference_of_1_2_points_into_the_service_of_its_target() -> None:
    for name in TARGETS:
        found = load("1.2").classes[name]
        page = json.loads(absolute(render({"x": refer("1.2", name, "7")}), ROOTS))
        assert page["x"] == {
            "href": f"{ROOTS[found.service]}/{found.collection}/7", "sourcedId": "7", "type": name,
        }  # fmt: skip


def test_every_reference_of_1_1_points_below_the_one_root() -> None:
    for name, found in load("1.1").classes.items():
        if found.collection:
            page = absolute(render({"x": refer("1.1", name, "7")}), {"rostering": "https://host.example/v1p1"})
            assert json.loads(page)["x"]["href"] == f"https://host.example/v1p1/{found.collection}/7"


def test_a_root_may_be_bytes_and_one_that_is_needed_must_be_named() -> None:
    page = render({"x": refer("1.2", "category", "7"), "y": refer("1.2", "org", "8")})
    assert absolute(page, {name: root.encode() for name, root in ROOTS.items()}) == absolute(page, ROOTS)
    with pytest.raises(KeyError, match="gradebook"):
        absolute(page, {"rostering": "https://host.example"})


@given(st.sampled_from(VERSIONS), st.sampled_from(TARGETS), st.text(min_size=1), st.text())
def test_a_record_is_read_as_it_was_written(version: str, name: str, key: str, title: str) -> None:
    if name not in load(version).classes:
        return
    record = {"sourcedId": key, "title": title, "other": [{"org": refer(version, name, key)}]}
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert parse(render(record)) == record


def test_no_mark_occurs_in_json() -> None:
    assert not any(mark in json.dumps({"x": mark.decode()}).encode() for mark in MARKS.values())
    assert MARKS["rostering"] == ROOT and len(set(MARKS.values())) == len(MARKS)
