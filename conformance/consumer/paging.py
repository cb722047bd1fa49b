"""Which mistake of paging explains the gaps in what was landed.

Called by the comparison. Looks at places in the order of the collection: the records behind the first page, or those that
lie between a cut page and the place where the client thought that it ended.
"""

from __future__ import annotations

from collections.abc import Sequence

TOLERANCE = 0.1
"""Share of records that may lie elsewhere: rows of an earlier day, rows that have moved since."""


def cause_of_gaps(order: Sequence[str], missing: set[str], page_cap: int) -> str:
    """consumer.all-pages, consumer.steps-by-received, or nothing when the gaps have no such shape.

    order: all keys as the provider serves them. page_cap: records of its longest page.
    """
    gaps = [key in missing for key in order]
    if not any(gaps) or all(gaps):
        return ""
    first = gaps.index(True)
    if not 0 < first <= page_cap:
        return ""
    if _fits(gaps, [place >= first for place in range(len(order))]):
        return "consumer.all-pages"
    step = next((place for place in range(first, len(gaps)) if not gaps[place]), 0)
    if step and _fits(gaps, [place % step >= first for place in range(len(order))]):
        return "consumer.steps-by-received"
    return ""


def _fits(gaps: Sequence[bool], expected: Sequence[bool]) -> bool:
    differ = sum(one is not other for one, other in zip(gaps, expected, strict=True))
    return differ <= TOLERANCE * len(gaps)
