"""What a user may see: the SQL against the model, by question, by views, and by PostgreSQL's policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sync_engine.targets.opening import open_target
from sync_engine.visibility.definition import KINDS
from sync_engine.visibility.installation import install
from sync_engine.visibility.question import ask
from tests.sync_engine.conftest import Database, call, sync
from tests.sync_engine.rows_of_rosters import TABLES, make_tables, put, rows_of
from tests.sync_engine.visibility_model import (
    TODAY,
    Class,
    Enrollment,
    Eyes,
    Org,
    Role,
    Roster,
    Sight,
    Term,
    User,
)

# The views know today only, so every date lies far from it on either side; the question is asked for days between.
PAST, FUTURE = "2000-01-01", "2999-01-01"
DATES = st.sampled_from([None, PAST, FUTURE])
STATES = st.sampled_from(["present"] * 8 + ["missing", "inactive", "archived"])
ORGS = [f"o{n}" for n in range(5)]
USERS = [f"u{n}" for n in range(6)]
CLASSES = [f"k{n}" for n in range(4)]
TERMS = ["t0", "t1"]
ROLES_1P1 = ["student", "student", "teacher", "administrator", "guardian", "parent", "aide"]
ROLES_1P2 = [
    "student",
    "student",
    "teacher",
    "districtAdministrator",
    "principal",
    "guardian",
    "relative",
    "counselor",
]
IN_CLASS = ["student", "student", "teacher", "administrator", "proctor"]
SEVERAL = {"max_size": 3, "unique": True}


def distinct(made: st.SearchStrategy[Any], ids: Sequence[str]) -> st.SearchStrategy[list[Any]]:
    """Rows of different ids."""
    return st.lists(made, max_size=len(ids), unique_by=lambda one: one.id)


@st.composite
def rosters(draw: st.DrawFn, version: str) -> Roster:
    """Small rosters: trees and circles of organisations, dangling references, ended and removed rows."""
    orgs = distinct(
        st.builds(Org, st.sampled_from(ORGS), st.sampled_from([None, "o0", "o0", *ORGS]), STATES), ORGS
    )
    if version == "1.1":
        roles: st.SearchStrategy[tuple[Role, ...]] = st.builds(
            lambda name, places: tuple(Role(name, place) for place in places) or (Role(name, None),),
            st.sampled_from(ROLES_1P1), st.lists(st.sampled_from([*ORGS, "nowhere"]), **SEVERAL),  # type: ignore[arg-type]
        )  # fmt: skip
    else:
        role = st.builds(Role, st.sampled_from(ROLES_1P2), st.sampled_from([*ORGS, "nowhere"]), DATES, DATES)
        roles = st.lists(role, max_size=3).map(tuple)
    agents = st.lists(st.sampled_from([*USERS, "nobody"]), **SEVERAL).map(tuple)  # type: ignore[arg-type]
    enabled = st.sampled_from(["true"] * 5 + [None, "false"])
    users = distinct(st.builds(User, st.sampled_from(USERS), roles, agents, enabled, STATES), USERS)
    terms = distinct(st.builds(Term, st.sampled_from(TERMS), DATES, STATES), TERMS)
    taught_in = st.lists(st.sampled_from([*TERMS, "never"]), **SEVERAL).map(tuple)  # type: ignore[arg-type]
    classes = distinct(
        st.builds(Class, st.sampled_from(CLASSES), st.sampled_from([*ORGS, "nowhere"]), taught_in, STATES),
        CLASSES,
    )
    enrollments = distinct(
        st.builds(
            Enrollment, st.integers(0, 99).map(lambda n: f"e{n}"), st.sampled_from(CLASSES), st.sampled_from(USERS),
            st.sampled_from(IN_CLASS), st.sampled_from([None, None, PAST, FUTURE]), st.sampled_from([None, None, FUTURE, PAST]),
            STATES,
        ),
        [f"e{n}" for n in range(14)],
    )  # fmt: skip
    return Roster(draw(orgs), draw(users), draw(terms), draw(classes), draw(enrollments))


def everybody_an_administrator(roster: Roster) -> Roster:
    """The same ids as rows of another tenant, where everybody may see everything."""
    users = [User(id, (Role("administrator", "o0"),)) for id in USERS]
    return Roster([Org("o0", None)], users, (), [Class(id, "o0", ()) for id in CLASSES], roster.enrollments)


def as_sight(found: dict[str, set[str]]) -> Sight:
    """Ids by kind as what one user sees."""
    return Sight(found["orgs"], found["classes"], found["users"], found["enrollments"])


class Field:
    """A target with empty landed tables and installed views, filled anew for each roster."""

    def __init__(self, url: str, version: str, *, policies: bool) -> None:
        self.target = open_target(url)
        self.version = version
        with self.target.writing() as session:
            make_tables(session, version)
        install(self.target, policies=policies, role="reader" if policies else None)

    def fill(self, roster: Roster) -> None:
        """Replace all rows."""
        with self.target.writing() as session:
            for table in TABLES:
                if session.columns(table):
                    session.query(f'DELETE FROM "{table}"')
            put(session.query, rows_of(roster, self.version), "default")
            put(session.query, rows_of(everybody_an_administrator(roster), self.version), "other")

    def views(self) -> dict[str, Sight]:
        """Per user what the views say."""
        found = {user: Sight() for user in USERS}
        with self.target.reading() as session:
            for kind in KINDS:
                rows = session.query(
                    f'SELECT "viewer", "sourcedId" FROM "visible_{kind}" WHERE "tenant" = ?', ("default",)
                )
                for user, id in rows:
                    getattr(found[user], kind).add(str(id))
        return found


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def duck_field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Field:
    """DuckDB with views, for each version."""
    return Field(f"duckdb:///{tmp_path_factory.mktemp('seen')}/roster.duckdb", request.param, policies=False)


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def postgres_field(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[tuple[Field, Any]]:
    """PostgreSQL with policies, and a connection of a role that owns nothing."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
        owner.execute("DROP ROLE IF EXISTS reader")
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA public TO reader")
        found = Field(postgres_url, request.param, policies=True)
        with psycopg.connect(postgres_url, user="reader", autocommit=True) as reader:
            yield found, reader
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
        owner.execute("DROP ROLE reader")


