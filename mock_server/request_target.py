"""The target of a request as its client wrote it, as far as WSGI lets one know.

Called by the application. WSGI servers hand over a decoded path: it is encoded again here, so that segments are
split and decoded once. A slash inside an id (%2F) cannot be told from a separator any more.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

from flask import Request

from mock_server.answers import bad_request

# What clients leave as it is in a path: RFC 3986 allows the first, JavaScript does the second, strict ones the third.
_LEFT_AS_IT_IS = ("/!$&'()*+,;=:@", "/!'()*", "/")


def spellings(found: Request) -> tuple[str, ...]:
    """Percent-encoded paths that the client may have sent, the likeliest first; mostly there is only one."""
    return _spellings(str(found.environ["PATH_INFO"]))


@lru_cache(maxsize=1024)
def _spellings(path: str) -> tuple[str, ...]:
    raw = path.encode("latin-1")
    return tuple(dict.fromkeys(quote(raw, safe=safe) for safe in _LEFT_AS_IT_IS))


def decoded(segment: str) -> str:
    """An id out of a percent-encoded segment.

    Raises Refusal 400 when it is not UTF-8.
    """
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise bad_request("the path is not UTF-8") from error


def root_of(found: Request) -> str:
    """Scheme, host and port as the client called them."""
    return f"{found.scheme}://{found.host}"
