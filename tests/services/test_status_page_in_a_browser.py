"""The status page in a real browser: narrow and wide, light, dark and on paper it shows all and hides nothing beside the edge."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from sync_engine.monitoring.page import page
from tests.watching.stood import several
from tests.watching.test_page import ADDRESS, NOW

pytestmark = pytest.mark.services
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(params=[1280, 500])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """The page of a hundred districts in a wide and in a narrow window."""
    binary = next((path for path in map(shutil.which, BROWSERS) if path), None)
    driver = shutil.which("chromedriver")
    assert binary and driver, "no browser is installed; run .ci/services"
    file = tmp_path / "status.html"
    file.write_text(page(several(100), ADDRESS, NOW), encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={request.param},1200"):
        options.add_argument(argument)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        found.get(file.as_uri())
        yield found
    finally:
        found.quit()


def test_nothing_lies_beside_the_edge(browser: webdriver.Chrome) -> None:
    assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")  # type: ignore[no-untyped-call]
    assert len(browser.find_elements(By.CSS_SELECTOR, "tbody tr")) == 100
    assert all(svg.size["width"] > 200 for svg in browser.find_elements(By.CSS_SELECTOR, "figure svg")[:6])
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []  # type: ignore[no-untyped-call]


def test_dark_and_paper_have_colours_of_their_own(browser: webdriver.Chrome) -> None:
    def ink() -> str:
        return str(browser.execute_script("return getComputedStyle(document.body).color"))  # type: ignore[no-untyped-call]

    shown = {}
    for name, settings in {
        "light": {"media": "", "features": [{"name": "prefers-color-scheme", "value": "light"}]},
        "dark": {"media": "", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
        "paper": {"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    }.items():
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", settings)
        shown[name] = ink()
    assert len(set(shown.values())) == 3 and shown["paper"] == "rgb(0, 0, 0)"


def test_a_printed_table_ends_before_the_paper_does(browser: webdriver.Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    # A4 between margins of 12 mm, in pixels of CSS.
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 703, "height": 1000, "deviceScaleFactor": 1, "mobile": False})
    width = browser.execute_script("return document.querySelector('table').getBoundingClientRect().right")  # type: ignore[no-untyped-call]
    assert width <= 703
    assert base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"]).startswith(b"%PDF")
