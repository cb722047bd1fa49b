"""The served district's calendar: days pass, and every vendor shows what has changed, in every version.

Called by the admin API and the console. What changes on a day is told by whoever makes districts, through the entry point
`oneroster.districts: advance`; the changes lie over the district like records that a client wrote, so that all workers
show them at once and a reset takes them back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mock_server.state import SharedState, Written
from mock_server.vendor import Vendor
from oneroster_harness.problems import CannotRun
from oneroster_standard.dialects import load_quirks
from oneroster_standard.store import Store

DAY = "day"
MOST_DAYS = 366
"""So many days may pass at once."""


class Calendar:
    """Which day it is. base: the district of day 0; shown: vendor -> its name or file, and the quirks of its view."""

    def __init__(
        self, state: SharedState, vendors: Mapping[str, Vendor], base: Path, shown: Mapping[str, tuple[str, Sequence[str]]]
    ) -> None:
        self._state = state
        self._vendors = vendors
        self._base = base
        self._shown = shown
        self.followers: list[Callable[[int], None]] = []
        """Told how many days have passed."""
        self._as_of = date.fromisoformat(str(Store.open(base).meta["as_of"]))

    @property
    def day(self) -> int:
        """Days since the district was generated."""
        return int(self._state.read().documents.get(DAY, 0))

    @property
    def date(self) -> date:
        """The district's day."""
        return self._as_of + timedelta(days=self.day)

    def document(self) -> dict[str, Any]:
        """The day as JSON."""
        day = self.day
        return {"day": day, "date": (self._as_of + timedelta(days=day)).isoformat()}

    def advance(self, days: int) -> dict[str, Any]:
        """Let days pass; returns the new day, and per vendor how many records changed in each collection.

        Raises UsageProblem for a district that is seen through a vendor, and CannotRun when no package tells days.
        """
        with self._state.writing():
            start = self.day
            views = [(name, spec) for name, vendor in self._vendors.items() for spec in vendor.providers]
            told = _told_by("advance")(
                self._base, start=start, stop=start + days,
                views=[(self._shown[name][0], self._of_the_view(name), spec) for name, spec in views],
            )  # fmt: skip
            rows = [
                Written(f"{name}/{spec}", collection, sourced_id, record)
                for (name, spec), found in zip(views, told, strict=True)
                for collection, records in found.items()
                for sourced_id, record in records.items()
            ]
            self._state.write(rows)
            self._state.put(DAY, start + days)
        for follow in self.followers:
            follow(days)
        changed: dict[str, dict[str, int]] = {name: {} for name in self._vendors}
        for (name, spec), found in zip(views, told, strict=True):
            if spec == self._vendors[name].dialect.specs[0]:
                changed[name] = {collection: len(records) for collection, records in found.items()}
        return {**self.document(), "changed": changed}

    def stores(self, folder: Path, names: Sequence[str] = ()) -> dict[str, Path]:
        """Each vendor's store of this day, as its bundles are made of: without what was deleted.

        folder: where they are written, one folder per day; the caller removes it. names: of vendors, none means all.
        """
        day, write = self.day, _told_by("on-day")
        found: dict[str, Path] = {}
        for name, vendor in self._vendors.items():
            if names and name not in names:
                continue
            out = folder / f"day-{day:04d}" / f"{name}.district"
            if not out.exists():
                write(
                    vendor.store.path, out, base=self._base, day=day, vendor=self._shown[name][0], quirks=self._of_the_view(name)
                )  # fmt: skip
            found[name] = out
        return found

    def _of_the_view(self, name: str) -> list[str]:
        known = load_quirks()
        return [quirk for quirk in self._shown[name][1] if quirk in known and known[quirk].scope]


def _told_by(name: str) -> Any:
    found = entry_points(group="oneroster.districts", name=name)
    if not found:
        raise CannotRun(
            "no package tells what happens on a day", f"the entry point oneroster.districts: {name}",
            try_="install oneroster-harness whole",
        )  # fmt: skip
    return next(iter(found)).load()
