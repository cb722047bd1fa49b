"""The contract that every target keeps, run against DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from pathlib import Path

from tests.sync_engine.conftest import Database, sync
from tests.sync_engine.rosters import orgs, users, write_bundle


def test_a_first_run_lands_text_lists_and_nulls(any_database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(1)})
    ran = sync("run", bundle, any_database.url, "--yes")
    assert (ran.code, ran.document["status"]) == (0, "applied")
    assert ran.changed() == {"orgs": {"create": 2}, "users": {"create": 1}}
    columns = '"tenant","sourcedId","status","dateLastModified","orgSourcedIds","userIds","familyName","email","agentSourcedIds"'
    assert any_database.rows("users", columns) == [
        ("default", "u1", "active", None, ["o1", "o2"], ["{SIS:1}", "{LDAP:u-1}"], 'O"Neil, 1', None, None)
    ]


def test_a_second_run_changes_nothing(any_database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2), "users": users(*range(30))})
    sync("run", bundle, any_database.url, "--yes")
    before = any_database.rows("users", "*")
    again = sync("run", bundle, any_database.url, "--yes")
    assert (again.code, again.document["status"], again.changed()) == (0, "applied", {})
    assert again.document["changes"]["users"]["unchanged"] == 30
    assert any_database.rows("users", "*") == before


def test_changed_rows_are_replaced_and_absent_rows_are_marked(any_database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2, 3)}), any_database.url, "--yes")
    later = [*orgs(1), *orgs(2, name="Renamed"), *orgs(4)]
    ran = sync("run", write_bundle(tmp_path / "b", {"orgs": later}), any_database.url, "--yes")
    assert ran.changed() == {"orgs": {"create": 1, "update": 1, "delete": 1}}
    assert any_database.rows("orgs", '"sourcedId", "name", "status", "_state"') == [
        ("o1", "School 1", "active", "present"),
        ("o2", "Renamed 2", "active", "present"),
        ("o3", "School 3", "tobedeleted", "missing"),
        ("o4", "School 4", "active", "present"),
    ]
    again = sync("run", tmp_path / "b", any_database.url, "--yes")
    assert again.changed() == {}


def test_a_row_that_comes_back_is_restored(any_database: Database, tmp_path: Path) -> None:
    both = write_bundle(tmp_path / "a", {"orgs": orgs(1, 2)})
    for bundle in (both, write_bundle(tmp_path / "b", {"orgs": orgs(1)}), both):
        sync("run", bundle, any_database.url, "--yes")
    assert any_database.rows("orgs") == [("o1", "active", "present"), ("o2", "active", "present")]


def test_a_delta_changes_what_it_names_and_removes_only_what_it_tells(
    any_database: Database, tmp_path: Path
) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1, 2, 3)}), any_database.url, "--yes")
    told = {"status": "tobedeleted", "dateLastModified": "2026-10-02T00:00:00.000Z"}
    delta = [
        {"sourcedId": "o2", **told},
        {**orgs(9)[0], "status": "active", "dateLastModified": "2026-10-02"},
        {"sourcedId": "never-seen", **told},
    ]
    bundle = write_bundle(tmp_path / "b", {"orgs": delta}, {"orgs": "delta"})
    ran = sync("run", bundle, any_database.url, "--yes")
    assert ran.changed() == {"orgs": {"create": 1, "delete": 1}}
    assert any_database.rows("orgs", '"sourcedId", "name", "dateLastModified", "_state"') == [
        ("o1", "School 1", None, "present"),
        ("o2", "School 2", "2026-10-02T00:00:00.000Z", "inactive"),
        ("o3", "School 3", None, "present"),
        ("o9", "School 9", "2026-10-02T00:00:00.000Z", "present"),
    ]
    assert sync("run", bundle, any_database.url, "--yes").changed() == {}


def test_an_entity_without_rows_has_a_table_too(any_database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1), "results": []}), any_database.url, "--yes")
    assert {"orgs", "results"} <= any_database.tables()
    assert any_database.rows("results") == []


def test_a_bundle_of_version_1_2_lands_that_version_s_columns(any_database: Database, tmp_path: Path) -> None:
    role = {
        "sourcedId": "r1",
        "userSourcedId": "u1",
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": "o1",
    }
    person = {**users(1)[0], "primaryOrgSourcedId": "o1", "grades": "05"}
    bundle = write_bundle(tmp_path / "a", {"roles": [role], "users": [person]}, version="1.2")
    assert sync("run", bundle, any_database.url, "--yes").changed() == {
        "roles": {"create": 1},
        "users": {"create": 1},
    }
    assert any_database.rows("users", '"sourcedId", "primaryOrgSourcedId", "grades"') == [("u1", "o1", "05")]
    assert any_database.rows("roles", '"userSourcedId", "role"') == [("u1", "student")]
    other = sync("run", write_bundle(tmp_path / "b", {"users": users(1)}), any_database.url, "--yes")
    assert (other.code, "sync.foreign-table" in other.err) == (3, True)


def test_tenants_do_not_see_each_other(any_database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), any_database.url, "--yes", "--tenant", "north")
    ran = sync(
        "run", write_bundle(tmp_path / "b", {"orgs": orgs(2)}), any_database.url, "--yes", "--tenant", "south"
    )
    assert ran.changed() == {"orgs": {"create": 1}}
    assert any_database.rows("orgs", '"tenant", "sourcedId"') == [("north", "o1"), ("south", "o2")]


def test_a_failure_inside_an_apply_leaves_the_target_untouched(database: Database, tmp_path: Path) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(1)}), database.url, "--yes")
    plan = tmp_path / "plan.json"
    twin = {**users(2)[0], "username": "user1"}
    later = write_bundle(tmp_path / "b", {"orgs": orgs(1, 2), "users": [*users(1), twin]})
    sync("plan", later, database.url, "-o", plan)
    database.query('CREATE UNIQUE INDEX one_name ON users ("username")')
    ran = sync("apply", plan)
    assert (ran.code, ran.document["status"]) == (3, "failed")
    assert [row[0] for row in database.rows("orgs")] == ["o1"]


def test_a_table_of_another_program_is_left_alone(database: Database, tmp_path: Path) -> None:
    database.query("CREATE TABLE orgs (id integer)")
    database.query("INSERT INTO orgs VALUES (7)")
    ran = sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), database.url, "--yes")
    assert ran.code == 3
    assert "sync.foreign-table" in ran.err
    assert database.query("SELECT * FROM orgs") == [(7,)]


def test_characters_that_mean_something_to_the_engine_land_as_they_are(
    any_database: Database, tmp_path: Path
) -> None:
    odd = ["a'b", 'c"d', "e\\f", "{g}", "h;--", "NULL", "Ω 日本", "%s", "?"]
    rows = [{**users(n)[0], "givenName": text, "grades": text} for n, text in enumerate(odd)]
    sync("run", write_bundle(tmp_path / "a", {"users": rows}), any_database.url, "--yes")
    assert any_database.rows("users", '"givenName", "grades"') == [(text, [text]) for text in odd]
