"""The generated pages are current, and say what is assumed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mock_server.catalogue import LEGAL
from mock_server.documentation import GUESS, pages, sources
from oneroster_standard.dialects import SHIPPED, load_dialect, load_quirks

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_page_is_what_the_dialect_files_give(name: str) -> None:
    assert DOCS.joinpath(name).read_text("utf-8") == pages()[name], (
        "run `python -m mock_server.documentation`"
    )


def rows(page: str) -> list[str]:
    """Rows of all tables of a page."""
    return [line for line in pages()[page].splitlines() if line.startswith("| `")]


def test_every_quirk_has_its_row_and_an_assumed_one_is_marked() -> None:
    for quirk in load_quirks().values():
        found = next(row for row in rows("quirks.md") if row.startswith(f"| `{quirk.id}` |"))
        assert (GUESS in found) == ("guess" in quirk.confidence.values()), quirk.id
        assert quirk.source in found and (quirk.trips or (LEGAL,))[0] in found


def test_every_setting_has_its_setup_step_and_a_guessed_answer_is_marked() -> None:
    for setting in (one for name in SHIPPED for one in load_dialect(name).settings):
        found = [row for row in rows("vendors.md") if row.startswith(f"| `{setting.id}` | {setting.title} |")]
        assert len(found) == 1 and setting.remedy in found[0]
        assert (GUESS in found[0]) == (setting.basis == "guess" or "guess" in setting.source)


def test_every_source_that_is_cited_is_explained() -> None:
    cited = [quirk.source for quirk in load_quirks().values()]
    for dialect in map(load_dialect, SHIPPED):
        for group in (
            dialect.settings,
            dialect.deviations,
            dialect.facts,
            dialect.roots,
            dialect.token_paths,
            dialect.hosts,
            dialect.applications,
            dialect.other_product_token_paths,
        ):
            cited += [one.source for one in group]
    keys = {
        key
        for text in cited
        for key in re.findall(r"\b(?:[A-Z]{2}-)?[A-Z][A-Z0-9]{2,}\b|\b[A-Z]{2}-[A-Z0-9]+\b", text)
    }
    assert keys - {"REST", "RFC", "NET", "SIS", "UCHA", "PUT", "PATCH"} == set(sources())
