"""The suite under pytest as other teams run it: by package, with profiles, and with roster checks of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.mock_process import running_mock
from tests.meeting.test_check_api import environment_of

ROOT = Path(__file__).parents[2]
OWN = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "ci.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another team's project: a bundle, and the page's example as its test."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run([sys.executable, "-m", "oneroster_harness", "generate", "bundle", "--students", "40"], cwd=folder, check=True, capture_output=True)
    assert OWN
    (folder / "test_roster.py").write_text(OWN[1], encoding="utf-8")
    return folder


def _pytest(folder: Path, *arguments: str, **environment: str) -> str:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ONEROSTER_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments], cwd=folder, env=bare | environment, capture_output=True, text=True,
        check=False, timeout=180,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_bundle_is_judged_by_the_package_with_a_case_per_check_and_profile(project: Path) -> None:
    text = _pytest(project, "--pyargs", "conformance", "--oneroster-bundle", "bundle", "--oneroster-profile", "lingco", "--oneroster-profile", "google")
    assert re.search(r"PASSED .*test_csv\[csv.unique-id\]", text), text[-3000:]
    assert re.search(r"PASSED .*test_profile\[lingco\]", text)
    assert re.search(r"FAILED .*test_profile\[google\]", text)
    assert "1 failed" in text


def test_a_check_of_ones_own_is_put_to_a_bundle_and_fails_where_it_should(project: Path) -> None:
    assert "1 passed" in _pytest(project, "test_roster.py", "--oneroster-bundle", "bundle")
    broken = project / "broken"
    subprocess.run(["cp", "-r", str(project / "bundle"), str(broken)], check=True)
    lines = (broken / "enrollments.csv").read_text("utf-8").splitlines(keepends=True)
    (broken / "enrollments.csv").write_text("".join(lines[:3]), encoding="utf-8")
    assert "1 failed" in _pytest(project, "test_roster.py", "--oneroster-bundle", "broken")


def test_what_was_not_read_skips_with_its_reason(project: Path) -> None:
    assert "neither --oneroster-bundle nor --oneroster-url was given" in _pytest(project, "test_roster.py")
    poor = project / "poor"
    subprocess.run(["cp", "-r", str(project / "bundle"), str(poor)], check=True)
    (poor / "enrollments.csv").unlink()
    text = _pytest(project, "test_roster.py", "--oneroster-bundle", "poor")
    assert "1 skipped" in text
    assert "enrollments.csv is not in the bundle" in text


def test_a_check_of_ones_own_reads_a_provider(project: Path) -> None:
    (project / "test_api.py").write_text(
        "import pytest\n"
        "@pytest.mark.oneroster_check(needs=['users', 'enrollments'])\n"
        "def test_users(oneroster_records):\n"
        "    assert len(oneroster_records('users')) > 40 and oneroster_records('users')[0]['sourcedId']\n",
        encoding="utf-8",
    )
    with running_mock(students=40, vendors=["powerschool"]) as mock:
        own = mock.provider("powerschool")
        where = ("--oneroster-url", own.base_url, "--oneroster-token-url", str(own.token_url))
        assert "1 passed" in _pytest(project, "test_api.py", *where, **environment_of(mock, "powerschool"))
        mock.withhold("powerschool", ["enrollments"])
        text = _pytest(project, "test_api.py", *where, **environment_of(mock, "powerschool"))
        assert "1 skipped" in text
        assert "GET /enrollments answers 4" in text
