"""From a database URL, as SQLAlchemy writes them, to a target.

Called by the command. Never connects by itself and never prints a password.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.targets.duckdb_target import DuckDbTarget
from sync_engine.targets.postgres_target import PostgresTarget
from sync_engine.targets.session import Target

_EXPECTED = "duckdb:///relative, duckdb:////absolute, postgresql://user@host/database or spark:////absolute"


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as error:
        raise UsageProblem("the target is not a database URL", _EXPECTED, "TARGET") from error


def shown(text: str) -> str:
    """A database URL as it may be printed and kept: without its password.

    Raises UsageProblem for a text that is no database URL.
    """
    url = _url(text)
    secrets = [name for name in url.query if "password" in name.lower()]
    bare = url.difference_update_query(secrets)
    return bare._replace(password=None).render_as_string(hide_password=True)


def open_target(text: str, locked_wait_s: float = 0.0) -> Target:
    """The target behind a URL; DuckDB's relative paths are made absolute here.

    locked_wait_s: how long a file is waited for that another process has open.

    Raises UsageProblem for another engine or for a database that would live in memory only.
    """
    url = _url(text)
    engine = url.drivername.partition("+")[0]
    if engine == "duckdb":
        if not url.database or url.database == ":memory:":
            raise UsageProblem("a database in memory would be gone after the run", _EXPECTED, "TARGET")
        return DuckDbTarget(Path(url.database).absolute(), locked_wait_s)
    if engine in ("postgresql", "postgres"):
        query = {
            name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()
        }
        given = {
            "host": url.host, "port": str(url.port) if url.port else None, "user": url.username,
            "password": str(url.password) if url.password is not None else None, "dbname": url.database,
        }  # fmt: skip
        parameters = {name: value for name, value in given.items() if value} | query
        return PostgresTarget(shown(text), parameters)
    if engine == "spark":
        return _spark(url, shown(text))
    raise UsageProblem(f"the engine {engine!r} is not a target of this release", _EXPECTED, "TARGET")


def _spark(url: URL, address: str) -> Target:
    """SQLGlot comes with the extra, so that it is asked for only here."""
    from sync_engine.targets.spark.address import read_address

    read = read_address(url)
    try:
        from sync_engine.targets.spark.target import SparkTarget
    except ImportError as error:
        raise CannotRun(
            "SQLGlot is not installed", "the extra for Spark", address, "pip install 'oneroster-harness[spark]'", "sync.no-driver"
        ) from error
    return SparkTarget(address, read)
