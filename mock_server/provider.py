"""One provider: a district seen as one vendor serves it, with its credentials, quirks and settings.

Called by the application for every request; holds the mapped collections and what was worked out from them.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import mock_server.quirks.families  # noqa: F401 - registers the quirks
from mock_server.answers import Refusal, bad_request, forbidden, warning
from mock_server.auth.credentials import credentials_of
from mock_server.auth.gate import Gate
from mock_server.auth.token_endpoint import TokenEndpoint
from mock_server.auth.tokens import TokenMint
from mock_server.collections import MemoryRows, Rows, parse
from mock_server.columns import Columns
from mock_server.filtering import read_filter, select
from mock_server.quirks.hooks import REGISTRY, Query, Quirk
from mock_server.relations import RELATIONS
from mock_server.rendering import changes_records, render_collection
from mock_server.sorting import order
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects import Dialect, Setting, load_quirks
from oneroster_standard.fields import sortable
from oneroster_standard.scopes import ALL_1P1, expand
from oneroster_standard.standard import VIEWS, Operation, load
from oneroster_standard.store import Store

WRITABLE = ("categories", "lineItems", "results")
MOST_SELECTIONS = 512
SPLIT_VIEWS = {
    "studentEnrollments": ("enrollments", "role", "student"),
    "teacherEnrollments": ("enrollments", "role", "teacher"),
}
"""Views that some vendors serve beside the standard's; see the quirk endpoint.split-enrollments."""
LENS = "lens"
Selection = Sequence[int] | None


