"""What a gradebook must hold after each of our writes, and what it is found to hold.

Called by the model's play: carries out steps, compares after each, tells the first claim that does not hold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from conformance.gradebook.bench import Bench
from conformance.gradebook.drafts import PARENT, Body, Refs, body_of, differing, told
from conformance.probe import Exchange
from conformance.run import at, json_of, reference_ids
from conformance.survey import Record, key_of, records_in

CREATED, REPLACED, DELETED = (201,), (200, 201), (200, 204)
CREATED_TOO = {"results": (200, 201), "assessmentResults": (200, 201)}
"""Published suites let a created result be answered with 200 as well."""
SLOTS = 2
"""Objects of ours per collection that a step may name."""
POSTS = ("class", "school", "line item", "session")
"""Where objects may be posted to (1.2): line items of a class or a school, results of a line item or of a session of a class."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a play. what: put, delete or post; where: a collection, or the kind of a POST; slot: which of our objects; draft: its variant."""

    what: str
    where: str
    slot: int = 0
    draft: int = 0


class Broken(Exception):
    """A claim does not hold; its subclasses are the claims, so that a search does not slip from one to another."""

    claim = ""

    def __init__(self, message: str, answer: Exchange, request: str, expected: str, observed: str) -> None:
        super().__init__(message)
        self.notice = at(answer, message, expected=expected, observed=observed)
        self.request = request


class WrongStatus(Broken):
    """A write is answered otherwise than it should be."""

    claim = "gradebook.model-status"


class WrongContent(Broken):
    """What was written is not what is read."""

    claim = "gradebook.model-content"


class WrongList(Broken):
    """An object of ours is missing in a list, or stands in it twice."""

    claim = "gradebook.model-lists"


class WrongRemoval(Broken):
    """A removed object is still there."""

    claim = "gradebook.model-removal"


class WrongNeighbour(Broken):
    """An object changed that nobody wrote."""

    claim = "gradebook.model-isolation"


class WrongPost(Broken):
    """A POST does not create what was posted."""

    claim = "gradebook.model-posts"


CLAIMS: tuple[type[Broken], ...] = (WrongStatus, WrongContent, WrongList, WrongRemoval, WrongNeighbour, WrongPost)


@dataclass
class Own:
    """One of our objects. body: as it was written last, None when it is removed; before: what that replaced."""

    collection: str
    sourced_id: str
    label: str
    body: Body | None = None
    before: Body = field(default_factory=dict)


