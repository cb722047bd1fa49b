"""OAuth 1.0a against published vectors, and the forms that real clients send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header

from oneroster_standard import oauth1
from oneroster_standard.oauth1 import SignatureRefused, is_signed, sign, verify

NOW = 1_760_000_000


def accept(
    method: str,
    url: str,
    header: str | None,
    *,
    secret: str = "s3cret",
    now: float = NOW,
) -> str:
    return verify(
        method, url, authorization=header, secret_of={"key": secret}.get, now=now
    ).key


# The OAuth wiki's TestCases page (HMAC-SHA1 over the base string "bs") and the widely carried HMAC-SHA256 value of
# the RFC 5849 request of section 3.4.1.1.
RFC5849_URL = "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
RFC5849_BASE = (
    "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
    "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3D{}"
    "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
)


@pytest.mark.parametrize(
    ("token_secret", "value"),
    [("", "egQqG5AJep5sJ7anhXju1unge2I="), ("ts", "VZVjXceV7JgPq/dOTnNmEfO0Fv8=")],
)
def test_the_published_hmac_sha1_values_hold(token_secret: str, value: str) -> None:
    assert signature.sign_hmac_sha1("bs", "cs", token_secret) == value


def test_the_published_hmac_sha256_value_holds() -> None:
    base = RFC5849_BASE.format("HMAC-SHA256")
    signed = signature.sign_hmac_sha256(base, "j49sk3j29djd", "dh893hdasih9")
    assert signed == "ypAxjNip++Dm0fTM+gCl8wAo6ufSnseu1WHxL7py3BU="


def test_the_base_string_of_the_rfc_is_reproduced() -> None:
    header = (
        'OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7", '
        'oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", oauth_signature="x"'
    )
    params = signature.collect_parameters(
        uri_query=urlsplit(RFC5849_URL).query,
        body="c2&a3=2+q",
        headers={"Authorization": header},
    )
    base = signature.signature_base_string(
        "POST",
        signature.base_string_uri(RFC5849_URL),
        signature.normalize_parameters(params),
    )
    assert base == RFC5849_BASE.format("HMAC-SHA1")


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize(
    "query",
    ["", "?limit=100&offset=0", "?filter=familyName%3D%27O%27%27Brien%27%20AND%20role%3D%27student%27",
     "?filter=role='teacher'+AND+status='active'", "?filter=dateLastModified>'2026-01-01'&fields=sourcedId%2Crole"],
)  # fmt: skip
def test_what_is_signed_is_accepted_in_every_legal_encoding(
    method: str, query: str
) -> None:
    url = "https://provider.example/ims/oneroster/v1p1/users" + query
    header = sign(
        "GET", url, key="key", secret="s3cret", signature_method=method, timestamp=NOW
    )["Authorization"]
    assert accept("GET", url, header) == "key"


@pytest.mark.parametrize("scheme", ["OAuth ", "oauth ", "OAuth,", "OAUTH, "])
def test_the_scheme_word_may_be_followed_by_a_comma_in_any_case(scheme: str) -> None:
    url = "https://provider.example/orgs/"
    header = sign("GET", url, key="key", secret="s3cret", timestamp=NOW)[
        "Authorization"
    ]
    assert accept("GET", url, scheme + header.removeprefix("OAuth ")) == "key"


def test_parameters_in_the_query_are_accepted() -> None:
    url = "https://provider.example/orgs?limit=5"
    header = sign("GET", url, key="key", secret="s3cret", timestamp=NOW)[
        "Authorization"
    ]
    pairs = [part.split("=", 1) for part in header.removeprefix("OAuth ").split(", ")]
    query = "&".join(f"{name}={value.strip(chr(34))}" for name, value in pairs)
    assert accept("GET", f"{url}&{query}", None) == "key"
    assert is_signed(None, query)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"now": NOW + 601}, "601 s old"),
        ({"now": NOW - 301}, "301 s ahead"),
        ({"secret": "other"}, "does not fit"),
        ({"url": "https://provider.example/orgs?limit=6"}, "does not fit"),
        ({"method": "PUT"}, "does not fit"),
    ],
)
def test_a_request_that_was_not_signed_so_is_refused(
    change: dict[str, object], reason: str
) -> None:
    header = sign(
        "GET",
        "https://provider.example/orgs?limit=5",
        key="key",
        secret="s3cret",
        timestamp=NOW,
    )
    call: dict[str, object] = {"method": "GET", "url": "https://provider.example/orgs?limit=5", "now": NOW,
                               "secret": "s3cret"} | change  # fmt: skip
    with pytest.raises(SignatureRefused, match=reason):
        verify(
            str(call["method"]), str(call["url"]), authorization=header["Authorization"],
            secret_of={"key": str(call["secret"])}.get, now=float(str(call["now"])),
        )  # fmt: skip


def test_the_window_is_open_at_its_edges() -> None:
    url = "https://provider.example/orgs"
    header = sign("GET", url, key="key", secret="s3cret", timestamp=NOW)[
        "Authorization"
    ]
    assert accept("GET", url, header, now=NOW + 600) == "key"
    assert accept("GET", url, header, now=NOW - 300) == "key"


def test_an_unknown_key_is_refused_as_a_wrong_signature_is() -> None:
    header = sign(
        "GET", "https://provider.example/orgs", key="other", secret="", timestamp=NOW
    )["Authorization"]
    with pytest.raises(SignatureRefused, match="does not fit"):
        accept("GET", "https://provider.example/orgs", header)


def test_requests_oauthlib_signs_what_we_accept() -> None:
    requests = pytest.importorskip("requests")
    oauthlib = pytest.importorskip("requests_oauthlib")
    url = f"https://provider.example/users?filter={quote(chr(39).join(['role=', 'student', '']), safe='')}"
    prepared = requests.Request(
        "GET",
        url,
        auth=oauthlib.OAuth1("key", client_secret="s3cret", timestamp=str(NOW)),
    ).prepare()
    header = prepared.headers["Authorization"]
    assert (
        accept(
            "GET",
            prepared.url,
            header.decode() if isinstance(header, bytes) else header,
        )
        == "key"
    )


PARAMETERS = st.lists(
    st.tuples(st.sampled_from(["oauth_nonce", "oauth_token", "realm", "x"]), st.text(st.sampled_from("ab%2C,= &\"\\"), max_size=6)), min_size=1, max_size=4
)


@given(PARAMETERS, st.sampled_from([", ", ",", " , ", ",  "]))
@example([("realm", ""), ("oauth_nonce", "1%2C2")], ",")
@example([("oauth_nonce", "a, b"), ("oauth_nonce", "c")], ", ")
def test_a_header_is_read_as_oauthlib_reads_it(parameters: list[tuple[str, str]], between: str) -> None:
    header = "OAuth " + between.join(f'{name}="{value}"' for name, value in parameters)

    def outcome(read: Callable[[str], Any]) -> Any:
        try:
            return list(read(header))
        except ValueError:
            return "refused"

    assert outcome(oauth1._header_parameters) == outcome(parse_authorization_header)
