"""Watching by the command: real runs into real targets, on a clock of the test, and a process that is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mock_server.mock_process import running_mock
from sync_engine.commands import watching
from sync_engine.monitoring.metrics import serve
from sync_engine.targets.claims import claimed
from sync_engine.targets.opening import open_target
from tests.sync_engine.conftest import Database, Ran, call, sync
from tests.sync_engine.rosters import orgs, users, write_bundle
from tests.watching.fakes import Days

STARTS_WITHIN_S = 60
ENDS_WITHIN_S = 10


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the clock of watches."""

    def set_clock(count: int, noons: dict[int, Callable[[], object]] | None = None) -> None:
        monkeypatch.setattr(watching, "clock_of_watches", lambda: Days(count, noons))

    return set_clock


def told(ran: Ran) -> list[dict[str, Any]]:
    """The events of a run."""
    return [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]


def test_a_bundle_is_landed_day_by_day(days: Callable[..., None], database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(*range(40))})
    days(2, {1: lambda: write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(*range(41))})})
    ran = sync("run", bundle, database.url, "--yes", "--watch", "daily@02:30", "--timezone", "America/Chicago", "--log", "json")
    assert ran.code == 0, ran.err
    (tenant,) = ran.document["tenants"]
    assert tenant["runs"] == {"applied": 2, "planned": 0, "held": 0, "refused": 0, "failed": 0, "busy": 0}
    runs = sync("history", database.url).document["runs"]
    assert [one["at"] for one in runs] == [f"2026-10-0{day}T07:30:00.000Z" for day in range(2, 4)]
    assert [one["as_of"] for one in runs] == [f"2026-10-0{day}" for day in range(2, 4)]
    assert [one["changes"]["users"]["create"] for one in runs] == [40, 1]
    assert [one["create"] for one in told(ran) if one["event"] == "run-ended"] == [41, 1]


def test_a_failing_day_and_a_held_day_end_no_watch(days: Callable[..., None], duck: Database, tmp_path: Path) -> None:
    everybody = {"orgs": orgs(1), "users": users(*range(40))}
    bundle = write_bundle(tmp_path / "a", everybody)
    days(4, {
        1: lambda: (bundle / "users.csv").unlink(), 2: lambda: write_bundle(bundle, {"orgs": orgs(1), "users": users(*range(20))}),
        3: lambda: write_bundle(bundle, everybody),
    })  # fmt: skip
    ran = sync("run", bundle, duck.url, "--yes", "--watch", "daily@02:30", "--log", "json")
    statuses = [one["status"] for one in sync("history", duck.url).document["runs"]]
    assert [status for status, _ in groupby(statuses)] == ["applied", "failed", "held", "applied"]
    assert 4 <= statuses.count("failed") <= 9
    assert {one["problem"] for one in told(ran) if one["event"] == "run-problem"} == {"sync.bundle-file-missing"}
    assert [one["held"] for one in told(ran) if one["event"] == "run-ended" and one["status"] == "held"] == [20, 20]
    assert len(duck.rows("users")) == 40


