"""The report of a check in a real browser: sorted, filtered, printed, and closed to every script but its own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from conformance.notices import Notice
from conformance.report import Outcome, Report
from conformance.reports.html import hash_of, html_report

pytestmark = pytest.mark.services
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
EVIL = "<script>document.title = 'ran'</script><img src=x onerror=\"document.title='ran'\">"


def _report() -> Report:
    found = Report("https://sis.example.org/v1p1", "1.1", 1, "2026-10-01", "0.1.0")
    first = Notice("records are lost", {"request": "GET /users", "pointer": "/users"}, count=3, severity="error", check="paging.pages-partition", section="x", remedy="mend")
    found.findings = [
        first, replace(first, message=f"a date {EVIL}", check="schema.date", count=90, severity="warning"),
        replace(first, message="a mark", check="auth.clock", count=1, severity="info"),
        replace(first, message="follows", check="sort.descending", cause_of="paging.pages-partition"),
        replace(first, message="is known", check="headers.link", known=True, severity="info"),
    ]  # fmt: skip
    found.outcomes = [Outcome(one.check, "fail", "", "REST") for one in found.findings] + [Outcome("view.typed", "pass", "", "A section")]
    return found


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(html_report(_report()), encoding="utf-8")
    return path


@pytest.fixture(params=[1200, 480])
def browser(request: pytest.FixtureRequest, page: Path) -> Iterator[webdriver.Chrome]:
    """The page in a wide and in a narrow window."""
    binary = next((path for path in map(shutil.which, BROWSERS) if path), None)
    driver = shutil.which("chromedriver")
    assert binary and driver, "no browser is installed; run .ci/services"
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={request.param},1400"):
        options.add_argument(argument)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        found.get(page.as_uri())
        yield found
    finally:
        found.quit()


def _shown(browser: webdriver.Chrome) -> list[str]:
    cards = browser.find_elements(By.CSS_SELECTOR, "#findings article")
    return [str(card.get_attribute("data-check")) for card in cards if card.is_displayed()]


def test_findings_are_filtered_and_sorted(browser: webdriver.Chrome) -> None:
    assert _shown(browser) == ["paging.pages-partition", "schema.date", "auth.clock"]
    Select(browser.find_element(By.ID, "order")).select_by_value("count")
    assert _shown(browser) == ["schema.date", "paging.pages-partition", "auth.clock"]
    browser.find_element(By.CSS_SELECTOR, "input[value=warning]").click()
    assert _shown(browser) == ["paging.pages-partition", "auth.clock"]
    browser.find_element(By.ID, "words").send_keys("A MARK")
    assert _shown(browser) == ["auth.clock"]
    assert browser.find_element(By.ID, "shown").text == "1 of 3 root causes"


def test_checks_are_sorted_and_sought(browser: webdriver.Chrome) -> None:
    browser.find_elements(By.CSS_SELECTOR, "details > summary")[-1].click()
    head = browser.find_elements(By.CSS_SELECTOR, "#checks th button")[0]
    for wanted, state in ((sorted, "ascending"), (lambda ids: sorted(ids, reverse=True), "descending")):
        head.click()
        ids = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#checks td:first-child")]
        assert ids == wanted(ids)
        assert browser.find_element(By.CSS_SELECTOR, "#checks th").get_attribute("aria-sort") == state
    browser.find_element(By.ID, "sought").send_keys("a section")
    assert [row.text.split()[0] for row in browser.find_elements(By.CSS_SELECTOR, "#checks tbody tr") if row.is_displayed()] == ["view.typed"]


def test_the_page_fits_and_no_other_script_runs(browser: webdriver.Chrome, page: Path) -> None:
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert browser.title == "fail: https://sis.example.org/v1p1"
    text = page.read_text("utf-8").replace("</body>", "<script>document.title = 'ran'</script></body>")
    page.write_text(text, encoding="utf-8")
    browser.get(page.as_uri())
    assert browser.title == "fail: https://sis.example.org/v1p1"


def test_paper_shows_what_the_screen_folds(browser: webdriver.Chrome) -> None:
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert not browser.find_elements(By.CSS_SELECTOR, "details:not([open])")
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.find_elements(By.CSS_SELECTOR, "details:not([open])")
    assert len(str(browser.print_page())) > 10_000


def test_the_page_holds_one_script_and_fetches_nothing(page: Path) -> None:
    text = page.read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    assert f"script-src '{hash_of(scripts[0])}'" in text.replace("&#39;", "'")
    assert not re.findall(r'(?:src|href)="?(?:https?:)?//', text)
