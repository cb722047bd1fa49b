"""One provider: a district as one vendor serves it in one version of the standard.

Called by the application for every request; holds the mapped collections and what was worked out from them.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mock_server.answers import bad_request, warning
from mock_server.collections import Numbers, Rows
from mock_server.columns import Columns, has_value
from mock_server.filtering import read_filter, select
from mock_server.overlay import Change, OverlayRows, change_of
from mock_server.quirks.hooks import Query, Quirk
from mock_server.relations import RELATIONS
from mock_server.rendering import RenderedRows, changes_records
from mock_server.selections import Selection, Selections
from mock_server.sorting import order
from oneroster_standard.fields import sortable
from oneroster_standard.marks import parse
from oneroster_standard.standard import Operation, load

if TYPE_CHECKING:
    from mock_server.vendor import Vendor

WRITABLE = ("categories", "lineItems", "results")


@dataclass(frozen=True, slots=True)
class ExtraView:
    """A collection that some vendors serve beside the standard's: what it is cut from, and the quirk that shows it."""

    collection: str
    item: str
    value: str
    whole: str
    quirk: str


EXTRA_VIEWS = {
    "studentEnrollments": ExtraView("enrollments", "role", "student", "getAllEnrollments", "endpoint.split-enrollments"),
    "teacherEnrollments": ExtraView("enrollments", "role", "teacher", "getAllEnrollments", "endpoint.split-enrollments"),
    "administrators": ExtraView("users", "role", "administrator", "getAllUsers", "endpoint.people-by-kind"),
    "guardians": ExtraView("users", "role", "guardian", "getAllUsers", "endpoint.people-by-kind"),
    "relatives": ExtraView("users", "role", "relative", "getAllUsers", "endpoint.people-by-kind"),
    "districts": ExtraView("orgs", "type", "district", "getAllOrgs", "endpoint.people-by-kind"),
}


