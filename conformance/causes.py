"""Which findings follow from which: one root cause is told once, its consequences under it.

Called by the runner after all checks; written by hand from what each fault breaks for the reader of the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.notices import Notice

# Reads that the suite sends without a credential, or with one of its own making.
_UNSIGNED = (
    "auth.missing-credential-refused", "auth.www-authenticate", "auth.unknown-token-refused", "auth.bad-signature-refused",
    "auth.signature-sha256", "auth.signature-sha1", "auth.timestamp-window", "auth.nonce-replay-refused",
    "auth.altered-token-refused", "auth.token-in-url-refused", "auth.added-parameter-refused", "auth.expired-token-refused",
    "auth.other-district-refused",
)  # fmt: skip
_WALKS = ("paging.*", "filter.*", "relationship.*", "view.*", "sort.*", "data.*", "reference.*")

CONSEQUENCES: dict[str, tuple[str, ...]] = {
    # An address or a credential that is wrong leaves nothing else to judge.
    "endpoint.is-api": ("endpoint.*", "permission.*", "envelope.*", "headers.*", "error.*", "gradebook.*", *_UNSIGNED),
    "endpoint.base-path": ("endpoint.*", "permission.*", "error.*", "gradebook.*", *_UNSIGNED),
    "auth.token-issued": ("auth.*", "permission.*"),
    "auth.token-fresh": ("auth.credential-accepted", "endpoint.*", "permission.*", "auth.www-authenticate", "gradebook.*"),
    "auth.credential-accepted": ("endpoint.reachable", "permission.*", "auth.www-authenticate", "gradebook.*"),
    "auth.missing-credential-refused": (*_UNSIGNED, "auth.scope-enforced", "gradebook.write-scope"),
    "auth.unknown-token-refused": ("auth.altered-token-refused", "auth.expired-token-refused"),
    "auth.bad-signature-refused": ("auth.added-parameter-refused",),
    "auth.one-credential": ("gradebook.*",),
    "auth.scope-echoed": ("permission.scope-granted",),
    "permission.resource-granted": ("endpoint.reachable", "permission.core-collection-empty"),
    # What cannot be read has no key either.
    "endpoint.reachable": ("envelope.collection-key",),
    # Two records of one key are in every answer that holds one of them.
    "data.unique-id": ("paging.*", "filter.*", "relationship.*", "view.*", "sort.*"),
    # A walk that repeats or loses records spoils whatever is read by a walk.
    "paging.total-by-limit": _WALKS,
    "paging.offset-advances": _WALKS,
    "paging.pages-partition": _WALKS,
    # A record that comes or goes while a client reads also changes the total.
    "paging.total-stable": ("paging.total-matches-records",),
    "paging.page-size": (
        "paging.default-limit", "paging.page-content-by-limit", "paging.link-targets", "headers.link", "view.query", "relationship.query",
    ),
    "paging.limit-honoured": ("paging.default-limit", "paging.page-content-by-limit"),
    "paging.total-matches-records": ("paging.total-filtered", "paging.last-page-has-no-next", "paging.link-targets"),
    "envelope.collection-key": ("envelope.extra-members", "filter.no-match-is-empty", "sort.unknown-field", "fields.unknown-name"),
    # A parameter that is ignored or misread is wrong for every use of it.
    "sort.orders-records": ("sort.*", "paging.links-repeat-query"),
    "filter.selects": ("filter.*", "paging.total-filtered", "paging.links-repeat-query", "view.query", "relationship.query"),
    # A page without records that cannot be read looks like a related collection that cannot be.
    "filter.no-match-is-empty": ("paging.past-the-end-is-empty", "relationship.members", "filter.complement"),
    "paging.past-the-end-is-empty": ("relationship.members",),
    "fields.projection": ("fields.*", "paging.links-repeat-query", "view.query", "relationship.query"),
    "view.typed": ("view.*",),
    "envelope.single-object": ("fields.single", "gradebook.*", "view.single", "envelope.single-agrees", "reference.href-leads"),
    "error.json-payload": ("error.*", "headers.content-type"),
    "error.status-info": ("error.description-top-level", "error.code-minor"),
    # A key in another case leads nowhere, and whoever compares keys misses what it names.
    "reference.id-case": ("reference.resolves", "relationship.*", "data.class-without-people", "data.primary-teacher", "gradebook.model-*"),
    "reference.parent-cycle": ("reference.parent-child",),
    "reference.resolves": ("relationship.*",),
    "schema.type": ("relationship.*",),
    # Whoever looks for students finds none among the Students.
    "schema.enumeration": ("relationship.members",),
    # What was removed is an unknown id too.
    "error.unknown-id": ("relationship.unknown-parent-status", "gradebook.model-removal"),
    "schema.array": ("relationship.*",),
    # A stamp that moves with every answer cannot be compared with the one of an earlier answer.
    "data.last-modified-stable": ("filter.strict-comparison", "filter.date-and-instant", "envelope.single-agrees", "sort.*"),
    "data.school-type": ("view.*", "relationship.*"),
    "reference.href-absolute": ("reference.href-leads",),
    "reference.type": ("reference.type-fits",),
    # A whole sequence of writes shows what one write shows.
    "gradebook.put-creates": ("gradebook.model-status", "gradebook.model-content"),
    "gradebook.put-replaces": ("gradebook.model-status", "gradebook.model-content"),
    "gradebook.delete-hides": ("gradebook.model-removal",),
    "gradebook.post-allocates": ("gradebook.model-posts",),
}  # fmt: skip
"""Root check -> checks whose findings follow from it when both fail; a trailing * stands for a family."""
OF_VALUES = ("schema.", "reference.", "data.")
OF_QUESTIONS = ("filter.", "sort.", "fields.", "envelope.single-agrees")
"""A question about a property whose values are wrong in themselves is answered wrongly because of them."""


def _follows(check: str, root: str) -> bool:
    return any(
        check.startswith(name[:-1]) if name.endswith("*") else check == name for name in CONSEQUENCES.get(root, ())
    ) and check != root


def attach_causes(notices: Sequence[Notice]) -> list[Notice]:
    """The same notices, each that follows from another check's finding bearing that check's id.

    The first root of the table wins, so that the table's order is the order of depth.
    """
    failed = {notice.check for notice in notices}
    roots = [root for root in CONSEQUENCES if root in failed]
    causes: dict[str, str] = {}
    for check in failed:
        earlier = roots[: roots.index(check)] if check in roots else roots
        found = next((root for root in earlier if _follows(check, root)), "")
        if found:
            causes[check] = found
    values = [(notice.check, pointer) for notice in notices if notice.check.startswith(OF_VALUES) for pointer in _pointers(notice)]
    return [
        replace(notice, cause_of=_top(notice.check, causes) or _cause_in_values(notice, values) or notice.cause_of) for notice in notices
    ]


def _pointers(notice: Notice) -> set[str]:
    found = {str(notice.where.get("pointer", "")), *(str(sample.get("pointer", "")) for sample in notice.samples)}
    # Up to the property: /users/*/orgs/*/type is about orgs.
    return {"/".join(pointer.split("/")[:4]) for pointer in found if pointer.count("/") >= 3}


def _cause_in_values(notice: Notice, values: Sequence[tuple[str, str]]) -> str:
    if not notice.check.startswith(OF_QUESTIONS):
        return ""
    own = _pointers(notice)
    return next((check for check, pointer in values if pointer in own), "")


def _top(check: str, causes: dict[str, str]) -> str:
    found = causes.get(check, "")
    while found in causes:
        found = causes[found]
    return found


def depth(check: str) -> int:
    """Place of a check among the root causes: the smaller, the more it explains."""
    roots = list(CONSEQUENCES)
    return roots.index(check) if check in CONSEQUENCES else len(roots)
