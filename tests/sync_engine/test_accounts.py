"""Accounts through the command: who may sign in, as what, by which provider; what is told to an application."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import write_bundle
from tests.sync_engine.scim_service import ScimService, assert_valid

ORGS = [
    {"sourcedId": "d1", "name": "District", "type": "district", "identifier": "1"},
    {"sourcedId": "s1", "name": "North", "type": "school", "identifier": "2", "parentSourcedId": "d1"},
    {"sourcedId": "s2", "name": "South", "type": "school", "identifier": "3", "parentSourcedId": "d1"},
]
TODAY = ("--as-of", "2026-10-01")


def user(id: str, role: str, org: str = "s1", **cells: str) -> dict[str, str]:
    """Cells of a user of 1.1."""
    return {
        "sourcedId": id, "enabledUser": "true", "orgSourcedIds": org, "role": role, "username": f"{id}.name",
        "givenName": f"Given{id}", "familyName": f"Family{id}", "email": f"{id}@example.org", **cells,
    }  # fmt: skip


def land(database: Database, folder: Path, users: Sequence[dict[str, str]], **more: Any) -> None:
    """Land one roster of 1.1."""
    number = len(list(folder.glob("bundle*")))
    bundle = write_bundle(folder / f"bundle{number}", {"orgs": ORGS, "users": users, **more})
    assert sync("run", bundle, database.url, "--yes", "--max-delete-percent", 100).code in (0, 4)


def look(database: Database, *more: object) -> Ran:
    """Run the command on a fixed day."""
    return sync("accounts", database.url, *TODAY, *more)


def listed(path: Path) -> dict[str, dict[str, str]]:
    """A CSV export by user."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["sourcedId"]: row for row in csv.DictReader(stream)}


def operations(path: Path) -> list[dict[str, Any]]:
    """Operations of a SCIM export that the models of the RFCs take."""
    document = json.loads(path.read_text("utf-8"))
    assert_valid(document)
    found: list[dict[str, Any]] = document["Operations"]
    return found


def test_roles_become_student_teacher_and_administrator_and_others_get_no_account(
    database: Database, tmp_path: Path
) -> None:
    roles = ["student", "teacher", "administrator", "aide", "guardian", "parent", "relative", "proctor"]
    land(database, tmp_path, [user(f"u{n}", role) for n, role in enumerate(roles)])
    out = tmp_path / "accounts.csv"
    ran = look(database, "--export", f"csv:{out}")
    assert ran.code == 0
    assert ran.document["accounts"]["by_role"] == {"administrator": 1, "teacher": 1, "student": 1}
    assert ran.document["without_account"] == {"no-account-role": 5}
    assert {id: row["role"] for id, row in listed(out).items()} == {
        "u0": "student",
        "u1": "teacher",
        "u2": "administrator",
    }
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_rule_file_maps_roles_and_chooses_providers_by_school_and_role(
    database: Database, tmp_path: Path
) -> None:
    people = [
        user("u1", "student", "s1", userIds="{LDAP:l1},{SIS:9}"), user("u2", "student", "s2", identifier="ID2"),
        user("u3", "aide", "s1"), user("u4", "administrator", "d1"), user("u5", "student", "s1"),
    ]  # fmt: skip
    land(database, tmp_path, people)
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[roles]\naide = "teacher"\n'
        '[[provider]]\nname = "north"\nschools = ["s1"]\nroles = ["student"]\nsubject = "userIds:LDAP"\n'
        '[[provider]]\nname = "elsewhere"\ntenants = ["other"]\nsubject = "email"\n'
        '[[provider]]\nname = "south"\nschools = ["s2"]\nsubject = ["identifier", "email"]\n'
        '[[provider]]\nname = "rest"\nschools = ["d1"]\nsubject = "email"\n'
    )
    out = tmp_path / "accounts.csv"
    ran = look(database, "--roles", rules, "--export", f"csv:{out}")
    assert {id: (row["provider"], row["subject"], row["role"]) for id, row in listed(out).items()} == {
        "u1": ("north", "l1", "student"), "u2": ("south", "ID2", "student"), "u3": ("rest", "u3@example.org", "teacher"),
        "u4": ("rest", "u4@example.org", "administrator"),
    }  # fmt: skip
    assert ran.document["without_account"] == {"no-subject": 1}
    assert ran.document["accounts"]["by_provider"] == {"north": 1, "rest": 2, "south": 1}