SLOW = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
CIRCLE = Roster(
    [Org("o0", "o1"), Org("o1", "o0"), Org("o2", "o1")], [User("u0", (Role("administrator", "o2"),)), User("u1", (Role("teacher", "o0"),))],
    (), [Class("k0", "o0", ())], [Enrollment("e0", "k0", "u1", "teacher")],
)  # fmt: skip


@pytest.mark.hazards
@SLOW
@example(data=None)
@given(data=st.data())
def test_question_and_views_say_what_the_model_says(duck_field: Field, data: st.DataObject | None) -> None:
    roster = CIRCLE if data is None else data.draw(rosters(duck_field.version))
    duck_field.fill(roster)
    eyes = Eyes(roster)
    expected = {user: eyes.look(user) for user in USERS}
    assert duck_field.views() == expected
    user = max((one.id for one in roster.users), default="")
    if user:
        asked = ask(duck_field.target, "default", user, TODAY)
        assert as_sight({kind: set(found) for kind, found in asked.ids.items()}) == expected[user], user


@pytest.mark.hazards
@settings(SLOW, max_examples=15)
@given(data=st.data())
def test_policies_show_a_role_that_owns_nothing_what_the_model_says(
    postgres_field: tuple[Field, Any], data: st.DataObject
) -> None:
    field, reader = postgres_field
    roster = data.draw(rosters(field.version))
    field.fill(roster)
    eyes = Eyes(roster)
    for user in USERS:
        reader.execute("SELECT set_config('oneroster.user_id', %s, false)", (user,))
        found = {
            kind: {row[0] for row in reader.execute(f'SELECT "sourcedId" FROM "{kind}"').fetchall()}
            for kind in KINDS
        }
        assert as_sight(found) == eyes.look(user), user
    reader.execute("SELECT set_config('oneroster.user_id', '', false)")
    assert [reader.execute(f'SELECT count(*) FROM "{kind}"').fetchone() for kind in KINDS] == [(0,)] * len(
        KINDS
    )


