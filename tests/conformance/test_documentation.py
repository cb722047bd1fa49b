"""The page of checks is what the checks say, and every check says enough."""

from __future__ import annotations

from pathlib import Path

from conformance.catalogue import entries
from conformance.causes import CONSEQUENCES
from conformance.documentation import PAGE, page
from conformance.registry import CHECKS
from oneroster_standard.dialects import load_quirks

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_checks_is_current() -> None:
    assert DOCS.joinpath(PAGE).read_text("utf-8") == page(), "run `make docs`"


def test_every_check_says_what_it_asks_why_where_and_what_to_do() -> None:
    for entry in entries():
        for name in ("title", "description", "section", "severity"):
            assert entry[name], f"{entry['id']} has no {name}"
        assert entry["title"].endswith("."), entry["id"]


def test_the_suite_is_as_wide_as_it_claims() -> None:
    counts = {judges: sum(entry["judges"] == judges for entry in entries()) for judges in ("api", "csv")}
    assert counts["api"] >= 40
    assert counts["csv"] >= 40


def test_quirks_and_causes_name_checks_that_exist() -> None:
    for quirk in load_quirks().values():
        assert set(quirk.trips) <= set(CHECKS), quirk.id
    for root, names in CONSEQUENCES.items():
        assert root in CHECKS
        for name in names:
            assert name in CHECKS or (name.endswith("*") and any(one.startswith(name[:-1]) for one in CHECKS)), name
