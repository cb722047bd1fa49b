"""Writing to a live gradebook with care: only objects of our own, each remembered, all removed in the end whatever happens.

Called by the checks that write. Never sends a PUT or DELETE for an id that it did not make up or was not given for its own object.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from conformance.probe import BudgetSpent, Exchange
from conformance.registry import Skip
from conformance.run import Run, reference_ids
from conformance.survey import key_of, records_in
from oneroster_harness.problems import CannotRun

OWN = "oneroster-harness"
"""Begins every id of ours."""
FINE = (200, 201, 202, 204)
GONE = (*FINE, 404)
SCOPES = {
    "assessmentLineItems": ("assessment.createput", "assessment.delete"),
    "assessmentResults": ("assessment.createput", "assessment.delete"),
}
USUAL_SCOPES = ("gradebook.createput", "gradebook.delete")


class Bench:
    """One run's own objects. token: tells them from those of earlier runs, whose ids a provider may keep for ever."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.token = f"{OWN}-{run.seed}-{int(time.time() * 1000):x}"
        self._serial = 0
        self._made: dict[tuple[str, str], None] = {}
        self.left: list[str] = []
        """Paths of what could not be removed; their ids are ours."""

    def may_write(self, collection: str) -> bool:
        """Whether the token may create and remove objects of a collection."""
        return all(self.run.sign_in.may(scope) for scope in SCOPES.get(collection, USUAL_SCOPES))

    def needs(self, collection: str) -> None:
        """Raises Skip when the token may not write a collection."""
        lacking = [scope for scope in SCOPES.get(collection, USUAL_SCOPES) if not self.run.sign_in.may(scope)]
        if lacking:
            raise Skip(f"the token lacks {lacking[0]}")

    def new_id(self) -> str:
        """An id that was never used."""
        self._serial += 1
        return f"{self.token}-{self._serial}"

    def put(self, collection: str, sourced_id: str, body: dict[str, Any], *, signed: bool = True) -> Exchange:
        """Create or replace one of our objects; ValueError for any other."""
        if not sourced_id.startswith(OWN) and (collection, sourced_id) not in self._made:
            raise ValueError("only objects of our own are written")
        self._made[collection, sourced_id] = None
        single = str(self.run.standard.collection(collection).single)
        return self._send("PUT", f"/{collection}/{quote(sourced_id, safe='')}", {single: {"sourcedId": sourced_id, **body}}, signed=signed)

    def post(self, path: str, collection: str, bodies: list[dict[str, Any]]) -> Exchange:
        """Let the provider create objects; those that it names belong to us from then on, see took."""
        return self._send("POST", path, {collection: bodies})

    def took(self, collection: str, sourced_id: str) -> None:
        """An object that a POST created is ours."""
        self._made[collection, sourced_id] = None

    def take_strays(self, path: str, collection: str, titles: Collection[str] = (), items: Collection[str] = ()) -> None:
        """Objects of a list that a POST made without naming them are ours: by a title that begins as ours do, or as results of an item of ours."""
        records, _ = records_in(self.get(path, "limit=1000&offset=0"), collection)
        for record in records or ():
            own_title = str(record.get("title", "")).startswith(OWN) and record.get("title") in titles
            own_item = bool(set(reference_ids(record, "lineItem")) & set(items))
            if own_title or own_item:
                self._made.setdefault((collection, key_of(record)), None)

    def delete(self, collection: str, sourced_id: str, *, beyond_budget: bool = False) -> Exchange:
        """Remove one of our objects."""
        if (collection, sourced_id) not in self._made:
            raise ValueError("only objects of our own are removed")
        answer = self._send("DELETE", f"/{collection}/{quote(sourced_id, safe='')}", beyond_budget=beyond_budget)
        if answer.status in GONE:
            self._made.pop((collection, sourced_id), None)
        return answer

    def get(self, path: str, query: str = "") -> Exchange:
        """A read that no earlier answer stands for."""
        return self.run.get(path, raw_query=query, fresh=True)

    def _send(self, method: str, path: str, body: Any = None, *, signed: bool = True, beyond_budget: bool = False) -> Exchange:
        url = self.run.probe.url(path)
        headers, hint = self.run.sign_in.headers(method, url) if signed else ({}, "")
        data = None if body is None else json.dumps(body).encode()
        sent = {**headers, "Accept": "application/json", **({"Content-Type": "application/json"} if data is not None else {})}
        self.run.survey.forget()
        return self.run.probe.send(method, url, headers=sent, body=data, auth_hint=hint, beyond_budget=beyond_budget)

    def clear(self) -> None:
        """Remove all that is ours, the newest first; what cannot be removed is noted in left.

        Goes on past a spent budget and quiet hours: what was made is taken away again.
        """
        for collection, sourced_id in reversed(list(self._made)):
            try:
                answer = self.delete(collection, sourced_id, beyond_budget=True)
                is_gone = answer.status in GONE
            except (BudgetSpent, CannotRun):
                is_gone = False
            if not is_gone:
                self._made.pop((collection, sourced_id), None)
                self.left.append(f"/{collection}/{sourced_id}")


@contextmanager
def bench_of(run: Run) -> Iterator[Bench]:
    """A bench that is cleared in the end, also when the check fails or the run is interrupted."""
    bench = Bench(run)
    try:
        yield bench
    finally:
        bench.clear()
