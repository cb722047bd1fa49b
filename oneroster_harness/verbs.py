"""Running the other verbs as their users do: in processes of their own, machine forms read back.

Called by the demo and by the judge of consumers. Secrets travel in the environment only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun

READY_WITHIN_S = 600.0
STOPPED_WITHIN_S = 15.0


def command(arguments: Sequence[str]) -> list[str]:
    """The words that run a verb of this installation."""
    return [sys.executable, "-m", "oneroster_harness", *arguments]


def run(
    arguments: Sequence[str], folder: Path, *, secrets: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)
) -> dict[str, Any]:
    """Run a verb with `--json -`; returns its document.

    accept: exit codes that carry a result. Raises CannotRun with what the verb said otherwise.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("ONEROSTER_")}
    done = subprocess.run(
        command([*arguments, "--json", "-"]), cwd=folder, env=own | dict(secrets or {}), capture_output=True, text=True, check=False
    )
    if done.returncode not in accept:
        last = done.stderr.strip().splitlines()[-4:] or [f"exit code {done.returncode}"]
        raise CannotRun(f"oneroster {' '.join(arguments[:2])} did not succeed: {' '.join(last)}", where=str(folder))
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@contextmanager
def serving(arguments: Sequence[str], folder: Path) -> Iterator[dict[str, Any]]:
    """Run `oneroster serve` for the length of a with block; gives the ready file's document.

    Raises CannotRun with the first line of what it said when it does not start.
    """
    ready, log = folder / "serve.ready.json", folder / "serve.log"
    ready.unlink(missing_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command(["serve", *arguments, "--port", "0", "--ready-file", str(ready)]), cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sink,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY_WITHIN_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text("utf-8", "replace").strip().splitlines()
                raise CannotRun("the mock server did not start", where=said[0] if said else str(log), try_=f"read {log}")
            time.sleep(0.05)
        yield json.loads(ready.read_text("utf-8"))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOPPED_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        ready.unlink(missing_ok=True)
