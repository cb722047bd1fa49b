"""The generated pages are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from oneroster_standard.documentation import pages

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_page_is_what_the_tables_give(name: str) -> None:
    assert DOCS.joinpath(name).read_text("utf-8") == pages()[name], "run `make docs`"
