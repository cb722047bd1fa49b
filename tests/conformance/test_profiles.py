"""Profiles as files, and their verdicts of bundles: every demand is seen failing, and a clean bundle passes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.csv_judge import judge
from conformance.profiles import documentation
from conformance.profiles.catalogue import details, entries
from conformance.profiles.evidence import header_of
from conformance.profiles.loading import load_profile, load_profiles, shipped
from conformance.profiles.model import CSV, REQUIRED
from oneroster_harness.problems import UsageProblem
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.dialects import BASES
from oneroster_standard.standard import load

DOCS = Path(__file__).parents[2] / "docs"
READERS_OF_BUNDLES = [name for name in shipped() if load_profile(name).csv]
Rows = list[list[str]]


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def clean(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A clean bundle of each version."""
    folder = tmp_path_factory.mktemp("clean") / "bundle"
    subprocess.run(
        [sys.executable, "-m", "oneroster_harness", "generate", str(folder), "--students", "40", "--spec", request.param], check=True, capture_output=True
    )
    return request.param, folder


def _change(folder: Path, to: Path, file: str, change: Callable[[Rows], Rows | None]) -> Path:
    """A copy of a bundle with one file changed, or left out."""
    import csv

    shutil.copytree(folder, to)
    path = to / file
    with path.open(encoding="utf-8", newline="") as stream:
        rows = change(list(csv.reader(stream)))
    if rows is None:
        path.unlink()
    else:
        path.write_bytes(csv_bytes(rows))
    return to


def _blanked(header: str) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        at = rows[0].index(header)
        return [rows[0], *([*row[:at], "", *row[at + 1 :]] for row in rows[1:])]

    return change


def _demands(path: Path, profile: str, kind: str) -> set[str]:
    found = judge(path, profiles=load_profiles([profile])).profiles[profile]
    return {one["demand"] for one in found[kind]}


@pytest.mark.parametrize("name", READERS_OF_BUNDLES)
def test_a_clean_bundle_of_a_version_that_is_read_passes(clean: tuple[str, Path], name: str) -> None:
    spec, folder = clean
    found = judge(folder, profiles=load_profiles([name])).profiles[name]
    terms = load_profile(name).csv
    assert terms is not None
    if spec in terms.specs:
        assert (found["verdict"], found["blockers"], found["not_exercised"]) == ("pass", [], [])
    else:
        assert "version" in {one["demand"] for one in found["blockers"]}


def test_a_consumer_of_apis_refuses_a_bundle(clean: tuple[str, Path]) -> None:
    found = judge(clean[1], profiles=load_profiles(["google"])).profiles["google"]
    assert found["verdict"] == "fail"
    assert [one["demand"] for one in found["blockers"]] == ["channel"]


@pytest.mark.parametrize("name", READERS_OF_BUNDLES)
def test_every_required_file_is_missed(clean: tuple[str, Path], tmp_path: Path, name: str) -> None:
    spec, folder = clean
    terms = load_profile(name).csv
    assert terms is not None
    if spec not in terms.specs:
        return
    for number, (file, kind) in enumerate([*((one, "blockers") for one in terms.required), *((one, "remarks") for one in terms.used)]):
        broken = _change(folder, tmp_path / str(number), file, lambda rows: None)
        assert f"file.{file}" in _demands(broken, name, kind), file


@pytest.mark.parametrize("name", READERS_OF_BUNDLES)
def test_every_field_of_a_bundle_is_missed(clean: tuple[str, Path], tmp_path: Path, name: str) -> None:
    spec, folder = clean
    profile, standard = load_profile(name), load(spec)
    if profile.csv is None or spec not in profile.csv.specs:
        return
    number = 0
    for entity in profile.entities:
        for demand in entity.fields:
            for file in standard.csv_files.values():
                header = header_of(file, entity.name, demand.field)
                if not header or CSV not in demand.channels or CSV not in entity.channels or file.column(header).required == "delta":
                    continue
                number += 1
                broken = _change(folder, tmp_path / str(number), file.name, _blanked(header))
                kind = "blockers" if demand.need == REQUIRED else "remarks"
                assert f"{entity.name}.{demand.field}" in _demands(broken, name, kind), (entity.name, demand.field)
    assert number or not any(CSV in entity.channels for entity in profile.entities)