class Provider:
    """A vendor's provider over one store.

    folder: where rendered collections are kept; the caller removes it. quirks and withheld: on from the start,
    beside the dialect's own.
    """

    def __init__(
        self,
        dialect: Dialect,
        store: Store,
        folder: Path,
        quirks: Sequence[str] = (),
        withheld: Sequence[str] = (),
    ) -> None:
        self.dialect = dialect
        self._first_quirks = (*dialect.default_quirks, *quirks)
        self._first_withheld = tuple(withheld)
        self.name = dialect.name
        self.standard = load("1.1")
        self.store = store
        self.credentials = credentials_of(int(store.meta["seed"]), dialect.name)
        services = {"rostering": ALL_1P1[:3], "resources": ALL_1P1[3:4], "gradebook": ALL_1P1[4:]}
        self.scopes = tuple(scope for service in dialect.services for scope in services[service])
        self.mint = TokenMint(
            dialect.token_form,
            dialect.token_life_s,
            self.credentials,
            [expand(scope) for scope in self.scopes],
        )
        self.tokens = TokenEndpoint(self.mint, self.credentials, self.scopes)
        self.gate = Gate(
            dialect.auth, self.credentials, self.mint, tuple(expand(scope) for scope in self.scopes)
        )
        self._lock = threading.RLock()
        self._folder = folder
        self.quirk_ids: tuple[str, ...] = ()
        self.quirks: tuple[Quirk, ...] = ()
        self.withheld: frozenset[str] = frozenset()
        self.written: dict[str, dict[str, bytes]] = {}
        self._forget()
        self.reset()

    def reset(self) -> None:
        """Go back to the quirks and settings of the start, and to the district as it was generated."""
        self.withhold(self._first_withheld)
        if self.written:
            self.written = {}
            self._forget()
        self.set_quirks(self._first_quirks)

    def set_quirks(self, ids: Iterable[str]) -> None:
        """Turn on exactly these quirks, beside those that decided at the start which records there are.

        Raises UsageProblem for an unknown id, and for one that could only be chosen at the start.
        """
        known = load_quirks()
        served = [found for found in self._first_quirks if found in known and known[found].hook == LENS]
        chosen = tuple(dict.fromkeys([*ids, *served]))
        for found in chosen:
            if found not in known:
                raise unknown("quirk", found, known)
            if known[found].hook == LENS and found not in served:
                raise UsageProblem(
                    f"{found} decides which records are shown, and the district is already served",
                    f"serve --quirk {self.name}:{found}",
                )
        with self._lock:
            # A reset between tests usually changes nothing: what was rendered and worked out is then kept.
            if chosen != self.quirk_ids:
                self._forget()
            self.quirk_ids = chosen
            self.quirks = tuple(REGISTRY[found]() for found in chosen if found in REGISTRY)

    def withhold(self, settings: Iterable[str]) -> None:
        """Withhold exactly these settings.

        Raises UsageProblem for an unknown setting.
        """
        known = {setting.id: setting for setting in self.dialect.settings}
        chosen = tuple(settings)
        for found in chosen:
            if found not in known:
                raise unknown(f"setting of {self.name}", found, known)
        self.withheld = frozenset(chosen)

    def _forget(self) -> None:
        self._rows: dict[str, Rows] = {}
        self._columns: dict[str, Columns] = {}
        self._selections: dict[tuple[str | None, ...], Selection] = {}
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def setting_against(self, collection: str) -> Setting | None:
        """The withheld setting that closes a collection, None when it is open."""
        for setting in self.dialect.settings:
            if setting.id in self.withheld and ("*" in setting.withholds or collection in setting.withholds):
                return setting
        return None

    def check_open(self, collection: str) -> None:
        """Raise the answer of a withheld setting."""
        setting = self.setting_against(collection)
        if setting is None:
            return
        if setting.status == 403:
            raise forbidden(f"the integration may not read {collection}")
        code = {404: "unknown object", 401: "unauthorized"}.get(setting.status, "invalid data")
        headers = {"WWW-Authenticate": 'Bearer realm="OneRoster"'} if setting.status == 401 else {}
        raise Refusal(setting.status, code, "the service is not available", headers)

    def rows(self, collection: str) -> Rows:
        """A collection as this vendor renders it, with what clients wrote."""
        with self._lock:
            if collection not in self._rows:
                self._rows[collection] = self._load(collection)
            return self._rows[collection]

    def _load(self, collection: str) -> Rows:
        rows: Rows = self.store.collection(collection)
        if self.written.get(collection):
            live = {parse(raw)["sourcedId"]: raw for raw in rows.iter_bytes()} | self.written[collection]
            rows = MemoryRows({found: raw for found, raw in live.items() if raw})
        hooks = [quirk for quirk in self.quirks if changes_records(quirk)]
        return render_collection(self.standard, collection, rows, hooks, self._folder) if hooks else rows

    def write(self, collection: str, sourced_id: str, record: bytes) -> None:
        """Keep a written record; empty bytes remove it from every read."""
        with self._lock:
            self.written.setdefault(collection, {})[sourced_id] = record
            self._rows.pop(collection, None)
            self._columns.pop(collection, None)
            self._selections = {key: rows for key, rows in self._selections.items() if key[0] != collection}

    def columns(self, collection: str) -> Columns:
        """Extracted columns of a collection."""
        with self._lock:
            if collection not in self._columns:
                self._columns[collection] = Columns(self.rows(collection))
            return self._columns[collection]

    def view_rows(self, segment: str) -> list[int]:
        """Rows of a typed view such as students."""
        collection, item, value = {**VIEWS, **SPLIT_VIEWS}[segment]
        return self.columns(collection).lookup(item).get(value, [])

    def members(self, operation: Operation, parameters: Mapping[str, str]) -> Selection:
        """Rows of a collection operation before filter and sort; None means all."""
        rows: Selection = None
        if operation.kind == "related":
            found = sorted(RELATIONS[operation.name](self, parameters))
            if operation.view:
                item = "role" if operation.payload_key == "users" else "type"
                values = self.columns(operation.payload_key).column(item)
                found = [row for row in found if values[row] == operation.view]
            for quirk in self.quirks:
                found = quirk.rows(operation.name, parameters, found, self)
            rows = found
        elif operation.view:
            rows = self.view_rows(operation.path.strip("/"))
        return rows

    def selection(
        self, operation: Operation, parameters: Mapping[str, str], query: Query
    ) -> tuple[Selection, list[dict[str, str]]]:
        """Rows of a request in order, and the warnings that go with them; None means all in default order."""
        collection = operation.payload_key
        warnings: list[dict[str, str]] = []
        sort = query.sort
        if sort is not None and sort not in sortable(self.standard, operation.entity):
            warnings.append(
                warning("invalid_sort_field", f"the sort field {sort} is unknown or has no order")
            )
            sort = None
        direction = query.order if sort else "asc"
        key = (collection, operation.name, *parameters.values(), query.filter, sort, direction)
        with self._lock:
            if key not in self._selections:
                if len(self._selections) >= MOST_SELECTIONS:
                    self._selections.clear()
                self._selections[key] = self._select(operation, parameters, query.filter, sort, direction)
            return self._selections[key], warnings

    def _select(
        self,
        operation: Operation,
        parameters: Mapping[str, str],
        text: str | None,
        sort: str | None,
        direction: str,
    ) -> Selection:
        collection = operation.payload_key
        rows = self.members(operation, parameters)
        if text is not None:
            expression = read_filter(self.standard, operation.entity, text)
            rows = select(self.standard, operation.entity, self.columns(collection), expression, rows)
        if sort:
            item = sortable(self.standard, operation.entity)[sort]
            every = range(len(self.rows(collection))) if rows is None else rows
            rows = order(self.columns(collection), item, every, descending=direction == "desc")
        return rows

    def fields_of(
        self, operation: Operation, text: str | None
    ) -> tuple[tuple[str, ...] | None, list[dict[str, str]]]:
        """Property names to return (None: all), and the warning for unknown ones.

        Raises Refusal 400 for a blank list.
        """
        if text is None:
            return None, []
        if not text.strip(", "):
            raise bad_request("fields names no field", "invalid_blank_selection_field")
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        known = self.standard.classes[operation.entity].property_names
        strange = [name for name in names if name not in known]
        if strange:
            return None, [warning("invalid_selection_field", f"fields names the unknown field {strange[0]}")]
        return names, []
