"""Where the rows of a file stand that were set aside: the file is read once more, row by row, where there is any.

Called by the bundle source. Tells lines and keys, and no other value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from oneroster_standard.bundles import Bundle
from sync_engine.quarantine import KEPT, NO_KEY, TWO_CONTENTS, UNFIT, Aside

LINES = 8
"""So many lines of one key are told."""


def placed(bundle: Bundle, name: str, header: Sequence[str], entity: str, found: Sequence[Aside]) -> tuple[Aside, ...]:
    """Entries of a file with their lines. found: what the staging set aside by its content."""
    doubled = {one.key: one for one in found if one.reason == TWO_CONTENTS}
    place, lines = header.index("sourcedId"), dict[str, list[int]]()
    told: list[Aside] = []
    for row in islice(bundle.rows(name), 1, None):
        key = row.cells[place].strip() if len(row.cells) == len(header) else None
        if key and key in doubled:
            lines.setdefault(key, []).append(row.line)
        elif not key and row.cells and len(told) < KEPT:
            reason, columns = (UNFIT, "") if key is None else (NO_KEY, "sourcedId")
            told.append(Aside(entity, "", reason, columns, f"{name}, line {row.line}"))
    for key, one in doubled.items():
        told.append(replace(one, place=f"{name}, lines {', '.join(map(str, lines.get(key, [])[:LINES]))}"))
    return tuple(told[: 2 * KEPT])