class Provider:
    """One version of a vendor, over the vendor's store.

    folder: where its rendered collections are kept; the caller removes it.
    """

    def __init__(self, vendor: Vendor, spec: str, folder: Path) -> None:
        self.vendor = vendor
        self.spec = spec
        self.name = vendor.name
        self.dialect = vendor.dialect
        self.standard = load(spec)
        self.store = vendor.store
        self._lock = threading.RLock()
        self._folder = folder
        self._written: dict[str, dict[str, Change]] = {}
        self.forget()

    @property
    def quirks(self) -> tuple[Quirk, ...]:
        """Quirks that are on, in order."""
        return self.vendor.quirks

    @property
    def services(self) -> tuple[str, ...]:
        """Services of this version that the vendor has."""
        return self.dialect.services_of(self.spec)

    def forget_written(self) -> None:
        """Go back to the district as it was generated."""
        if self._written:
            with self._lock:
                self._written = {}
                self.forget()

    def forget(self) -> None:
        """Drop whatever was rendered or worked out; it is made again when it is asked for."""
        with self._lock:
            self._base: dict[str, Rows] = {}
            self._rows: dict[str, Rows] = {}
            self._columns: dict[str, Columns] = {}
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            self._selections = Selections(self._folder / "selections")

    def rows(self, collection: str) -> Rows:
        """A collection as this vendor renders it, with what clients wrote."""
        with self._lock:
            if collection not in self._rows:
                self._rows[collection] = self._load(collection)
            return self._rows[collection]

    def base(self, collection: str) -> Rows:
        """A collection with what clients wrote, before a quirk changes it."""
        with self._lock:
            if collection not in self._base:
                rows: Rows = self.store.collection(collection, self.spec)
                changes = {
                    sourced_id: replace(found, record=shown) if (shown := self._laid(found.record)) != found.record else found
                    for sourced_id, found in self._written.get(collection, {}).items()
                }
                self._base[collection] = OverlayRows(rows, changes) if changes else rows
            return self._base[collection]

    def _laid(self, record: bytes) -> bytes:
        for quirk in self.quirks:
            record = quirk.laid_over(record) if record else record
        return record

    def dropped(self, collection: str) -> list[bytes]:
        """Records that changed since the start and that a quirk takes out of sight."""
        with self._lock:
            found = self._written.get(collection, {})
            return [change.record for change in found.values() if change.record and not self._laid(change.record)]

    def record(self, collection: str, sourced_id: str) -> dict[str, Any] | None:
        """One record before a quirk changes it, None when it is not there."""
        rows = self.base(collection)
        row = rows.find(sourced_id)
        return None if row is None else parse(rows.record_bytes(row))

    def _load(self, collection: str) -> Rows:
        hooks = [quirk for quirk in self.quirks if changes_records(quirk)]
        rows = self.base(collection)
        return RenderedRows(self.standard, collection, rows, hooks, self._folder) if hooks else rows

    def adopt_written(self, collection: str, sourced_id: str, record: bytes) -> None:
        """Take over a record that this or another worker wrote, empty when it was removed; the shared state holds it."""
        with self._lock:
            kept = self._written.setdefault(collection, {})
            rows = self.store.collection(collection, self.spec)
            kept[sourced_id] = change_of(rows, sourced_id, record, kept.get(sourced_id))
            self._base.pop(collection, None)
            self._rows.pop(collection, None)
            if collection in self._columns:
                self._columns.pop(collection).discard()
            # Members of one collection follow from others: none of them is sure any more.
            self._selections.forget()

    def columns(self, collection: str) -> Columns:
        """Extracted columns of a collection."""
        with self._lock:
            if collection not in self._columns:
                folder = Path(tempfile.mkdtemp(prefix=f"{collection}-", dir=self._folder))
                self._columns[collection] = Columns(self.rows(collection), folder)
            return self._columns[collection]

    def view_rows(self, segment: str) -> Numbers:
        """Rows of a typed view such as students."""
        extra = EXTRA_VIEWS.get(segment)
        collection, item, value = (extra.collection, extra.item, extra.value) if extra else self.standard.views[segment]
        return self.columns(collection).rows_with(item, value)

    def _view_of(self, operation: Operation) -> tuple[str, str, str]:
        """The typed view whose records an operation returns, such as that of students for /classes/{id}/students."""
        for view in self.standard.views.values():
            if view[0] == operation.payload_key and view[2] == operation.view:
                return view
        raise KeyError(operation.view)

    def members(self, operation: Operation, parameters: Mapping[str, str]) -> Selection:
        """Rows of a collection operation before filter and sort; None means all."""
        rows: Selection = None
        if operation.kind == "related":
            found = RELATIONS[operation.name](self, parameters)
            if operation.view:
                _, item, value = self._view_of(operation)
                held = self.columns(operation.payload_key).values(item, found)
                found = found[np.fromiter((has_value(one, value) for one in held), np.bool_, len(found))]
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
            # 1.2 has no status on success any more, and no code for this one: default order, silently.
            if self.spec == "1.1":
                warnings.append(warning("invalid_sort_field", f"the sort field {sort} is unknown or has no order"))
            sort = None
        direction = query.order if sort else "asc"
        key = (collection, operation.name, *parameters.values(), query.filter, sort, direction)
        with self._lock:
            if key not in self._selections:
                self._selections.keep(key, self._select(operation, parameters, query.filter, sort, direction))
            return self._selections.get(key), warnings

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
            rows = self._filtered(operation, text, rows)
        if sort:
            item = sortable(self.standard, operation.entity)[sort]
            every = np.arange(len(self.rows(collection)), dtype=np.int32) if rows is None else rows
            rows = order(self.columns(collection), item, every, descending=direction == "desc")
        return rows

    def _filtered(self, operation: Operation, text: str, rows: Selection) -> Selection:
        read = (quirk.alternatives(text) for quirk in self.quirks)
        groups = next((found for found in read if found is not None), [[text]])
        chosen: list[Numbers] = []
        for group in groups:
            left = rows
            for part in group:
                expression = read_filter(self.standard, operation.entity, part)
                left = select(self.standard, operation.entity, self.columns(operation.payload_key), expression, left)
            chosen.append(np.arange(len(self.rows(operation.payload_key)), dtype=np.int32) if left is None else left)
        return chosen[0] if len(chosen) == 1 else np.unique(np.concatenate(chosen))

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
        if strange and self.spec != "1.1":
            raise bad_request(f"fields names the unknown field {strange[0]}", "invalid_selection_field")
        if strange:
            return None, [warning("invalid_selection_field", f"fields names the unknown field {strange[0]}")]
        return names, []