def test_roles_of_1_2_count_within_their_dates_and_the_mightiest_comes_first(
    database: Database, tmp_path: Path
) -> None:
    def person(id: str) -> dict[str, str]:
        return {"sourcedId": id, "enabledUser": "true", "username": id, "givenName": "A", "familyName": "B"}

    def role(id: str, user_id: str, name: str, org: str, begin: str = "", end: str = "") -> dict[str, str]:
        return {
            "sourcedId": id, "userSourcedId": user_id, "roleType": "primary", "role": name, "orgSourcedId": org,
            "beginDate": begin, "endDate": end,
        }  # fmt: skip

    roles = [
        role("r1", "u1", "teacher", "s1"), role("r2", "u1", "principal", "s2"), role("r3", "u1", "guardian", "s1"),
        role("r4", "u2", "teacher", "s1", end="2026-10-01"), role("r5", "u3", "student", "s1", begin="2026-10-02"),
        role("r6", "u4", "student", "s1", "2026-10-01", "2026-10-02"), role("r7", "u5", "counselor", "s1"),
    ]  # fmt: skip
    rows = {"orgs": ORGS, "users": [person(f"u{n}") for n in range(1, 6)], "roles": roles}
    assert sync("run", write_bundle(tmp_path / "b", rows, version="1.2"), database.url, "--yes").code == 0
    out = tmp_path / "accounts.csv"
    ran = look(database, "--export", f"csv:{out}")
    found = listed(out)
    assert (found["u1"]["role"], found["u1"]["roles"], found["u1"]["orgs"]) == (
        "administrator",
        "administrator,teacher",
        "s1,s2",
    )
    assert {id: row["active"] for id, row in found.items()} == {
        "u1": "true",
        "u2": "false",
        "u3": "false",
        "u4": "true",
    }
    assert ran.document["without_account"] == {"no-account-role": 1, "role-ended": 2}


def test_who_has_no_account_is_told_with_the_reason(database: Database, tmp_path: Path) -> None:
    people = [
        user("u1", "student", enabledUser="false"), user("u2", "student", "nowhere"),
        user("u3", "student", username="", email=""), user("u4", "student"), user("u5", "student"),
    ]  # fmt: skip
    land(database, tmp_path, [*people, user("u6", "student")])
    land(database, tmp_path, people)
    out = tmp_path / "accounts.csv"
    ran = look(database, "--export", f"csv:{out}")
    assert ran.document["without_account"] == {
        "disabled": 1,
        "no-organisation": 1,
        "no-subject": 1,
        "removed": 1,
    }
    assert {id: row["reason"] for id, row in listed(out).items()} == {
        "u1": "disabled",
        "u4": "",
        "u5": "",
        "u6": "removed",
    }


@pytest.mark.parametrize("state", ["inactive", "archived", "missing", "quarantined"])
def test_a_row_in_any_other_state_of_the_sync_gives_no_account(
    duck: Database, tmp_path: Path, state: str
) -> None:
    land(duck, tmp_path, [user("u1", "student"), user("u2", "student")])
    duck.query(f"""UPDATE "users" SET "_state" = '{state}' WHERE "sourcedId" = 'u2'""")
    assert look(duck).document["accounts"]["active"] == 1


def test_people_who_would_share_a_sign_in_wait_and_the_others_go_on(
    database: Database, tmp_path: Path
) -> None:
    people = [
        user("u1", "student", username="Smith"),
        user("u2", "teacher", username="sMITH"),
        user("u3", "student"),
    ]
    land(database, tmp_path, people)
    ran = look(database)
    assert (ran.code, ran.document["accounts"]["active"]) == (4, 1)
    assert ran.document["without_account"] == {"shared-sign-in": 2}
    assert [(one["kind"], one["by_case_only"]) for one in ran.document["collisions"]] == [
        ("same-username", True)
    ]


