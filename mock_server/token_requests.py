"""Requests to a vendor's token endpoint, through its quirks.

Called by the application; the grant itself is the token endpoint's.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import orjson
from flask import Request

from mock_server.answers import Refusal
from mock_server.endpoint import error_answer
from mock_server.faults import injection
from mock_server.quirks.hooks import ApiRequest, TokenRequest, WholeAnswer
from mock_server.reading import JSON, Answer
from mock_server.vendor import Vendor


def answer_token(vendor: Vendor, found: Request, path: str, *, other_product: bool = False) -> Answer:
    """Answer a token request; Refusal for another method than POST.

    other_product: the same company's other product answers, with credentials of its own and tokens that open nothing here.
    """
    if found.method != "POST":
        raise Refusal(405, "invalid data", "a token is asked for with POST", {"Allow": "POST"})
    # On some servers the form is read once the body was taken, so the raw body comes first.
    body = found.get_data(as_text=True)
    if other_product:
        status, headers, document = vendor.other_product.answer(found.url, dict(found.args), body, dict(found.headers), vendor.now())
        return status, headers, orjson.dumps(document)
    struck = injection.strike_token(vendor)
    asked = ApiRequest("POST", path, found.headers, found.query_string.decode("latin-1"), is_token=True)
    try:
        early = next((given for given in (fault.admit(asked) for fault in struck) if given is not None), None)
        answer = early or _granted(vendor, found, body, struck)
    except Refusal as refusal:
        answer = WholeAnswer(*error_answer(vendor.provider(), refusal))
    for quirk in (*vendor.quirks, *struck):
        answer = quirk.answer(asked, answer)
    return answer.status, dict(answer.headers), answer.body


def _granted(vendor: Vendor, found: Request, body: str, struck: injection.Struck) -> WholeAnswer:
    scopes = parse_qs(body).get("scope") or found.args.getlist("scope")
    asked = TokenRequest("Authorization" in found.headers, dict(found.args), scopes[0] if scopes else None)
    for quirk in vendor.quirks:
        refused = quirk.token_request(asked)
        if refused:
            status = 401 if refused == "invalid_client" else 400
            return WholeAnswer(status, {"Content-Type": JSON, "Cache-Control": "no-store"}, orjson.dumps({"error": refused}))
    now, valid_s = injection.clock(struck, vendor.now()), injection.valid_s(struck, vendor.mint.life_s)
    status, headers, document = vendor.tokens.answer(found.url, dict(found.args), body, dict(found.headers), now, valid_s)
    if status == 200:
        for quirk in vendor.quirks:
            document = quirk.token(document)
    return WholeAnswer(status, headers, orjson.dumps(document))
