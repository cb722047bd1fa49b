"""A profile's own requests: what the consumer sends, put to the provider in its order, and what it asks of each answer.

Called by the API judge after all checks. Sends writes only when the run allows them; tells paths with their `{names}`, so
that no address and no id of anybody is in a verdict.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from conformance.notices import shape
from conformance.probe import BudgetSpent, Exchange, NotJson, encode
from conformance.profiles.model import Profile, RequestDemand
from conformance.profiles.verdicts import FAIL, PASS, SKIP, Answer
from conformance.registry import Skip
from conformance.run import Run, has_role
from conformance.selection import atoms
from conformance.survey import Record, key_of, records_in
from oneroster_harness.problems import CannotRun

NAME = re.compile(r"\{([a-z_]+)\}")
OWN = ("own_id", "other_id")
NO_WRITES = "the consumer writes, and writes are not allowed (--allow-writes)"
Clock = Callable[[], float]


class Missing(Exception):
    """A name that no earlier request gave a value."""


@dataclass
class Asking:
    """One profile's requests over one run. clock: seconds, for `within_s`."""

    run: Run
    profile: Profile
    allow_writes: bool
    clock: Clock = time.perf_counter
    facts: dict[str, str] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    def answers(self) -> Iterator[Answer]:
        """One answer per request, and per name in its `each`."""
        if not self.profile.requests:
            return
        self.facts = facts_of(self.run)
        if not self.allow_writes:
            # What was not written cannot be asked for.
            self.facts = {name: value for name, value in self.facts.items() if name not in OWN}
        for demand in self.profile.requests:
            for name in demand.each or ("",):
                self.facts["each"] = name
                yield self._answer(demand, f"request {demand.id}" + (f" {name}" if name else ""))

    def _answer(self, demand: RequestDemand, name: str) -> Answer:
        shown = self._shown(demand)
        if demand.method != "GET" and not self.allow_writes:
            return Answer(name, SKIP, NO_WRITES, where=shown, known=demand.known)
        try:
            started = self.clock()
            exchange = self._send(demand)
            took_s = self.clock() - started
            wrong = next(self._faults(demand, exchange, took_s), None)
        except Missing as missing:
            reason = NO_WRITES if str(missing) in OWN else f"nothing is known for {{{missing}}}"
            return Answer(name, SKIP, reason, where=shown, known=demand.known)
        except (BudgetSpent, Skip, CannotRun) as reason:
            met = str(reason) or "the budget of requests was spent"
            return Answer(name, SKIP, met, where=shown, known=demand.known)
        if wrong is None:
            return Answer(name, PASS, known=demand.known)
        expected, observed = wrong
        return Answer(
            name, FAIL, f"{shown.partition('?')[0]} gives {observed}, {expected} is needed", where=shown, expected=expected, observed=observed,
            remedy=demand.why or "report it to the vendor", known=demand.known,
        )  # fmt: skip

    def _shown(self, demand: RequestDemand) -> str:
        query = "&".join(f"{name}={value}" for name, value in demand.query.items())
        return f"{demand.method} {demand.path}{'?' if query else ''}{query}".replace("{each}", self.facts.get("each", ""))

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in self.facts:
                raise Missing(found[1])
            return self.facts[found[1]]

        return NAME.sub(value, text)

    def _send(self, demand: RequestDemand) -> Exchange:
        path = self._filled(demand.path)
        query = {name: self._filled(value) for name, value in demand.query.items()}
        if demand.method == "GET":
            return self.run.get(path, query, service=demand.service, fresh=self.allow_writes)
        url = self.run.probe.url(path, demand.service)
        headers, hint = self.run.sign_in.headers(demand.method, url)
        body = json.dumps(json.loads(self._filled(demand.body))).encode() if demand.body else None
        return self.run.probe.send(
            demand.method, url + (f"?{encode(query)}" if query else ""), headers={**headers, "Content-Type": "application/json"}, body=body,
            auth_hint=hint,
        )  # fmt: skip

    def _faults(self, demand: RequestDemand, exchange: Exchange, took_s: float) -> Iterator[tuple[str, str]]:
        """Expected and observed of everything that the consumer would stumble over, the first first."""
        if exchange.status not in demand.status:
            yield f"status {' or '.join(map(str, demand.status))}", f"status {exchange.status}"
            return
        if demand.within_s and took_s > demand.within_s:
            yield f"an answer within {demand.within_s:g} s", f"{took_s:.0f} s"
        if demand.content_type and demand.content_type not in exchange.headers.get("Content-Type", ""):
            yield f"Content-Type: {demand.content_type}", "another content type, or none"
        if demand.has_total and exchange.total is None:
            yield "X-Total-Count", "no such header"
        if demand.method == "GET":
            records = self._records(exchange)
            if records is None:
                yield "JSON with the records", "no records"
                return
            self.ids[f"{demand.id} {self.facts['each']}"] = [key_of(record) for record in records]
            yield from self._faults_of(demand, records)

    def _records(self, exchange: Exchange) -> list[Record] | None:
        try:
            document = exchange.json
        except NotJson:
            return None
        path = exchange.path.partition("?")[0].strip("/").split("/")
        records, _ = records_in(exchange, path[-1])
        if records is None and isinstance(document, dict):
            records = next(([value] for value in document.values() if isinstance(value, dict)), None)
        return records

    def _faults_of(self, demand: RequestDemand, records: list[Record]) -> Iterator[tuple[str, str]]:
        count = len(records)
        fits = {"any": True, "some": count > 0, "none": count == 0, "one": count == 1}[demand.records]
        if not fits:
            yield {"some": "a record at least", "none": "an empty list", "one": "exactly one record"}.get(demand.records, ""), f"{count} records"
            return
        first: Record = records[0] if records else {}
        for path in demand.first:
            if not _value(first, path):
                yield f"{path} in the first record", "no value"
        for path, wanted in demand.first_is.items():
            if not _like(_value(first, path), wanted):
                yield f"{path} {wanted.lstrip('~')}", shape(_value(first, path) or None)
        for path, wanted in demand.every.items():
            unlike = [record for record in records if not _like(_value(record, path), wanted)]
            if unlike:
                yield f"{path} {wanted.lstrip('~') or 'with a value'} in every record", f"{len(unlike)} of {count} without"
        ids = [key_of(record) for record in records]
        if demand.lists and self._filled(demand.lists) not in ids:
            yield "the object among them", f"it is not among {count}"
        if demand.lacks and self._filled(demand.lacks) in ids:
            yield "the deleted object no longer among them", f"it is among {count}"
        if demand.differs_from:
            other = self.ids.get(f"{demand.differs_from} {self.facts['each']}", [])
            if ids and other[:1] == ids[:1]:
                yield f"another first record than that of {demand.differs_from}", "the same"
        for name, path in demand.take.items():
            found = _value(first, path)
            if found:
                self.facts[name] = found
            elif path not in demand.first:
                yield f"{path} in the first record", "no value"


