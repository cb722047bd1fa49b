"""Many texts at once: folding and ranking without a call per text.

Called by filtering and sorting, for the distinct values of a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

_BETWEEN = "\n"


def all_text(values: Sequence[Any]) -> TypeGuard[list[str]]:
    """Whether every value is a text."""
    return set(map(type, values)) <= {str}


def folded(values: Sequence[Any]) -> list[str] | None:
    """The values with their letters folded; None when one of them is no text."""
    if not all_text(values):
        return None
    # Folding goes letter by letter, so that it may be done to all texts in one.
    found = _BETWEEN.join(values).casefold().split(_BETWEEN) if values else []
    return found if len(found) == len(values) else [text.casefold() for text in values]


def ranks(chunks: Iterable[list[str]], *, fold: bool) -> NDArray[np.int64]:
    """The place of each text in their order; equal texts share one. fold: by folded letters first, then as written."""
    import polars as pl  # here: a worker that sorts by no text is spared its memory

    frame_of = {"folded": pl.String, "text": pl.String}
    parts = [pl.DataFrame({"folded": (folded(texts) if fold else texts), "text": texts}, schema=frame_of) for texts in chunks]
    frame = pl.concat([pl.DataFrame(schema=frame_of), *parts])
    order = frame.select(pl.arg_sort_by(["folded", "text"])).to_series()
    runs = frame.select(pl.struct("folded", "text").gather(order).rle_id()).to_series()
    found = np.empty(len(frame), np.int64)
    found[order.to_numpy()] = runs.to_numpy()
    return found
