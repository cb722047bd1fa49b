"""Which findings follow from which: one root cause is told once, its consequences under it.

Called by the runner after all checks; written by hand from what each fault breaks for the reader of the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.notices import Notice

CONSEQUENCES: dict[str, tuple[str, ...]] = {
    # An address or a credential that is wrong leaves nothing else to judge.
    "endpoint.is-api": ("endpoint.*", "permission.*", "envelope.*", "headers.*", "error.*"),
    "endpoint.base-path": ("endpoint.*", "permission.*", "error.*"),
    "auth.token-issued": ("auth.*", "permission.*"),
    "auth.credential-accepted": ("endpoint.reachable", "permission.*"),
    "permission.resource-granted": ("endpoint.reachable", "permission.core-collection-empty"),
    # A walk that repeats or loses records spoils whatever is read by a walk.
    "paging.offset-advances": ("paging.*", "filter.*", "relationship.*", "view.*", "sort.*", "data.*", "reference.*"),
    "paging.pages-partition": ("paging.*", "filter.*", "relationship.*", "view.*", "sort.*", "data.*", "reference.*"),
    "paging.page-size": ("paging.default-limit", "paging.page-content-by-limit", "headers.link"),
    "paging.limit-honoured": ("paging.default-limit", "paging.page-content-by-limit"),
    "paging.total-matches-records": ("paging.total-filtered", "paging.last-page-has-no-next"),
    # A parameter that is ignored or misread is wrong for every use of it.
    "sort.orders-records": ("sort.*",),
    "filter.selects": ("filter.*", "paging.total-filtered"),
    "fields.projection": ("fields.*",),
    # A key in another case leads nowhere, and whoever compares keys misses what it names.
    "reference.id-case": ("reference.resolves", "relationship.*", "data.class-without-people", "data.primary-teacher"),
    "reference.parent-cycle": ("reference.parent-child",),
    # A stamp that moves with every answer cannot be compared with the one of an earlier answer.
    "data.last-modified-stable": ("filter.strict-comparison", "filter.date-and-instant"),
    "data.school-type": ("view.*", "relationship.*"),
    "envelope.single-object": ("fields.single", "gradebook.*"),
}
"""Root check -> checks whose findings follow from it when both fail; a trailing * stands for a family."""


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
    return [replace(notice, cause_of=_top(notice.check, causes) or notice.cause_of) for notice in notices]


def _top(check: str, causes: dict[str, str]) -> str:
    found = causes.get(check, "")
    while found in causes:
        found = causes[found]
    return found


def depth(check: str) -> int:
    """Place of a check among the root causes: the smaller, the more it explains."""
    roots = list(CONSEQUENCES)
    return roots.index(check) if check in CONSEQUENCES else len(roots)
