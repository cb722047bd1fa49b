"""The console in a real browser: by keyboard, in light and dark, live."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from mock_server.mock_process import RunningMock, running_mock

pytestmark = pytest.mark.services
WITHIN_S = 15
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningMock]:
    """A small district behind all vendors."""
    with running_mock(students=60) as found:
        yield found


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    """A fresh browser; a missing one is a failure, not a skip."""
    binary = next((path for path in map(shutil.which, BROWSERS) if path), None)
    driver = shutil.which("chromedriver")
    assert binary, "no browser is installed; run .ci/services"
    assert driver, "no chromedriver is installed; run .ci/services"
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1400"):
        options.add_argument(argument)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield found
    finally:
        found.quit()


def sign_in(browser: webdriver.Chrome, mock: RunningMock) -> None:
    """Type the admin token and press Enter."""
    browser.get(f"{mock.ready['console_url']}/sign-in")
    browser.switch_to.active_element.send_keys(mock.ready["admin_token"], Keys.ENTER)
    WebDriverWait(browser, WITHIN_S).until(lambda found: "Sign out" in found.page_source)


def test_a_quirk_is_switched_on_by_keyboard_alone(browser: webdriver.Chrome, mock: RunningMock) -> None:
    mock.reset()
    sign_in(browser, mock)
    browser.get(f"{mock.ready['console_url']}/vendors/reference")
    search = browser.find_element(By.CSS_SELECTOR, "[data-narrow]")
    search.send_keys("paging.no-link")
    shown = [box for box in browser.find_elements(By.CSS_SELECTOR, "#quirk-list input") if box.is_displayed()]
    assert [box.get_attribute("value") for box in shown] == ["paging.no-link"]
    for _ in range(6):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element.get_attribute("value") == "paging.no-link":
            break
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    WebDriverWait(browser, WITHIN_S).until(lambda found: found.find_elements(By.CSS_SELECTOR, ".done"))
    assert mock.admin("GET", "/vendors/reference/quirks")["quirks"] == ["paging.no-link"]


def test_the_journal_grows_while_one_looks(browser: webdriver.Chrome, mock: RunningMock) -> None:
    mock.reset()
    browser.get(f"{mock.ready['console_url']}/journal")
    assert "No request yet" in browser.page_source
    requests.get(mock.provider("reference").base_url + "/orgs", timeout=WITHIN_S)
    WebDriverWait(browser, WITHIN_S).until(lambda found: "401" in found.find_element(By.ID, "requests").text)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2) of a computed colour such as rgb(1, 2, 3)."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_background(browser: webdriver.Chrome, mock: RunningMock, scheme: str) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.get(f"{mock.ready['console_url']}/vendors/infinite-campus")
    pairs = browser.execute_script(
        """const back = (one) => { while (one && getComputedStyle(one).backgroundColor === "rgba(0, 0, 0, 0)") one = one.parentElement;
           return getComputedStyle(one || document.body).backgroundColor; };
           return [...document.querySelectorAll("h1, p, td, th, a, summary, .mark, code, legend, strong")]
             .filter((one) => one.offsetParent && !one.closest("fieldset:disabled"))
             .map((one) => [getComputedStyle(one).color, back(one), one.tagName]);"""
    )
    assert len(pairs) > 30
    for ink, paper, tag in pairs:
        low, high = sorted((luminance(ink), luminance(paper)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (scheme, tag, ink, paper)


@pytest.mark.parametrize("path", ["", "/vendors/classlink", "/journal", "/sign-in"])
def test_a_page_fits_a_narrow_window_and_logs_no_error(browser: webdriver.Chrome, mock: RunningMock, path: str) -> None:
    browser.set_window_size(500, 900)
    browser.get(mock.ready["console_url"] + path)
    width = browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_the_api_document_is_shown_without_the_internet(browser: webdriver.Chrome, mock: RunningMock) -> None:
    browser.get(f"{mock.ready['console_url']}/openapi/reference/1.1/all")
    WebDriverWait(browser, WITHIN_S).until(lambda found: len(found.find_elements(By.CSS_SELECTOR, ".opblock")) > 40)
    asked = browser.execute_script("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert all(url.startswith(mock.ready["console_url"]) for url in asked)
