"""What the README and the guide show to another project's developers runs as it stands there, and their claims hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mock_server import pytest_plugin
from mock_server.asked import JournalView
from mock_server.journal import Journal
from mock_server.marks import ARGUMENTS

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
OUTSIDE = ROOT / "tests" / "outside_project"


def _block(path: str, word: str) -> str:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / path).read_text("utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return str(found)


def readme_example() -> str:
    """The README's test file, which imports our_app."""
    return _block("README.md", "our_app")


def in_process_example() -> str:
    """The guide's test file over the WSGI application."""
    return _block("docs/pytest.md", "oneroster_wsgi")


def test_the_example_of_the_readme_runs_over_every_vendor(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(our_app=(OUTSIDE / "our_app.py").read_text("utf-8"), test_ours=readme_example())
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=8)


def test_the_example_fails_for_an_application_that_sends_no_limit(pytester: pytest.Pytester) -> None:
    careless = (OUTSIDE / "our_app.py").read_text("utf-8").replace('"limit": PAGE, ', "")
    pytester.makepyfile(our_app=careless, test_ours=readme_example())
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert result.parseoutcomes().get("failed", 0) == 8
    result.stdout.fnmatch_lines(["*the client asked otherwise: /users, without limit", "*expected   never"])


def test_the_example_of_the_guide_runs_in_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_ours=in_process_example())
    result = pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", "-p", "no:xdist")
    result.assert_outcomes(passed=1)


def test_every_claim_of_the_guide_is_one_that_the_journal_takes() -> None:
    told = (ROOT / "docs" / "pytest.md").read_text("utf-8")
    claims = re.findall(r"`(asked\(.*?\)\.\w+\(\d?\))`", told)
    assert len(claims) == 6
    empty = JournalView(Journal(frozenset({"status"})).document)
    for claim in claims:
        try:
            eval(claim, {"asked": empty.asked})
        except AssertionError as failed:
            assert "the client asked otherwise" in str(failed)


def test_the_guide_names_every_argument_of_the_mark_and_every_fixture() -> None:
    told = (ROOT / "docs" / "pytest.md").read_text("utf-8")
    for name in ARGUMENTS:
        assert f"`{name}=" in told
    for name in ("oneroster_mock", "oneroster_wsgi", "oneroster_provider", "oneroster_case"):
        assert f"| `{name}` |" in told and callable(getattr(pytest_plugin, name))
