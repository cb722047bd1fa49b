"""What was asked of the mock: counts, and the requests in their order, without anybody's data.

Called by the application for every request and by the admin API, the console and the pytest fixtures to read. Never
holds an id, the value of a filter, a header, a body, or a word that the standard does not have.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from mock_server.request_log import MemoryLog, Place, RequestLog

MOST_ENTRIES = 10_000
OTHER = "other"
"""Stands for a path, a parameter or a field that the standard does not have: its text could be a person's."""
PARAMETERS = frozenset({"limit", "offset", "sort", "orderBy", "filter", "fields", "appName", "grant_type", "scope"})
_LONGEST_NUMBER = 18
_JOINS = (" AND ", " OR ")
_OPERATORS = "=!<>~"


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as it was answered.

    number: counts from 1 since the last reset. path: template under the service root, such as /users/{sourcedId};
    "token" for the token endpoint, "other" for what is not served. operation: the standard's name or empty.
    page: counted from 1, None for what is not a collection. fields and filter: names of fields only. faults: ids of those that
    struck it.
    """

    number: int
    at: str
    vendor: str
    spec: str
    method: str
    path: str
    operation: str
    status: int
    parameters: tuple[str, ...] = ()
    limit: int | None = None
    offset: int | None = None
    page: int | None = None
    sort: str | None = None
    order_by: str | None = None
    filter: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The first word of the path, as the counts name it."""
        return self.path.strip("/").partition("/")[0]

    def __str__(self) -> str:
        said = [
            f"{name}={value}"
            for name, value in (("limit", self.limit), ("offset", self.offset), ("sort", self.sort),
                                ("orderBy", self.order_by), ("filter", ",".join(self.filter)),
                                ("fields", ",".join(self.fields)))
            if value not in (None, "")
        ]  # fmt: skip
        said += [name for name in self.parameters if name in (OTHER, "appName", "grant_type", "scope")]
        where = self.vendor or "no provider"
        return " ".join([where, self.method, self.path, *said, "->", str(self.status), *self.faults])

    def document(self) -> dict[str, Any]:
        """The entry as JSON; what was not given is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, (), "")}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Entry:
        """An entry out of its JSON."""
        lists = {name: tuple(document.get(name, ())) for name in ("parameters", "filter", "fields", "faults")}
        absent = {"vendor": "", "spec": "", "operation": ""}
        return cls(**{**absent, **document, **lists})


class Journal:
    """Counts of all requests, and the last ones in order, of all worker processes.

    words: names that the standard has; any other is noted as "other". most: entries that are kept. log: where the workers
    note them; without one the journal is this process's alone.
    """

    def __init__(
        self,
        words: Container[str],
        most: int = MOST_ENTRIES,
        clock: Callable[[], float] = time.time,
        log: RequestLog | None = None,
    ) -> None:
        self._words = words
        self._clock = clock
        self._log = log or MemoryLog()
        self._lock = threading.Lock()
        # What was read of the log so far; only those who read the journal pay for it.
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._entries: deque[Entry] = deque(maxlen=most)
        self._number = 0
        self._place = Place()

    def note(
        self,
        *,
        vendor: str = "",
        spec: str = "",
        method: str,
        path: str = OTHER,
        operation: str = "",
        pairs: Iterable[tuple[str, str]] = (),
        status: int,
        page_size: int | None = None,
        faults: Iterable[str] = (),
    ) -> None:
        """Add a request.

        pairs: its decoded query. page_size: records per page where the request names no limit; None for what is
        not a collection.
        """
        given = dict(pairs)
        limit, offset = _number(given.get("limit")), _number(given.get("offset"))
        page = (offset or 0) // (limit or page_size) + 1 if page_size else None
        entry: dict[str, Any] = {
            "at": self._clock(), "vendor": vendor, "spec": spec, "method": method, "path": path, "operation": operation, "status": status,
            "parameters": _parameters(given), "limit": limit, "offset": offset, "page": page,
            "sort": self._known(given["sort"]) if "sort" in given else None,
            "order_by": _direction(given.get("orderBy")),
            "filter": self._filtered(given["filter"]) if "filter" in given else (),
            "fields": self._listed(given["fields"]) if "fields" in given else (), "faults": tuple(faults),
        }  # fmt: skip
        self._log.append(orjson.dumps(entry) + b"\n")

    def _catch_up(self) -> None:
        """Read what all workers noted since the last time; the caller holds the lock."""
        place, added = self._log.read(self._place)
        if place.file != self._place.file:
            self._counts.clear()
            self._entries.clear()
            self._number = 0
        self._place = place
        for line in added.splitlines():
            self._number += 1
            noted = orjson.loads(line)
            # Written out here, not for every request: only those who read the journal pay for it.
            at = datetime.fromtimestamp(noted["at"], UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            entry = Entry.of({**noted, "number": self._number, "at": at})
            self._entries.append(entry)
            self._counts[entry.vendor, f"{entry.method} {entry.subject}", entry.status] += 1

    def clear(self) -> None:
        """Forget everything and count from 1 again."""
        self._log.clear()

    def counts(self) -> list[tuple[tuple[str, str, int], int]]:
        """((vendor, method and subject, status), count), sorted."""
        with self._lock:
            self._catch_up()
            return sorted(self._counts.items())

    def entries(self, since: int = 0) -> list[Entry]:
        """Entries with a higher number than `since`, in order; the oldest of a long run are gone."""
        with self._lock:
            self._catch_up()
            return [entry for entry in self._entries if entry.number > since]

    def document(self, since: int = 0) -> dict[str, Any]:
        """The journal as JSON: requests (counts), entries (in order), total and how many entries were dropped."""
        with self._lock:
            self._catch_up()
            entries = [entry for entry in self._entries if entry.number > since]
            total, kept, counts = self._number, len(self._entries), sorted(self._counts.items())
        rows = [
            {"vendor": vendor, "what": what, "status": status, "count": count}
            for (vendor, what, status), count in counts
        ]
        return {
            "requests": rows, "entries": [entry.document() for entry in entries], "total": total, "dropped": total - kept,
        }  # fmt: skip

    def _known(self, name: str) -> str:
        return name if all(part in self._words for part in name.split(".")) else OTHER

    def _listed(self, text: str) -> tuple[str, ...]:
        return tuple(self._known(name.strip()) for name in text.split(",") if name.strip())

    def _filtered(self, text: str) -> tuple[str, ...]:
        # Not the grammar of filters: a filter that it refuses is noted as well, and a value never is.
        parts = [text]
        for join in _JOINS:
            parts = [piece for part in parts for piece in part.split(join)]
        found = []
        for part in parts:
            end = next((at for at, letter in enumerate(part) if letter in _OPERATORS), 0)
            found.append(self._known(part[:end].strip()))
        # A value may hold " AND " itself; its second half names no field.
        return tuple(dict.fromkeys(found))


def _number(text: str | None) -> int | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        return None
    return int(text)


def _direction(text: str | None) -> str | None:
    return text if text in (None, "asc", "desc") else OTHER


def _parameters(given: dict[str, str]) -> tuple[str, ...]:
    # Signed requests may carry their signature in the query: it says nothing about what was asked.
    names = (name if name in PARAMETERS else OTHER for name in given if not name.startswith("oauth_"))
    return tuple(dict.fromkeys(names))
