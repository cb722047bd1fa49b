"""The pages of the defects, of the shapes and of the school year are the ones that those give."""

from __future__ import annotations

from pathlib import Path

from data_gen.documentation import PAGE, page
from data_gen.shapes import documentation as shapes
from data_gen.year import documentation as school_year

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_defects_is_current() -> None:
    assert DOCS.joinpath(PAGE).read_text("utf-8") == page(), "run `python -m data_gen.documentation docs`"


def test_the_page_of_the_shapes_is_current() -> None:
    assert DOCS.joinpath(shapes.PAGE).read_text("utf-8") == shapes.page(), "run `python -m data_gen.documentation docs`"


def test_the_page_of_the_school_year_is_current() -> None:
    assert DOCS.joinpath(school_year.PAGE).read_text("utf-8") == school_year.page(), "run `python -m data_gen.documentation docs`"
