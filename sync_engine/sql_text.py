"""Names and literals as SQL text, the same for DuckDB and PostgreSQL.

Called wherever SQL is put together. Never holds a statement of its own.
"""

from __future__ import annotations

from pathlib import Path


def quoted(name: str) -> str:
    """An identifier in its own case."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | Path) -> str:
    """A text, or a file's path, as a string literal."""
    return "'" + str(value).replace("'", "''") + "'"
