"""What the provider holds: each collection read once from end to end, kept as it came.

Called by the runner before the checks; every later expectation is worked out from these records.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from conformance.probe import Exchange, NotJson, Probe
from conformance.sign_in import SignIn
from oneroster_harness.problems import CannotRun
from oneroster_standard.standard import Standard

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
OPTIONAL = (
    "demographics", "resources", "categories", "lineItems", "results", "scoreScales", "assessmentLineItems", "assessmentResults",
)  # fmt: skip
"""Collections beside the core ones; the last three are of 1.2."""
PAGE = 1000
ROUND = 25
"""Providers cap their pages at round numbers: a page of another length that ends at the total is the last."""
MOST_KEPT_BYTES = 64 * 1024 * 1024
"""Answers kept for a second look; beyond that a question is asked again, so that memory stays bounded."""
NO_ANSWER = 0
"""Status of an exchange whose connection broke."""
Record = dict[str, Any]


@dataclass
class Collection:
    """One collection as read.

    records: as sent, the first of each key; trouble: why it could not be read, empty when it was; doubled: records
    whose key came a second time on one page, met_again: keys of those on a later page; starts: records before each page; columns: values at a field's path, per
    record, as far as a check has asked for them.
    """

    name: str
    records: list[Record] = field(default_factory=list)
    pages: list[Exchange] = field(default_factory=list)
    trouble: str = ""
    key_seen: str = ""
    doubled: int = 0
    met_again: list[str] = field(default_factory=list)
    by_id: dict[str, Record] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    columns: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """Whether its records are known."""
        return not self.trouble

    def where(self, record: Record) -> Exchange:
        """The page that a record came with."""
        return self.pages[bisect_right(self.starts, self.records.index(record)) - 1]


def key_of(record: Record) -> str:
    """The sourcedId that a reference would use: as text, without blanks around it."""
    return str(record.get("sourcedId", "")).strip()


def records_in(exchange: Exchange, key: str) -> tuple[list[Record] | None, str]:
    """Records of a page and the key that they were under; other keys are accepted here and judged elsewhere."""
    try:
        document = exchange.json
    except NotJson:
        return None, ""
    if isinstance(document, list):
        return [row for row in document if isinstance(row, dict)], ""
    if not isinstance(document, dict):
        return None, ""
    names = [key, *(name for name, value in document.items() if isinstance(value, list) and name != "statusInfoSet")]
    for name in names:
        if isinstance(document.get(name), list):
            return [row for row in document[name] if isinstance(row, dict)], name
    return None, ""


class Survey:
    """All collections of one provider."""

    def __init__(self, probe: Probe, sign_in: SignIn, standard: Standard) -> None:
        self._probe = probe
        self._sign_in = sign_in
        self._standard = standard
        self._answers: dict[str, Exchange] = {}
        self._kept_bytes = 0
        self.collections: dict[str, Collection] = {}

    @property
    def is_whole(self) -> bool:
        """Whether every core collection was asked for, whatever came of it."""
        return all(name in self.collections for name in CORE)

    @property
    def _has_answered(self) -> bool:
        """Whether the provider is there at all: a break after that is a finding, not a wrong address."""
        return any(page.status != NO_ANSWER for found in self.collections.values() for page in found.pages)

    def fetch(self, path: str, query: str = "", *, fresh: bool = False, service: str = "") -> Exchange:
        """One signed GET below the service root; the same question is asked once in a run, unless fresh.

        The order of parameters makes no other question, their encoding does.
        """
        question = f"{service}{path}?{'&'.join(sorted(query.split('&')))}"
        if not fresh and question in self._answers:
            return self._answers[question]
        answer = self._ask(path, query, service)
        if self._kept_bytes + len(answer.body) <= MOST_KEPT_BYTES:
            self._kept_bytes += len(answer.body)
            self._answers[question] = answer
        return answer

    def has_asked(self, path: str) -> bool:
        """Whether a path's answer without parameters is kept."""
        return f"{path}?" in self._answers

    def forget(self) -> None:
        """Ask again what was asked: something was written."""
        self._answers.clear()
        self._kept_bytes = 0

    def _ask(self, path: str, query: str, service: str) -> Exchange:
        url = self._probe.url(path, service) + (f"?{query}" if query else "")
        headers, hint = self._sign_in.headers("GET", url)
        return self._probe.send("GET", url, headers={**headers, "Accept": "application/json"}, auth_hint=hint)

    def read(self, name: str) -> Collection:
        """Read one collection page by page, advancing by the records received.

        Ends at an empty page or at one that brings nothing new, whatever total is announced: a total that is too low
        would hide the rest, unless the last page is of a length that no cap has.
        """
        if name in self.collections:
            return self.collections[name]
        found = self.collections[name] = Collection(name)
        offset = 0
        is_whole = False
        while True:
            page = self._page(name, offset)
            records, key = records_in(page, name) if page.status == 200 else (None, "")
            if is_whole and not records:
                # What an offset past the end is answered with is judged by a check of its own.
                break
            if page.status != 200:
                past_the_end = page.status == 404 and offset > 0
                answer = "is not answered" if page.status == NO_ANSWER else f"answers {page.status}"
                found.trouble = "" if past_the_end else f"GET /{name} {answer}"
                found.pages.append(page) if not past_the_end else None
                break
            found.key_seen = found.key_seen or key
            found.pages.append(page)
            if records is None:
                found.trouble = f"GET /{name} answers 200 without a list of records"
                break
            fresh = _take(found, records)
            offset += len(records)
            is_whole = len(records) < PAGE if page.total is None else offset >= page.total
            if not fresh or (page.total == offset and len(records) % ROUND):
                break
        return found

    def _page(self, name: str, offset: int) -> Exchange:
        query = f"limit={PAGE}&offset={offset}"
        try:
            return self.fetch(f"/{name}", query)
        except CannotRun:
            if not self._has_answered:
                raise
            return Exchange("GET", self._probe.url(f"/{name}?{query}"), f"/{name}?{query}", NO_ANSWER, {}, b"", "")


def _take(found: Collection, records: list[Record]) -> int:
    """Add a page's records; returns how many are new."""
    on_page = {key_of(record): record for record in reversed(records)}
    fresh = [record for key, record in reversed(on_page.items()) if key not in found.by_id]
    found.doubled += len(records) - len(on_page)
    found.met_again += [key for key in on_page if key in found.by_id]
    found.starts.append(len(found.records))
    found.records += fresh
    found.by_id |= {key_of(record): record for record in fresh}
    return len(fresh)
