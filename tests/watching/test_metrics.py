"""Prometheus metrics: named by the table, readable by the official parser, with the tenant as their only label."""

from __future__ import annotations

import math
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from oneroster_harness.problems import CannotRun
from sync_engine.monitoring import metrics
from sync_engine.monitoring.credentials import Credential
from sync_engine.monitoring.measures import Expectations, measure
from tests.watching.fakes import START
from tests.watching.test_measures import run

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


def board(tenant: str = "north") -> metrics.TenantMetrics:
    """Metrics of a tenant with a failure, held rows and an old credential."""
    runs = [run(0, create=40), run(1, "held", held=7, quarantined=2), run(2, "failed")]
    credential = Credential(tenant, "first", START - timedelta(days=400), START)
    found = measure(tenant, runs, START + timedelta(days=3), Expectations(), credential, "2026-09-30T08:00:00.000Z")
    made = metrics.TenantMetrics()
    made.put(tenant, {**metrics.measured(found), "rows_present": 47, "drifted": 0.0})
    return made


def samples(text: str) -> dict[str, float]:
    """Samples by name, of one tenant."""
    return {one.name: one.value for family in text_string_to_metric_families(text) for one in family.samples}


def test_every_metric_of_the_table_is_told_and_none_beside() -> None:
    families = {one.name: one for one in text_string_to_metric_families(metrics.text(board()))}
    assert families.keys() == metrics.table().keys()
    for name, said in metrics.table().items():
        assert (families[name].type, families[name].documentation) == (said["kind"], said["help"])
        assert all(one.labels.keys() == {"tenant"} for one in families[name].samples)


def test_the_figures_are_those_of_the_record() -> None:
    found = {name.removeprefix("oneroster_sync_"): value for name, value in samples(metrics.text(board())).items()}
    assert (found["runs_total"], found["runs_applied_total"], found["runs_held_total"], found["runs_failed_total"]) == (3, 1, 1, 1)
    assert (found["rows_held"], found["rows_quarantined"], found["failures_in_a_row"]) == (7, 2, 1)
    assert (found["held"], found["failed"], found["silent"], found["rotate"]) == (1, 1, 0, 1)
    assert found["last_settled_timestamp_seconds"] == START.timestamp()
    assert found["credential_age_seconds"] == 403 * 86400
    assert math.isclose(found["success_ratio"], 1 / 3)


def test_names_keep_to_the_conventions() -> None:
    for name, said in metrics.table().items():
        assert name.startswith("oneroster_sync_") and name.islower()
        assert not name.endswith("_total")
        assert not name.endswith(("_ms", "_days", "_minutes", "_percent"))
        assert said["kind"] in ("counter", "gauge") and said["help"]
        assert f"| `{name}{'_total' if said['kind'] == 'counter' else ''}` |" in DOCS.read_text("utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_of_a_tenant_comes_back(tenant: str) -> None:
    (family,) = [one for one in text_string_to_metric_families(metrics.text(board(tenant))) if one.name == "oneroster_sync_runs"]
    assert family.samples[0].labels == {"tenant": tenant}


def test_a_textfile_is_written_whole(tmp_path: Path) -> None:
    metrics.write(board(), tmp_path / "roster.prom")
    assert samples((tmp_path / "roster.prom").read_text("utf-8")) == samples(metrics.text(board()))
    assert [one.name for one in tmp_path.iterdir()] == ["roster.prom"]
    with pytest.raises(CannotRun, match="cannot be written"):
        metrics.write(board(), tmp_path / "none" / "roster.prom")


def test_metrics_are_served_on_loopback_and_follow_what_is_put() -> None:
    made = board()
    port = metrics.serve(made, 0)
    made.put("south", {"runs": 5.0})
    with urllib.request.urlopen(f"http://{metrics.LOOPBACK}:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    assert {one.labels["tenant"]: one.value for one in next(iter(text_string_to_metric_families(text))).samples} == {"north": 3, "south": 5}
    with pytest.raises(CannotRun, match="cannot be served"):
        metrics.serve(made, port)
