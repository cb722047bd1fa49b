"""The gradebook of both versions against a plain dictionary: any order of writes, reads and removals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mock_server.mock_process import RunningMock
from oneroster_standard.standard import VERSIONS
from tests.mock_server.versions import Client
from tests.mock_server.wire import ids

Body = dict[str, Any]
SPECS = st.sampled_from(VERSIONS)
KEYS = st.sampled_from(["own-1", "own-2", "own 3?ü%2F", "x" * 255])
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(str.strip)
SCORES = st.floats(-1000, 1000, allow_nan=False)
NAMES = {"categories": "Category", "lineItems": "LineItem", "results": "Result"}
ALL = {"categories": "getAllCategories", "lineItems": "getAllLineItems", "results": "getAllResults"}


def machine(mock: RunningMock, clients: dict[str, Client]) -> type[RuleBasedStateMachine]:
    """The rules over one server."""

    class Gradebook(RuleBasedStateMachine):
        """What the server must hold: collection -> id -> the values that were sent last."""

        touched = Bundle("touched")

        @initialize()
        def fresh(self) -> None:
            mock.reset()
            self.first = {name: ids(clients["1.2"].whole(name)) for name in NAMES}
            self.model: dict[str, dict[str, Body]] = {
                name: {one: {} for one in found} for name, found in self.first.items()
            }
            item = clients["1.2"].whole("lineItems")[0]
            self.refs = {name: {"sourcedId": item[name]["sourcedId"]} for name in ("class", "school", "gradingPeriod")}
            self.student = clients["1.2"].whole("results")[0]["student"]["sourcedId"]

        def _put(self, spec: str, collection: str, sourced_id: str, body: Body, compared: Body) -> None:
            existed = sourced_id in self.model[collection]
            status = clients[spec].put(NAMES[collection], sourced_id, body).status_code
            assert status == (200 if existed and spec == "1.1" else 201)
            self.model[collection][sourced_id] = compared

        @rule(target=touched, spec=SPECS, key=KEYS, title=WORDS)
        def put_category(self, spec: str, key: str, title: str) -> tuple[str, str]:
            self._put(spec, "categories", key, {"title": title}, {"title": title})
            return "categories", key

        @precondition(lambda self: self.model["categories"])
        @rule(target=touched, spec=SPECS, key=KEYS, title=WORDS, data=st.data())
        def put_line_item(self, spec: str, key: str, title: str, data: st.DataObject) -> tuple[str, str]:
            category = data.draw(st.sampled_from(sorted(self.model["categories"])))
            body = {
                "title": title, "assignDate": "2026-10-01", "dueDate": "2026-10-08", "resultValueMin": 0,
                "resultValueMax": 10, "category": {"sourcedId": category}, **self.refs,
            }  # fmt: skip
            self._put(spec, "lineItems", key, body, {"title": title, "category": category})
            return "lineItems", key

        @precondition(lambda self: self.model["lineItems"])
        @rule(target=touched, spec=SPECS, key=KEYS, score=SCORES, data=st.data())
        def put_result(self, spec: str, key: str, score: float, data: st.DataObject) -> tuple[str, str]:
            item = data.draw(st.sampled_from(sorted(self.model["lineItems"])))
            body = {
                "score": score, "scoreStatus": "fully graded", "scoreDate": "2026-10-09", "comment": "",
                "lineItem": {"sourcedId": item}, "student": {"sourcedId": self.student},
            }  # fmt: skip
            self._put(spec, "results", key, body, {"score": score, "lineItem": item})
            return "results", key

        @precondition(lambda self: self.model["categories"])
        @rule(target=touched, titles=st.lists(WORDS, min_size=1, max_size=3))
        def post_line_items(self, titles: list[str]) -> tuple[str, str]:
            category = min(self.model["categories"])
            bodies = [
                {"sourcedId": f"t{place}", "title": title, "assignDate": "2026-10-01", "dueDate": "2026-10-08",
                 "category": {"sourcedId": category}}
                for place, title in enumerate(titles)
            ]  # fmt: skip
            class_id = self.refs["class"]["sourcedId"]
            answer = clients["1.2"].call("postLineItemsForClass", class_id, json={"lineItems": bodies})
            assert answer.status_code == 201
            for pair, title in zip(answer.json()["sourcedIdPairs"], titles, strict=True):
                assert pair["allocatedSourcedId"] not in self.model["lineItems"]
                self.model["lineItems"][pair["allocatedSourcedId"]] = {"title": title, "category": category}
            return "lineItems", str(pair["allocatedSourcedId"])

        @rule(spec=SPECS, collection=st.sampled_from(sorted(NAMES)), data=st.data())
        def delete_some(self, spec: str, collection: str, data: st.DataObject) -> None:
            if not self.model[collection]:
                return
            key = data.draw(st.sampled_from(sorted(self.model[collection])))
            assert clients[spec].call(f"delete{NAMES[collection]}", key).status_code == 204
            del self.model[collection][key]

        @rule(spec=SPECS, which=touched)
        def delete_what_was_touched(self, spec: str, which: tuple[str, str]) -> None:
            collection, key = which
            expected = 204 if self.model[collection].pop(key, None) is not None else 404
            assert clients[spec].call(f"delete{NAMES[collection]}", key).status_code == expected

        @rule(spec=SPECS, key=KEYS, collection=st.sampled_from(sorted(NAMES)))
        def a_refused_put_changes_nothing(self, spec: str, key: str, collection: str) -> None:
            assert clients[spec].put(NAMES[collection], key, {"title": 7, "score": "x"}).status_code == 422

        @rule(spec=SPECS, which=touched)
        def get(self, spec: str, which: tuple[str, str]) -> None:
            collection, key = which
            answer = clients[spec].call(f"get{NAMES[collection]}", key)
            expected = self.model[collection].get(key)
            assert answer.status_code == (404 if expected is None else 200)
            if expected is not None:
                (found,) = answer.json().values()
                for name, value in expected.items():
                    assert found[name]["sourcedId"] == value if isinstance(found[name], dict) else found[name] == value

        @invariant()
        def both_versions_list_what_the_model_holds(self) -> None:
            for collection, held in self.model.items():
                expected = sorted(held, key=str.encode)
                for spec in VERSIONS:
                    answer = clients[spec].call(ALL[collection], params={"limit": 5000})
                    assert ids(answer.json()[collection]) == expected
                    assert answer.headers["X-Total-Count"] == str(len(expected))

        @invariant()
        def the_class_lists_its_own(self) -> None:
            class_id = self.refs["class"]["sourcedId"]
            first = {one["sourcedId"] for one in clients["1.2"].whole("lineItems") if one["class"]["sourcedId"] == class_id}
            here = {key for key, body in self.model["lineItems"].items() if body or key in first}
            assert set(ids(clients["1.1"].records("getLineItemsForClass", class_id))) == here

    return Gradebook


@pytest.fixture
def cleaned(oneroster_mock: RunningMock) -> Iterator[RunningMock]:
    """The server, reset again when the machine has run."""
    yield oneroster_mock
    oneroster_mock.reset()


def test_the_gradebook_is_a_dictionary(cleaned: RunningMock, clients: dict[str, Client]) -> None:
    for name in ("lineItems", "results", "categories"):
        clients["1.2"].whole(name)
    run_state_machine_as_test(
        machine(cleaned, clients),
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
