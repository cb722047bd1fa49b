"""No password is kept, wherever it comes from, and its presence is told without telling it."""

from __future__ import annotations

from pathlib import Path

from tests.sync_engine.conftest import Database, sync
from tests.sync_engine.fake_provider import FakeProvider
from tests.sync_engine.rosters import orgs, users, write_bundle

WORD = "Tr0ub4dor"
NOTE = "users: 1 rows bring a password, which is not kept; ask the district to stop sending it"


def everything(database: Database) -> str:
    """All cells of all tables as one text."""
    return "\n".join(str(database.query(f'SELECT * FROM "{name}"')) for name in sorted(database.tables()))


def test_a_password_of_a_bundle_is_dropped_and_told(database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(
        tmp_path / "a", {"orgs": orgs(1), "users": [{**users(1)[0], "password": WORD}, *users(2)]}
    )
    ran = sync("run", bundle, database.url, "--yes")
    assert (ran.code, ran.document["reasons"]) == (0, [NOTE])
    assert WORD not in everything(database) + ran.out + ran.err
    columns = database.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'password'"
    )
    assert columns == []


def test_passwords_of_a_1_2_bundle_are_dropped_from_users_and_from_profiles(
    database: Database, tmp_path: Path
) -> None:
    user = {
        "sourcedId": "u1", "enabledUser": "true", "username": "one", "givenName": "Ann", "familyName": "Ode",
        "password": WORD,
    }  # fmt: skip
    profile = {
        "sourcedId": "p1", "userSourcedId": "u1", "profileType": "LMS", "vendorId": "v", "credentialType": "plain",
        "username": "one", "password": WORD,
    }  # fmt: skip
    role = {
        "sourcedId": "r1",
        "userSourcedId": "u1",
        "roleType": "primary",
        "role": "student",
        "orgSourcedId": "o1",
    }
    rows = {"orgs": orgs(1), "users": [user], "userProfiles": [profile], "roles": [role]}
    ran = sync("run", write_bundle(tmp_path / "a", rows, version="1.2"), database.url, "--yes")
    assert ran.code == 0
    assert ran.document["reasons"] == [NOTE.replace("users", "userProfiles"), NOTE]
    assert WORD not in everything(database) + ran.out + ran.err


def test_a_password_of_an_api_is_dropped_and_told(fake: FakeProvider, database: Database) -> None:
    fake.served["users"] = [
        {"sourcedId": "u1", "role": "student", "password": WORD}, {"sourcedId": "u2", "password": " "}
    ]  # fmt: skip
    ran = sync("run", fake.url, database.url, "--token-url", fake.token_url, "--yes")
    assert (ran.code, NOTE in ran.document["reasons"]) == (0, True)
    assert ran.document["complete"]["users"]
    assert WORD not in everything(database) + ran.out + ran.err


def test_a_bundle_without_a_password_column_is_taken(database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(1)})
    file = bundle / "users.csv"
    lines = file.read_text("utf-8").replace(",password", "").splitlines()
    file.write_text("\r\n".join([lines[0], lines[1].removesuffix(",")]) + "\r\n", "utf-8")
    ran = sync("run", bundle, database.url, "--yes")
    assert (ran.code, ran.document["reasons"]) == (0, [])


def test_a_password_column_of_an_earlier_release_goes_with_the_next_run(
    database: Database, tmp_path: Path
) -> None:
    sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(1)}), database.url, "--yes")
    database.query('ALTER TABLE "users" ADD COLUMN "password" VARCHAR')
    database.query(f"""UPDATE "users" SET "password" = '{WORD}'""")
    sync("run", write_bundle(tmp_path / "b", {"orgs": orgs(1), "users": users(1, 2)}), database.url, "--yes")
    assert WORD not in everything(database)
