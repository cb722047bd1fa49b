"""Claims about what a client asked of the mock, for tests: `journal.asked("/users", page=3).twice()`.

Called by tests through the fixtures' `journal`. Reads the journal anew for every claim and never changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.journal import PARAMETERS, Entry

_SHOWN = 30
_VIEWED = ("status", "limit", "offset", "page", "sort", "order_by", "vendor", "spec", "method")


class JournalProblem(Exception):
    """A claim cannot be judged; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests that fit a description, among all since the last reset.

    A sequence of entries in the order they were asked; the claims raise AssertionError with what was asked instead.
    """

    description: str
    found: tuple[Entry, ...]
    all: tuple[Entry, ...]

    def never(self) -> bool:
        """No such request was sent."""
        __tracebackhide__ = True
        return self.times(0)

    def once(self) -> bool:
        """Exactly one was."""
        __tracebackhide__ = True
        return self.times(1)

    def twice(self) -> bool:
        """Exactly two were."""
        __tracebackhide__ = True
        return self.times(2)

    def times(self, count: int) -> bool:
        """Exactly `count` were."""
        __tracebackhide__ = True
        return self._hold(len(self.found) == count, _times(count))

    def at_least(self, count: int) -> bool:
        """`count` were, or more."""
        __tracebackhide__ = True
        return self._hold(len(self.found) >= count, f"at least {_times(count)}")

    def at_most(self, count: int) -> bool:
        """`count` were, or fewer."""
        __tracebackhide__ = True
        return self._hold(len(self.found) <= count, f"at most {_times(count)}")

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.found)

    def __getitem__(self, index: int) -> Entry:
        return self.found[index]

    def _hold(self, holds: bool, expected: str) -> bool:
        __tracebackhide__ = True
        if not holds:
            raise AssertionError(self._message(expected))
        return True

    def _message(self, expected: str) -> str:
        numbers = {entry.number for entry in self.found}
        shown = [f"    {'>' if entry.number in numbers else ' '} {entry.number:>4} {entry}" for entry in self.all]
        if len(shown) > _SHOWN:
            shown = [*shown[: _SHOWN // 2], f"      ... {len(shown) - _SHOWN} more", *shown[-_SHOWN // 2 :]]
        return "\n".join(
            [
                f"the client asked otherwise: {self.description}",
                f"  received   {_times(len(self.found))}",
                f"  expected   {expected}",
                f"  where      {len(self.all)} requests since the last reset, > marks those that fit",
                *shown,
            ]
        )


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


class JournalView:
    """The journal of a running mock, as tests read it.

    read: gives the admin API's journal document.
    """

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    def counts(self) -> list[dict[str, Any]]:
        """Requests since the last reset, counted: rows of vendor, what, status and count."""
        found: list[dict[str, Any]] = self._read()["requests"]
        return found

    def entries(self) -> tuple[Entry, ...]:
        """Requests since the last reset in their order.

        Raises JournalProblem when there were more than the mock keeps.
        """
        document = self._read()
        if document["dropped"]:
            raise JournalProblem(
                f"the mock keeps its last {document['total'] - document['dropped']} requests and had "
                f"{document['total']} since the last reset: ask fewer, or count them with journal.counts()"
            )
        return tuple(Entry.of(entry) for entry in document["entries"])

    def asked(
        self,
        what: str | None = None,
        *,
        filter: str | None = None,
        fields: str | None = None,
        having: str | None = None,
        without: str | None = None,
        **values: Any,
    ) -> Asked:
        """Requests that fit: `asked("/users", page=3)`, `asked(filter="status")`, `asked("/users", without="limit")`.

        what: a path template such as "/users" or "/users/{sourcedId}", an operation's name such as "getAllUsers", or
        "token". filter, fields: a field that the filter or the selection names. having, without: a query parameter
        that was sent, or was not. values: vendor, spec, method, status, page, limit, offset, sort, order_by.
        """
        strange = sorted(set(values) - set(_VIEWED))
        if strange:
            raise TypeError(f"asked() knows no {strange[0]!r}; it knows {', '.join(_VIEWED)}, filter, fields, having, without")
        for name in (having, without):
            if name is not None and name not in PARAMETERS:
                raise ValueError(f"the journal notes no parameter {name!r}; it notes {', '.join(sorted(PARAMETERS))}")
        every = self.entries()
        found = tuple(
            entry
            for entry in every
            if (what is None or what in (entry.path, entry.operation))
            and (filter is None or filter in entry.filter)
            and (fields is None or fields in entry.fields)
            and (having is None or having in entry.parameters)
            and (without is None or without not in entry.parameters)
            and all(getattr(entry, name) == value for name, value in values.items())
        )
        return Asked(_described(what, filter, fields, having, without, values), found, every)


def _described(
    what: str | None, filter: str | None, fields: str | None, having: str | None, without: str | None, values: dict[str, Any]
) -> str:
    said = [what or "anything", *(f"{name.replace('_', ' ')} {value}" for name, value in values.items())]
    said += [f"a filter on {filter}"] if filter else []
    said += [f"{fields} in fields"] if fields else []
    said += [f"with {having}"] if having else []
    said += [f"without {without}"] if without else []
    return ", ".join(said)
