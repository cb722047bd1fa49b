"""A validator that nobody here wrote, frictionless, with the standard's tables as its schema: clean bundles pass, faulty ones do not.

It is installed into an environment of its own, by a lock with versions and hashes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from data_gen.defects.orders import orders
from data_gen.generation import Recipe, write_clean, write_faulty
from oneroster_harness.terminal import AS_OF
from oneroster_standard.standard import CsvColumn, CsvFile, load

pytestmark = pytest.mark.services
LOCK = Path(__file__).parent / "clients" / "frictionless.lock"
PLAIN = {"date": "date", "year": "year", "float": "number", "integer": "integer", "booleanToken": "boolean"}
WITHIN_S = 300


@pytest.fixture(scope="module")
def frictionless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validator's own interpreter."""
    folder = tmp_path_factory.mktemp("frictionless")
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    subprocess.run(command, check=True, timeout=WITHIN_S)
    return python


def field(column: CsvColumn, version: str) -> dict[str, Any]:
    """One column as a field of a table schema."""
    kind = PLAIN.get(column.format, "string")
    found: dict[str, Any] = {"name": column.header, "type": kind}
    rules: dict[str, Any] = {"required": True} if column.required == "yes" else {}
    if kind == "boolean":
        found |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column.format == "enum":
        rules["enum"] = list(load(version).enumerations[column.enumeration])
    if column.format == "guid" and not column.references:
        rules |= {"maxLength": 255}
    return {**found, "constraints": rules} if rules else found


def resource(file: CsvFile, version: str, present: set[str]) -> dict[str, Any]:
    """One file as a resource of a data package."""
    keys = [
        {"fields": [column.header], "reference": {"resource": _name(column.references, file), "fields": ["sourcedId"]}}
        for column in file.columns if column.references in present and not column.is_list
    ]  # fmt: skip
    schema: dict[str, Any] = {"fields": [field(column, version) for column in file.columns], "missingValues": [""], "foreignKeys": keys}
    if file.name != "manifest.csv":
        schema["primaryKey"] = ["sourcedId"]
    return {"name": file.entity.lower(), "path": file.name, "encoding": "utf-8", "schema": schema}


def _name(target: str, own: CsvFile) -> str:
    return "" if target == own.name else target.removesuffix(".csv").lower()


def errors_of(python: Path, bundle: Path, version: str) -> list[tuple[str, str, int]]:
    """What the validator finds, as the file, its kind of error and the row."""
    files = load(version).csv_files
    present = {path.name for path in bundle.iterdir()}
    package = {"name": "bundle", "resources": [resource(files[name], version, present) for name in sorted(present)]}
    bundle.joinpath("datapackage.json").write_text(json.dumps(package))
    program = (
        "import json, sys; from frictionless import validate; report = validate(sys.argv[1]);"
        "print(json.dumps([[task.place, error.type, getattr(error, 'row_number', 0)] for task in report.tasks for error in task.errors]"
        " + [['', error.type, 0] for error in report.errors]))"
    )
    done = subprocess.run(
        [str(python), "-c", program, "datapackage.json"], cwd=bundle, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return [(file, kind, row) for file, kind, row in json.loads(done.stdout)]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_clean_bundle_is_valid(frictionless: Path, version: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", Recipe(200, 1, AS_OF, spec=version))
    assert errors_of(frictionless, tmp_path / "bundle", version) == []


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(
    ("defect", "kind"),
    [
        ("enrollments.dangling-user", "foreign-key"), ("users.duplicate-id", "primary-key"), ("users.blank-required", "constraint-error"),
        ("demographics.bad-sex", "constraint-error"), ("users.enabled-yes", "type-error"), ("academicSessions.bad-date", "type-error"),
        ("row.short", "missing-cell"), ("header.extra-column", "extra-label"), ("results.bad-score", "type-error"),
    ],
)  # fmt: skip
def test_it_finds_planted_faults_where_the_answer_key_says(
    frictionless: Path, version: str, defect: str, kind: str, tmp_path: Path
) -> None:
    write_faulty(tmp_path / "bundle", Recipe(60, 1, AS_OF, spec=version), orders([defect]))
    (entry,) = json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]
    row = 0 if kind == "extra-label" else entry["row"]
    assert (entry["file"], kind, row) in errors_of(frictionless, tmp_path / "bundle", version)
