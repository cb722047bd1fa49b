"""Discovery documents of 1.2: each service's OpenAPI, with the addresses that are really served.

Called by the application before the gate: a client reads this to learn where a token comes from, so it needs none
(the standard is silent: our choice).
"""

from __future__ import annotations

from typing import Any

import orjson

from mock_server.answers import Refusal, unknown_object
from mock_server.provider import Provider
from oneroster_standard.discovery import FOLDER, file_names
from oneroster_standard.openapi import openapi

JSON = "application/json"


def is_discovery(service: str, rest: str) -> bool:
    """Whether a path below a service root asks for its description; 1.1 has none."""
    return bool(service) and rest.strip("/").split("/")[0] == FOLDER


def describe(
    provider: Provider, service: str, method: str, rest: str, *, host: str, root: str
) -> tuple[int, dict[str, str], bytes]:
    """The answer under the discovery folder of a service.

    host: scheme, host and port as called; root: the service root. Raises Refusal: 404 for another file name, 405 for
    another method, and the answer of a setting that withholds everything.
    """
    if rest.strip("/") not in {f"{FOLDER}/{name}" for name in file_names(service)}:
        raise unknown_object("no such discovery document")
    if method not in ("GET", "HEAD"):
        raise Refusal(405, "invalid data", f"{method} is not possible here", {"Allow": "GET, HEAD"})
    provider.vendor.check_open(FOLDER)
    tokens = provider.dialect.token_paths
    document: dict[str, Any] = openapi(
        provider.standard, [service], server_url=root, token_url=host + tokens[0].value if tokens else None
    )
    return 200, {"Content-Type": JSON}, orjson.dumps(document)
