"""What a refused read means for the person who set the provider up, with the vendor's own remedy.

Called by the API source. Texts hold URLs without secrets, never a body's content.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint, redact
from oneroster_standard.dialects import DialectProblem, load_dialect

_PLAIN = {
    "wrong-url": "compare the URL with the provider's OneRoster page; the service root ends in /v1p1",
    "refused-credential": "copy client id and secret again from the provider's OneRoster page",
    "withheld-permission": "let the provider's administrator grant this application the entity",
    "empty-collection": "check which schools and people the provider's administrator shares",
    "html-answer": "this is a web page: use the address of the API, not of the site",
}


def remedy(endpoint: Endpoint, symptom: str) -> str:
    """The vendor's setup step for a symptom, or a general one when the vendor is not known."""
    if endpoint.vendor:
        try:
            return load_dialect(endpoint.vendor).remedies.get(symptom, _PLAIN[symptom])
        except DialectProblem:
            return _PLAIN[symptom]
    return _PLAIN[symptom]


def shown(url: str) -> str:
    """A URL as it may be printed: no secret, no query."""
    return redact(urlsplit(url)._replace(query="").geturl())


def wrong_url(endpoint: Endpoint, url: str) -> CannotRun:
    """Nothing is served at this path."""
    return CannotRun(
        "the provider has nothing at this path (404): the URL is wrong, or the service is off",
        "a collection of OneRoster records", shown(url), remedy(endpoint, "wrong-url"), "sync.wrong-url",
    )  # fmt: skip


def refused_credential(endpoint: Endpoint, url: str, status: int) -> CannotRun:
    """The provider knows the path but not us."""
    return CannotRun(
        f"the provider refused the credential ({status})", f"200 with the given {endpoint.auth} credential",
        shown(url), remedy(endpoint, "refused-credential"), "sync.refused-credential",
    )  # fmt: skip


def withheld_permission(endpoint: Endpoint, url: str, entity: str) -> CannotRun:
    """We are signed in, but this entity is not ours to read."""
    return CannotRun(
        f"the provider withholds {entity} (403)", "permission to read it", shown(url),
        remedy(endpoint, "withheld-permission"), "sync.withheld-permission",
    )  # fmt: skip


def html_answer(endpoint: Endpoint, url: str, status: int) -> CannotRun:
    """A web page came instead of JSON."""
    return CannotRun(
        f"a web page was met instead of the API (HTML with status {status})", "JSON", shown(url),
        remedy(endpoint, "html-answer"), "sync.html-answer",
    )  # fmt: skip


def nothing_answers(url: str, what: str) -> CannotRun:
    """No connection, after all tries."""
    return CannotRun(
        f"nothing answers at the provider's address ({what})", "an HTTP answer", shown(url),
        "check the address and the port, and that the provider is up", "sync.no-answer",
    )  # fmt: skip


def failing(url: str, what: str, tries: int) -> CannotRun:
    """An answer that stays wrong, after all tries."""
    return CannotRun(
        f"the provider kept failing: {what}, {tries} tries", "a page of records", shown(url),
        "nothing was changed; run again later, or ask the provider about this page", "sync.failing-page",
    )  # fmt: skip
