"""What is put to the suite: each quirk, fault and defect with the checks that its source declares by hand.

Called by the runner, by the page and by the test that keeps the page current. Runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.api_judge import CHECKS
from data_gen import defects
from data_gen.defects.record_registry import RECORD_DEFECTS
from data_gen.defects.registry import DEFECTS
from data_gen.shapes.reading import preset_names
from oneroster_standard.dialects import load_quirks
from oneroster_standard.dialects.faults import load_faults

assert defects.FAMILIES
VERSIONS = ("1.1", "1.2")
SEEDS = (1, 2, 3)
MIDDLE = 150
"""Students of the district that most faults show on."""
LARGE = 1_000
SMALLEST = 1
NEEDS_LARGE = {"class.same-titles"}
"""Several sections of one course in one school."""
FILLED = {"classes.lunchroom": 140}
BUNDLE = 60
AT_ONE_COLLECTION = {"fault.auth-forbidden", "fault.body-empty", "fault.body-error-in-200"}
"""Struck everywhere, these also answer requests without a credential, which is told as a finding beside them."""
SHAPED = {"one-class": 24, "one-school": 90, "small-district": 300, "city": 400, "new-york-city": 400, "state": 600}
"""Students by shape, as few as show its form."""
FUZZED = (
    "address.base-path-moved", "auth.cookie-needed", "auth.token-beginning", "course.year-missing", "enrollment.school-missing",
    "error.content-type-wrong", "filter.case-ignored", "filter.rejected", "paging.data-moves", "paging.link-other-host",
    "paging.returned-count-header", "people.role-and-roles", "reference.href-missing", "sort.bad-order-accepted", "token.scope-required",
    "value.instant-without-zone", "value.padded",
)  # fmt: skip
"""The comparison's sample: each eighth quirk that changes answers and declares a check, by the order of ids, drawn once so that a new quirk changes nothing."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to plant. declared: the checks that its source names, none where nothing may be found; shape, seed: of clean runs."""

    kind: str
    id: str
    spec: str
    declared: tuple[str, ...] = ()
    students: int = MIDDLE
    hook: str = ""
    shape: str = ""
    seed: int = 1

    @property
    def is_also_older(self) -> bool:
        """Whether an older version can be asked for it too."""
        return all("1.1" in CHECKS[name].specs for name in self.declared)

    @property
    def order(self) -> str:
        """What the mock is told to plant."""
        return f"{self.id}@on=users" if self.id in AT_ONE_COLLECTION else self.id

    @property
    def key(self) -> str:
        """What the ledger knows it by."""
        return f"{self.kind} {self.id} {self.spec}"


def _quirks() -> Iterator[Trial]:
    for spec in VERSIONS:
        for found in load_quirks().values():
            # What a check of one version only judges cannot be asked of the other.
            if found.trips and not all(spec in CHECKS[name].specs for name in found.trips):
                continue
            size = LARGE if found.hook == "lens" or found.id in NEEDS_LARGE else MIDDLE
            yield Trial("quirk", found.id, spec, found.trips, size, found.hook)


def _faults() -> Iterator[Trial]:
    for spec in VERSIONS:
        for found in load_faults().values():
            if found.trips:
                yield Trial("fault", found.id, spec, found.trips)


def _records() -> Iterator[Trial]:
    for id, found in sorted(RECORD_DEFECTS.items()):
        yield Trial("record", id, found.specs[0], (found.trips, *found.also), 100)


def _bundles() -> Iterator[Trial]:
    for id, found in sorted(DEFECTS.items()):
        if not found.needs_day:
            for spec in found.specs:
                yield Trial("csv", id, spec, (found.trips,), FILLED.get(id, BUNDLE))


def _clean() -> Iterator[Trial]:
    for spec in VERSIONS:
        for kind in ("clean-csv", "clean-api"):
            for seed in SEEDS:
                for shape in preset_names():
                    yield Trial(kind, f"{shape}, seed {seed}", spec, (), SHAPED.get(shape, 300), shape=shape, seed=seed)
            for students in (SMALLEST, LARGE):
                yield Trial(kind, f"small-district of {students:,}", spec, (), students, shape="small-district")


def _fuzzed() -> Iterator[Trial]:
    yield Trial("fuzzer", "reference", "1.1", (), 30)
    for id in FUZZED:
        yield Trial("fuzzer", id, "1.1", load_quirks()[id].trips, 30)


KINDS = {
    "csv": _bundles, "quirk": _quirks, "fault": _faults, "record": _records, "clean": _clean, "fuzzer": _fuzzed,
}  # fmt: skip


def trials(kinds: tuple[str, ...] = tuple(KINDS)) -> list[Trial]:
    """All that is to be put to the suite, in a fixed order."""
    return [trial for kind in kinds for trial in KINDS[kind]()]