@pytest.mark.parametrize("name", ["lingco", "microsoft-sds"])
def test_a_delta_is_refused_by_a_consumer_of_full_sets(clean: tuple[str, Path], tmp_path: Path, name: str) -> None:
    def as_delta(rows: Rows) -> Rows:
        return [[row[0], "delta" if row[1] == "bulk" else row[1]] for row in rows]

    broken = _change(clean[1], tmp_path / "delta", "manifest.csv", as_delta)
    found = judge(broken, profiles=load_profiles([name])).profiles[name]
    refused = [one for one in found["blockers"] if one["demand"] == "mode.users.csv"]
    assert found["verdict"] == "fail"
    assert "takes bulk bundles only" in refused[0]["message"]
    assert "full (bulk)" in refused[0]["remedy"]


@pytest.mark.parametrize("name", READERS_OF_BUNDLES)
def test_every_rule_that_a_profile_names_blocks_it(clean: tuple[str, Path], name: str) -> None:
    from conformance.notices import Notice
    from conformance.profiles.evidence import CsvEvidence, Watcher
    from conformance.profiles.verdicts import verdict_of
    from conformance.report import Outcome, Report

    spec, folder = clean
    profile = load_profile(name)
    if profile.csv is None or spec not in profile.csv.specs:
        return
    from conformance.csv_judge import judge_bundle

    watcher = Watcher([profile])
    evidence = CsvEvidence(judge_bundle(folder, watcher=watcher).facts, watcher)
    report = judge(folder)
    named = {one.check for one in verdict_of(profile, report, evidence).answers if one.check}
    assert named
    for check in named:
        planted = Notice("planted", {"file": "users.csv"}, check=check, severity="error")
        broken = Report("x", spec, 1, "", "", outcomes=[Outcome(one.id, "fail" if one.id == check else one.outcome, "", "") for one in report.outcomes], findings=[planted])
        assert [one.check for one in verdict_of(profile, broken, evidence).blockers] == [check]


def test_courses_are_survivable_and_their_absence_is_told(clean: tuple[str, Path], tmp_path: Path) -> None:
    if clean[0] != "1.1":
        return
    broken = _change(clean[1], tmp_path / "without", "courses.csv", lambda rows: None)
    found = judge(broken, profiles=load_profiles(["lingco"])).profiles["lingco"]
    assert found["blockers"] == []
    assert {"file.courses.csv", "courses"} <= {one["demand"] for one in found["remarks"]}


OWN = """
title = "Ours"
extends = "lingco"
[csv]
most_rows = 10
[entities.users.fields.username]
pattern = "[0-9]+"
[entities.users.fields.role]
one_of = ["student"]
[entities.orgs.fields.type]
covers = ["school", "state"]
[severity]
"csv.unknown-file" = "error"
"""


