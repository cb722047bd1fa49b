"""`oneroster serve`: one district behind the reference provider and the three vendors, on one port.

Called by the front door; makes the district and its views, then serves them in a worker process.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from datetime import date
from pathlib import Path

import click

from mock_server.delivery.options import Wishes, delivering, delivery_options, senders_of
from mock_server.preparing import choose, district_function, fresh_district, prepare
from mock_server.serving import HOST, free_port, reachable
from mock_server.serving import serve as run
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_harness.terminal import DEFAULT_SEED, DEFAULT_STUDENTS, as_of_option, hints, vendor_option

EPILOG = """
\b
Examples:
  oneroster serve --students 200 --ready-file ready.json
  oneroster serve my.district --vendor powerschool --quirk paging.no-link --withhold powerschool:enrollments
  oneroster serve --fault fault.server-error@on=users,page=2,times=1 --fault classlink:fault.load-too-many-requests@every=50
"""


def _write_ready(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise CannotRun(
            f"the ready file cannot be written: {error.strerror}",
            "a folder that may be written to",
            str(path),
        ) from error


def _tell_who_may_call(host: str) -> None:
    if not host.startswith("127."):
        hints().print(f"listens on {host}, in plain http: whoever reaches this machine reaches the district and, with the token, the admin API")


@click.command(epilog=EPILOG)
@click.argument("district", required=False, type=click.Path(path_type=Path))
@click.option(
    "--students", type=click.IntRange(min=1), help=f"Students of a fresh district, default {DEFAULT_STUDENTS}"
)
@click.option("--seed", type=int, help=f"Seed of a fresh district, default {DEFAULT_SEED}")
@as_of_option
@vendor_option(multiple=True)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Loopback port; 0 takes a free one",
)
@click.option("--host", default=HOST, show_default=True, help="IPv4 address to listen on; any other lets other machines in")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Worker processes; they share one state",
)
@click.option("--quirk", "quirks", multiple=True, metavar="[VENDOR:]ID", help="Turn a quirk on, repeatable")
@click.option(
    "--withhold", "withheld", multiple=True, metavar="[VENDOR:]SETTING", help="Withhold a setting, repeatable"
)
@click.option(
    "--fault", "faults", multiple=True, metavar="[VENDOR:]ID[@KEY=VALUE,...]", help="Let something go wrong, repeatable; see `oneroster faults`"
)
@click.option(
    "--views", type=click.Path(path_type=Path, file_okay=False), help="Folder that keeps vendors' views of DISTRICT, to start sooner the next time"
)
@delivery_options
@click.option("--ready-file", type=click.Path(path_type=Path), help="Written once requests are accepted")
def serve(
    district: Path | None, students: int | None, seed: int | None, as_of: date, vendors: tuple[str, ...], port: int, host: str,
    workers: int, quirks: tuple[str, ...], withheld: tuple[str, ...], faults: tuple[str, ...], views: Path | None, ready_file: Path | None,
    wishes: Wishes,
) -> None:  # fmt: skip
    """Serve a district as OneRoster providers until SIGTERM."""
    if district is not None and (students is not None or seed is not None):
        raise UsageProblem("DISTRICT and --students or --seed exclude each other", "one of them")
    chosen = choose(vendors, quirks, withheld, faults)
    wishes.check(chosen.habits)
    if port:
        free_port(port, host)
    # A server that is asked to end while it still makes its district ends as cleanly as one that serves.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(tempfile.mkdtemp(prefix="oneroster-serve-"))
    try:
        base = district or fresh_district(
            folder, students or DEFAULT_STUDENTS, DEFAULT_SEED if seed is None else seed, as_of
        )
        prepared = prepare(folder, base, chosen, views)
        port = free_port(port, host)
        _tell_who_may_call(host)
        senders = senders_of(prepared.config["vendors"], chosen.dialects, chosen.habits)
        with delivering(senders, wishes, folder / "delivery", district_function("bundle")) as delivery:
            ready = json.dumps({**prepared.ready_document(f"http://{reachable(host)}:{port}"), "sftp": delivery.entry})

            def on_ready() -> None:
                if ready_file is not None:
                    _write_ready(ready_file, ready)
                sys.stdout.write(ready + "\n")
                sys.stdout.flush()

            run({**prepared.config, "delivery": delivery.address}, port, on_ready, workers, host)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
