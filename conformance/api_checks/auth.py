"""Signing in: tokens, refusals, signatures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice, shape
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.sign_in import BEARER_HINT
from conformance.survey import key_of
from conformance.transport import is_loopback
from oneroster_standard.oauth1 import sign
from oneroster_standard.scopes import expand

OAUTH2 = "RFC 6749"
SIGNED = "RFC 5849; OneRoster 1.1 security"
ALTERED = 4
"""Characters at a token's end that are changed."""


def _token_answer(run: Run) -> Exchange:
    if run.sign_in.endpoint.auth != "oauth2" or run.sign_in.exchange is None:
        raise Skip("this run does not use OAuth 2")
    return run.sign_in.exchange


def _signed(
    run: Run, *, method: str = "HMAC-SHA256", secret: str | None = None, signed_at: int | None = None, nonce: str | None = None, added: str = ""
) -> Exchange:  # fmt: skip
    endpoint = run.sign_in.endpoint
    if not (endpoint.client_id and endpoint.client_secret):
        raise Skip("no pair of id and secret was given to sign with")
    if endpoint.auth != "oauth1" and not _takes_signatures(run):
        raise Skip("the provider takes no signed requests with this credential")
    if secret is None and signed_at is None and nonce is None and not added:
        return _plainly_signed(run, method)
    return _send_signed(run, method, secret, signed_at, nonce, added)


def _takes_signatures(run: Run) -> bool:
    """Whether a provider that this run reads by token takes the same pair as a signature."""
    return any(_plainly_signed(run, method).status == 200 for method in ("HMAC-SHA256", "HMAC-SHA1"))


def _plainly_signed(run: Run, method: str) -> Exchange:
    """A request signed as it should be, asked once in a run."""
    asked: dict[str, Exchange] = run.worked_out.setdefault("signed", {})
    if method not in asked:
        asked[method] = _send_signed(run, method, None, None, None)
    return asked[method]


def _send_signed(run: Run, method: str, secret: str | None, signed_at: int | None, nonce: str | None, added: str = "") -> Exchange:
    url = run.probe.url("/orgs?limit=1")
    endpoint = run.sign_in.endpoint
    own = endpoint.client_secret or ""
    headers = sign(
        "GET", url, key=endpoint.client_id or "", secret=own if secret is None else secret, signature_method=method,
        timestamp=int(time.time()) if signed_at is None else signed_at, nonce=nonce,
    )  # fmt: skip
    return run.probe.send("GET", url + added, headers=headers, auth_hint='-H "Authorization: OAuth ..."')


@check(
    "auth.token-issued", severity="error", section=OAUTH2 + " 5.1", why="Without a token nothing can be read.",
    remedy="@refused-credential",
)  # fmt: skip
def a_token_is_issued_with_200(run: Run) -> Iterator[Notice]:
    """The token endpoint answers 200 with an access token."""
    answer = _token_answer(run)
    if answer.status != 200:
        yield at(answer, "the token request is not answered with 200", expected="200", observed=str(answer.status))


@check("auth.token-type", severity="error", section=OAUTH2 + " 5.1", why="Strict clients refuse a token of an unnamed type.")
def the_token_type_is_bearer(run: Run) -> Iterator[Notice]:
    """token_type is Bearer, in any case."""
    answer = _token_answer(run)
    if str(run.sign_in.answer.get("token_type", "")).lower() != "bearer":
        yield at(answer, "token_type is not Bearer", pointer="/token_type", expected="Bearer")


@check(
    "auth.expires-in-present", severity="warning", section=OAUTH2 + " 5.1",
    why="A client that does not know the token's life renews it at every call or too late.",
)  # fmt: skip
def the_token_answer_tells_its_life(run: Run) -> Iterator[Notice]:
    """The token answer has expires_in."""
    answer = _token_answer(run)
    if "expires_in" not in run.sign_in.answer:
        yield at(answer, "expires_in is missing", pointer="/expires_in", expected="a number of seconds", observed="absent")


@check(
    "auth.expires-in-number", severity="error", section=OAUTH2 + " 5.1",
    why="A client that adds seconds to a clock fails on text.", remedy="convert it in the client; report it to the vendor",
)  # fmt: skip
def the_tokens_life_is_a_number(run: Run) -> Iterator[Notice]:
    """expires_in is a JSON number of seconds."""
    answer = _token_answer(run)
    if "expires_in" not in run.sign_in.answer:
        raise Skip("the token answer has no expires_in")
    value = run.sign_in.answer["expires_in"]
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        yield at(answer, "expires_in is not a number", pointer="/expires_in", expected="a whole number", observed=shape(value))


