"""Each habit of delivery trips in `check csv` exactly what the catalogue says, and a vendor's own drop is known."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.csv_judge import judge
from conformance.known import mark_known
from data_gen.generation import Recipe, write_clean
from mock_server.delivery.arriving import arrive
from oneroster_harness.terminal import AS_OF
from oneroster_standard.dialects import SHIPPED, load_dialect
from oneroster_standard.dialects.delivery import load_delivery, load_habits
from oneroster_standard.writing.composing import compose
from oneroster_standard.writing.habits import FAMILIES
from oneroster_standard.writing.plan import MANIFEST, Plan, apply

assert FAMILIES
MOMENT = datetime(2026, 10, 1, 2, tzinfo=UTC)
BOTH = ("folder", "zip")
ONE_FORM = {
    "delivery.upload-aborted": ("zip",),  # of a loose file rows are lost, and with them what refers to them
    "delivery.many-entries": ("zip",),
    "delivery.old-files-pile-up": ("folder",),  # a dated archive is legal
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle of every vendor."""
    folder = tmp_path_factory.mktemp("bundles")
    for vendor in SHIPPED:
        write_clean(folder / vendor / "bundle", Recipe(130, 1, AS_OF, vendor=vendor))
    return {vendor: folder / vendor / "bundle" for vendor in SHIPPED}


def delivered(clean: Path, folder: Path, form: str, habits: tuple[str, ...]) -> Path:
    """A drop with some habits; returns what a consumer would pick up."""
    names = sorted(path.name for path in clean.iterdir() if path.name != MANIFEST)
    plan = Plan(MOMENT, form, {name: name for name in [*names, MANIFEST]})
    apply(plan, list(habits))
    staged, root = folder / "staged", folder / "root"
    staged.mkdir()
    root.mkdir()
    made = compose(plan, clean, staged, lambda _: None)
    cut = plan.zip_name if plan.arrival.broken_off else ""
    assert all(name in (*made, *(path.rpartition("/")[2] for path in made)) for name in arrive(staged, made, root, plan.arrival, cut, MOMENT))
    return root / plan.zip_name if form == "zip" else root


@pytest.mark.parametrize(("habit", "form"), [(id, form) for id in load_habits() for form in ONE_FORM.get(id, BOTH)])
def test_a_habit_is_found_by_the_check_that_it_names_and_nothing_else_is_wrong(
    bundles: dict[str, Path], tmp_path: Path, habit: str, form: str
) -> None:
    report = judge(delivered(bundles["reference"], tmp_path, form, (habit,)))
    assert {finding.check for finding in report.findings if not finding.cause_of} == set(load_habits()[habit].trips)


@pytest.mark.parametrize("vendor", SHIPPED)
def test_the_default_drop_of_a_vendor_holds_what_the_vendor_is_known_for_and_nothing_more(
    bundles: dict[str, Path], tmp_path: Path, vendor: str
) -> None:
    way = load_delivery(vendor)
    report = judge(delivered(bundles[vendor], tmp_path, way.form.value, way.default_habits))
    assert bool(report.findings) == (vendor != "reference")
    mark_known(report, load_dialect(vendor))
    assert [finding.check for finding in report.findings if not finding.known] == []
