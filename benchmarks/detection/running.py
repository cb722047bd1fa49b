"""Puts trials to the suite: a mock per kind of trial, reset between them; a trial that takes too long is written down as such.

Called by `python -m benchmarks.detection`. Judges nothing: what a report says is kept as it is.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

import requests

from benchmarks.detection.ledger import Entry
from benchmarks.detection.trials import Trial
from conformance.api_judge import Order, judge
from conformance.csv_judge import judge as judge_csv
from conformance.report import Report
from data_gen.defects.draft import Draft
from data_gen.defects.orders import Order as Planted
from data_gen.defects.orders import orders
from data_gen.defects.planting import plant, write_draft
from data_gen.defects.store_planting import plant_records
from data_gen.generation import Recipe, write_clean, write_store
from data_gen.shapes.model import preset
from mock_server.mock_process import RunningMock, running_mock
from oneroster_harness.problems import Problem
from oneroster_harness.providers import Endpoint
from oneroster_harness.terminal import AS_OF
from tests.meeting.endpoints import endpoint_of
from tests.meeting.keystone import AS_THE_CLIENT_CALLS

FUZZER_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
DAYS = 2


class TooLong(Exception):
    """A trial passed its time."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """End what takes longer; for the main thread."""

    def ring(signum: int, frame: FrameType | None) -> None:
        raise TooLong(f"not ended within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def told(key: str, report: Report) -> Entry:
    """A report as an entry."""
    return Entry(
        key,
        sorted({found.check for found in report.findings if not found.cause_of}),
        sorted({found.check for found in report.findings if found.cause_of}),
        sorted(outcome.id for outcome in report.outcomes if outcome.outcome == "error"),
        sum(outcome.outcome == "skip" for outcome in report.outcomes),
    )


class Runner:
    """Runs trials one after another. limit_s: seconds for one."""

    def __init__(self, folder: Path, stack: ExitStack, limit_s: int) -> None:
        self._folder = folder
        self._stack = stack
        self._limit_s = limit_s
        self._mocks: dict[int, RunningMock] = {}
        self._ways: dict[str, Callable[[Trial], Entry]] = {
            "quirk": self._quirk, "fault": self._fault, "record": self._record, "csv": self._bundle,
            "clean-csv": self._clean_csv, "clean-api": self._clean_api, "fuzzer": self._fuzzed,
        }  # fmt: skip

    def run(self, trial: Trial) -> Entry:
        """The outcome of one trial; one without a report says why."""
        try:
            with within(self._limit_s):
                return self._ways[trial.kind](trial)
        except (TooLong, Problem, subprocess.TimeoutExpired) as trouble:
            return Entry(trial.key, trouble=f"{type(trouble).__name__}: {trouble}".splitlines()[0])

    def _mock(self, students: int) -> RunningMock:
        if students not in self._mocks:
            self._mocks[students] = self._stack.enter_context(running_mock(students=students, vendors=["reference"]))
        mock = self._mocks[students]
        mock.reset()
        return mock

    def _judged(self, mock: RunningMock, trial: Trial, *, writes: bool = True) -> Entry:
        endpoint = endpoint_of(mock, "reference")
        endpoint = AS_THE_CLIENT_CALLS.get(trial.id, _as_it_is)(endpoint)
        if trial.spec == "1.2":
            told_url = mock.provider("reference").base_urls["1.2"]["rostering"]
            endpoint = replace(endpoint, url=told_url.replace("/ims/", "/") if trial.id == "address.tail-not-ims" else told_url)
        return told(trial.key, judge(endpoint, Order(allow_writes=writes)))

    def _quirk(self, trial: Trial) -> Entry:
        if trial.hook == "mock":
            mock = self._mock(trial.students)
            mock.set_quirks("reference", [trial.id])
            return self._judged(mock, trial)
        with running_mock(students=trial.students, vendors=["reference"], options=["--quirk", trial.id]) as mock:
            if trial.hook == "day":
                mock.advance(DAYS)
            return self._judged(mock, trial, writes=False)

    def _fault(self, trial: Trial) -> Entry:
        mock = self._mock(trial.students)
        mock.set_faults("reference", [trial.order])
        return self._judged(mock, trial, writes=False)

    def _record(self, trial: Trial) -> Entry:
        clean = self._folder / "clean.district"
        if not clean.exists():
            write_store(clean, Recipe(trial.students, 1, AS_OF))
        path = self._folder / "faulty.district"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(clean, path)
        plant_records(path, [Planted(trial.id)], 1)
        with running_mock(path, vendors=["reference"]) as mock:
            return self._judged(mock, trial, writes=False)

    def _bundle(self, trial: Trial) -> Entry:
        clean = self._folder / f"clean-{trial.spec}-{trial.students}" / "bundle"
        if not clean.exists():
            write_clean(clean, Recipe(trial.students, 1, AS_OF, spec=trial.spec))
        out = self._folder / "faulty.zip"
        out.unlink(missing_ok=True)
        draft = Draft(clean, 1, out.name)
        plant(draft, orders([trial.id]))
        write_draft(out, draft)
        return told(trial.key, judge_csv(out))

    def _clean_csv(self, trial: Trial) -> Entry:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "bundle"
            write_clean(path, Recipe(trial.students, trial.seed, AS_OF, spec=trial.spec, shape=preset(trial.shape)))
            return told(trial.key, judge_csv(path))

    def _clean_api(self, trial: Trial) -> Entry:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "clean.district"
            write_store(path, Recipe(trial.students, trial.seed, AS_OF, shape=preset(trial.shape)))
            with running_mock(path, vendors=["reference"]) as mock:
                return self._judged(mock, trial)

    def _fuzzed(self, trial: Trial) -> Entry:
        """The fuzzer's exit code stands for a root of its own name."""
        mock = self._mock(trial.students)
        if trial.id != "reference":
            mock.set_quirks("reference", [trial.id])
        provider = mock.provider("reference")
        answer = requests.post(
            str(provider.token_url), data={"grant_type": "client_credentials"}, auth=(provider.client_id, provider.client_secret),
            timeout=self._limit_s,
        )  # fmt: skip
        if answer.status_code != 200:
            return Entry(trial.key, trouble="the fuzzer was given no token")
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")), "run", f"{mock.ready['console_url']}/openapi/reference/1.1/all.json",
                "-H", f"Authorization: Bearer {answer.json()['access_token']}", "--checks", FUZZER_CHECKS, "--max-examples", "8",
                "--phases", "coverage,fuzzing", "--seed", "1",
            ],
            cwd=self._folder, capture_output=True, text=True, check=False, timeout=self._limit_s,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            return Entry(trial.key, trouble=f"the fuzzer ended with {done.returncode}")
        return Entry(trial.key, ["schemathesis"] if done.returncode else [])


def _as_it_is(endpoint: Endpoint) -> Endpoint:
    return endpoint
