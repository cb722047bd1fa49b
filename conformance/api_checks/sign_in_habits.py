"""Habits of signing in that clients stumble over: where credentials go, which scopes, cookies, clocks, stale tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.sign_in import claims_of
from oneroster_standard.scopes import PREFIXES

OAUTH2 = "RFC 6749"
LEAST_LIFE_S = 14
"""Campus' own token tester fails a token that has less than this left."""
MOST_SKEW_S = 300
GRADEBOOK = ("categories", "lineItems", "results")


def _token_answer(run: Run) -> Exchange:
    if run.sign_in.endpoint.auth != "oauth2" or run.sign_in.exchange is None:
        raise Skip("this run does not use OAuth 2")
    return run.sign_in.exchange


@check(
    "auth.basic-credentials", severity="error", section=OAUTH2 + " 2.3.1",
    why="Most clients send id and secret as a Basic header, which every token endpoint must read.",
    remedy="send the credentials in the body",
)  # fmt: skip
def basic_credentials_are_accepted(run: Run) -> Iterator[Notice]:
    """The token endpoint accepts credentials in a Basic header."""
    answer = _token_answer(run)
    if run.sign_in.by != "basic":
        yield at(answer, "credentials in a Basic header are refused", expected="200", observed="401, and 200 for the body")


@check(
    "auth.token-fresh", severity="error", section=OAUTH2 + " 5.1",
    why="A token that has run out when it arrives fails the first call, and looks like a wrong credential.",
    remedy="ask for another token; report it to the vendor with the time",
)  # fmt: skip
def a_token_has_not_run_out(run: Run) -> Iterator[Notice]:
    """A token that tells its end has more than a moment left."""
    answer = _token_answer(run)
    end = claims_of(run.sign_in.first).get("exp")
    if end is None:
        life = run.sign_in.answer.get("expires_in")
        end = time.time() + float(life) if isinstance(life, int | float) else None
    if end is not None and float(end) - time.time() < LEAST_LIFE_S:
        yield at(answer, "the token has run out, or is about to", expected=f"{LEAST_LIFE_S} s at least", observed="less")


@check(
    "auth.default-scope", severity="info", section=OAUTH2 + " 3.3",
    why="Clients of 1.1 often name no scope, and see a provider where everything is forbidden.",
    remedy="name the scopes in the token request",
)  # fmt: skip
def a_token_without_scope_opens_the_roster(run: Run) -> Iterator[Notice]:
    """A token that was asked for without a scope opens rostering, or is refused at once."""
    _token_answer(run)
    run.collection("orgs")
    answer = run.sign_in.ask_token(run.sign_in.by, scopes=())
    document = json_of(answer)
    token = document.get("access_token") if isinstance(document, dict) else None
    if answer.status != 200 or not token:
        yield at(answer, "a token request without scope is refused", expected="200 and a default scope", observed=str(answer.status))
        return
    page = run.probe.send(
        "GET", run.probe.url("/orgs?limit=1"), headers={"Authorization": f"Bearer {token}"},
        auth_hint='-H "Authorization: Bearer $TOKEN_WITHOUT_SCOPE"',
    )  # fmt: skip
    if page.status != 200:
        yield at(page, "a token without scope opens nothing", expected="200", observed=str(page.status))


@check(
    "auth.unknown-scope", severity="info", section=OAUTH2 + " 3.3",
    why="A client that asks for one scope more than a provider knows gets no token at all.",
    remedy="ask without a scope, or only for those of the vendor's page",
)  # fmt: skip
def an_unknown_scope_is_passed_over(run: Run) -> Iterator[Notice]:
    """A token request with an unknown scope beside known ones gives a token for the known ones."""
    _token_answer(run)
    strange = f"{PREFIXES[run.sign_in.spec]}made-up.readonly"
    answer = run.sign_in.ask_token(run.sign_in.by, scopes=(*run.sign_in.wanted, strange))
    if answer.status != 200:
        yield at(answer, "an unknown scope refuses the whole request", expected="200 and the known scopes", observed=str(answer.status))


@check(
    "auth.standard-mechanism", severity="warning", section="OneRoster 1.1 security",
    why="A key that never expires cannot be narrowed, and whoever finds it reads the district.",
    remedy="rotate the key on a schedule; prefer signed requests where the vendor takes them",
)  # fmt: skip
def the_run_signs_in_as_the_standard_says(run: Run) -> Iterator[Notice]:
    """Reads are signed with OAuth 1.0a or carry a token of OAuth 2, not a static key."""
    if run.sign_in.endpoint.auth == "bearer":
        page = run.survey.collections["orgs"].pages[0]
        if page.status == 200:
            yield at(page, "a static bearer key opens the API", expected="OAuth 1.0a or OAuth 2", observed="a key without token endpoint")


@check(
    "auth.clock", severity="warning", section="RFC 9110 6.6.1; RFC 5849 3.3",
    why="Signed requests are refused when the two clocks differ by minutes, and tokens end too early or too late.",
    remedy="set the clocks by NTP; sign with the time of the provider's Date header meanwhile",
)  # fmt: skip
def the_providers_clock_is_right(run: Run) -> Iterator[Notice]:
    """The Date header is within five minutes of this machine's clock."""
    answer = run.probe.send("GET", run.probe.url("/orgs?limit=1"))
    try:
        told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError) as error:
        raise Skip("answers carry no Date header") from error
    off = told - time.time()
    if abs(off) > MOST_SKEW_S:
        yield at(answer, "the provider's clock differs from this machine's", expected=f"{MOST_SKEW_S} s at most",
                 observed=f"about {abs(off) / 60:.0f} minutes {'ahead' if off > 0 else 'behind'}")  # fmt: skip


@check(
    "auth.cookie-free", severity="warning", section="REST 1.1, security",
    why="A client without a cookie jar is sent to another node, and refused there.",
    remedy="keep the cookies of the token answer, one jar per district",
)  # fmt: skip
def reads_need_no_cookie(run: Run) -> Iterator[Notice]:
    """A read without cookies is answered."""
    run.collection("orgs")
    url = run.probe.url("/orgs?limit=1")
    headers, hint = run.sign_in.headers("GET", url)
    page = run.probe.send("GET", url, headers=headers, auth_hint=hint, cookies=False)
    if page.status != 200:
        yield at(page, "a read without cookies is refused", expected="200", observed=str(page.status))


@check(
    "auth.one-credential", severity="warning", section="REST 1.1, security",
    why="A client that reads rosters is refused at the grade book, which looks like a wrong credential.",
    remedy="@gradebook-credential",
)  # fmt: skip
def one_credential_opens_all_services(run: Run) -> Iterator[Notice]:
    """The credential that opens rostering opens the grade book too, or is told 403."""
    run.collection("orgs")
    for name in GRADEBOOK:
        found = run.survey.collections.get(name)
        if found is not None and found.pages and found.pages[0].status == 401:
            yield at(found.pages[0], f"{name} refuses the credential that opens orgs", expected="200 or 403", observed="401")
