"""The page of the defects is the one that the defects give."""

from __future__ import annotations

from pathlib import Path

from data_gen.documentation import PAGE, page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_defects_is_current() -> None:
    assert DOCS.joinpath(PAGE).read_text("utf-8") == page(), "run `python -m data_gen.documentation docs`"
