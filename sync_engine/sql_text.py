"""Names and literals as SQL text, the same for DuckDB and PostgreSQL.

Called wherever SQL is put together. Never holds a statement of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def quoted(name: str) -> str:
    """An identifier in its own case."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    """A text, or a file's path, as a string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def read_files(paths: Iterable[Path]) -> str:
    """Parquet files as something to select from, in DuckDB."""
    return f"read_parquet([{', '.join(map(literal, paths))}])"
