"""The command's own manners: help, names of providers, the form of its result."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sync_engine.command import sync as group
from tests.sync_engine.conftest import Database, call, sync
from tests.sync_engine.fake_provider import FakeProvider
from tests.sync_engine.rosters import orgs, write_bundle


@pytest.mark.parametrize("verb", [(), *((name,) for name in sorted(group.commands))])
def test_help_shows_two_real_examples(verb: tuple[str, ...]) -> None:
    lines = [line.strip() for line in call("sync", *verb, "--help").out.splitlines()]
    assert sum(line.startswith(" ".join(("oneroster sync", *verb))) for line in lines) == 2


def test_the_machine_form_holds_what_scripts_rely_on(duck: Database, tmp_path: Path) -> None:
    document = sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--yes").document
    assert list(document) == [
        "run", "source", "target", "complete", "changes", "status", "reasons", "rows_per_s", "elapsed_s", "requests",
    ]  # fmt: skip
    counts = {"create": 1, "update": 0, "delete": 0, "unchanged": 0, "held": 0, "quarantined": 0}
    assert document["changes"] == {"orgs": counts}
    assert document["complete"] == {"orgs": True}


def test_a_result_for_a_person_is_one_line_per_entity(duck: Database, tmp_path: Path) -> None:
    ran = call("sync", "run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--yes")
    head, row, last = ran.out.splitlines()
    assert head.split()[:3] == ["entity", "create", "update"]
    assert row.split()[:2] == ["orgs", "1"]
    assert last.startswith("applied: ")
    assert len(head.rstrip()) - len("complete") == len(row.rstrip()) - len("yes")


def test_a_name_of_the_providers_file_is_a_source(
    fake: FakeProvider, duck: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("providers.toml").write_text(
        f'[providers.north]\nurl = "{fake.url}"\ntoken_url = "{fake.token_url}"\nvendor = "classlink"\n'
    )
    fake.served["orgs"] = [{"sourcedId": "o1"}]
    ran = sync("run", "north", duck.url, "--yes")
    assert (ran.code, ran.changed()) == (0, {"orgs": {"create": 1}})
    assert (ran.document["source"], ran.document["requests"]) == (fake.url, len(fake.requests))


def test_an_unknown_vendor_is_answered_with_the_nearest(duck: Database, fake: FakeProvider) -> None:
    ran = call("sync", "plan", fake.url, duck.url, "--vendor", "powerschol")
    assert (ran.code, "did you mean 'powerschool'?" in ran.err) == (2, True)


def test_an_empty_core_collection_is_pointed_out(fake: FakeProvider, duck: Database) -> None:
    ran = sync("plan", fake.url, duck.url, "--token-url", fake.token_url, "--vendor", "classlink")
    assert any(
        reason.startswith("orgs: served, but empty; Applications >") for reason in ran.document["reasons"]
    )


def test_a_target_that_another_process_holds_is_exit_3(duck: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1)})
    holds = (
        "import duckdb, sys; db = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holds, duck.url.removeprefix("duckdb:///")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = sync("run", bundle, duck.url, "--yes")
        holder.communicate("")
    assert (ran.code, "another process holds the target" in ran.err) == (3, True)
