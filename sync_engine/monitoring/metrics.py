"""Metrics for Prometheus, by its official client: as text, as a textfile for node_exporter, or served on loopback.

Called by `sync status --metrics` and by a watch. The table metrics.toml names them all; their only label is the tenant.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, start_http_server, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from oneroster_harness.problems import CannotRun
from oneroster_standard.moments import parse_instant
from sync_engine.monitoring.measures import BAD, STATES, Measures, total
from sync_engine.standing import Standing

LOOPBACK = "127.0.0.1"


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """All metrics: name -> kind, help."""
    found: dict[str, Mapping[str, str]] = tomllib.loads(files(__package__).joinpath("metrics.toml").read_text("utf-8"))
    return found


def figures(one: Standing) -> dict[str, float]:
    """The metrics of one tenant by their name behind `oneroster_sync_`; what is not known is left out."""
    found = measured(one.measures)
    found["rows_present"] = sum(states.get("present", 0) for states in one.rows.values())
    if one.drifted is not None:
        found["drifted"] = float(one.drifted)
    return found


def measured(found: Measures) -> dict[str, float]:
    """The metrics that the record of runs tells."""
    runs = found.runs
    counts: dict[str, float] = {
        "runs": len(runs), "runs_applied": sum(one.status == "applied" for one in runs), "runs_held": sum(one.status == "held" for one in runs),
        "runs_failed": sum(one.status in BAD for one in runs), "failures_in_a_row": found.failures,
        **{state: float(state in found.states) for state in STATES},
    }  # fmt: skip
    if runs:
        last = runs[-1]
        counts |= {
            "last_run_timestamp_seconds": parse_instant(last.at).timestamp(), "last_run_applied": float(last.status == "applied"),
            "last_run_duration_seconds": last.elapsed_ms / 1000, "last_run_requests": last.requests,
        }  # fmt: skip
    read = next((one for one in reversed(runs) if one.after), None)
    if read is not None:
        counts |= {"rows_held": total(read, "held"), "rows_quarantined": total(read, "quarantined")}
    known = {"last_settled_timestamp_seconds": found.settled_at, "last_news_timestamp_seconds": found.news_at}
    counts |= {name: moment.timestamp() for name, moment in known.items() if moment is not None}
    if found.source_modified is not None:
        try:
            counts["source_modified_timestamp_seconds"] = parse_instant(found.source_modified).timestamp()
        except ValueError:
            # What the source wrote there is no moment; the status page shows it as it is.
            counts.pop("source_modified_timestamp_seconds", None)
    if found.success_rate is not None:
        counts["success_ratio"] = found.success_rate
    if found.credential is not None:
        counts["credential_age_seconds"] = (found.now - found.credential.seen_since).total_seconds()
    return counts


class TenantMetrics(Collector):
    """The figures of all tenants as they were set last; read by whoever scrapes, from any thread."""

    def __init__(self) -> None:
        self._figures: dict[str, Mapping[str, float]] = {}
        self._lock = threading.Lock()

    def put(self, tenant: str, found: Mapping[str, float]) -> None:
        """Set one tenant's figures."""
        with self._lock:
            self._figures[tenant] = found

    def collect(self) -> Iterable[Metric]:
        """Every metric that any tenant has."""
        with self._lock:
            every = sorted(self._figures.items())
        for name, said in table().items():
            own = [(tenant, found[key]) for tenant, found in every if (key := name.removeprefix("oneroster_sync_")) in found]
            if not own:
                continue
            family = (CounterMetricFamily if said["kind"] == "counter" else GaugeMetricFamily)(name, said["help"], labels=["tenant"])
            for tenant, value in own:
                family.add_metric([tenant], value)
            yield family


def _registry(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def collected(found: Iterable[Standing]) -> TenantMetrics:
    """The metrics of all tenants of a target."""
    metrics = TenantMetrics()
    for one in found:
        metrics.put(one.tenant, figures(one))
    return metrics


def text(metrics: TenantMetrics) -> str:
    """The text format of Prometheus."""
    return generate_latest(_registry(metrics)).decode()


def write(metrics: TenantMetrics, path: Path) -> None:
    """Write a textfile, whole or not at all.

    Raises CannotRun when it cannot be written.
    """
    try:
        write_to_textfile(str(path), _registry(metrics))
    except OSError as error:
        raise CannotRun(f"the metrics cannot be written: {error.strerror}", "a folder that may be written", str(path)) from error


def serve(metrics: TenantMetrics, port: int) -> int:
    """Serve the metrics on this machine only, from a thread of its own; returns the port. 0 takes a free one.

    Raises CannotRun when the port is taken.
    """
    try:
        server, _ = start_http_server(port, addr=LOOPBACK, registry=_registry(metrics))
    except OSError as error:
        raise CannotRun(f"the metrics cannot be served: {error.strerror}", "a free port", f"{LOOPBACK}:{port}") from error
    return int(server.server_port)