@check(
    "auth.scope-echoed", severity="warning", section=OAUTH2 + " 3.3",
    why="Strict clients refuse a token whose granted scopes are not named although they were asked for.",
)  # fmt: skip
def granted_scopes_are_echoed(run: Run) -> Iterator[Notice]:
    """When scope is named in the answer, it holds what was asked for and granted."""
    answer = _token_answer(run)
    if run.sign_in.granted is None:
        raise Skip("the token answer names no scope")
    asked = {expand(scope, run.sign_in.spec) for scope in run.sign_in.wanted}
    strange = set(run.sign_in.granted) - asked
    if strange or not run.sign_in.granted:
        yield at(answer, "scope names what was not asked for", pointer="/scope", expected="a part of the request")


@check(
    "auth.wrong-secret-refused", severity="error", section=OAUTH2 + " 5.2",
    why="A provider that accepts a wrong secret gives children's records to anyone.",
)  # fmt: skip
def a_wrong_secret_is_refused(run: Run) -> Iterator[Notice]:
    """A token request with a wrong secret is refused with 401 or 400."""
    _token_answer(run)
    answer = run.sign_in.ask_token(run.sign_in.by, secret="a wrong secret")
    if answer.status not in (400, 401):
        yield at(answer, "a wrong secret is not refused", expected="401 invalid_client", observed=str(answer.status))


@check(
    "auth.grant-type-checked", severity="warning", section=OAUTH2 + " 5.2", why="An unknown grant must not give a token.",
)  # fmt: skip
def an_unknown_grant_is_refused(run: Run) -> Iterator[Notice]:
    """A token request with an unknown grant_type is refused."""
    _token_answer(run)
    answer = run.sign_in.ask_token(run.sign_in.by, grant_type="made_up")
    if answer.status != 400:
        yield at(answer, "an unknown grant_type is not refused", expected="400 unsupported_grant_type", observed=str(answer.status))


@check(
    "auth.body-credentials", severity="info", section=OAUTH2 + " 2.3.1",
    why="Some clients send id and secret in the body only.", remedy="send the credentials as a Basic header",
)  # fmt: skip
def credentials_in_the_body_are_accepted(run: Run) -> Iterator[Notice]:
    """The token endpoint also accepts credentials in the body."""
    _token_answer(run)
    answer = run.sign_in.ask_token("body")
    if answer.status != 200:
        yield at(answer, "credentials in the body are refused", expected="200", observed=str(answer.status))


@check(
    "auth.token-reissued", severity="info", section=OAUTH2 + " 5.1",
    why="A client that counts a fresh life for an old token is signed out early.", remedy="compute expiry from each answer",
)  # fmt: skip
def a_new_request_gives_a_new_token(run: Run) -> Iterator[Notice]:
    """A second token request gives another token."""
    answer = _token_answer(run)
    second = run.sign_in.ask_token(run.sign_in.by)
    document = json_of(second)
    if isinstance(document, dict) and document.get("access_token") == run.sign_in.answer.get("access_token"):
        yield at(answer, "the same token is issued again", expected="a new token", observed="the live one")


@check(
    "auth.token-url-query", severity="info", section=OAUTH2 + " 3.2",
    why="A client that rebuilds the token URL loses its query.", remedy="copy the token URL whole, with its query",
)  # fmt: skip
def the_token_url_needs_no_query(run: Run) -> Iterator[Notice]:
    """The token endpoint works without the query of its URL."""
    _token_answer(run)
    url = str(run.sign_in.endpoint.token_url)
    if not urlsplit(url).query:
        again = run.sign_in.ask_token(run.sign_in.by)
        if again.status != 200:
            yield at(again, "a second token request fails", expected="200", observed=str(again.status))
        return
    answer = run.sign_in.ask_token(run.sign_in.by, url=url.partition("?")[0])
    if answer.status != 200:
        yield at(answer, "the token endpoint needs its query", expected="200", observed=str(answer.status))