@settings(max_examples=200)
@given(rosters("1.2"))
def test_the_model_shows_nobody_of_another_school(roster: Roster) -> None:
    eyes = Eyes(roster)
    for user in USERS:
        seen = eyes.look(user)
        near = {user} | (eyes.children(user) if user in eyes.users else set())
        assert all(eyes.homes(one) & seen.orgs for one in seen.users - near)
        assert all(eyes.classes[one].school in seen.orgs for one in seen.classes)


SCHOOLS = Roster(
    [Org("o0", None), Org("o1", "o0"), Org("o2", "o0")],
    [
        User("u0", (Role("teacher", "o1"),)), User("u1", (Role("student", "o1"),), ("u5",)), User("u2", (Role("student", "o2"),)),
        User("u3", (Role("administrator", "o0"),)), User("u4", (Role("administrator", "o1"),), ("u5",)), User("u5", (Role("guardian", "o1"),)),
    ],
    [Term("t0", FUTURE), Term("t1", PAST)],
    [Class("k0", "o1", ("t0",)), Class("k1", "o2", ("t0",)), Class("k2", "o1", ("t1",)), Class("k3", "o1", ("t0",))],
    [
        Enrollment("e0", "k0", "u0", "teacher"), Enrollment("e1", "k0", "u1", "student"), Enrollment("e2", "k1", "u2", "student"),
        Enrollment("e3", "k2", "u0", "teacher"), Enrollment("e4", "k3", "u1", "student", end=PAST),
    ],
)  # fmt: skip
EXPECTED = {
    "u0": Sight({"o1"}, {"k0"}, {"u0", "u1"}, {"e0", "e1"}),
    "u1": Sight({"o1"}, {"k0"}, {"u0", "u1"}, {"e0", "e1"}),
    "u2": Sight({"o2"}, {"k1"}, {"u2"}, {"e2"}),
    "u3": Sight({"o0", "o1", "o2"}, {"k0", "k1", "k3"}, set(USERS), {"e0", "e1", "e2"}),
    "u4": Sight({"o1"}, {"k0", "k3"}, {"u0", "u1", "u4", "u5"}, {"e0", "e1"}),
    "u5": Sight({"o1"}, {"k0"}, {"u0", "u1", "u5"}, {"e0", "e1"}),
}


def test_the_rules_in_one_district_of_two_schools(duck_field: Field) -> None:
    duck_field.fill(SCHOOLS)
    assert duck_field.views() == EXPECTED == {user: Eyes(SCHOOLS).look(user) for user in USERS}


def test_a_reader_cannot_write_nor_read_records_or_views_of_others(postgres_field: tuple[Field, Any]) -> None:
    import psycopg

    field, reader = postgres_field
    with field.target.writing() as session:
        session.query("CREATE TABLE IF NOT EXISTS _oneroster_past (secret text)")
        session.query("DELETE FROM _oneroster_past")
        session.query("INSERT INTO _oneroster_past VALUES ('x')")
    install(field.target, policies=True, role="reader")
    with field.target.writing() as session:
        session.query("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO reader")
    field.fill(SCHOOLS)
    reader.execute("SELECT set_config('oneroster.user_id', 'u2', false)")
    assert reader.execute("SELECT * FROM _oneroster_past").fetchall() == []
    assert reader.execute("SELECT DISTINCT viewer FROM visible_users WHERE viewer <> 'u2'").fetchall() == []
    assert reader.execute("""UPDATE users SET "familyName" = 'x'""").rowcount == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(
            """INSERT INTO orgs ("tenant", "sourcedId", "status", "_state") VALUES ('default', 'o9', 'active', 'present')"""
        )
    reader.execute("SELECT set_config('oneroster.tenant', 'other', false)")
    assert len(reader.execute("SELECT * FROM users").fetchall()) == len(USERS)
    reader.execute("SELECT set_config('oneroster.tenant', '', false)")


