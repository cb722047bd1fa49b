"""The definition of visibility: named statements, each on top of the ones before it, for DuckDB and PostgreSQL alike.

Called by the question and by the installation. Every statement bears `tenant`; whoever looks is `viewer`. What is not
live, has ended or has not begun is in none of them. A table that has not landed counts as empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sync_engine.live_rows import is_landed, live
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.session import Session

KINDS = ("orgs", "classes", "users", "enrollments")
"""What is visible; each has a view `visible_KIND` of tenant, viewer and sourcedId."""
OVERSEEING = (
    "administrator",
    "districtAdministrator",
    "siteAdministrator",
    "systemAdministrator",
    "principal",
)
"""Roles that see everybody of their organisations."""
FAMILY = ("guardian", "parent", "relative")
"""Roles that see their children."""
TEACHING = ("teacher", "administrator")
"""Roles in a class that see its students, and that its members see."""
_INNER = "_oneroster_visible_"
_SMALL = {
    *(f"{_INNER}{name}" for name in ("viewers", "guardians", "pairs", "children", "overseen", "met")), "visible_orgs", "visible_classes",
}  # fmt: skip
_OWN = re.compile(r"@(\w+)")

USED = {
    "orgs": ("sourcedId", "parentSourcedId"),
    "users": ("sourcedId", "enabledUser", "role", "orgSourcedIds", "agentSourcedIds"),
    "roles": ("userSourcedId", "role", "orgSourcedId", "beginDate", "endDate"),
    "academicSessions": ("sourcedId", "endDate"),
    "classes": ("sourcedId", "schoolSourcedId", "termSourcedIds"),
    "enrollments": ("sourcedId", "classSourcedId", "userSourcedId", "role", "beginDate", "endDate"),
}
"""Columns that the definition reads; one that a version lacks is null."""
_LISTS = ("orgSourcedIds", "agentSourcedIds", "termSourcedIds")


def _one_of(values: Sequence[str]) -> str:
    return f"({', '.join(map(literal, values))})"


def _rows(session: Session, table: str) -> str:
    """The live rows of a table with the columns that are read, or none of them."""
    there = session.columns(table) if is_landed(session, table) else set()
    cells = []
    for name in USED[table]:
        kind = f"{session.text_type}[]" if name in _LISTS else session.text_type
        cells.append(quoted(name) if name in there else f"CAST(NULL AS {kind}) AS {quoted(name)}")
    if there:
        return f'SELECT "tenant", {", ".join(cells)} FROM {quoted(table)} WHERE {live()}'
    return f'SELECT CAST(NULL AS {session.text_type}) AS "tenant", {", ".join(cells)} WHERE false'


def statements(session: Session, today: str, viewer: str = "true") -> dict[str, str]:
    """Name -> statement, in the order in which they build on each other.

    today: SQL of the day as an ISO text. viewer: SQL that holds for the user rows that look, all by default.
    """
    found = {f"{_INNER}{table}": _rows(session, table) for table in USED}
    for name, sql in _built(today, viewer).items():
        found[name.replace("@", _INNER)] = _OWN.sub(lambda own: quoted(f"{_INNER}{own[1]}"), sql)
    return found


def chain(session: Session, today: str, viewer: str) -> str:
    """The statements as the head of one query about few viewers: what is theirs is worked out once, and small."""
    parts = [
        f"{quoted(name)} AS {'' if name in _SMALL else 'NOT '}MATERIALIZED ({sql})"
        for name, sql in statements(session, today, viewer).items()
    ]
    return f"WITH {', '.join(parts)}"


def _built(today: str, viewer: str) -> dict[str, str]:
    """Everything above the rows; `@` stands before our own names."""
    dated_roles = (
        'SELECT r."tenant", r."userSourcedId", {cells} FROM @roles AS r'
        ' JOIN @users AS u ON u."tenant" = r."tenant" AND u."sourcedId" = r."userSourcedId"'
        f" WHERE coalesce(r.\"beginDate\", '') <= {today} AND coalesce(r.\"endDate\", '9999') > {today}"
    )
    teaching, family, overseeing = _one_of(TEACHING), _one_of(FAMILY), _one_of(OVERSEEING)
    return {
        # An organisation with itself and everything below it; a circle of parents ends where it began.
        "@below": """
            WITH RECURSIVE chain(tenant, above, org) AS (
              SELECT "tenant", "sourcedId", "sourcedId" FROM @orgs
              UNION SELECT o."tenant", c.above, o."sourcedId" FROM @orgs AS o
                JOIN chain AS c ON c.tenant = o."tenant" AND c.org = o."parentSourcedId"
            ) SELECT tenant, above, org FROM chain""",
        # 1.1 has one role and lists of organisations, 1.2 has dated roles; the end of a role is exclusive there.
        # Lists are opened beside their row, not inside it, so that a planner may still come by the row's key.
        "@person_roles": f"""
            SELECT "tenant" AS tenant, "sourcedId" AS person, "role" AS role FROM @users WHERE "role" IS NOT NULL
            UNION ALL {dated_roles.format(cells='r."role"')}""",
        "@memberships": f"""
            SELECT u."tenant" AS tenant, u."sourcedId" AS person, u."role" AS role, x.org
              FROM @users AS u, unnest(u."orgSourcedIds") AS x(org)
            UNION ALL {dated_roles.format(cells='r."role", r."orgSourcedId"')}""",
        "@viewers": f"""
            SELECT "tenant" AS tenant, "sourcedId" AS viewer FROM @users
            WHERE lower(coalesce("enabledUser", 'true')) NOT IN ('false', '0', 'no') AND {viewer}""",
        "@agents": """
            SELECT u."tenant" AS tenant, u."sourcedId" AS person, x.agent
              FROM @users AS u, unnest(u."agentSourcedIds") AS x(agent)""",
        "@guardians": f"""
            SELECT DISTINCT v.tenant, v.viewer FROM @viewers AS v
            JOIN @person_roles AS r ON r.tenant = v.tenant AND r.person = v.viewer WHERE r.role IN {family}""",
        # Either row may name the other; the roles say who is the child.
        "@pairs": """
            SELECT g.tenant, g.viewer, a.person AS child FROM @guardians AS g
            JOIN @agents AS a ON a.tenant = g.tenant AND a.agent = g.viewer
            UNION SELECT g.tenant, g.viewer, a.agent FROM @guardians AS g
            JOIN @agents AS a ON a.tenant = g.tenant AND a.person = g.viewer""",
        "@children": """
            SELECT DISTINCT p.tenant, p.viewer, p.child FROM @pairs AS p
            JOIN @person_roles AS r ON r.tenant = p.tenant AND r.person = p.child WHERE r.role = 'student'""",
        "@overseen": f"""
            SELECT DISTINCT m.tenant, m.person AS viewer, b.org FROM @memberships AS m
            JOIN @viewers AS v ON v.tenant = m.tenant AND v.viewer = m.person
            JOIN @below AS b ON b.tenant = m.tenant AND b.above = m.org WHERE m.role IN {overseeing}""",
        "visible_orgs": """
            SELECT m.tenant AS "tenant", m.person AS "viewer", b.org AS "sourcedId" FROM @memberships AS m
            JOIN @viewers AS v ON v.tenant = m.tenant AND v.viewer = m.person
            JOIN @below AS b ON b.tenant = m.tenant AND b.above = m.org
            UNION SELECT c.tenant, c.viewer, o."sourcedId" FROM @children AS c
            JOIN @memberships AS m ON m.tenant = c.tenant AND m.person = c.child
            JOIN @orgs AS o ON o."tenant" = m.tenant AND o."sourcedId" = m.org""",
        # A class whose terms are not known has not ended.
        "@open_classes": f"""
            SELECT c."tenant" AS tenant, c."sourcedId" AS class, c."schoolSourcedId" AS school FROM @classes AS c
            WHERE (SELECT coalesce(max(coalesce(s."endDate", '9999')), '9999') FROM @academicSessions AS s
              WHERE s."tenant" = c."tenant" AND s."sourcedId" = ANY(c."termSourcedIds")) >= {today}""",
        "@current": f"""
            SELECT e."tenant" AS tenant, e."sourcedId" AS enrollment, e."classSourcedId" AS class,
              e."userSourcedId" AS person, e."role" AS role, c.school FROM @enrollments AS e
            JOIN @open_classes AS c ON c.tenant = e."tenant" AND c.class = e."classSourcedId"
            JOIN @users AS u ON u."tenant" = e."tenant" AND u."sourcedId" = e."userSourcedId"
            WHERE coalesce(e."beginDate", '') <= {today} AND coalesce(e."endDate", '9999') >= {today}""",
        "visible_classes": """
            SELECT c.tenant AS "tenant", a.viewer AS "viewer", c.class AS "sourcedId" FROM @overseen AS a
            JOIN @open_classes AS c ON c.tenant = a.tenant AND c.school = a.org
            UNION SELECT e.tenant, e.person, e.class FROM @current AS e
            JOIN visible_orgs AS o ON o."tenant" = e.tenant AND o."viewer" = e.person AND o."sourcedId" = e.school
            UNION SELECT e.tenant, k.viewer, e.class FROM @children AS k
            JOIN @current AS e ON e.tenant = k.tenant AND e.person = k.child AND e.role = 'student'
            JOIN visible_orgs AS o ON o."tenant" = k.tenant AND o."viewer" = k.viewer AND o."sourcedId" = e.school""",
        # Nobody of another school: who is met in a class belongs to an organisation that the viewer sees.
        "@met": f"""
            SELECT v."tenant" AS tenant, v."viewer" AS viewer, e.person FROM visible_classes AS v
            JOIN @current AS e ON e.tenant = v."tenant" AND e.class = v."sourcedId" AND e.role IN {teaching}
            UNION SELECT t.tenant, t.person, e.person FROM @current AS t
            JOIN visible_classes AS v ON v."tenant" = t.tenant AND v."viewer" = t.person AND v."sourcedId" = t.class
            JOIN @current AS e ON e.tenant = t.tenant AND e.class = t.class AND e.role = 'student'
            WHERE t.role IN {teaching}""",
        "visible_users": """
            SELECT tenant AS "tenant", viewer AS "viewer", viewer AS "sourcedId" FROM @viewers
            UNION SELECT tenant, viewer, child FROM @children
            UNION SELECT a.tenant, a.viewer, m.person FROM @overseen AS a
            JOIN @memberships AS m ON m.tenant = a.tenant AND m.org = a.org
            UNION SELECT x.tenant, x.viewer, x.person FROM @met AS x
            JOIN @memberships AS m ON m.tenant = x.tenant AND m.person = x.person
            JOIN visible_orgs AS o ON o."tenant" = x.tenant AND o."viewer" = x.viewer AND o."sourcedId" = m.org""",
        # IS TRUE keeps PostgreSQL from turning the hashed lookup into a join, whose size it misjudges for administrators.
        "visible_enrollments": """
            SELECT e.tenant AS "tenant", c."viewer" AS "viewer", e.enrollment AS "sourcedId" FROM @current AS e
            JOIN visible_classes AS c ON c."tenant" = e.tenant AND c."sourcedId" = e.class
            WHERE ((e.tenant, c."viewer", e.person) IN (SELECT "tenant", "viewer", "sourcedId" FROM visible_users)) IS TRUE""",
    }