def test_a_file_of_ones_own_extends_a_shipped_one(clean: tuple[str, Path], tmp_path: Path) -> None:
    if clean[0] != "1.1":
        return
    path = tmp_path / "ours.toml"
    path.write_text(OWN, encoding="utf-8")
    own, base = load_profile(str(path)), load_profile("lingco")
    assert (own.name, own.title, own.csv and own.csv.required) == ("ours", "Ours", base.csv and base.csv.required)
    broken = tmp_path / "bundle"
    shutil.copytree(clean[1], broken)
    (broken / "notes.txt").write_text("x")
    report = judge(broken, profiles=(own,))
    blocked = {one["demand"] for one in report.profiles["ours"]["blockers"]}
    assert {"rows.users.csv", "users.username", "users.role", "orgs.type"} <= blocked
    assert next(one for one in report.findings if one.check == "csv.unknown-file").severity == "error"
    assert report.verdict == "fail"
    assert judge(broken).verdict == "pass"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("title = 'x'", "takes nothing"),
        ("[api]\nspecs = ['1.3']", "1.2"),
        ("[api]\nspecs = []", "no version"),
        ("[api]\nspecs = ['1.1']\nauht = ['oauth2']", "did you mean 'auth'"),
        ("[api]\nspecs = ['1.1']\n[entities.user]", "did you mean 'users'"),
        ("[api]\nspecs = ['1.1']\n[entities.users]\nrequired = ['emial']", "did you mean 'email'"),
        ("[api]\nspecs = ['1.1']\n[[checks]]\nids = ['pagin.total']", "unknown check"),
        ("[api]\nspecs = ['1.1']\n[severity]\n'paging.page-size' = 'fatal'", "fatal"),
        ("[api]\nspecs = ['1.1']\n[entities.users.fields.email]\nshare = 3", "share"),
        ("[api]\nspecs = ['1.1']\n[entities.users.fields.email]\npattern = '('", "regular expression"),
        ("[api]\nspecs = ['1.1']\n[[requests]]\nid = 'a'", "without id or path"),
        ("basis = 'rumour'\n[api]\nspecs = ['1.1']", "rumour"),
        ("extends = 'nobody'", "unknown profile"),
        ("extends = 'own.toml'", "extends itself"),
        ("= 3", "not TOML"),
    ],
)
def test_a_profile_that_is_not_understood_is_refused(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageProblem) as refused:
        load_profile(str(path))
    assert hint in "\n".join(refused.value.lines())


def test_an_unknown_name_offers_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="did you mean 'google'"):
        load_profile("gogle")
    with pytest.raises(UsageProblem, match="not there"):
        load_profile(str(tmp_path / "nowhere.toml"))


def test_every_demand_says_how_it_is_known() -> None:
    for name in shipped():
        profile = load_profile(name)
        for one in (profile, *profile.entities, *profile.checks, *profile.requests, *(field for entity in profile.entities for field in entity.fields)):
            assert one.known.basis in BASES
            assert one.known.source, (name, one)


def test_the_page_of_profiles_is_current_and_tells_every_demand() -> None:
    text = DOCS.joinpath(documentation.PAGE).read_text("utf-8")
    assert text == documentation.page(), "run `make docs`"
    for entry in entries():
        assert f"`{entry['id']}`" in text
    assert any("(GUESS)" in line for line in details(load_profile("lingco")))
    assert "GUESS" in text


def _run(arguments: list[str], folder: Path) -> Iterator[str]:
    done = subprocess.run([sys.executable, "-m", "oneroster_harness", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    yield from (str(done.returncode), done.stdout, done.stderr)


def test_a_profile_changes_the_exit_code_only_when_named(clean: tuple[str, Path], tmp_path: Path) -> None:
    code, out, _ = _run(["check", "csv", str(clean[1]), "--json", "-"], tmp_path)
    assert (code, json.loads(out)["profiles"]) == ("0", {})
    code, out, err = _run(["check", "csv", str(clean[1]), "--profile", "google", "--json", "-"], tmp_path)
    document = json.loads(out)
    assert (code, document["verdict"], document["profiles"]["google"]["verdict"]) == ("1", "pass", "fail")
    assert "profile google: fail (Google Classroom would not take it" in err
    code, _, err = _run(["check", "csv", str(clean[1]), "--profile", "lingko"], tmp_path)
    assert code == "2"
    assert "did you mean 'lingco'?" in err


def test_profiles_are_listed_and_explained(tmp_path: Path) -> None:
    code, out, _ = _run(["profiles"], tmp_path)
    assert code == "0"
    assert all(name in out for name in shipped())
    code, out, _ = _run(["explain", "lingco"], tmp_path)
    assert "users.email" in out
    (tmp_path / "ours.toml").write_text(OWN, encoding="utf-8")
    code, out, _ = _run(["profiles", "ours.toml", "--json", "-"], tmp_path)
    assert json.loads(out)["profiles"][0]["title"] == "Ours"
