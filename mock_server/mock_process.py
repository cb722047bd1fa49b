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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 15.0


class MockProblem(Exception):
    """The mock could not be started, or refused a change; the text says why and what is valid."""


@dataclass(frozen=True, slots=True)
class MockProvider:
    """How a client reaches one vendor's provider; what the vendor does not accept is None."""

    vendor: str
    base_url: str
    auth: tuple[str, ...]
    client_id: str
    client_secret: str = field(repr=False)
    token_url: str | None = None
    bearer: str | None = field(default=None, repr=False)


class RunningMock:
    """A server that accepts requests.

    providers: vendor -> MockProvider, in the order they are served. ready: the ready file's document.
    """

    def __init__(self, ready: Mapping[str, Any], process_id: int) -> None:
        self.ready = ready
        self.process_id = process_id
        self.providers = {
            vendor: MockProvider(
                vendor=vendor, base_url=found["base_url"], auth=tuple(found["auth"]), client_id=found["client_id"],
                client_secret=found["client_secret"], token_url=found["token_url"], bearer=found["bearer"],
            )
            for vendor, found in ready["providers"].items()
        }  # fmt: skip

    def provider(self, vendor: str = "reference") -> MockProvider:
        """One vendor's provider.

        Raises MockProblem listing the vendors that are served.
        """
        if vendor not in self.providers:
            raise MockProblem(f"vendor {vendor!r} is not served; served: {', '.join(self.providers)}")
        return self.providers[vendor]

    def admin(self, method: str, path: str, document: Any = None) -> Any:
        """Call the admin API and return its JSON.

        path: below the admin URL, beginning with a slash. Raises MockProblem with the server's own words.
        """
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

    def set_quirks(self, vendor: str, quirks: Sequence[str]) -> None:
        """Turn on exactly these quirks of a vendor, beside no other.

        Raises MockProblem for an unknown id.
        """
        self.admin("PUT", f"/vendors/{vendor}/quirks", {"quirks": list(quirks)})

    def withhold(self, vendor: str, settings: Sequence[str]) -> None:
        """Withhold exactly these settings of a vendor.

        Raises MockProblem for an unknown setting.
        """
        self.admin("PUT", f"/vendors/{vendor}/settings", {"withheld": list(settings)})

    def journal(self) -> list[dict[str, Any]]:
        """Requests served since the last reset, counted: rows of vendor, what, status and count."""
        found: list[dict[str, Any]] = self.admin("GET", "/journal")["requests"]
        return found

    def truth(self, vendor: str, entity: str, channel: str = "api") -> list[dict[str, Any]]:
        """Rows that a perfect consumer of a vendor would hold, keys as in the entity's CSV file."""
        found = self.admin("GET", f"/vendors/{vendor}/truth/{entity}?channel={channel}")
        rows: list[dict[str, Any]] = found["rows"]
        return rows

    def reset(self) -> None:
        """Go back to the state that the server was started with."""
        self.admin("POST", "/reset")


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