def test_shared_addresses_are_told_by_their_kind_and_nobody_is_named(
    database: Database, tmp_path: Path
) -> None:
    people = [
        user("p1", "parent", email="Ann@example.org"), user("t1", "teacher", email="ann@example.org"),
        user("g1", "guardian", email="fam@example.org"), user("k1", "student", email="fam@example.org"),
        user("k2", "student", email="two@example.org"), user("k3", "student", email="two@example.org"),
    ]  # fmt: skip
    land(database, tmp_path, people)
    ran = look(database)
    assert (ran.code, ran.document["accounts"]["active"]) == (0, 4)
    found = [(one["kind"], one["by_case_only"]) for one in ran.document["collisions"]]
    assert found == [("family", False), ("parent-and-staff", True), ("shared-mail", False)]
    shown = ran.out + ran.err + call("sync", "accounts", database.url).out
    assert not [
        one
        for person in people
        for one in (person["email"], person["familyName"], person["username"])
        if one in shown
    ]


def test_a_scim_service_takes_the_accounts_and_its_answer_makes_the_next_export_a_difference(
    database: Database, tmp_path: Path
) -> None:
    service = ScimService()
    people = [
        user(f"u{n}", role) for n, role in enumerate(["student", "teacher", "administrator", "student"])
    ]
    land(database, tmp_path, people)
    out, answer = tmp_path / "scim.json", tmp_path / "answer.json"
    first = look(database, "--export", f"scim:{out}")
    assert first.document["changes"] == {"create": 4, "update": 0, "deactivate": 0, "unchanged": 0}
    assert [one["method"] for one in operations(out)] == ["POST"] * 4
    answer.write_text(json.dumps(service.bulk(json.loads(out.read_text()))))
    again = look(database, "--answer", answer, "--export", f"scim:{out}", "--force")
    assert (again.document["confirmed"], again.document["changes"]["unchanged"]) == (4, 4)
    assert (again.document["exports"], out.exists()) == ([], False)

    land(
        database,
        tmp_path,
        [{**people[0], "familyName": "Renamed"}, people[1], user("u9", "student"), people[3]],
    )
    look(database, "--export", f"scim:{out}", "--force")
    assert [one["method"] for one in operations(out)] == ["PATCH", "PUT", "POST"]
    answer.write_text(json.dumps(service.bulk(json.loads(out.read_text()))))
    last = look(database, "--answer", answer)
    assert last.document["changes"] == {"create": 0, "update": 0, "deactivate": 0, "unchanged": 4}
    there = service.users()
    assert {id: one["active"] for id, one in there.items()} == {
        "u0": True,
        "u1": True,
        "u2": False,
        "u3": True,
        "u9": True,
    }
    assert there["u0"]["name"]["familyName"] == "Renamed"
    assert there["u1"]["roles"] == [{"value": "teacher", "primary": True}]

    land(database, tmp_path, people)
    back = look(database, "--export", f"scim:{out}", "--force")
    assert back.document["changes"] == {"create": 0, "update": 2, "deactivate": 1, "unchanged": 2}


def test_who_is_confirmed_keeps_a_sign_in_that_somebody_else_gets_too(duck: Database, tmp_path: Path) -> None:
    service = ScimService()
    land(duck, tmp_path, [user("u1", "student", username="smith")])
    out, answer = tmp_path / "scim.json", tmp_path / "answer.json"
    look(duck, "--export", f"scim:{out}")
    answer.write_text(json.dumps(service.bulk(json.loads(out.read_text()))))
    look(duck, "--answer", answer)
    land(duck, tmp_path, [user("u1", "student", username="smith"), user("u0", "student", username="SMITH")])
    ran = look(duck)
    assert (ran.code, ran.document["accounts"]["active"], ran.document["changes"]["unchanged"]) == (4, 1, 1)


