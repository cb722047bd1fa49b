"""Every requirement that the lock file must hold: run time, extras but PySpark, development, build."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
names = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
names += [name for group in project["dependency-groups"].values() for name in group]
names += [
    name for extra in project["project"]["optional-dependencies"].values() for name in extra if not name.startswith(("oneroster-harness", "pyspark"))
]
print("\n".join(names))