def _value(record: Mapping[str, Any], path: str) -> str:
    """The first value at a dotted path, as text."""
    found = atoms(dict(record), path)
    return str(found[0]).strip() if found else ""


def _like(value: str, wanted: str) -> bool:
    """Whether a value is the wanted one; `~` before it makes a regular expression of it, an empty one asks for any value."""
    if wanted.startswith("~"):
        return re.fullmatch(wanted[1:], value) is not None
    return bool(value) if not wanted else value == wanted


def facts_of(run: Run) -> dict[str, str]:
    """What requests may name from the start.

    own_id and other_id: ids of objects that a run makes, the same for one seed; teacher_email: the address of a teacher who
    has a class with students, borne by nobody else; past: an instant before every change.
    """
    facts = {"past": "1990-01-01T00:00:00.000Z", "instant": "2026-10-01T08:00:00.000Z", "later": "2026-10-01T08:01:00.000Z"}
    for name in OWN:
        facts[name] = str(UUID(bytes=hashlib.sha256(f"{run.seed}/{name}".encode()).digest()[:16], version=4))
    email = _teacher_email(run)
    return facts | ({"teacher_email": email} if email else {})


def _teacher_email(run: Run) -> str:
    """The first address, in order of id, that a consumer would try; empty when nobody has one."""
    found = {name: run.survey.collections.get(name) for name in ("users", "enrollments")}
    users, enrollments = found["users"], found["enrollments"]
    if users is None or enrollments is None:
        return ""
    addresses = Counter(str(user.get("email", "")) for user in users.records)
    taught: dict[str, set[str]] = {}
    with_students: set[str] = set()
    for record in enrollments.records:
        if record.get("status", "active") != "active":
            continue
        user, group = _value(record, "user.sourcedId"), _value(record, "class.sourcedId")
        if record.get("role") == "teacher":
            taught.setdefault(user, set()).add(group)
        elif record.get("role") == "student":
            with_students.add(group)
    teachers = [
        found for found in users.records if has_role(found, "teacher") and found.get("email") and addresses[str(found["email"])] == 1
    ]
    for teacher in sorted(teachers, key=key_of):
        if taught.get(key_of(teacher), set()) & with_students and teacher.get("status", "active") == "active":
            return str(teacher["email"])
    return ""
