"""docs/ci.md holds what it shows: its YAML parses, its commands run, its hook finds the bundles of changed files."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.staged import bundles_of

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "ci.md").read_text("utf-8")
ONEROSTER = [sys.executable, "-m", "oneroster_harness"]
TOKENS = re.compile(r"\$\{\{.*?\}\}")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(block) for block in _blocks("yaml")]


def _commands() -> list[str]:
    """Every command of ours in the examples."""
    found: list[str] = []
    actions, gitlab, _ = _documents()
    found += [step["run"] for job in actions["jobs"].values() for step in job["steps"] if str(step.get("run", "")).startswith("oneroster")]
    found += [line for job in gitlab.values() if isinstance(job, dict) for line in job.get("script", ()) if line.startswith("oneroster")]
    found += [line.strip() for line in TEXT.splitlines() if line.startswith("    oneroster check csv")]
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a bundle where the examples look for it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "exports").mkdir()
    (folder / ".oneroster").mkdir()
    (folder / ".oneroster" / "baseline.toml").write_text("accept = []\n", encoding="utf-8")
    _run(folder, "generate", "exports/district", "--students", "40")
    _run(folder, "check", "csv", "exports/district", "--json", ".oneroster/main.json")
    return folder


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ONEROSTER, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_pipelines_are_of_their_form() -> None:
    actions, gitlab, hook = _documents()
    # YAML reads the bare word `on` as true.
    assert {"name", True, "permissions", "jobs"} <= set(actions)
    for job in actions["jobs"].values():
        assert job["runs-on"]
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    assert gitlab["stages"] == [gitlab[".oneroster"]["stage"]]
    assert all(job["script"] for name, job in gitlab.items() if name in ("bundle", "provider"))
    assert hook["repos"][0]["hooks"][0]["id"] == yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))[0]["id"]


def test_the_commands_about_bundles_run(project: Path) -> None:
    commands = [one for one in _commands() if "check csv" in one or "check compare" in one]
    assert len(commands) >= 4
    for command in commands:
        done = _run(project, *shlex.split(command)[1:])
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    for name in ("roster.sarif", "comment.md", "annotations.txt", "roster.html", "changes.md", "bundle.xml"):
        assert (project / name).stat().st_size > 0 or name == "annotations.txt", name


def test_the_commands_about_providers_are_understood(project: Path) -> None:
    commands = [one for one in _commands() if "check api" in one]
    assert len(commands) >= 2
    for command in commands:
        # Nothing answers there: the command is understood, and says so.
        words = [word.replace("$PROVIDER_URL", "http://127.0.0.1:9/v1p1").replace("$PROVIDER_TOKEN_URL", "http://127.0.0.1:9/t") for word in shlex.split(command)]
        done = subprocess.run(
            [*ONEROSTER, *words[1:]], cwd=project, capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", "ONEROSTER_CLIENT_ID": "a", "ONEROSTER_CLIENT_SECRET": "b"},
        )  # fmt: skip
        assert done.returncode == 3, (command, done.stderr)
        assert "does not answer" in done.stderr


def test_the_baseline_of_the_page_can_be_read(tmp_path: Path) -> None:
    from conformance.baselines import read_baseline

    (block,) = _blocks("toml")
    path = tmp_path / "baseline.toml"
    path.write_text(block, encoding="utf-8")
    assert len(read_baseline(path)) == len(tomllib.loads(block)["accept"])


def test_the_hook_judges_each_bundle_once_and_leaves_the_rest_alone(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "exports" / "district", tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for file in (tmp_path / "a").iterdir():
            archive.write(file, file.name)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("photo.txt", "x")
    (tmp_path / "lone").mkdir()
    (tmp_path / "lone" / "users.csv").write_text("name\nx\n", encoding="utf-8")
    files = [tmp_path / name for name in ("a/users.csv", "a/orgs.csv", "b.zip", "other.zip", "lone/users.csv", "gone.zip", "notes.csv")]
    assert bundles_of(files) == [tmp_path / "a", tmp_path / "b.zip"]


def test_the_hooks_entry_runs_with_the_files_that_it_matches(project: Path, tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    shutil.copytree(project / "exports" / "district", tmp_path / "bundle")
    names = [f"bundle/{file.name}" for file in (tmp_path / "bundle").iterdir()]
    matched = [name for name in names if re.search(hook["files"], name)]
    assert set(matched) == {name for name in names if name.endswith(".csv")}
    assert not re.search(hook["files"], "app/data.csv")
    entry = hook["entry"].split()
    assert entry[0] == "oneroster"
    clean = _run(tmp_path, *entry[1:], *matched, "--profile", "lingco")
    assert clean.returncode == 0, clean.stdout
    assert clean.stdout.count("verdict: pass") == 1
    (tmp_path / "bundle" / "orgs.csv").unlink()
    broken = _run(tmp_path, *entry[1:], "bundle/users.csv")
    assert broken.returncode == 1
    assert "orgs.csv" in broken.stdout
    nothing = _run(tmp_path, *entry[1:], "notes.csv")
    assert (nothing.returncode, nothing.stdout) == (0, "")