def _paths(run: Run) -> list[str]:
    """Every collection that this run has read, and one object."""
    read = [found for found in run.survey.collections.values() if found.is_read]
    singles = [f"/{found.name}/{escaped(key_of(found.records[0]))}" for found in read if found.records][:1]
    return [f"/{found.name}?limit=1" for found in read] + singles or ["/orgs?limit=1"]


@check(
    "auth.scope-enforced", severity="warning", section="OAuth 2 scopes; REST 1.1, 403",
    why="An application that was given the core of the roster reads birth dates as well.",
)  # fmt: skip
def a_narrow_token_opens_little(run: Run) -> Iterator[Notice]:
    """A token for the roster's core does not open demographics."""
    _token_answer(run)
    run.collection("demographics")
    narrow = run.sign_in.ask_token(run.sign_in.by, scopes=("roster-core.readonly",))
    document = json_of(narrow)
    if narrow.status != 200 or not isinstance(document, dict) or not isinstance(document.get("access_token"), str):
        raise Skip("no token is given for roster-core.readonly alone")
    if not str(document.get("scope", "")).strip().endswith("roster-core.readonly"):
        raise Skip("the token answer does not say that its scope is roster-core.readonly")
    headers = {"Authorization": f"Bearer {document['access_token']}"}
    answer = run.probe.send("GET", run.probe.url("/demographics?limit=1"), headers=headers, auth_hint=BEARER_HINT)
    if answer.status != 403:
        yield at(answer, "demographics open to a token for the roster's core", expected="403", observed=str(answer.status))


@check(
    "auth.missing-credential-refused", severity="error", section="REST 1.1, 401",
    why="A roster that opens without a credential is a breach.",
)  # fmt: skip
def a_read_without_credential_is_refused(run: Run) -> Iterator[Notice]:
    """A read without a credential is answered with 401, of whatever collection."""
    for path in _paths(run):
        answer = run.unsigned(path)
        if answer.status != 401:
            yield at(answer, "a read without a credential is not refused", expected="401", observed=str(answer.status))


@check(
    "auth.www-authenticate", severity="warning", section="RFC 6750 3; RFC 9110 11.6.1",
    why="Clients learn from this header how to sign in.",
)  # fmt: skip
def a_refusal_names_the_mechanism(run: Run) -> Iterator[Notice]:
    """A 401 carries WWW-Authenticate."""
    answer = run.unsigned("/orgs?limit=1")
    if answer.status != 401:
        raise Skip("the provider does not refuse a read without a credential")
    if "WWW-Authenticate" not in answer.headers:
        yield at(answer, "WWW-Authenticate is missing", expected="WWW-Authenticate: Bearer", observed="absent")


@check(
    "auth.unknown-token-refused", severity="error", section="RFC 6750 3.1", why="Any text must not open a roster.",
)  # fmt: skip
def an_unknown_token_is_refused(run: Run) -> Iterator[Notice]:
    """A read with an unknown token is answered with 401."""
    paths = _paths(run)
    # A collection that opens to anyone is met without a credential: here one shows whether tokens are looked at.
    for path in paths if run.deep else run.choose("unknown token", paths, 1):
        answer = run.probe.send(
            "GET", run.probe.url(path), headers={"Authorization": "Bearer not-a-token"},
            auth_hint='-H "Authorization: Bearer not-a-token"',
        )  # fmt: skip
        if answer.status != 401:
            yield at(answer, "an unknown token is not refused", expected="401", observed=str(answer.status))


@check(
    "auth.altered-token-refused", severity="error", section="RFC 6750 3.1; RFC 7519 7.2",
    why="Whoever can write a token that looks like one reads the roster.",
)  # fmt: skip
def an_altered_token_is_refused(run: Run) -> Iterator[Notice]:
    """A read with the run's own token, its last characters changed, is answered with 401."""
    token = run.sign_in.token or ""
    if run.sign_in.endpoint.auth == "oauth1" or len(token) <= 2 * ALTERED:
        raise Skip("this run has no token that could be altered")
    end = "".join("B" if letter == "A" else "A" for letter in token[-ALTERED:])
    (path,) = run.choose("altered token", _paths(run), 1)
    answer = run.probe.send(
        "GET", run.probe.url(path), headers={"Authorization": f"Bearer {token[:-ALTERED]}{end}"},
        auth_hint='-H "Authorization: Bearer ${ONEROSTER_TOKEN%????}AAAA"',
    )  # fmt: skip
    if answer.status != 401:
        yield at(answer, "an altered token is not refused", expected="401", observed=str(answer.status))


