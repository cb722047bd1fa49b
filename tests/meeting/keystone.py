"""What the keystone's files share: which quirks are put to the suite, and how a report is read. Test support."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from conformance.api_judge import CHECKS, Order, judge
from conformance.report import Report
from mock_server.auth.credentials import credentials_of
from mock_server.mock_process import RunningMock
from oneroster_harness.providers import Endpoint
from oneroster_harness.terminal import DEFAULT_SEED
from oneroster_standard.dialects import load_quirks
from tests.meeting.endpoints import endpoint_of
from tests.mock_server.old_tokens import expired_token

SMALL = 150
"""Students of the district that a quirk of the answers shows on."""
TOO_FEW_SECTIONS = {"class.same-titles"}
"""Needs several sections of one course in one school, which a district of 1,000 students has."""


def other_district_of(found: Endpoint) -> Endpoint:
    """The reference provider, signed in to as another district."""
    own = credentials_of(DEFAULT_SEED, "reference/other-district")
    return replace(found, client_id=own.client_id, client_secret=own.client_secret)


AS_THE_CLIENT_CALLS: dict[str, Callable[[Endpoint], Endpoint]] = {
    "token.app-name-required": lambda found: replace(found, token_url=f"{found.token_url}?appName=harness"),
    "address.tail-not-ims": lambda found: replace(found, url=found.url.replace("/ims/", "/")),
    "auth.other-district": lambda found: replace(found, other=other_district_of(found)),
    "auth.expired-token": lambda found: replace(found, expired_token=expired_token()),
    "auth.static-bearer": lambda found: replace(found, auth="bearer", token=credentials_of(DEFAULT_SEED, "reference").bearer),
}
"""What a client of such a provider is configured with, where it differs from the ready file."""
OF_THE_VIEW = [found.id for found in load_quirks().values() if found.hook == "lens"]
OF_THE_DAYS = [found.id for found in load_quirks().values() if found.hook == "day"]
"""Seen once days have passed: tests/meeting/test_days.py."""
ON_THE_WIRE = [found.id for found in load_quirks().values() if found.hook == "mock" and found.id not in TOO_FEW_SECTIONS]
# Two files of about the same size, so that two workers share them.
ABOUT_PAGES = [found for found in ON_THE_WIRE if found.startswith(("paging.", "address.", "token.", "auth.", "sort.", "filter.", "fields."))]
ABOUT_RECORDS = [found for found in ON_THE_WIRE if found not in ABOUT_PAGES]


WELL_KNOWN = {"documented", "captured", "brief", "third-party"}
"""Confidences of a quirk that somebody saw at a vendor or that its vendor tells of."""


def cases(ids: Iterable[str]) -> list[Any]:
    """Quirks as cases. `make test` puts one to each check, of those best known; `make test-hazards` all the others."""
    known = load_quirks()
    shown: set[frozenset[str]] = set()
    found: list[Any] = []
    for quirk in ids:
        trips = frozenset(known[quirk].trips)
        is_shown = trips not in shown and not WELL_KNOWN.isdisjoint(known[quirk].confidence.values())
        if is_shown:
            shown.add(trips)
        found.append(quirk if is_shown else pytest.param(quirk, marks=pytest.mark.hazards))
    return found


def roots(report: Report) -> set[str]:
    """Checks whose findings follow from no other finding."""
    return {notice.check for notice in report.findings if not notice.cause_of}


def faults_of_checks(report: Report) -> list[str]:
    """Checks that failed themselves."""
    return [outcome.id for outcome in report.outcomes if outcome.outcome == "error"]


def judged_with(mock: RunningMock, quirk: str) -> Report:
    """The report on a reference provider that has one quirk."""
    mock.reset()
    mock.set_quirks("reference", [quirk])
    endpoint = endpoint_of(mock, "reference")
    endpoint = AS_THE_CLIENT_CALLS.get(quirk, lambda found: found)(endpoint)
    if not all("1.1" in CHECKS[check].specs for check in load_quirks()[quirk].trips):
        endpoint = replace(endpoint, url=mock.provider("reference").base_urls["1.2"]["rostering"])
    return judge(endpoint, Order(allow_writes=True))
