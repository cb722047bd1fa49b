"""Running the application under granian: worker processes, a known port, a clean end.

Called by the `serve` command; raises CannotRun when the port is taken.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import Interfaces

from mock_server.wsgi import CONFIG_VARIABLE
from oneroster_harness.problems import CannotRun

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"
READY_WITHIN_S = 120
KILL_AFTER_S = 8
# Blocks of up to 4 MB, the pages, come from the heap and stay with the worker: else the C library maps and unmaps memory
# for each of them, and the kernel's zeroing of it costs several times what the page costs. Larger ones, whatever is worked
# out over a whole collection, go back to the system. Other C libraries ignore this.
# Two arenas: with one per thread every thread keeps the memory of its largest page.
WORKER_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20), "MALLOC_ARENA_MAX": "2"}
# An answer that is slow on purpose holds a thread: the others have to go on, the admin API first of all.
THREADS = 16
RESPAWN_S = 0.1


def free_port(wanted: int, host: str = HOST) -> int:
    """The port to serve on; 0 picks a free one.

    Raises CannotRun when the port is taken.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise CannotRun(
                f"port {wanted} cannot be used: {error.strerror}",
                "a free port",
                host,
                "give another --port, or 0",
            ) from error
        return int(probe.getsockname()[1])


def reachable(host: str) -> str:
    """The address by which this machine reaches a server that listens on an address."""
    return HOST if host == EVERYWHERE else host


def is_healthy(root: str, admin_token: str) -> bool:
    """Whether the server answers its health request."""
    request = urllib.request.Request(
        f"{root}/_admin/health", headers={"Authorization": f"Bearer {admin_token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _wait_until_healthy(root: str, admin_token: str) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while not is_healthy(root, admin_token):
        if time.monotonic() > until:
            raise CannotRun(f"the server did not answer within {READY_WITHIN_S} s", "an answer", root)
        time.sleep(0.05)


def serve(config: Mapping[str, Any], port: int, on_ready: Callable[[], None], workers: int = 1, host: str = HOST) -> None:
    """Serve until SIGTERM or SIGINT; on_ready runs once, when requests are accepted.

    config: see wsgi.site_of. host: the address to listen on. Raises CannotRun when on_ready does, or when no request is answered in time; the
    workers have then ended.
    """
    problems: list[CannotRun] = []
    with tempfile.TemporaryDirectory(prefix="oneroster-mock-") as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        path.chmod(0o600)
        os.environ[CONFIG_VARIABLE] = str(path)
        for name, value in WORKER_MEMORY.items():
            os.environ.setdefault(name, value)
        root = f"http://{reachable(host)}:{port}"

        def announce() -> None:
            try:
                _wait_until_healthy(root, str(config["admin_token"]))
                on_ready()
            except CannotRun as problem:
                problems.append(problem)
                os.kill(os.getpid(), signal.SIGTERM)

        # The announcing thread must not be forked into the worker.
        multiprocessing.set_start_method("spawn", force=True)
        threading.Thread(target=announce, daemon=True).start()
        Granian(
            "mock_server.wsgi:load", address=host, port=port, interface=Interfaces.WSGI, workers=workers, factory=True,
            blocking_threads=THREADS, respawn_failed_workers=True, respawn_interval=RESPAWN_S, log_enabled=False, workers_kill_timeout=KILL_AFTER_S,
        ).serve()  # fmt: skip
    if problems:
        raise problems[0]