@check(
    "auth.token-in-url-refused", severity="warning", section="RFC 6750 2.3, 5.3; RFC 9700 4.3.2",
    why="A URL stands in logs, histories and Referer headers, and the token in it with it.",
    remedy="never put a token into a URL; ask the vendor to refuse it there",
)  # fmt: skip
def a_token_in_the_url_is_refused(run: Run) -> Iterator[Notice]:
    """A read whose token stands in the URL, and in no header, is answered with 401."""
    token = run.sign_in.token
    if run.sign_in.endpoint.auth == "oauth1" or not token:
        raise Skip("this run has no token")
    if not (run.deep or is_loopback(urlsplit(run.probe.root).hostname or "")):
        raise Skip("a live token is put into a URL, where logs keep it, with --deep only")
    answer = run.probe.send("GET", run.probe.url(f"/orgs?limit=1&access_token={quote(token, safe='')}"))
    if answer.status == 200:
        yield at(answer, "a token in the URL opens the API", expected="401", observed="200")


@check(
    "auth.added-parameter-refused", specs=("1.1",), severity="error", section=SIGNED,
    why="Whoever sits on the way can turn a request for one record into one for all.",
)  # fmt: skip
def a_request_that_was_altered_after_signing_is_refused(run: Run) -> Iterator[Notice]:
    """A signed request with a parameter added after signing is answered with 401."""
    answer = _signed(run, added="&offset=1")
    if answer.status != 401:
        yield at(answer, "a request that was altered after it was signed is accepted", expected="401", observed=str(answer.status))


@check(
    "auth.bad-signature-refused", specs=("1.1",), severity="error", section=SIGNED, why="A signature that is not checked protects nothing.",
)  # fmt: skip
def a_wrong_signature_is_refused(run: Run) -> Iterator[Notice]:
    """A request signed with a wrong secret is answered with 401."""
    answer = _signed(run, secret="a wrong secret")
    if answer.status != 401:
        yield at(answer, "a wrong signature is not refused", expected="401", observed=str(answer.status))


@check("auth.signature-sha256", specs=("1.1",), severity="info", section=SIGNED, why="Vendors' own clients sign with SHA-256.")
def sha256_signatures_are_accepted(run: Run) -> Iterator[Notice]:
    """HMAC-SHA256 signatures are accepted."""
    answer = _signed(run, method="HMAC-SHA256")
    if answer.status == 401:
        yield at(answer, "HMAC-SHA256 is refused", expected="200", observed="401")


@check("auth.signature-sha1", specs=("1.1",), severity="info", section=SIGNED, why="Many clients sign with SHA-1 only.")
def sha1_signatures_are_accepted(run: Run) -> Iterator[Notice]:
    """HMAC-SHA1 signatures are accepted."""
    answer = _signed(run, method="HMAC-SHA1")
    if answer.status == 401:
        yield at(answer, "HMAC-SHA1 is refused", expected="200", observed="401")


@check("auth.timestamp-window", specs=("1.1",), severity="warning", section=SIGNED, why="Old requests must not be replayed.")
def an_old_timestamp_is_refused(run: Run) -> Iterator[Notice]:
    """A request signed a day ago is answered with 401 (the window's size is UNCONFIRMED)."""
    answer = _signed(run, signed_at=int(time.time()) - 86_400)
    if answer.status != 401:
        yield at(answer, "a day-old signature is accepted", expected="401", observed=str(answer.status))


@check("auth.nonce-replay-refused", specs=("1.1",), severity="warning", section=SIGNED, why="A captured request must not work twice.")
def a_replayed_nonce_is_refused(run: Run) -> Iterator[Notice]:
    """The same signed request is refused the second time."""
    now = time.time()
    nonce = f"replay{run.seed}x{int(now * 1000)}"
    first = _signed(run, signed_at=int(now), nonce=nonce)
    if first.status != 200:
        raise Skip("the first signed request was not accepted")
    # A nonce is used up for its timestamp only (RFC 5849 3.3): a second later the same one is another.
    second = _signed(run, signed_at=int(now), nonce=nonce)
    if second.status != 401:
        yield at(second, "a nonce is accepted twice", expected="401", observed=str(second.status))
