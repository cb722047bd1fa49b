"""`oneroster serve`: one district behind the reference provider and the three vendors, on one port.

Called by the front door. Districts come through the `oneroster.districts` entry points, never by import.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from mock_server.auth.credentials import credentials_of
from mock_server.serving import HOST, free_port
from mock_server.serving import serve as run
from oneroster_harness.problems import CannotRun, UsageProblem, unknown
from oneroster_harness.terminal import DEFAULT_SEED, DEFAULT_STUDENTS, as_of_option, hints, vendor_option
from oneroster_standard.dialects import SHIPPED, Dialect, DialectProblem, load_dialect, load_quirks
from oneroster_standard.store import Store, StoreProblem

EPILOG = """
\b
Examples:
  oneroster serve --students 200 --ready-file ready.json
  oneroster serve my.district --vendor powerschool --quirk paging.no-link --withhold powerschool:enrollments
"""


def _district_function(name: str) -> Any:
    found = entry_points(group="oneroster.districts", name=name)
    if not found:
        raise CannotRun(
            "no package provides districts",
            "the entry point oneroster.districts",
            try_="install oneroster-harness whole",
        )
    return next(iter(found)).load()


def _dialects(vendors: Sequence[str]) -> list[Dialect]:
    found: list[Dialect] = []
    for name in vendors or SHIPPED:
        if name not in SHIPPED and not name.endswith(".toml"):
            raise unknown("vendor", name, SHIPPED)
        try:
            found.append(load_dialect(name))
        except DialectProblem as error:
            raise UsageProblem(str(error)) from error
    names = [dialect.name for dialect in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageProblem(f"vendor {name!r} is given twice", "each provider has a name of its own")
    return found


def _by_vendor(items: Sequence[str], dialects: Sequence[Dialect], kind: str) -> dict[str, list[str]]:
    """Split VENDOR:ID items; an item without a vendor goes to the first one served."""
    names = [dialect.name for dialect in dialects]
    found: dict[str, list[str]] = {name: [] for name in names}
    for item in items:
        vendor, colon, rest = item.partition(":")
        if colon and vendor not in names:
            raise unknown(f"vendor in --{kind}", vendor, names)
        found[vendor if colon else names[0]].append(rest if colon else item)
    return found


def _check_names(
    dialects: Sequence[Dialect], quirks: dict[str, list[str]], withheld: dict[str, list[str]]
) -> None:
    known = load_quirks()
    for dialect in dialects:
        for quirk in (*dialect.default_quirks, *quirks[dialect.name]):
            if quirk not in known:
                raise unknown("quirk", quirk, known)
        settings = [setting.id for setting in dialect.settings]
        for setting in withheld[dialect.name]:
            if setting not in settings:
                raise unknown(f"setting of {dialect.name}", setting, settings)


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


def _base_urls(dialect: Dialect, spec: str, root: str, app: str) -> str | dict[str, str]:
    """The service root of 1.1, or one for each service of 1.2; the vendor's first path where it has several."""
    first = {service: root + dialect.paths(spec, service)[0].value.format(app=app) for service in dialect.services_of(spec)}
    return first if spec != "1.1" else next(iter(first.values()))