@dataclass
class World:
    """One play: a model of our objects beside the provider that should hold them.

    number: of the play, which its titles bear, so that no two plays write the same; collections: those that may be written; others: what the lists held that we did not write, by path and id.
    """

    bench: Bench
    refs: Refs
    version: str
    collections: tuple[str, ...]
    may_post: bool
    number: int = 1
    others: dict[str, dict[str, Record]] = field(default_factory=dict)
    own: dict[tuple[str, int], Own] = field(default_factory=dict)
    posted: list[Own] = field(default_factory=list)
    done: list[Step] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    is_broken: bool = False

    def do(self, step: Step) -> None:
        """Carry out a step, unless what it needs is not there; raises Broken."""
        acts: dict[str, Callable[[Step], bool]] = {"put": self._put, "delete": self._delete, "post": self._post}
        self.done.append(step)
        if acts[step.what](step):
            self.bench.run.covers("gradebook", f"{step.what} {step.where}")
        else:
            self.done.pop()

    def _fail(self, kind: type[Broken], message: str, answer: Exchange, request: str, expected: str, observed: str) -> None:
        self.is_broken = True
        raise kind(message, answer, request, expected, observed)

    # Names that a report may show.

    def _names(self) -> dict[str, str]:
        found = {self.refs.student: "{a student of the class}", self.refs.class_id: "{class}", self.refs.school: "{school of the class}"}
        found |= {self.refs.category: "{category of the district}", self.refs.period: "{grading period}"}
        return {sourced_id: name for sourced_id, name in found.items() if sourced_id} | {one.sourced_id: one.label for one in self._all()}

    def _all(self) -> list[Own]:
        return [*self.own.values(), *self.posted]

    def _alive(self, collection: str) -> list[Own]:
        return [one for one in self._all() if one.collection == collection and one.body is not None]

    def _single(self, collection: str) -> str:
        return str(self.bench.run.standard.collection(collection).single)

    # Steps.

    def _put(self, step: Step) -> bool:
        if step.where not in self.collections:
            return False
        parents = PARENT[step.where][1] if step.where in PARENT else ""
        holders = self._alive(parents) if parents else []
        if parents and not holders:
            return False
        categories = self._alive("categories")
        if step.where == "lineItems" and not categories and not self.refs.category:
            return False
        key = (step.where, step.slot)
        if key not in self.own:
            self.own[key] = Own(step.where, self.bench.new_id(), f"{{{self._single(step.where)} {step.slot + 1}}}")
        one = self.own[key]
        was_there, is_new = one.body is not None, not one.before and one.body is None
        body = body_of(
            self.version, step.where, step.draft, self.refs, self.number, holders[0].sourced_id if holders else "", categories[0].sourced_id if categories else ""
        )
        request = f"PUT /{step.where}/{one.label}"
        answer = self.bench.put(step.where, one.sourced_id, body)
        self.lines.append(f"{request} with {told(body, self._names())}: {answer.status}")
        allowed = CREATED_TOO.get(step.where, CREATED) if is_new else REPLACED
        if answer.status not in allowed:
            what = "replaced" if was_there else "created" if is_new else "created again"
            self._fail(WrongStatus, f"{self._single(step.where)}: an object that is {what} is answered otherwise", answer, request,
                       " or ".join(map(str, allowed)), str(answer.status))  # fmt: skip
        one.before, one.body = (one.body or one.before), body
        self._compare(one)
        return True

    def _delete(self, step: Step) -> bool:
        one = self.own.get((step.where, step.slot))
        if one is None or one.body is None or self._is_used(one):
            return False
        request = f"DELETE /{step.where}/{one.label}"
        answer = self.bench.delete(step.where, one.sourced_id)
        self.lines.append(f"{request}: {answer.status}")
        if answer.status not in DELETED:
            self._fail(WrongStatus, f"{self._single(step.where)}: an object that is removed is answered otherwise", answer, request, "204", str(answer.status))
        one.before, one.body = one.body, None
        self._compare(one)
        return True

    def _is_used(self, one: Own) -> bool:
        """Whether another object of ours hangs on it: what then becomes of that one the standard does not say."""
        return any(one.sourced_id in reference_ids(other.body or {}, name) for other in self._all() for name in ("category", "lineItem", "assessmentLineItem"))

    def _post(self, step: Step) -> bool:
        if not self.may_post:
            return False
        items, categories = self._alive("lineItems"), self._alive("categories")
        category = categories[0].sourced_id if categories else self.refs.category
        collection = "lineItems" if step.where in ("class", "school") else "results"
        if (collection == "results" and not items) or (collection == "lineItems" and not category) or (step.where == "school" and not self.refs.school):
            return False
        if step.where == "session" and not self.refs.period:
            return False
        paths = {
            "class": (f"/classes/{_step(self.refs.class_id)}/lineItems", "/classes/{class}/lineItems"),
            "school": (f"/schools/{_step(self.refs.school)}/lineItems", "/schools/{school of the class}/lineItems"),
            "line item": (f"/lineItems/{_step(items[0].sourced_id)}/results", f"/lineItems/{items[0].label}/results") if items else ("", ""),
            "session": (f"/classes/{_step(self.refs.class_id)}/academicSessions/{_step(self.refs.period)}/results",
                        "/classes/{class}/academicSessions/{grading period}/results"),
        }  # fmt: skip
        path, shown = paths[step.where]
        bodies = [
            body_of(self.version, collection, draft, self.refs, self.number, items[0].sourced_id if items else "", category)
            for draft in (step.draft, (step.draft + 1) % 4)
        ]
        supplied = [f"supplied-{len(self.posted) + place + 1}" for place in range(len(bodies))]
        request = f"POST {shown}"
        answer = self.bench.post(path, collection, [{"sourcedId": name, **body} for name, body in zip(supplied, bodies, strict=True)])
        self.lines += [f"{request} with {told(body, self._names())}: {answer.status}" for body in bodies]
        allocated = _allocated(json_of(answer), supplied)
        for sourced_id in allocated.values():
            if sourced_id and not self._is_known(collection, sourced_id):
                self.bench.took(collection, sourced_id)
        if len(allocated) < len(supplied):
            own_items = [one.sourced_id for one in items]
            self.bench.take_strays(f"/classes/{_step(self.refs.class_id)}/{collection}", collection, [body.get("title", "") for body in bodies], own_items)
        wrong = "" if answer.status == 201 else str(answer.status)
        if wrong or sorted(allocated) != sorted(supplied) or len(set(allocated.values())) != len(supplied):
            self._fail(WrongPost, f"posted {collection} are not answered with an id each", answer, request, "201 and a pair for each",
                       wrong or f"{len(allocated)} pairs")  # fmt: skip
        if any(self._is_known(collection, sourced_id) for sourced_id in allocated.values()):
            self._fail(WrongPost, f"posted {collection} are given an id that is in use", answer, request, "new ids", "one that is in use")
        for name, body in zip(supplied, bodies, strict=True):
            one = Own(collection, allocated[name], f"{{posted {self._single(collection)} {len(self.posted) + 1}}}", body)
            self.posted.append(one)
            self._compare(one, WrongPost)
        return True

    def _is_known(self, collection: str, sourced_id: str) -> bool:
        found = self.bench.run.survey.collections.get(collection)
        return bool(found and sourced_id in found.by_id) or any(one.sourced_id == sourced_id and one.collection == collection for one in self._all())

    # Comparing.

    def _compare(self, one: Own, kind: type[Broken] = WrongContent) -> None:
        """Read an object of ours and compare it with the model."""
        single = self._single(one.collection)
        request = f"GET /{one.collection}/{one.label}"
        answer = self.bench.get(f"/{one.collection}/{_step(one.sourced_id)}")
        self.lines.append(f"{request}: {answer.status}")
        document = json_of(answer)
        record = document.get(single) if isinstance(document, dict) else None
        record = record if isinstance(record, dict) else {}
        if one.body is None:
            if answer.status == 200 and record.get("status") != "tobedeleted":
                self._fail(WrongRemoval, f"{single}: a removed object can still be read", answer, request, "404, or status tobedeleted", "200, and active")
            return
        if answer.status != 200 or not record:
            self._fail(kind, f"{single}: an object that was written cannot be read", answer, request, "200", str(answer.status))
        if key_of(record) != one.sourced_id or record.get("status") != "active" or not record.get("dateLastModified"):
            self._fail(kind, f"{single}: an object that was written is not read complete", answer, request, "its sourcedId, status active and dateLastModified", "other")
        properties = {item.name: item for item in self.bench.run.standard.collection(one.collection).properties}
        wrong = differing(one.body, one.before, record, properties)
        if wrong:
            self._fail(kind, f"{single}: an object is not read as it was written: {', '.join(wrong)}", answer, request, "what the last write said",
                       f"{wrong[0]} differs")  # fmt: skip

    def paths(self) -> dict[str, str]:
        """Lists that show our objects and their neighbours: path -> collection."""
        found = {"/categories": "categories", f"/classes/{_step(self.refs.class_id)}/lineItems": "lineItems"}
        found[f"/classes/{_step(self.refs.class_id)}/results"] = "results"
        return {path: name for path, name in found.items() if name in self.collections}

    def listed(self) -> dict[str, dict[str, Record]]:
        """What the lists hold now; a list that cannot be read at once is left out."""
        found: dict[str, dict[str, Record]] = {}
        for path, collection in self.paths().items():
            records, _ = records_in(answer := self.bench.get(path, "limit=1000&offset=0"), collection)
            if answer.status == 200 and records is not None and self._is_whole(answer, records):
                found[path] = {key_of(record): record for record in records}
        return found

    def _is_whole(self, answer: Exchange, records: list[Record]) -> bool:
        """Whether one page is all there is: a page that is not full is the last, whatever total is announced."""
        return answer.total == len(records) or len(records) < self.bench.run.page_cap

    def finish(self) -> None:
        """Compare every object of ours once more, and the lists with what they should hold; raises Broken."""
        for one in self._all():
            # Right after its own write it was as it should be.
            self._compare(one, WrongNeighbour)
        for path, collection in self.paths().items():
            answer = self.bench.get(path, "limit=1000&offset=0")
            records, _ = records_in(answer, collection)
            if answer.status == 200 and records is not None:
                self._compare_list(path, collection, answer, records)

    def _compare_list(self, path: str, collection: str, answer: Exchange, records: list[Record]) -> None:
        request = f"GET {path.replace(_step(self.refs.class_id), '{class}')}"
        self.lines.append(f"{request}: {answer.status}, {len(records)} records")
        ids = [key_of(record) for record in records]
        is_whole = self._is_whole(answer, records)
        for one in self._all():
            if one.collection != collection:
                continue
            if one.body is not None and ids.count(one.sourced_id) != 1 and is_whole:
                self._fail(WrongList, f"{self._single(collection)}: an object of ours is not in its list once", answer, request, "once", f"{ids.count(one.sourced_id)} times")
            shown = next((record for record in records if key_of(record) == one.sourced_id), {})
            if one.body is None and shown and shown.get("status") != "tobedeleted":
                self._fail(WrongRemoval, f"{self._single(collection)}: a removed object is still listed", answer, request, "not listed, or tobedeleted", "listed")
        now = {key_of(record): record for record in records}
        before = self.others.get(path)
        if before is None:
            return
        changed = [key for key, record in before.items() if key not in now or _content(now[key]) != _content(record)]
        if changed and is_whole:
            self._fail(WrongNeighbour, f"{self._single(collection)}: objects that nobody wrote changed along", answer, request, "as they were before", f"{len(changed)} differ")


def _content(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "dateLastModified"}


def _step(sourced_id: str) -> str:
    return quote(sourced_id, safe="")


def _allocated(document: Any, supplied: list[str]) -> dict[str, str]:
    """Supplied -> allocated ids, as a POST answers them."""
    pairs = document.get("sourcedIdPairs") if isinstance(document, dict) else None
    found = [one for one in pairs if isinstance(one, dict)] if isinstance(pairs, list) else []
    return {
        str(one["suppliedSourcedId"]): str(one["allocatedSourcedId"])
        for one in found
        if one.get("suppliedSourcedId") in supplied and one.get("allocatedSourcedId")
    }
