"""The metrics as Prometheus itself judges them: promtool finds neither a mistake nor a bad name."""

from __future__ import annotations

import shutil
import subprocess

from sync_engine.monitoring import metrics
from tests.watching.test_metrics import board

WITHIN_S = 60


def test_promtool_has_nothing_to_say_of_the_metrics() -> None:
    tool = shutil.which("promtool")
    assert tool, "promtool is missing: .ci/services installs it"
    found = subprocess.run([tool, "check", "metrics"], input=metrics.text(board()), capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_promtool_finds_a_bad_name() -> None:
    text = metrics.text(board()).replace("oneroster_sync_runs_total", "oneroster_sync_runs")
    found = subprocess.run([shutil.which("promtool") or "promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert found.returncode != 0 and "oneroster_sync_runs" in found.stdout + found.stderr
