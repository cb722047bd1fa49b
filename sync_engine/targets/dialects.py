"""Our SQL in another engine's dialect, by SQLGlot.

Called by the Spark target, and by the tests that run the comparison on every engine. What we write is DuckDB's dialect, in the
part of it that PostgreSQL shares where it is run there as it stands.
"""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp

ROW_JSON = "oneroster_row_json"
"""A function of ours that no engine has: name, cell, name, cell as one JSON object with its nulls."""


@lru_cache(maxsize=512)
def _parsed(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, read="duckdb")


def parsed(sql: str) -> exp.Expr:
    """A statement as a tree that may be changed."""
    return _parsed(sql).copy()


def written(statement: str | exp.Expr, dialect: str) -> str:
    """A statement in a dialect of SQLGlot."""
    tree = parsed(statement) if isinstance(statement, str) else statement.copy()
    if dialect == "spark":
        tree = tree.transform(_for_spark)
    return str(tree.sql(dialect=dialect))


def _for_spark(node: exp.Expr) -> exp.Expr:
    """What SQLGlot writes for Spark in words that Spark does not know."""
    if isinstance(node, exp.ArrayOverlaps):
        return exp.Anonymous(this="arrays_overlap", expressions=[node.left, node.right])
    if isinstance(node, exp.Anonymous) and node.name.lower() == ROW_JSON:
        with_nulls = exp.Anonymous(this="map", expressions=[exp.Literal.string("ignoreNullFields"), exp.Literal.string("false")])
        return exp.Anonymous(this="to_json", expressions=[exp.Anonymous(this="named_struct", expressions=node.expressions), with_nulls])
    return node