def land(database: Database, folder: Path) -> None:
    """A generated district of several schools."""
    bundle = folder / "district"
    assert call("generate", bundle, "--students", 120).code == 0
    assert sync("run", bundle, database.url, "--yes").code == 0


def test_the_command_tells_counts_to_a_person_and_ids_to_a_machine(
    database: Database, tmp_path: Path
) -> None:
    land(database, tmp_path)
    (teacher,) = database.query("SELECT \"sourcedId\" FROM users WHERE role = 'teacher' ORDER BY 1 LIMIT 1")[
        0
    ]
    seen = sync("visible", database.url, "--user", teacher, "--as-of", TODAY)
    assert (seen.code, seen.document["user"], seen.document["reason"]) == (0, teacher, None)
    classes = seen.document["visible"]["classes"]
    students = database.query(
        'SELECT DISTINCT e."userSourcedId" FROM enrollments AS e WHERE e.role = \'student\' AND e."classSourcedId" IN'
        f" ({', '.join(repr(one) for one in classes)}) AND e.\"beginDate\" <= '{TODAY}' AND e.\"endDate\" >= '{TODAY}'"
    )
    assert classes
    assert students
    assert {row[0] for row in students} <= set(seen.document["visible"]["users"])
    text = call("sync", "visible", database.url, "--user", teacher, "--as-of", TODAY)
    assert students[0][0] not in text.out + text.err
    late = sync("visible", database.url, "--user", teacher, "--as-of", "2030-01-01")
    assert late.document["counts"] == {"orgs": 1, "classes": 0, "users": 1, "enrollments": 0}


def test_views_are_installed_twice_without_harm_and_a_sync_goes_on(
    database: Database, tmp_path: Path
) -> None:
    land(database, tmp_path)
    for _ in range(2):
        ran = sync("visible", database.url, "--install")
        assert ran.document["installed"] == [f"visible_{kind}" for kind in KINDS]
    assert sync("run", tmp_path / "district", database.url, "--yes").code == 0
    assert database.query("SELECT count(*) FROM visible_orgs")[0][0] > 0


def test_policies_leave_the_sync_its_rights(
    tmp_path: Path, postgres_url: str, request: pytest.FixtureRequest
) -> None:
    import psycopg

    def query(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(postgres_url) as db:
            found = db.execute(sql.encode())
            return found.fetchall() if found.description else []

    query("DROP SCHEMA public CASCADE")
    query("CREATE SCHEMA public")
    database = Database(postgres_url, query)
    land(database, tmp_path)
    ran = sync("visible", postgres_url, "--install", "--policies")
    assert "policy on results" in ran.document["installed"]
    assert "closed demographics" in ran.document["installed"]
    again = sync("run", tmp_path / "district", postgres_url, "--yes")
    assert (again.code, again.changed()) == (0, {})


def test_who_is_disabled_or_removed_sees_nothing_and_is_told_why(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path)
    one, other = (
        row[0]
        for row in duck.query("SELECT \"sourcedId\" FROM users WHERE role = 'teacher' ORDER BY 1 LIMIT 2")
    )
    duck.query(f"""UPDATE users SET "enabledUser" = 'false' WHERE "sourcedId" = '{one}'""")
    duck.query(f"""UPDATE users SET "_state" = 'inactive' WHERE "sourcedId" = '{other}'""")
    for user, reason in ((one, "disabled"), (other, "removed")):
        seen = sync("visible", duck.url, "--user", user, "--as-of", TODAY)
        assert (seen.code, seen.document["reason"], sum(seen.document["counts"].values())) == (0, reason, 0)


def test_wrong_use_and_strangers_are_told(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path)
    assert call("sync", "visible", duck.url).code == 2
    assert call("sync", "visible", duck.url, "--policies").code == 2
    assert call("sync", "visible", duck.url, "--install", "--policies").code == 2
    stranger = call("sync", "visible", duck.url, "--user", "nobody")
    assert (stranger.code, "[sync.unknown-user]" in stranger.err) == (3, True)
    empty = call("sync", "visible", f"duckdb:///{tmp_path}/none.duckdb", "--install")
    assert (empty.code, (tmp_path / "none.duckdb").exists()) == (3, False)
