"""Where a row belongs and what it is: the columns behind school, class, role and identity, per entity.

Called by the guards. The facts stand in facets.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from sync_engine.landing import Table

SCOPES = ("school", "class", "role")


@dataclass(frozen=True, slots=True)
class Facets:
    """Columns of one table. places: scope -> columns that name the group. identity: what it tells -> columns."""

    places: Mapping[str, tuple[str, ...]]
    identity: Mapping[str, tuple[str, ...]]


@cache
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(files(__package__).joinpath("facets.toml").read_text("utf-8"))
    return found


def facets(table: Table) -> Facets:
    """What is known of a table; nothing for one that the facts do not name."""
    said = _facts().get(table.name, {})
    places = {scope: _there(table, said.get(scope, ())) for scope in SCOPES}
    identity = {name: _there(table, columns) for name, columns in said.get("identity", {}).items()}
    return Facets(
        {scope: columns for scope, columns in places.items() if columns},
        {name: columns for name, columns in identity.items() if columns},
    )


def _there(table: Table, columns: Any) -> tuple[str, ...]:
    return tuple(name for name in columns if name in table.headers)


def needs(table: Table) -> dict[str, str]:
    """Columns that name one record of another table: column -> table. A row makes no sense without it."""
    found: dict[str, str] = {}
    for column in table.columns:
        other = column.references.removesuffix(".csv")
        if other and other != table.name and not column.is_list:
            found[column.header] = other
    return found
