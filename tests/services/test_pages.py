"""The pages in a real browser: they render, hold what they claim, fetch nothing and fit the window."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.services
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> str:
    """The installed browser; missing is a failure, not a skip."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    assert found, "no browser is installed; run .ci/services"
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo ran."""
    folder = tmp_path_factory.mktemp("demo")
    subprocess.run([sys.executable, "-m", "oneroster_harness", "demo", "--students", "60"], cwd=folder, check=True, capture_output=True)
    return folder


def rendered(browser: str, page: Path, tmp_path: Path, *more: str) -> str:
    """The document after the browser has laid it out."""
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=2000", *more, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def test_the_demo_page_renders_its_tables(browser: str, demo: Path, tmp_path: Path) -> None:
    text = rendered(browser, demo / "report.html", tmp_path, "--dump-dom")
    assert "Everything agrees" in text
    for vendor in ("powerschool", "infinite-campus", "classlink"):
        assert f'id="{vendor}"' in text


def test_a_check_report_renders_its_findings(browser: str, demo: Path, tmp_path: Path) -> None:
    text = rendered(browser, demo / "oneroster-demo" / "powerschool-check.html", tmp_path, "--dump-dom")
    assert "schema.no-null" in text
    assert "Not exercised" in text


def test_the_demo_page_is_one_file_without_scripts(demo: Path) -> None:
    text = (demo / "report.html").read_text("utf-8")
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', text)


@pytest.mark.parametrize("name", ["report.html", "oneroster-demo/classlink-check.html"])
def test_a_page_fits_a_narrow_window(browser: str, demo: Path, tmp_path: Path, name: str) -> None:
    page = tmp_path / "framed.html"
    source = (demo / name).read_text("utf-8")
    # A script of the test's own tells how wide the page becomes in a narrow frame; the page itself lets none but its own run.
    source = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", source)
    page.write_text(
        source.replace("</body>", "<script>document.title = 'width ' + document.documentElement.scrollWidth</script></body>"), "utf-8"
    )
    text = rendered(browser, page, tmp_path, "--window-size=600,900", "--dump-dom")
    width = re.search(r"<title>width (\d+)</title>", text)
    assert width
    assert int(width[1]) <= 620


@pytest.mark.parametrize("name", ["town", "town.days"])
def test_a_description_draws_its_charts(browser: str, tmp_path: Path, name: str) -> None:
    oneroster = [sys.executable, "-m", "oneroster_harness"]
    subprocess.run([*oneroster, "generate", "town", "--students", "120", "--days", "4"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([*oneroster, "describe", name, "--report", "html:page.html"], cwd=tmp_path, check=True, capture_output=True)
    text = rendered(browser, tmp_path / "page.html", tmp_path, "--dump-dom")
    assert text.count("<svg") == (5 if name == "town.days" else 3)
    assert "120 students" in text or name == "town.days"
    assert "<script" not in text and not re.findall(r'(?:src|href)="(?:https?:)?//', text)
