"""How much a request may be: body, query and number of its parameters.

Called by the application before anything looks at a request. The head as a whole is bounded by the web server, which
answers 431 by itself.
"""

from __future__ import annotations

from flask import Flask, Request, request

from mock_server.answers import Refusal, bad_request

MOST_BODY_BYTES = 4 << 20
"""1.2 lets a client send many results at once; a thousand of them are about 400 kB."""
MOST_QUERY_BYTES = 16 << 10
MOST_PARAMETERS = 100


def check(found: Request) -> None:
    """Raise Refusal for a request that is too much: 413, 414 or 400."""
    query = found.query_string
    if len(query) > MOST_QUERY_BYTES:
        raise Refusal(414, "invalid data", f"the query is longer than {MOST_QUERY_BYTES} bytes")
    if query.count(b"&") >= MOST_PARAMETERS:
        raise bad_request(f"the query has more than {MOST_PARAMETERS} parameters")
    # Told before the body is read; one of unknown length is cut off at the same size while it is read.
    if (found.content_length or 0) > MOST_BODY_BYTES:
        raise Refusal(413, "invalid data", f"the body is longer than {MOST_BODY_BYTES} bytes")


def install(app: Flask) -> None:
    """Refuse requests that are too much, whatever they are for."""
    app.config["MAX_CONTENT_LENGTH"] = MOST_BODY_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = MOST_BODY_BYTES
    app.config["MAX_FORM_PARTS"] = MOST_PARAMETERS
    app.before_request(lambda: check(request))
