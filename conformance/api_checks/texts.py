"""Texts that are not what a person typed: masks and markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from conformance.notices import Notice
from conformance.registry import check
from conformance.run import Run, at
from conformance.survey import Collection

PRACTICE = "practice in the field"
_MASK = re.compile(r"[*]{3,}|[xX]{5,}|[•●]{3,}")
_MARKUP = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos|nbsp);|</?[a-zA-Z][^<>]*>|[\t\r\n]")
_FREE_TEXTS = ("title", "name", "givenName", "familyName", "middleName", "location", "classCode", "courseCode")


def _count(found: Collection, names: tuple[str, ...] | None, test: Callable[[str], Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for record in found.records:
        for name, value in record.items():
            if isinstance(value, str) and (names is None or name in names) and test(value):
                counts[name] += 1
    return counts


@check(
    "data.masked-values", severity="warning", section=PRACTICE, why="A mask that is stored overwrites the value that was known.",
    remedy="grant the integration access to the field, or leave it out; treat masks as absent",
)  # fmt: skip
def values_are_not_masked(run: Run) -> Iterator[Notice]:
    """No value is a row of asterisks."""
    for found in run.readable():
        counts = _count(found, None, _MASK.fullmatch)
        if counts:
            named = ", ".join(sorted(counts))
            yield at(found.pages[0], f"{found.name}: {named} hold masks", pointer=f"/{found.name}/*/{min(counts)}",
                     expected="a value, or no property", observed="asterisks or the like", count=counts.total())  # fmt: skip


@check(
    "data.markup-in-text", severity="warning", section=PRACTICE, why="Markup that is stored shows as &#39; on every class list.",
    remedy="ask the vendor to send plain text; do not decode it in the consumer without a look",
)  # fmt: skip
def texts_are_plain(run: Run) -> Iterator[Notice]:
    """Names and titles hold no markup and no line breaks."""
    for found in run.readable():
        counts = _count(found, _FREE_TEXTS, _MARKUP.search)
        if counts:
            named = ", ".join(sorted(counts))
            yield at(found.pages[0], f"{found.name}: {named} hold markup, tabs or line breaks", pointer=f"/{found.name}/*/{min(counts)}",
                     expected="plain text on one line", observed="entities, tags or control characters", count=counts.total())  # fmt: skip
