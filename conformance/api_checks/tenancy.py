"""Whether the credential of another district opens this one: put only when such a credential is given."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.api_checks.envelopes import escaped
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.sign_in import NotSignedIn, SignIn
from conformance.survey import Collection, Record, key_of, records_in

REFUSALS = (401, 403, 404)
"""No such token here, not yours, or no such district."""
HINT = '-H "Authorization: Bearer $ONEROSTER_OTHER_TOKEN"'
COLLECTIONS = 3
"""Collections that a fast run asks for, drawn by the seed; all of them in a deep run."""
SHOWN = 5


def _other(run: Run) -> SignIn:
    """The run's provider, signed in to as another district."""
    own, other = run.sign_in.endpoint, run.sign_in.endpoint.other
    if other is None:
        raise Skip("no credential of another district was given (ONEROSTER_OTHER_CLIENT_ID and ONEROSTER_OTHER_CLIENT_SECRET, or ONEROSTER_OTHER_TOKEN)")
    if (other.token and other.token == own.token) or (not other.token and other.client_id == own.client_id):
        raise Skip("the credential given for another district is the one of this district")
    found = SignIn(other, run.probe, run.sign_in.spec)
    try:
        found.start()
    except NotSignedIn as refused:
        raise Skip(f"the other district's credential gets no token ({refused.exchange.status}): refused already, or mistyped") from refused
    return found


def _ask(run: Run, other: SignIn, path: str) -> Exchange:
    url = run.probe.url(path)
    headers, hint = other.headers("GET", url)
    shown = hint if "OAuth" in hint else HINT
    return run.probe.send("GET", url, headers={**headers, "Accept": "application/json"}, auth_hint=shown, cookies=False)


def _content(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "dateLastModified"}


def _own_among(records: list[Record], found: Collection) -> int:
    """How many of some records this district has: key and content, since keys such as 1 occur in every district."""
    return sum(key_of(one) in found.by_id and _content(found.by_id[key_of(one)]) == _content(one) for one in records)


@check(
    "auth.other-district-refused", severity="error", section="REST 1.1, 401 and 403; RFC 6750 3.1",
    why="A vendor's other customer reads the names of children who are none of its business.",
    remedy="stop; report it to the vendor and to the district at once",
)  # fmt: skip
def another_districts_credential_opens_nothing_here(run: Run) -> Iterator[Notice]:
    """A read with the credential of another district is refused, or gives none of this district's records."""
    readable = run.readable()
    other = _other(run)
    for found in readable if run.deep else run.choose("other district", readable, COLLECTIONS):
        single = str(run.standard.collection(found.name).single)
        answer = _ask(run, other, f"/{found.name}?limit={SHOWN}")
        leaked = _own_among(records_in(answer, found.name)[0] or [], found)
        if answer.status not in REFUSALS and not leaked:
            # Where the token chooses the district, this one's records must not be found by their keys either.
            answer = _ask(run, other, f"/{found.name}/{escaped(key_of(found.records[0]))}")
            document = json_of(answer)
            record = document.get(single) if isinstance(document, dict) else None
            leaked = _own_among([record] if isinstance(record, dict) else [], found)
        if leaked:
            yield at(answer, f"another district's credential reads {found.name} of this one", expected="401 or 403", observed=str(answer.status),
                     count=leaked)  # fmt: skip
        elif answer.status >= 500:
            yield at(answer, "another district's credential is not refused but fails the provider", expected="401 or 403",
                     observed=str(answer.status), severity="warning")  # fmt: skip
