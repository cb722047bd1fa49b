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
    assert {"vendor": "reference", "what": "GET orgs", "status": 200, "count": 1} in oneroster_mock.journal.counts()

def test_the_next_test_sees_it_reset(oneroster_mock):
    assert oneroster_mock.journal.counts() == []
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
        "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:schemathesis"
    )
    result.assert_outcomes(passed=1)


def test_the_fixture_is_listed_with_its_one_line(pytester: pytest.Pytester) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider"],
        cwd=pytester.path, capture_output=True, text=True, timeout=60, check=False,
    ).stdout  # fmt: skip
    assert "oneroster_mock -- " in listed


MARKED = """
import pytest

def token(client, found):
    form = {"grant_type": "client_credentials"}
    answer = client.post(found.token_url, data=form, auth=(found.client_id, found.client_secret))
    return {"Authorization": "Bearer " + answer.get_json()["access_token"]}

@pytest.mark.oneroster(vendor="powerschool", quirks=["paging.no-link"], withhold=["orgs"])
def test_the_mark_sets_the_state(oneroster_wsgi):
    found = oneroster_wsgi.provider("powerschool")
    headers = token(oneroster_wsgi.client, found)
    answer = oneroster_wsgi.client.get(found.base_url + "/users?limit=1", headers=headers)
    assert answer.status_code == 200 and "Link" not in answer.headers
    assert oneroster_wsgi.client.get(found.base_url + "/orgs", headers=headers).status_code == 403
    oneroster_wsgi.journal.asked("/users", limit=1, vendor="powerschool").once()

@pytest.mark.oneroster(vendor="powerschool", quirks=["paging.no-link"])
def test_a_quirk_of_the_mark_joins_those_that_the_vendor_has(oneroster_wsgi):
    shown = oneroster_wsgi.admin("GET", "/vendors/powerschool/quirks")["quirks"]
    oneroster_wsgi.reset()
    assert set(shown) == {*oneroster_wsgi.admin("GET", "/vendors/powerschool/quirks")["quirks"], "paging.no-link"}

def test_without_the_mark_the_state_is_the_first_one(oneroster_wsgi):
    oneroster_wsgi.journal.asked().never()
    found = oneroster_wsgi.provider("powerschool")
    answer = oneroster_wsgi.client.get(found.base_url + "/orgs", headers=token(oneroster_wsgi.client, found))
    assert answer.status_code == 200 and "Link" in answer.headers

@pytest.mark.oneroster(vendors="all")
def test_each_vendor(oneroster_wsgi, oneroster_case):
    assert oneroster_case.vendor in oneroster_wsgi.providers

@pytest.mark.oneroster(vendors=["reference", "powerschool"], each_quirk=["paging.no-link", "paging.no-total-count"])
def test_each_pair(oneroster_wsgi, oneroster_case):
    assert oneroster_case.quirks[0] in oneroster_wsgi.admin("GET", f"/vendors/{oneroster_case.vendor}/quirks")["quirks"]
"""


def test_the_mark_sets_vendor_quirks_and_settings_in_process_and_for_each_run(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(MARKED)
    pytester.makeini("[pytest]\noneroster_students = 12\noneroster_vendors = reference powerschool")
    result = pytester.runpytest_subprocess(
        "-v", "--strict-markers", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    result.assert_outcomes(passed=9)
    for name in ("test_each_vendor[powerschool]", "test_each_pair[reference-paging.no-total-count]"):
        result.stdout.fnmatch_lines([f"*::{name.replace('[', '[[]')} PASSED*"])


def test_each_quirk_that_can_be_switched_is_a_run_of_its_own(pytester: pytest.Pytester) -> None:
    from oneroster_standard.dialects import load_quirks

    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.oneroster(each_quirk="all")
        def test_it(oneroster_wsgi, oneroster_case):
            assert oneroster_case.quirks[0] in oneroster_wsgi.admin("GET", "/vendors/reference/quirks")["quirks"]
        """
    )
    result = pytester.runpytest_subprocess(
        "--oneroster-vendor=reference", "--oneroster-students=8", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    result.assert_outcomes(passed=sum(found.hook == "mock" for found in load_quirks().values()))


def test_a_claim_that_fails_ends_at_the_claim_with_the_requests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(oneroster_wsgi):
            oneroster_wsgi.client.get(oneroster_wsgi.provider().base_url + "/users?limit=7")
            oneroster_wsgi.journal.asked("/users", without="limit").once()
        """
    )
    result = pytester.runpytest_subprocess(
        "--oneroster-vendor=reference", "--oneroster-students=8", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*oneroster_wsgi.journal.asked(*without=*).once()",
            "*the client asked otherwise: /users, without limit",
            "*received   never",
            "*expected   once",
            "*1 reference GET /users limit=7 -> 401",
        ]
    )
    result.stdout.no_fnmatch_line("*_hold*")


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("vendor='powerscool'", "*vendor 'powerscool' is not served*"),
        ("quirks=['paging.no-lnk']", "*did you mean 'paging.no-link'*"),
        ("withhold=['plugin']", "*unknown setting of reference 'plugin'*"),
        ("quirk='paging.no-link'", "*the argument 'quirk'; it takes vendor, vendors, quirks, each_quirk, withhold, faults*"),
        ("quirks='paging.no-link'", "*quirks of the mark oneroster is a list of names*"),
        ("vendor='reference', vendors='all'", "*vendor or vendors, not both*"),
        ("each_quirk=[]", "*each_quirk of the mark oneroster names nothing*"),
    ],
)
def test_a_wrong_mark_says_what_is_valid(pytester: pytest.Pytester, mark: str, said: str) -> None:
    pytester.makepyfile(f"import pytest\n\n@pytest.mark.oneroster({mark})\ndef test_it(oneroster_wsgi):\n    pass\n")
    result = pytester.runpytest_subprocess(
        "--oneroster-vendor=reference", "--oneroster-students=8", "-p", "no:cacheprovider", "-p", "no:xdist"
    )
    assert result.ret != 0
    result.stdout.fnmatch_lines([said])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*mock_server/*")


def test_a_mark_without_a_fixture_of_the_mock_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import pytest\n\n@pytest.mark.oneroster(vendor='reference')\ndef test_it():\n    pass\n")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*uses neither oneroster_mock nor oneroster_wsgi*"])
