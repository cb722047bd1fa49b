"""Views of visibility in a target, and on PostgreSQL policies that enforce it.

Called by `sync visible --install`. Whoever owns the tables is not bound by the policies: the sync goes on as before.
"""

from __future__ import annotations

from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_standard.standard import VERSIONS
from sync_engine.landing import tables
from sync_engine.live_rows import is_landed
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.postgres_target import PostgresSession
from sync_engine.targets.session import Session, Target
from sync_engine.visibility.definition import KINDS, USED, chain, statements

POLICY = "oneroster_visible"
USER, TENANT = "oneroster.user_id", "oneroster.tenant"
"""Session variables that say who looks; without a user nothing is visible."""
_LEAST_POSTGRES = 150_000
_TODAY = "to_char(current_date, 'YYYY-MM-DD')"
_INDEXES = {
    "enrollments": (("tenant", "userSourcedId"), ("tenant", "classSourcedId")),
    "classes": (("tenant", "schoolSourcedId"),),
    "roles": (("tenant", "userSourcedId"),),
}


def _is(column: str, kind: str) -> str:
    return f"{quoted(column)} IN (SELECT oneroster_visible_{kind}())"


OPEN = {
    "orgs": _is("sourcedId", "orgs"),
    "classes": _is("sourcedId", "classes"),
    "users": _is("sourcedId", "users"),
    "enrollments": _is("sourcedId", "enrollments"),
    "academicSessions": "true",
    "courses": f"({_is('orgSourcedId', 'orgs')} OR {quoted('sourcedId')} IN"
    f' (SELECT c."courseSourcedId" FROM "classes" AS c WHERE c."tenant" = "courses"."tenant"))',
    "roles": f"({_is('userSourcedId', 'users')} AND {_is('orgSourcedId', 'orgs')})",
    "lineItems": _is("classSourcedId", "classes"),
    "results": f"({_is('studentSourcedId', 'users')} AND {quoted('lineItemSourcedId')} IN"
    f' (SELECT l."sourcedId" FROM "lineItems" AS l WHERE l."tenant" = "results"."tenant"))',
}
"""Tables that a policy opens, and for which rows; every other table of ours is closed to whoever does not own it."""


def install(target: Target, *, policies: bool, role: str | None) -> list[str]:
    """Put the views into a target, on PostgreSQL with the policies; returns what was made, by name.

    Raises UsageProblem for policies on another engine, CannotRun for a target without landed rows.
    """
    with target.reading() as session:
        if not is_landed(session, "users"):
            raise CannotRun(
                "no users have landed", "a target that a sync has filled", target.address,
                "oneroster sync run SOURCE TARGET --yes", "sync.nothing-landed",
            )  # fmt: skip
    with target.writing() as session:
        is_postgres = isinstance(session, PostgresSession)
        if policies and not is_postgres:
            raise UsageProblem(
                "this engine has no row-level policies", "a postgresql:// target, or no --policies"
            )
        made = _views(session, is_postgres=is_postgres)
        if is_postgres:
            _indexes(session)
        if policies:
            made += _policies(session, target, role)
    return made


def _views(session: Session, *, is_postgres: bool) -> list[str]:
    today = _TODAY if is_postgres else "CAST(current_date AS VARCHAR)"
    found = statements(session, today)
    for name in reversed(found):
        session.query(f"DROP VIEW IF EXISTS {quoted(name)}")
    # A view with its reader's rights shows nothing that the policies hide.
    rights = " WITH (security_invoker = true)" if is_postgres and _version(session) >= _LEAST_POSTGRES else ""
    for name, sql in found.items():
        session.query(f"CREATE VIEW {quoted(name)}{rights} AS {sql}")
    return [f"visible_{kind}" for kind in KINDS]


def _version(session: Session) -> int:
    return int(session.query("SELECT current_setting('server_version_num')")[0][0])


def _indexes(session: Session) -> None:
    """Indexes that one user's question needs, and the statistics without which whole tables are joined row by row."""
    for table, listed in _INDEXES.items():
        if is_landed(session, table):
            for columns in listed:
                name = quoted(f"oneroster_{table}_{columns[-1]}")
                session.query(
                    f"CREATE INDEX IF NOT EXISTS {name} ON {quoted(table)} ({', '.join(map(quoted, columns))})"
                )

    for table in USED:
        if is_landed(session, table):
            session.query(f"ANALYZE {quoted(table)}")


def _policies(session: Session, target: Target, role: str | None) -> list[str]:
    if _version(session) < _LEAST_POSTGRES:
        raise CannotRun(
            "this PostgreSQL is too old for the policies", "PostgreSQL 15 or later, whose views keep their reader's rights",
            target.address, "upgrade, or install the views only", "sync.old-postgres",
        )  # fmt: skip
    if role is not None and not session.query("SELECT 1 FROM pg_roles WHERE rolname = ?", (role,)):
        raise UsageProblem(
            "no such role is in the database", "a role that exists", f"--role {role}", "CREATE ROLE first"
        )
    schema = str(session.query("SELECT current_schema()")[0][0])
    _functions(session, schema, role)
    made = []
    for name in _ours(session):
        table = quoted(name)
        session.query(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        session.query(f"DROP POLICY IF EXISTS {POLICY} ON {table}")
        if name in OPEN:
            session.query(
                f'CREATE POLICY {POLICY} ON {table} FOR SELECT USING ("tenant" = oneroster_visible_tenant() AND {OPEN[name]})'
            )
            made.append(f"policy on {name}")
            if role is not None:
                session.query(f"GRANT SELECT ON {table} TO {quoted(role)}")
        else:
            made.append(f"closed {name}")
    return made


def _ours(session: Session) -> list[str]:
    """Landed tables of any version and our own records."""
    names = {name for version in VERSIONS for name in tables(version)}
    rows = session.query(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
    )
    return [str(row[0]) for row in rows if row[0] in names or str(row[0]).startswith("_oneroster_")]


def _functions(session: Session, schema: str, role: str | None) -> None:
    """One function per kind, with its owner's rights and for the session's user only."""
    tenant = f"coalesce(nullif(current_setting({literal(TENANT)}, true), ''), 'default')"
    bodies = {"oneroster_visible_tenant": ("text", f"SELECT {tenant}")}
    user = f"nullif(current_setting({literal(USER)}, true), '')"
    head = chain(session, _TODAY, f'"tenant" = {tenant} AND "sourcedId" = {user}')
    for kind in KINDS:
        body = f'{head} SELECT "sourcedId" FROM {quoted(f"visible_{kind}")}'
        bodies[f"oneroster_visible_{kind}"] = ("SETOF text", body)
    for name, (returned, body) in bodies.items():
        session.query(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS {returned} LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = {quoted(schema)}, pg_temp AS {literal(body)}"
        )
        if role is not None:
            session.query(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
            session.query(f"GRANT EXECUTE ON FUNCTION {name}() TO {quoted(role)}")
