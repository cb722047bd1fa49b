"""A mock server in a process of its own: started by the command that users run, steered by its admin API.

Called by the pytest plugin and by our own tests. Never imports the server itself, so that it is cheap to import.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from mock_server.mock_handle import MockHandle, MockProblem, MockProvider

__all__ = ["MockProblem", "MockProvider", "RunningMock", "running_mock", "stop"]

READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 15.0


class RunningMock(MockHandle):
    """A server that accepts requests."""

    def __init__(self, ready: Mapping[str, Any], process_id: int) -> None:
        super().__init__(ready)
        self.process_id = process_id

    def admin(self, method: str, path: str, document: Any = None) -> Any:
        """Call the admin API over HTTP; see MockHandle.admin."""
        body = None if document is None else json.dumps(document).encode()
        headers = {
            "Authorization": f"Bearer {self.ready['admin_token']}",
            "Content-Type": "application/json",
        }
        asked = Request(self.ready["admin_url"] + path, data=body, headers=headers, method=method)
        try:
            with urlopen(asked, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            raise MockProblem(f"{method} {path}: {error.code} {text}") from error


def _ready(process: subprocess.Popen[bytes], path: Path, errors: Path) -> dict[str, Any]:
    until = time.monotonic() + READY_WITHIN_S
    while not path.exists():
        if process.poll() is not None:
            raise MockProblem(
                f"the mock ended with {process.returncode}: {errors.read_text('utf-8', 'replace')}"
            )
        if time.monotonic() > until:
            raise MockProblem(f"the mock was not ready within {READY_WITHIN_S:.0f} s")
        # The ready file is the only sign of a process that is starting.
        time.sleep(0.02)
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask a server to end and wait for it; returns its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextmanager
def running_mock(
    district: Path | None = None,
    *,
    students: int = 60,
    seed: int = 1,
    vendors: Sequence[str] = (),
    options: Sequence[str] = (),
) -> Iterator[RunningMock]:
    """Run `oneroster serve` on a free port for the length of a with block.

    district: a .district store; without it one of students and seed is made for the length of the block.
    vendors: names or dialect files, none means all. options: more options of the command.
    Raises MockProblem with what the command printed when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="oneroster-process-") as folder:
        ready, errors = Path(folder) / "ready.json", Path(folder) / "errors.txt"
        made = [str(district)] if district else ["--students", str(students), "--seed", str(seed)]
        command = [
            sys.executable, "-m", "oneroster_harness", "serve", *made,
            "--port", "0", "--ready-file", str(ready), *(part for vendor in vendors for part in ("--vendor", vendor)),
            *options,
        ]  # fmt: skip
        with errors.open("wb") as sink:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sink
            )
        try:
            yield RunningMock(_ready(process, ready, errors), process.pid)
        finally:
            stop(process)
