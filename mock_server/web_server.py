"""How the web server in front of a vendor answers a path that is none of the API's.

Called by the application when no service root fits. That these answers look so at the vendor is assumed: see the
vendor's file.
"""

from __future__ import annotations

import orjson

from mock_server.answers import unknown_object
from mock_server.reading import JSON, Answer
from oneroster_standard.dialects import WebServer

NOT_FOUND_PAGE = b"<!doctype html><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>"
SIGN_IN_PAGE = (
    b'<!doctype html><html><head><title>Sign In</title></head><body><form method="post"><label>User name <input name="username">'
    b'</label><label>Password <input name="password" type="password"></label><button>Sign In</button></form></body></html>'
)
HTML = "text/html; charset=utf-8"


def wrong_path(server: WebServer | None) -> Answer:
    """The answer to a path that nothing is served under; None for a server that is no vendor's."""
    if server is None:
        refusal = unknown_object("no provider is served under this path")
        return 404, {"Content-Type": JSON}, orjson.dumps(refusal.payload())
    if server.answers == "html":
        return 404, {"Content-Type": HTML}, NOT_FOUND_PAGE
    return 404, {"Content-Type": JSON}, orjson.dumps({"message": "Not Found"})
