"""The fixture oneroster_mock as the tests of another project use it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

PROJECT = """
import requests

def orgs(mock):
    found = mock.providers["reference"]
    form = {"grant_type": "client_credentials"}
    token = requests.post(found.token_url, data=form, auth=(found.client_id, found.client_secret)).json()["access_token"]
    return requests.get(found.base_url + "/orgs?limit=1", headers={"Authorization": "Bearer " + token})

def test_a_quirk_is_turned_on(oneroster_mock):
    oneroster_mock.set_quirks("reference", ["paging.no-link"])
    assert "Link" not in orgs(oneroster_mock).headers
    assert {"vendor": "reference", "what": "GET orgs", "status": 200, "count": 1} in oneroster_mock.journal()

def test_the_next_test_sees_it_reset(oneroster_mock):
    assert oneroster_mock.journal() == []
    assert "Link" in orgs(oneroster_mock).headers

def test_the_district_is_as_asked(oneroster_mock):
    assert list(oneroster_mock.providers) == ["reference"]
    assert sum(row["role"] == "student" for row in oneroster_mock.truth("reference", "users")) == 12
"""


def test_a_project_turns_a_quirk_on_and_its_next_test_sees_it_reset(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(PROJECT)
    pytester.makeini("[pytest]\noneroster_students = 40\noneroster_vendors = reference")
    result = pytester.runpytest_subprocess(
        "--oneroster-students=12", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    result.assert_outcomes(passed=3)


def test_a_wrong_vendor_fails_the_test_with_the_nearest_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(oneroster_mock):\n    pass\n")
    result = pytester.runpytest_subprocess(
        "--oneroster-vendor=powerscool", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*did you mean 'powerschool'*"])


def test_a_run_without_the_fixture_loads_neither_the_server_nor_its_libraries(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            heavy = {"flask", "polars", "granian", "requests", "orjson", "mock_server.mock_process", "data_gen"}
            assert heavy & set(sys.modules) == set()
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest"
    )
    result.assert_outcomes(passed=1)


def test_the_fixture_is_listed_with_its_one_line(pytester: pytest.Pytester) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider"],
        cwd=pytester.path, capture_output=True, text=True, timeout=60, check=False,
    ).stdout  # fmt: skip
    assert "oneroster_mock -- " in listed
