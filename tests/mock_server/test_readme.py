"""What the README shows to another project's developers runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]
OUTSIDE = ROOT / "tests" / "outside_project"


def readme_example() -> str:
    """The README's test file, which imports our_app."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if "our_app" in block]
    return str(found)


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
