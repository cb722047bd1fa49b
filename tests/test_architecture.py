"""The packages keep apart: by the import contracts, and by names that only a string could smuggle in."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIBLINGS = ("data_gen", "mock_server", "conformance", "sync_engine")
PACKAGES = ("oneroster_standard", "oneroster_harness", *SIBLINGS)
LONGEST_FILE = 400


def sources() -> list[Path]:
    """Every Python file of the packages."""
    return sorted(path for package in PACKAGES for path in ROOT.joinpath(package).rglob("*.py"))


def test_the_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def imported(tree: ast.AST) -> set[str]:
    """Top-level names that a module imports, anywhere in it, by statement or by a string given to an importer."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__", "find_spec")):
            found |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {name.partition(".")[0] for name in found}


def test_no_sibling_reaches_another_not_even_inside_a_function() -> None:
    for path in sources():
        own = path.relative_to(ROOT).parts[0]
        forbidden = set(SIBLINGS) - {own} | ({"oneroster_harness"} if own == "oneroster_standard" else set())
        met = imported(ast.parse(path.read_text("utf-8"))) & forbidden
        assert not met, f"{path.relative_to(ROOT)} imports {', '.join(met)}"


def test_the_import_test_sees_an_import_inside_a_function() -> None:
    assert imported(ast.parse("def late():\n    from data_gen.shape import x\n")) == {"data_gen"}
    assert imported(ast.parse("importlib.import_module('sync_engine.plan')")) == {"sync_engine"}


def test_every_module_says_what_it_holds_and_stays_one_subject() -> None:
    for path in sources():
        text = path.read_text("utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{path.relative_to(ROOT)} has no docstring"
        assert len(text.splitlines()) <= LONGEST_FILE, path.relative_to(ROOT)


def test_every_declared_entry_point_can_be_loaded() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    points = [point for group in project["entry-points"].values() for point in group.values()] + list(project["scripts"].values())
    for point in points:
        module, _, name = point.partition(":")
        loaded = __import__(module, fromlist=["x"])
        assert not name or callable(getattr(loaded, name)), point


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    suspicious = ("pypi" + ".org", "files.python" + "hosted.org", "npmjs" + ".org", "/work" + "/", "/root" + "/")
    for name in tracked or [str(path.relative_to(ROOT)) for path in sources()]:
        path = ROOT / name
        if path.suffix in (".png", ".ico") or not path.exists():
            continue
        text = path.read_text("utf-8", "replace")
        assert not [word for word in suspicious if word in text], name
