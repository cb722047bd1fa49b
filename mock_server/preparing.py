"""A district and its vendors, made ready to be served: the stores, what each is configured with, the ready document.

Called by the command, which serves them in a process of its own, and by the in-process application of tests.
Districts come through the `oneroster.districts` entry points, never by import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from mock_server.auth.credentials import credentials_of
from mock_server.delivery.options import take_habits
from mock_server.faults.grammar import read_text
from mock_server.views import view_of
from oneroster_harness.problems import CannotRun, UsageProblem, unknown
from oneroster_harness.terminal import hints
from oneroster_standard.dialects import SHIPPED, Dialect, DialectProblem, load_dialect, load_quirks
from oneroster_standard.store import Store


@dataclass(frozen=True, slots=True)
class Chosen:
    """Vendors to serve, each with the quirks and withheld settings of its start, and its habits of delivery.

    names: as they were given.
    """

    names: tuple[str, ...]
    dialects: tuple[Dialect, ...]
    quirks: dict[str, list[str]]
    withheld: dict[str, list[str]]
    habits: dict[str, list[str]]
    faults: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a server is started with. config: see wsgi.site_of."""

    config: dict[str, Any]
    dialects: tuple[Dialect, ...]
    seed: int

    def ready_document(self, root: str) -> dict[str, Any]:
        """The ready file's document for providers that are served under `root`, such as http://127.0.0.1:8080."""
        return ready_document(self.dialects, self.seed, root, str(self.config["admin_token"]))


def choose(
    vendors: Sequence[str], quirks: Sequence[str] = (), withheld: Sequence[str] = (), faults: Sequence[str] = ()
) -> Chosen:
    """The vendors of a start; none means all that are shipped.

    vendors: names or dialect files. quirks, withheld: [VENDOR:]ID, without a vendor for the first one. faults: see
    faults.grammar, likewise.
    Raises UsageProblem for an unknown name.
    """
    dialects = _dialects(vendors)
    own_quirks = _by_vendor(quirks, dialects, "quirk")
    own_habits = take_habits(own_quirks)
    own_withheld = _by_vendor(withheld, dialects, "withhold")
    _check_names(dialects, own_quirks, own_withheld)
    own_faults = _by_vendor(faults, dialects, "fault", mark="@")
    texts = {name: [read_text(found).text() for found in orders] for name, orders in own_faults.items()}
    return Chosen(tuple(vendors or SHIPPED), tuple(dialects), own_quirks, own_withheld, own_habits, texts)


def prepare(folder: Path, base: Path, chosen: Chosen, kept: Path | None = None) -> Prepared:
    """Make each vendor's view of a district.

    folder: for what is made; the caller removes it. base: a .district store. kept: a folder whose views are used again, and
    where new ones stay. Raises CannotRun, UsageProblem.
    """
    make = district_function("view")
    rows = [
        {"dialect": name, "store": str(view_of(make, base, folder, kept, dialect, name, chosen.quirks[dialect.name])),
         "quirks": chosen.quirks[dialect.name], "withheld": chosen.withheld[dialect.name],
         "faults": chosen.faults.get(dialect.name, [])}
        for name, dialect in zip(chosen.names, chosen.dialects, strict=True)
    ]  # fmt: skip
    seed = int(Store.open(base).meta["seed"])
    admin_token = hashlib.sha256(f"oneroster-mock/{seed}/admin".encode()).hexdigest()[:40]
    return Prepared({"admin_token": admin_token, "base": str(base), "vendors": rows}, chosen.dialects, seed)


def fresh_district(folder: Path, students: int, seed: int, as_of: date) -> Path:
    """A district made in a folder."""
    hints().print(f"making a district of {students:,} students, seed {seed}")
    made: Path = district_function("build")(
        folder / "base.district", students=students, seed=seed, as_of=as_of
    )
    return made


def district_function(name: str) -> Any:
    """A function of the package that makes districts.

    Raises CannotRun when there is none.
    """
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


def _by_vendor(items: Sequence[str], dialects: Sequence[Dialect], kind: str, mark: str = "\n") -> dict[str, list[str]]:
    """Split VENDOR:ID items; an item without a vendor goes to the first one served. mark: ends what may name a vendor."""
    names = [dialect.name for dialect in dialects]
    found: dict[str, list[str]] = {name: [] for name in names}
    for item in items:
        head, at, tail = item.partition(mark)
        vendor, colon, rest = head.partition(":")
        rest += at + tail
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


def _base_urls(dialect: Dialect, spec: str, root: str, app: str) -> str | dict[str, str]:
    """The service root of 1.1, or one for each service of 1.2; the vendor's first path where it has several."""
    first = {service: root + dialect.paths(spec, service)[0].value.format(app=app) for service in dialect.services_of(spec)}
    return first if spec != "1.1" else next(iter(first.values()))


def ready_document(dialects: Sequence[Dialect], seed: int, root: str, admin_token: str) -> dict[str, Any]:
    """The ready file's document, for providers that are served under a root."""
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