def test_without_yes_a_watch_only_plans(days: Callable[..., None], duck: Database, tmp_path: Path) -> None:
    days(1)
    ran = sync("run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, "--watch", "daily@02:30")
    assert ran.document["tenants"][0]["runs"]["planned"] == 1
    assert not (tmp_path / "roster.duckdb").exists()


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A providers file of three bundles."""
    for name in ("north", "south", "west"):
        write_bundle(tmp_path / name, {"orgs": orgs(1), "users": users(*range(40))})
    rows = "".join(f'[providers.{name}]\nurl = "{name}"\n' for name in ("north", "south", "west"))
    path = tmp_path / "providers.toml"
    path.write_text(f'[watch]\nschedule = "daily@02:30"\n[budget]\nruns = 3\n{rows}', encoding="utf-8")
    return path


def test_all_districts_of_a_file_once(duck: Database, several: Path, tmp_path: Path) -> None:
    ran = sync("watch", several, duck.url, "--yes", "--once")
    assert ran.code == 0, ran.err
    assert {one["tenant"]: one["last"]["status"] for one in ran.document["tenants"]} == dict.fromkeys(("north", "south", "west"), "applied")
    assert duck.query('SELECT "tenant", count(*) FROM users GROUP BY 1 ORDER BY 1') == [(name, 40) for name in ("north", "south", "west")]
    (tmp_path / "north" / "users.csv").unlink()
    write_bundle(tmp_path / "south", {"orgs": orgs(1), "users": users(*range(10))})
    ran = sync("watch", several, duck.url, "--yes", "--once")
    assert ran.code == 3
    assert [one["last"]["status"] for one in ran.document["tenants"]] == ["failed", "held", "applied"]
    assert ran.document["tenants"][0]["last"]["problem"] == "sync.bundle-file-missing"
    write_bundle(tmp_path / "north", {"orgs": orgs(1), "users": users(*range(40))})
    ran = call("sync", "watch", several, duck.url, "--yes", "--once")
    assert ran.code == 4
    assert [line.split()[-1] for line in ran.out.splitlines()] == ["last", "applied", "held", "applied"]
    assert sync("audit", duck.url).code == 0


def test_a_fault_of_ours_ends_one_run_and_shows_no_value(days: Callable[..., None], duck: Database, several: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync_engine.watching import one_run

    whole = one_run.planned

    def broken(source: Any, target: Any, folder: Path, options: dict[str, Any]) -> Any:
        if options["tenant"] == "south":
            raise RuntimeError("Zoë O'Neil")
        return whole(source, target, folder, options)

    monkeypatch.setattr(one_run, "planned", broken)
    ran = sync("watch", several, duck.url, "--yes", "--once", "--log", "json")
    assert [one["last"]["status"] for one in ran.document["tenants"]] == ["applied", "failed", "applied"]
    (crash,) = [one for one in told(ran) if one["event"] == "run-crashed"]
    assert (crash["error"], crash["place"].startswith("watching/one_run.py")) == ("RuntimeError", True)
    assert "Zoë" not in ran.out + ran.err + str(sync("history", duck.url).document)


def test_two_processes_never_run_one_tenant_at_a_time(database: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1)})
    with claimed(open_target(database.url), "default"):
        ran = sync("run", bundle, database.url, "--yes")
        assert ran.code == 3
        assert "another run of this tenant is under way" in ran.err
        assert sync("run", bundle, database.url, "--yes", "--tenant", "other").code == 0
    assert sync("run", bundle, database.url, "--yes").code == 0
    # The run that did not begin is no run.
    assert [one["tenant"] for one in sync("history", database.url).document["runs"]] == ["other", "default"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--watch", "hourly"], 2), (["--watch", "daily@02:30", "--timezone", "Mars/Olympus"], 2), (["--timezone", "UTC"], 2)],
)
def test_a_schedule_that_is_none_is_told_at_once(duck: Database, tmp_path: Path, words: list[str], code: int) -> None:
    assert call("sync", "run", write_bundle(tmp_path / "a", {"orgs": orgs(1)}), duck.url, *words).code == code


def test_sigterm_ends_a_watch_cleanly_within_ten_seconds(duck: Database, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(*range(40))})
    words = ["sync", "run", str(bundle), duck.url, "--yes", "--watch", "every 1s", "--log", "json", "--json", str(tmp_path / "told.json")]
    process = subprocess.Popen([sys.executable, "-m", "oneroster_harness", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    watchdog = threading.Timer(STARTS_WITHIN_S, process.kill)
    watchdog.start()
    assert process.stderr is not None
    for line in process.stderr:
        if json.loads(line)["event"] == "run-ended":
            break
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(ENDS_WITHIN_S) == 0
    watchdog.cancel()
    assert json.loads(rest.splitlines()[-1])["event"] == "watch-ended"
    assert json.loads((tmp_path / "told.json").read_text())["cut"] == 0
    assert sync("audit", duck.url).code == 0
    assert len(duck.rows("users")) == 40


def test_status_prints_metrics_or_writes_them_and_a_page(duck: Database, tmp_path: Path) -> None:
    everybody = write_bundle(tmp_path / "a", {"orgs": orgs(1), "users": users(*range(40))})
    assert sync("run", everybody, duck.url, "--yes", "--tenant", "north").code == 0
    printed = call("sync", "status", duck.url, "--metrics")
    found = {one.name: one.samples[0].value for one in text_string_to_metric_families(printed.out)}
    assert (found["oneroster_sync_runs"], found["oneroster_sync_rows_present"], found["oneroster_sync_drifted"]) == (1, 41, 0)
    assert call("sync", "status", duck.url, "--metrics", tmp_path / "roster.prom").code == 0
    assert (tmp_path / "roster.prom").read_text("utf-8").splitlines()[:3] == printed.out.splitlines()[:3]
    assert call("sync", "status", duck.url, "--html", tmp_path / "status.html").code == 0
    assert "How north stands" in (tmp_path / "status.html").read_text("utf-8")
    assert call("sync", "status", duck.url, "--html", tmp_path / "none" / "status.html").code == 3
    assert call("sync", "status", "--metrics", duck.url).code == 2
    assert sync("status", duck.url, "--metrics").code == 2


def test_a_watch_serves_metrics_of_what_it_did(days: Callable[..., None], duck: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_bundle(tmp_path / "a", {"orgs": orgs(1)})
    scraped: list[str] = []
    made: list[int] = []
    monkeypatch.setattr(watching, "serve", lambda board, port: made.append(serve(board, port)) or made[0])

    def scrape() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{made[0]}/metrics", timeout=30) as answer:
            scraped.append(answer.read().decode())

    days(2, {1: scrape})
    assert sync("run", bundle, duck.url, "--yes", "--watch", "daily@02:30", "--metrics-port", "0").code == 0
    assert 'oneroster_sync_runs_applied_total{tenant="default"} 1.0' in scraped[0]


@pytest.mark.hazards
@pytest.mark.parametrize("delay_s", [0.3, 30])
def test_sigterm_while_an_api_is_read_leaves_nothing_behind_within_ten_seconds(
    delay_s: float, duck: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    with running_mock(students=200, vendors=["reference"]) as mock:
        mock.set_faults("reference", [f"fault.server-slow-answer@delay_s={delay_s:g}"])
        own = mock.provider()
        monkeypatch.setenv("ONEROSTER_CLIENT_ID", own.client_id)
        monkeypatch.setenv("ONEROSTER_CLIENT_SECRET", own.client_secret)
        words = ["sync", "run", own.base_url, duck.url, "--token-url", str(own.token_url), "--yes", "--watch", "every 1h", "--log", "json"]
        before = set(scratch.iterdir())
        process = subprocess.Popen([sys.executable, "-m", "oneroster_harness", *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            if json.loads(line)["event"] == "run-started":
                break
        # The reading goes on for minutes; it has begun once the provider was asked.
        while not any(one["struck"] or one["fitting"] for one in mock.faults("reference")):
            assert process.poll() is None
            threading.Event().wait(0.05)
        process.send_signal(signal.SIGTERM)
        rest = [json.loads(line) for line in process.stderr.read().splitlines() if line.startswith("{")]
        assert process.wait(ENDS_WITHIN_S) == 0
    assert rest[-1]["event"] == "watch-ended" and rest[-1]["cut"] == (1 if delay_s > 8 else 0)
    assert [one["event"] for one in rest].count("run-abandoned") == (0 if delay_s > 8 else 1)
    assert not (tmp_path / "roster.duckdb").exists()
    assert {path for path in scratch.iterdir() if path.name.startswith(("oneroster-watch", ".oneroster"))} <= before
