"""Signs of quirks in addresses, credentials and tokens."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import jwt
import requests
from requests_oauthlib import OAuth1

from mock_server.auth.credentials import credentials_of
from oneroster_harness.terminal import DEFAULT_SEED
from oneroster_standard.oauth1 import sign
from tests.mock_server.old_tokens import expired_token
from tests.mock_server.signs import sign_of
from tests.mock_server.wire import PREFIX, WITHIN_S, Wire


def bare(wire: Wire, path: str, **headers: str) -> requests.Response:
    """A GET below the service root with these headers only, without cookies."""
    return requests.get(wire.provider.base_url + path, headers=headers, timeout=WITHIN_S, allow_redirects=False)


def signed(wire: Wire, method: str) -> requests.Response:
    auth = OAuth1(wire.provider.client_id, wire.provider.client_secret, signature_method=method)
    return requests.get(f"{wire.provider.base_url}/orgs", auth=auth, timeout=WITHIN_S)


def with_fresh_token(wire: Wire, path: str = "/orgs", **more: object) -> requests.Response:
    token = wire.token_answer(**more).json()["access_token"]  # type: ignore[arg-type]
    return bare(wire, path, Authorization=f"Bearer {token}")


@sign_of("address.base-path-moved")
def _(wire: Wire) -> bool:
    other = wire.provider.base_url.replace("/ims/", "/api/ims/")
    answer = wire.session.get(f"{other}/orgs", headers={"Authorization": f"Bearer {wire.bearer()}"}, timeout=WITHIN_S)
    return answer.ok and wire.get("/orgs").status_code == 404


@sign_of("address.tail-not-ims")
def _(wire: Wire) -> bool:
    short = wire.provider.base_url.replace("/ims/", "/")
    answer = wire.session.get(f"{short}/orgs", headers={"Authorization": f"Bearer {wire.bearer()}"}, timeout=WITHIN_S)
    return answer.ok and wire.get("/orgs").status_code == 404


@sign_of("address.trailing-slash-404")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").ok and wire.get("/orgs/").status_code == 404


@sign_of("address.trailing-slash-redirect")
def _(wire: Wire) -> bool:
    answer = wire.get("/orgs/", limit=1)
    return answer.status_code == 301 and answer.headers["Location"] == "../orgs?limit=1"


@sign_of("address.login-page-200")
def _(wire: Wire) -> bool:
    answer = wire.get("/orgs")
    return answer.status_code == 200 and "Sign In" in answer.text and answer.headers["Content-Type"].startswith("text/html")


@sign_of("address.wrong-path-login-page")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").json()["orgs"] != [] and "Sign In" in wire.get("/organisations").text


@sign_of("endpoint.private-parameter")
def _(wire: Wire) -> bool:
    found = [wire.records("/orgs", ext_basic=value) for value in ("true", "false")]
    return any("children" in one for one in found[1]) and not any("children" in one for one in found[0])


@sign_of("endpoint.people-by-kind")
def _(wire: Wire) -> bool:
    answers = [wire.get(f"/{kind}", limit=1) for kind in ("administrators", "guardians", "relatives", "districts")]
    return all(answer.ok for answer in answers) and answers[3].json()["orgs"][0]["type"] == "district"


@sign_of("token.body-only")
def _(wire: Wire) -> bool:
    body = {"client_id": wire.provider.client_id, "client_secret": wire.provider.client_secret}
    return wire.token_answer().status_code == 401 and wire.token_answer(auth=None, data=body).ok


@sign_of("token.born-expired")
def _(wire: Wire) -> bool:
    try:
        token = wire.token_answer().json()["access_token"]
        stale = jwt.decode(token, options={"verify_signature": False})["exp"] < time.time()
    except jwt.InvalidTokenError:
        return False
    return stale and bare(wire, "/orgs", Authorization=f"Bearer {token}").status_code == 401


@sign_of("token.scope-required")
def _(wire: Wire) -> bool:
    named = {"grant_type": "client_credentials", "scope": f"{PREFIX}roster.readonly"}
    return with_fresh_token(wire).status_code == 403 and with_fresh_token(wire, data=named).ok


@sign_of("token.unknown-scope-refused")
def _(wire: Wire) -> bool:
    form = {"grant_type": "client_credentials", "scope": f"{PREFIX}roster.readonly {PREFIX}made-up.readonly"}
    answer = wire.token_answer(data=form)
    return answer.status_code == 400 and answer.json()["error"] == "invalid_scope"


@sign_of("auth.static-bearer")
def _(wire: Wire) -> bool:
    key = credentials_of(DEFAULT_SEED, wire.provider.vendor).bearer
    return bare(wire, "/orgs", Authorization=f"Bearer {key}").ok


@sign_of("auth.oauth1-only")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").status_code == 401 and wire.token_answer().status_code == 401 and signed(wire, "HMAC-SHA1").ok


@sign_of("auth.sha1-only")
def _(wire: Wire) -> bool:
    return signed(wire, "HMAC-SHA256").status_code == 401 and signed(wire, "HMAC-SHA1").ok


@sign_of("auth.token-beginning")
def _(wire: Wire) -> bool:
    token = str(wire.token_answer().json()["access_token"])
    headers = {"Authorization": f"Bearer {token[:-4]}zzzz"}
    return requests.get(f"{wire.provider.base_url}/orgs", headers=headers, timeout=WITHIN_S).status_code == 200


@sign_of("auth.token-in-url")
def _(wire: Wire) -> bool:
    given = {"access_token": wire.bearer()}
    return requests.get(f"{wire.provider.base_url}/orgs", params=given, timeout=WITHIN_S).status_code == 200


@sign_of("auth.other-district")
def _(wire: Wire) -> bool:
    other = credentials_of(DEFAULT_SEED, f"{wire.provider.vendor}/other-district")
    token = wire.token_answer(auth=(other.client_id, other.client_secret)).json()["access_token"]
    return bare(wire, "/orgs", Authorization=f"Bearer {token}").status_code == 200


@sign_of("auth.expired-token")
def _(wire: Wire) -> bool:
    return bare(wire, "/orgs", Authorization=f"Bearer {expired_token()}").status_code == 200


@sign_of("auth.added-parameter")
def _(wire: Wire) -> bool:
    url = f"{wire.provider.base_url}/orgs?limit=1"
    headers = sign("GET", url, key=wire.provider.client_id, secret=wire.provider.client_secret)
    return requests.get(f"{url}&offset=1", headers=headers, timeout=WITHIN_S).status_code == 200


@sign_of("auth.clock-ahead")
def _(wire: Wire) -> bool:
    told = parsedate_to_datetime(wire.get("/orgs", limit=1).headers["Date"]).timestamp()
    return told - time.time() > 600 and signed(wire, "HMAC-SHA256").status_code == 401


@sign_of("auth.cookie-needed")
def _(wire: Wire) -> bool:
    answer = wire.token_answer()
    bearer = f"Bearer {answer.json()['access_token']}"
    cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
    return bare(wire, "/orgs", Authorization=bearer).status_code == 401 and bare(wire, "/orgs", Authorization=bearer, Cookie=cookie).ok


@sign_of("auth.vendor-header")
def _(wire: Wire) -> bool:
    with_header = wire.call("GET", "/lineItems", headers={"x-vendor-authorization": "key:secret"})
    return wire.get("/lineItems").status_code == 401 and with_header.ok and wire.get("/users").ok


@sign_of("auth.credential-expired")
def _(wire: Wire) -> bool:
    return wire.get("/orgs").status_code == 401 and wire.token_answer().status_code == 401


@sign_of("auth.refusal-as-200")
def _(wire: Wire) -> bool:
    answer = bare(wire, "/orgs")
    return (answer.status_code, answer.json()) == (200, {"error": "unauthorized"})


@sign_of("auth.no-www-authenticate")
def _(wire: Wire) -> bool:
    answer = bare(wire, "/orgs")
    return answer.status_code == 401 and "WWW-Authenticate" not in answer.headers


@sign_of("auth.refusal-without-body")
def _(wire: Wire) -> bool:
    answer = bare(wire, "/orgs")
    return answer.status_code == 401 and answer.content == b""
