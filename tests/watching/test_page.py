"""The status page: every district, those with trouble first, no script, and nothing that a name could break."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from sync_engine.monitoring.page import MOST_CHARTED, page, span
from tests.watching.fakes import START
from tests.watching.stood import DAYS, drifted, several, standing

NOW = START + timedelta(days=DAYS, hours=3)
ADDRESS = "postgresql://app@db/roster"
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Balance(HTMLParser):
    """Notes tags that are closed wrongly, and the texts of table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note a tag."""
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost one."""
        assert self.open.pop() == tag


def parsed(text: str) -> Balance:
    """The page's tags."""
    found = Balance()
    found.feed(text)
    assert found.open == []
    return found


def test_a_page_of_many_districts_shows_all_and_those_with_trouble_first() -> None:
    text = page(several(26), ADDRESS, NOW)
    names = re.findall(r'<td class="name">(district-\d+)</td>', text)
    assert sorted(names) == [f"district-{number:03}" for number in range(26)]
    assert names[0] == "district-002" and names.index("district-000") > names.index("district-008")
    assert len(re.findall("<section>", text)) == MOST_CHARTED
    assert f"Charts follow for {MOST_CHARTED} districts" in text
    parsed(text)


def test_a_page_of_one_tells_its_state_and_why() -> None:
    text = page([drifted(standing("north", "held"))], ADDRESS, NOW)
    assert "How north stands" in text
    assert "users: 180 of 400 rows would be removed (31.0 %, at most 10 %)" in text
    assert "something other than a sync changed landed rows" in text
    for told in ("rows wait", "Runs a day", "Rows that the source had", "Rows that wait or were set aside", "to be rotated by"):
        assert told in text
    assert text.count("<svg") == 3


def test_a_silent_source_and_an_old_credential_are_told() -> None:
    assert "nothing new since 2026-11-18" in page([standing("north", "silent")], ADDRESS, NOW)
    assert 'class="n rotate">420 days' in page([standing("north", "rotate")], ADDRESS, NOW)


def test_nothing_is_fetched_and_no_script_runs() -> None:
    text = page(several(5), ADDRESS, NOW)
    tags = parsed(text).tags
    assert not {"script", "link", "iframe", "img"} & set(tags)
    assert "default-src 'none'" in text
    assert not re.search(r'(?:src|href)="https?:', text)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "Zoë & Söhne", "a" * 300])
def test_any_name_is_only_a_name(name: str) -> None:
    one = standing("north", "held")
    runs = [*one.runs[:-1], replace(one.runs[-1], source=name, reasons=(name,))]
    text = page([replace(one, tenant=name, runs=runs)], name, NOW)
    assert set(parsed(text).tags) == set(parsed(page([one], ADDRESS, NOW)).tags)


def test_a_target_without_a_sync_has_a_page() -> None:
    assert "No sync has written here" in page([], ADDRESS, NOW)


def test_the_same_standing_gives_the_same_bytes() -> None:
    assert page(several(3), ADDRESS, NOW) == page(several(3), ADDRESS, NOW)


def test_spans_are_for_a_person() -> None:
    assert [span(timedelta(minutes=minutes)) for minutes in (5, 180, 2880)] == ["5 minutes", "3 hours", "2 days"]
    assert span(None) == "never"