def test_an_operation_that_a_service_refused_is_sent_again(duck: Database, tmp_path: Path) -> None:
    service = ScimService()
    land(duck, tmp_path, [user("u1", "student", username="taken")])
    out, answer = tmp_path / "scim.json", tmp_path / "answer.json"
    look(duck, "--export", f"scim:{out}")
    service.bulk(json.loads(out.read_text()))
    answer.write_text(json.dumps(service.bulk(json.loads(out.read_text()))))
    ran = look(duck, "--answer", answer)
    assert (ran.document["confirmed"], ran.document["unconfirmed"], ran.document["changes"]["create"]) == (
        0,
        1,
        1,
    )


def test_many_accounts_are_split_into_requests(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path, [user(f"u{n}", "student") for n in range(5)])
    ran = look(duck, "--export", f"scim:{tmp_path}/scim.json", "--bulk-limit", 2)
    names = [Path(one).name for one in ran.document["exports"]]
    assert names == ["scim-0001.json", "scim-0002.json", "scim-0003.json"]
    assert [len(operations(tmp_path / name)) for name in names] == [2, 2, 1]


def test_no_account_bears_a_password_and_one_in_the_target_is_a_finding(
    duck: Database, tmp_path: Path
) -> None:
    land(duck, tmp_path, [user("u1", "student", password="Tr0ub4dor")])
    out = tmp_path / "scim.json"
    assert look(duck, "--export", f"scim:{out}").code == 0
    assert "password" not in out.read_text().lower()
    duck.query('ALTER TABLE "users" ADD COLUMN "password" VARCHAR')
    duck.query("""UPDATE "users" SET "password" = 'Tr0ub4dor'""")
    ran = look(duck)
    assert (ran.code, ran.document["passwords"]) == (1, 1)
    assert "Tr0ub4dor" not in ran.out + ran.err


def test_the_same_roster_gives_the_same_bytes(duck: Database, tmp_path: Path) -> None:
    people = [user(f"u{n}", "student") for n in range(20)]
    for name, rows in (("a", people), ("b", people[::-1])):
        land(duck, tmp_path, rows)
        look(duck, "--export", f"scim:{tmp_path}/{name}.json", "--export", f"csv:{tmp_path}/{name}.csv")
    for kind in ("json", "csv"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_a_name_is_no_formula_in_the_list(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path, [user("u1", "student", givenName="=cmd()")])
    out = tmp_path / "accounts.csv"
    look(duck, "--export", f"csv:{out}")
    assert listed(out)["u1"]["givenName"] == "'=cmd()"


WRONG_RULES = {
    '[roles]\naide = "king"\n': "cannot become",
    '[[provider]]\nname = "x"\nsubject = "shoe"\n': "names nobody",
    '[[provider]]\nsubject = "email"\n': "has no name",
    '[[provider]]\nname = "x"\nschool = ["s1"]\n': "did you mean",
    "roles = 3\n": "roles is no table",
    "[[provider]\n": "not TOML",
}


@pytest.mark.parametrize("text", WRONG_RULES)
def test_rules_that_mean_nothing_are_wrong_use(duck: Database, tmp_path: Path, text: str) -> None:
    land(duck, tmp_path, [user("u1", "student")])
    rules = tmp_path / "rules.toml"
    rules.write_text(text)
    ran = look(duck, "--roles", rules)
    assert (ran.code, WRONG_RULES[text] in ran.err, "where" in ran.err) == (2, True, True)


def test_wrong_exports_answers_and_targets_are_told(duck: Database, tmp_path: Path) -> None:
    land(duck, tmp_path, [user("u1", "student")])
    there = tmp_path / "there.csv"
    there.write_text("mine")
    assert (look(duck, "--export", f"csv:{there}").code, there.read_text()) == (2, "mine")
    assert look(duck, "--export", "ldif:x").code == 2
    assert look(duck, "--answer", there).code == 2
    assert look(duck, "--answer", tmp_path / "none.json").code == 3
    nobody = call("sync", "accounts", duck.url, "--tenant", "other")
    assert (nobody.code, "[sync.nothing-landed]" in nobody.err) == (3, True)