def ready_document(dialects: Sequence[Dialect], seed: int, port: int, admin_token: str) -> dict[str, Any]:
    """The ready file's document, for providers that are served on a port."""
    root = f"http://{HOST}:{port}"
    providers: dict[str, Any] = {}
    for dialect in dialects:
        own = credentials_of(seed, dialect.name)
        urls: dict[str, Any] = {spec: _base_urls(dialect, spec, root, own.app) for spec in dialect.specs}
        base = urls["1.1"] if "1.1" in urls else next(iter(urls["1.2"].values()))
        token = root + dialect.token_paths[0].value if dialect.token_paths else None
        if token and "token.app-name-required" in dialect.default_quirks:
            token += f"?appName={own.app}"
        providers[dialect.name] = {
            "spec": list(dialect.specs), "base_url": base, "base_urls": urls, "token_url": token, "auth": list(dialect.auth),
            "client_id": own.client_id, "client_secret": own.client_secret,
            "bearer": own.bearer if "bearer" in dialect.auth else None,
        }  # fmt: skip
    return {
        "providers": providers, "console_url": f"{root}/_console", "admin_url": f"{root}/_admin", "admin_token": admin_token, "sftp": None,
    }  # fmt: skip


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
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Worker processes; this release runs one",
)
@click.option("--quirk", "quirks", multiple=True, metavar="[VENDOR:]ID", help="Turn a quirk on, repeatable")
@click.option(
    "--withhold", "withheld", multiple=True, metavar="[VENDOR:]SETTING", help="Withhold a setting, repeatable"
)
@click.option("--ready-file", type=click.Path(path_type=Path), help="Written once requests are accepted")
def serve(
    district: Path | None, students: int | None, seed: int | None, as_of: date, vendors: tuple[str, ...], port: int,
    workers: int, quirks: tuple[str, ...], withheld: tuple[str, ...], ready_file: Path | None,
) -> None:  # fmt: skip
    """Serve a district as OneRoster providers until SIGTERM."""
    if workers != 1:
        raise UsageProblem(
            f"{workers} workers", "1 in this release: nonces, quirks and written records live in one process"
        )
    if district is not None and (students is not None or seed is not None):
        raise UsageProblem("DISTRICT and --students or --seed exclude each other", "one of them")
    dialects = _dialects(vendors)
    own_quirks = _by_vendor(quirks, dialects, "quirk")
    own_withheld = _by_vendor(withheld, dialects, "withhold")
    _check_names(dialects, own_quirks, own_withheld)
    if port:
        free_port(port)
    # A server that is asked to end while it still makes its district ends as cleanly as one that serves.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(tempfile.mkdtemp(prefix="oneroster-serve-"))
    try:
        base = district or _fresh(
            folder, students or DEFAULT_STUDENTS, DEFAULT_SEED if seed is None else seed, as_of
        )
        rows = [
            {"dialect": name, "store": str(_view(base, folder, dialect, name, own_quirks[dialect.name])), "quirks": own_quirks[dialect.name],
             "withheld": own_withheld[dialect.name]}
            for name, dialect in zip(vendors or SHIPPED, dialects, strict=True)
        ]  # fmt: skip
        real_seed = int(Store.open(base).meta["seed"])
        admin_token = hashlib.sha256(f"oneroster-mock/{real_seed}/admin".encode()).hexdigest()[:40]
        port = free_port(port)
        ready = json.dumps(ready_document(dialects, real_seed, port, admin_token))

        def on_ready() -> None:
            if ready_file is not None:
                _write_ready(ready_file, ready)
            sys.stdout.write(ready + "\n")
            sys.stdout.flush()

        run({"admin_token": admin_token, "vendors": rows}, port, on_ready)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fresh(folder: Path, students: int, seed: int, as_of: date) -> Path:
    hints().print(f"making a district of {students:,} students, seed {seed}")
    made: Path = _district_function("build")(
        folder / "base.district", students=students, seed=seed, as_of=as_of
    )
    return made


def _view(base: Path, folder: Path, dialect: Dialect, name: str, quirks: Sequence[str]) -> Path:
    """The store that a vendor serves. name: the dialect as it was given, a vendor or a file."""
    known = load_quirks()
    lens = [quirk for quirk in quirks if known[quirk].scope]
    changes = lens or dialect.ids or dialect.scope or any(known[quirk].scope for quirk in dialect.default_quirks if quirk in known)
    try:
        shown = str(Store.open(base).meta.get("vendor", "reference"))
    except StoreProblem as error:
        raise CannotRun(
            str(error), "a .district store", try_="write one with `oneroster generate X.district`"
        ) from error
    if not lens and shown == dialect.name or (shown == "reference" and not changes):
        return base
    if shown != "reference":
        raise UsageProblem(
            f"this district is seen through {shown}; {dialect.name} cannot be shown from it",
            f"--vendor {shown}, or a district that was generated without --vendor",
            str(base),
        )
    seen: Path = _district_function("view")(base, folder / f"{dialect.name}.district", vendor=name, quirks=lens)
    return seen
