"""`oneroster generate`: what it writes, says and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from data_gen import generation
from data_gen.catalogue import entries
from data_gen.command import generate, verify_synthetic
from data_gen.generation import Recipe
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_standard.standard import load


def run(*arguments: object) -> dict[str, Any]:
    """Run the command with --json -; stdout must hold that document and nothing else."""
    result = CliRunner().invoke(generate, [*map(str, arguments), "--json", "-"], catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def front(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the front door as a user does."""
    command = [sys.executable, "-m", "oneroster_harness", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_machine_form_names_files_rows_and_bytes(tmp_path: Path) -> None:
    out = tmp_path / "district.zip"
    found = run(out, "--students", 60, "--seed", 3, "--as-of", "2027-02-01")
    assert list(found) == ["out", "seed", "as_of", "spec", "rows", "bytes", "elapsed_s"]
    assert (found["out"], found["seed"], found["as_of"], found["spec"]) == (str(out), 3, "2027-02-01", "1.1")
    assert set(found["rows"]) == set(load("1.1").csv_files)
    assert found["rows"]["demographics.csv"] == 60
    assert found["bytes"] == out.stat().st_size


@pytest.mark.parametrize("name", ["folder", "new/deep/bundle.zip", "town.district"])
def test_every_form_is_written_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    found = run(out, "--students", 20)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    files = list(out.iterdir()) if out.is_dir() else [out]
    assert found["bytes"] == sum(path.stat().st_size for path in files)
    assert found["rows"]["users.csv"] > 20


def test_out_that_exists_is_refused_and_left_as_it_was_without_force(tmp_path: Path) -> None:
    for name in ("a.zip", "folder", "b.district"):
        out = tmp_path / name
        run(out, "--students", 5)
        before = out.read_bytes() if out.is_file() else sorted(out.iterdir())
        result = front("generate", out, "--students", 6)
        assert result.returncode == 2 and "OUT exists" in result.stderr and result.stdout == ""
        assert before == (out.read_bytes() if out.is_file() else sorted(out.iterdir()))


@pytest.mark.parametrize("name", ["a.zip", "folder", "b.district"])
def test_force_replaces_an_earlier_result_whole(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    run(out, "--students", 5)
    if out.is_dir():
        out.joinpath("old.csv").write_text("left over")
    found = run(out, "--students", 6, "--force")
    assert found["rows"]["demographics.csv"] == 6
    assert not out.is_dir() or not out.joinpath("old.csv").exists()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_force_never_replaces_a_folder_of_other_things(tmp_path: Path) -> None:
    tmp_path.joinpath("home", "photos").mkdir(parents=True)
    tmp_path.joinpath("home", "photos", "one.jpg").write_text("dear")
    with pytest.raises(UsageProblem):
        CliRunner().invoke(
            generate, [str(tmp_path / "home"), "--students", "5", "--force"], catch_exceptions=False
        )
    assert tmp_path.joinpath("home", "photos", "one.jpg").read_text() == "dear"


def test_force_never_replaces_a_file_by_a_folder(tmp_path: Path) -> None:
    tmp_path.joinpath("notes").write_text("dear")
    with pytest.raises(UsageProblem):
        CliRunner().invoke(
            generate, [str(tmp_path / "notes"), "--students", "5", "--force"], catch_exceptions=False
        )
    assert tmp_path.joinpath("notes").read_text() == "dear"


def test_a_clean_bundle_takes_the_place_of_a_faulty_one_and_of_its_key(tmp_path: Path) -> None:
    run(tmp_path / "a.zip", "--students", 60, "--defect", "users.bad-role")
    run(tmp_path / "b.zip", "--students", 5)
    assert tmp_path.joinpath("answer-key.json").exists()
    run(tmp_path / "a.zip", "--students", 5, "--force")
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "b.zip"}


def test_the_defects_are_listed_with_the_rule_that_finds_each() -> None:
    lines = CliRunner().invoke(generate, ["--list-defects"], catch_exceptions=False).stdout.splitlines()
    assert len(lines) == sum(len(entry["trips"]) or 1 for entry in entries())
    assert any(line.split()[:4] == ["users.bad-role", "1.1", "csv.enumeration", "users.csv"] for line in lines)


def test_an_existing_folder_stays_whole_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "folder"
    run(out, "--students", 5)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fail(part: Path, *more: object) -> dict[str, int]:
        part.mkdir()
        part.joinpath("users.csv").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data_gen.command.write_clean", fail)
    with pytest.raises(CannotRun):
        CliRunner().invoke(generate, [str(out), "--students", "6", "--force"], catch_exceptions=False)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_the_answer_key_lies_beside_out_and_tells_how_to_repeat_it(tmp_path: Path) -> None:
    found = run(
        tmp_path / "broken.zip", "--students", 60, "--seed", 9, "--defect", "users.bad-role=2", "--defect",
        "file.header-only",
    )  # fmt: skip
    key = json.loads(tmp_path.joinpath("answer-key.json").read_text())
    assert (key["bundle"], key["seed"], key["students"]) == ("broken.zip", 9, 60)
    assert [(entry["defect"], entry["count"]) for entry in key["defects"]] == [
        ("users.bad-role", 2),
        ("file.header-only", 1),
    ]
    assert found["rows"]["classResources.csv"] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"broken.zip", "answer-key.json"}


