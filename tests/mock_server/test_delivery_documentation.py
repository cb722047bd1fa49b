"""The page of the delivery habits is current, marks what is assumed, and explains what it cites."""

from __future__ import annotations

import re
from pathlib import Path

from mock_server.delivery.documentation import all_sources, page
from mock_server.documentation import GUESS
from oneroster_standard.dialects.delivery import load_habits

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_dialect_files_give() -> None:
    assert DOCS.joinpath("delivery-habits.md").read_text("utf-8") == page(), "run `make docs`"


def test_every_habit_has_its_row_and_an_assumed_one_is_marked() -> None:
    for habit in load_habits().values():
        (row,) = [line for line in page().splitlines() if line.startswith(f"| `{habit.id}` |") and habit.title in line]
        assert (GUESS in row) == ("guess" in habit.confidence.values()), habit.id


def test_every_source_that_a_habit_cites_is_explained() -> None:
    cited = {key for habit in load_habits().values() for key in re.findall(r"\b(?:[A-Z]{2}-[A-Z]{2,}|SSTAT)\b", habit.source)}
    assert {"PS-LPS", "IC-KB", "SSTAT"} <= cited <= set(all_sources())


def test_the_guide_names_every_route_and_option() -> None:
    guide = DOCS.joinpath("delivery.md").read_text("utf-8")
    for word in ("--sftp-port", "--share-dir", "--sftp-keys", "--sftp-writable", "/drop/step", "/delivery/advance", "/delivery/clock", "host_key"):
        assert word in guide
