"""A sync into an installed PostgreSQL, the one that a team runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.sync_engine.postgres_server import installed_binaries, running_postgres

pytestmark = pytest.mark.services


def test_a_bundle_lands_whole_and_a_second_sync_changes_nothing(tmp_path: Path) -> None:
    assert installed_binaries(), "no PostgreSQL is installed; run .ci/services"

    def oneroster(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "oneroster_harness", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    oneroster("generate", "district.zip", "--students", "60")
    with running_postgres() as url:
        oneroster("sync", "run", "district.zip", url, "--yes")
        with psycopg.connect(url) as connection:
            version = connection.execute("show server_version").fetchone()
            landed = connection.execute("select count(*), count(distinct role) from users where status = 'active'").fetchone()
        again = oneroster("sync", "run", "district.zip", url, "--yes")
    assert version
    assert landed
    assert landed[0] > 60
    assert landed[1] >= 4
    assert all(line.split()[1:4] == ["0", "0", "0"] for line in again.splitlines()[1:] if line.endswith("yes"))