@pytest.mark.parametrize(
    "arguments, met",
    [
        (("--spec", "1.2", "--defect", "users.bad-role"), "--spec 1.2"),
        (("--vendor", "powerskool"), "did you mean 'powerschool'"),
        (("--locale", "xx_YY"), "no locale"),
        (("--defect", "users.bad-rol"), "did you mean 'users.bad-role'"),
        (("--students", "0"), "--students"),
        (("--vendor", "nowhere.toml"), "nowhere.toml"),
        (("--as-of", "0001-01-01"), "1950 to 2199"),
        (("--as-of", "yesterday"), "YYYY-MM-DD"),
    ],
)
def test_wrong_use_is_refused_with_its_reason_and_writes_nothing(
    tmp_path: Path, arguments: tuple[str, ...], met: str
) -> None:
    result = front("generate", tmp_path / "out", *arguments)
    assert result.returncode == 2 and met in result.stderr and "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_faults_of_files_are_refused_for_a_store(tmp_path: Path) -> None:
    result = front("generate", tmp_path / "x.district", "--defect", "file.missing")
    assert result.returncode == 2 and "CSV files" in result.stderr


def test_verify_synthetic_tells_clean_wrong_and_unreadable_apart_by_exit_code(tmp_path: Path) -> None:
    out = tmp_path / "a.zip"
    run(out, "--students", 5)
    clean = front("verify-synthetic", out)
    assert clean.returncode == 0 and "synthetic" in clean.stdout
    assert front("verify-synthetic", tmp_path / "missing.zip").returncode == 3
    run(tmp_path / "bare", "--students", 5, "--defect", "manifest.missing")
    assert front("verify-synthetic", tmp_path / "bare").returncode == 1


@pytest.mark.parametrize("command", [generate, verify_synthetic])
def test_help_shows_two_examples(command: Any) -> None:
    text = CliRunner().invoke(command, ["--help"]).output
    examples = [line for line in text.splitlines() if line.strip().startswith("oneroster ")]
    assert len(examples) == 2


def test_a_recipe_is_all_that_the_bytes_depend_on(tmp_path: Path) -> None:
    found = run(tmp_path / "a.zip", "--students", 30, "--seed", 4, "--as-of", "2026-12-01")
    generation.write_clean(tmp_path / "b.zip", Recipe(30, 4, date(2026, 12, 1)))
    assert tmp_path.joinpath("a.zip").read_bytes() == tmp_path.joinpath("b.zip").read_bytes()
    assert found["bytes"] == tmp_path.joinpath("b.zip").stat().st_size
