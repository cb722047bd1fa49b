"""List cells of OneRoster CSV files.

Called by the generator, the judge and the sync; a codec only, it never judges what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def split_list(cell: str) -> list[str]:
    """Split a list cell at its commas; a blank cell is an empty list. Blanks are kept as they stand."""
    return cell.split(",") if cell else []


def join_list(items: Iterable[str]) -> str:
    """Join items into one cell, without blanks."""
    return ",".join(items)


def split_user_ids(cell: str) -> list[dict[str, str]]:
    """Read `{type:identifier},{type:identifier}`.

    Raises ValueError naming the first item (counted from 1) that has another form.
    """
    found: list[dict[str, str]] = []
    if not cell:
        return found
    if not (cell.startswith("{") and cell.endswith("}")):
        raise ValueError("item 1 is not of the form {type:identifier}")
    for number, item in enumerate(cell[1:-1].split("},{"), start=1):
        kind, colon, identifier = item.partition(":")
        if not colon or not kind or not identifier or "{" in item or "}" in item:
            raise ValueError(f"item {number} is not of the form {{type:identifier}}")
        found.append({"type": kind, "identifier": identifier})
    return found


def join_user_ids(user_ids: Iterable[Mapping[str, str]]) -> str:
    """Write user ids as `{type:identifier},...`."""
    return ",".join(f"{{{found['type']}:{found['identifier']}}}" for found in user_ids)


def split_score_values(cell: str) -> list[dict[str, str]]:
    """Read `{lhs:rhs},{lhs:rhs}` of a score scale.

    Raises ValueError naming the first item (counted from 1) that has another form.
    """
    return [
        {"itemValueLHS": found["type"], "itemValueRHS": found["identifier"]}
        for found in split_user_ids(cell)
    ]


def join_score_values(values: Iterable[Mapping[str, str]]) -> str:
    """Write the values of a score scale as `{lhs:rhs},...`."""
    return ",".join(
        f"{{{found['itemValueLHS']}:{found['itemValueRHS']}}}" for found in values
    )
