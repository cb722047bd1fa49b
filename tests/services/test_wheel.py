"""The wheel in an empty environment: data files inside, tests outside, every verb at work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mock_server.test_readme import OUTSIDE, in_process_example, readme_example

pytestmark = pytest.mark.services
ROOT = Path(__file__).parents[2]


def outside() -> dict[str, str]:
    """The environment of a shell that knows nothing of this checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ONEROSTER_", "PYTHON"))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from this checkout's files.

    From a copy: a build leaves its metadata beside the sources, where an older one would then hide the installed one.
    """
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, cwd=folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty environment with the wheel and its extra."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[all]"], check=True)
    yield folder


def oneroster(environment: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The installed command."""
    return subprocess.run(
        [str(environment / "bin" / "oneroster"), *arguments], cwd=folder, env=outside(), capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_the_data_files_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("oneroster_standard/tables/v1p1.toml", "oneroster_standard/dialects/classlink.toml", "data_gen/pools/en_US.json"):
        assert name in names
    assert [name for name in names if name.endswith(".j2")]
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "docs/"))]
    assert [name for name in names if name.endswith("LICENSE")]


def test_the_extra_brings_the_drivers(environment: Path) -> None:
    done = subprocess.run([str(environment / "bin" / "python"), "-c", "import psycopg, duckdb"], check=False)
    assert done.returncode == 0


def test_the_demo_runs_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    done = oneroster(environment, tmp_path, "demo", "--students", "60", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert (tmp_path / "report.html").stat().st_size > 5_000


def test_explain_finds_an_entry_of_every_catalogue(environment: Path, tmp_path: Path) -> None:
    for id in ("paging.total-matches-records", "csv.reference", "paging.no-link", "users.duplicate-id"):
        assert oneroster(environment, tmp_path, "explain", id).returncode == 0


def test_another_project_has_the_fixtures_by_installing_the_wheel(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "our_app.py").write_text((OUTSIDE / "our_app.py").read_text("utf-8"), encoding="utf-8")
    (tmp_path / "test_ours.py").write_text(readme_example(), encoding="utf-8")
    (tmp_path / "test_in_process.py").write_text(in_process_example(), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\noneroster_students = 30\n", encoding="utf-8")
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-m", "pytest", "-q"],
        cwd=tmp_path, env=outside(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout
