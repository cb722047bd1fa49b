"""Known dialects: how a vendor differs from the standard, as facts with basis and source.

Called by the generator (ids, scope), the server (paths, sign-in, paging, quirks) and the suite (remedies, known
deviations). Loads tables only; what a quirk does is written where it is performed and where it is judged.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from oneroster_standard.standard import SERVICES, VERSIONS

BASES = ("standard", "documented", "captured", "code", "third-party", "brief", "guess")
"""Confidence of a fact, strongest first; guess means that nobody was found saying it."""
SHIPPED = ("reference", "powerschool", "infinite-campus", "classlink")


class DialectProblem(Exception):
    """A dialect file that cannot be used; the text names the file, the key and what was expected."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a dialect with its evidence."""

    value: str
    basis: str
    source: str
    note: str = ""

    @property
    def is_assumed(self) -> bool:
        """Whether nobody was found saying it."""
        return self.basis == "guess"


@dataclass(frozen=True, slots=True)
class ServiceRoot(Fact):
    """Where a provider serves a version. service: the one service under it (1.2), empty for all of them (1.1).

    hosts: names that the vendor serves it under, empty for all of its names. needs_host: only under those, since another
    provider has the same path. auth: mechanisms accepted here, empty for the vendor's. without: quirks that are not
    shown here.
    """

    spec: str = "1.1"
    service: str = ""
    hosts: tuple[str, ...] = ()
    needs_host: bool = False
    auth: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One switch of a vendor's admin pages: what it withholds, the answer on the wire, and the remedy.

    page_max: the page cap while it is withheld, 0 for none of its own. on: whether it is granted at first.
    """

    id: str
    title: str
    withholds: tuple[str, ...]
    status: int
    remedy: str
    basis: str
    source: str
    page_max: int = 0
    on: bool = True


@dataclass(frozen=True, slots=True)
class Deviation:
    """A quirk that this vendor shows. known: check ids whose findings are then marked known."""

    quirk: str
    on: bool
    basis: str
    source: str
    known: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour(Fact):
    """What a vendor does otherwise than the reference provider. deviation: its numbers in the catalogue.

    id: name of what a client sees of it. why_not: the reason why the mock does not do it, empty when it does.
    """

    id: str = ""
    deviation: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class WebServer:
    """The web server in front of a vendor: paths that are its own, and how it answers a wrong one (json or html)."""

    prefixes: tuple[str, ...] = ()
    answers: str = "json"
    basis: str = "guess"
    source: str = ""


@dataclass(frozen=True)
class Dialect:
    """One vendor. remedies: symptom -> setup step. page_max 0 means no cap.

    ids_1p2 and scope_1p2: the same tables for 1.2, where `[ids."1.2"]` and `[scope."1.2"]` say otherwise. old_id_key:
    metadata key of 1.2 users that holds the number of their 1.1 id.
    hosts: patterns of its host names. applications: paths of its list of districts, for partners.
    other_product_token_paths: token endpoints of the same company's other product, with credentials of their own.
    """

    name: str
    title: str
    roots: tuple[ServiceRoot, ...]
    token_paths: tuple[Fact, ...]
    auth: tuple[str, ...]
    token_form: str
    token_life_s: int
    page_default: int
    page_max: int
    ids: Mapping[str, str]
    scope: Mapping[str, Any]
    settings: tuple[Setting, ...]
    remedies: Mapping[str, str]
    deviations: tuple[Deviation, ...]
    services: tuple[str, ...]
    facts: tuple[Behaviour, ...] = field(default=())
    limits: Mapping[str, Any] = field(default_factory=dict)
    """How the rate limiter refuses, and its limits where they are on from the start."""
    hosts: tuple[Fact, ...] = field(default=())
    web_server: WebServer = field(default=WebServer())
    applications: tuple[Fact, ...] = field(default=())
    other_product_token_paths: tuple[Fact, ...] = field(default=())
    ids_1p2: Mapping[str, str] = field(default_factory=dict)
    scope_1p2: Mapping[str, Any] = field(default_factory=dict)
    old_id_key: str = ""
    place: str = ""
    """Where it was read: its name, or the path of its file."""

    @property
    def specs(self) -> tuple[str, ...]:
        """Versions that are served, in order."""
        return tuple(sorted({found.spec for found in self.roots}))

    def paths(self, spec: str = "1.1", service: str = "") -> tuple[ServiceRoot, ...]:
        """Service roots of a version, the vendor's first one first; service: only those that serve it."""
        return tuple(
            found for found in self.roots if found.spec == spec and (not service or found.service in ("", service))
        )

    def services_of(self, spec: str) -> tuple[str, ...]:
        """Services of a version: rostering, resources, gradebook."""
        if spec == "1.1":
            return self.services if self.paths("1.1") else ()
        return tuple(dict.fromkeys(found.service for found in self.paths(spec)))

    @property
    def default_quirks(self) -> tuple[str, ...]:
        """Ids of the quirks that are on unless someone turns them off."""
        return tuple(found.quirk for found in self.deviations if found.on)

    @property
    def known_checks(self) -> frozenset[str]:
        """Check ids that this vendor is documented to fail."""
        return frozenset(check for found in self.deviations if found.on for check in found.known)


@dataclass(frozen=True, slots=True)
class QuirkFacts:
    """One deviation of the catalogue: what it is, where it was met, which check must catch it.

    deviation: number in the catalogue of vendor behaviour, empty for a hazard of our own.
    hook: mock (on the wire), lens (which records a vendor shows) or day (once days have passed). confidence: vendor -> basis. scope: for a lens,
    what it adds to the `[scope]` table of a dialect. trips: empty for a habit that the standard allows.
    """

    id: str
    title: str
    description: str
    deviation: str
    source: str
    confidence: Mapping[str, str]
    trips: tuple[str, ...]
    hook: str
    scope: Mapping[str, Any] = field(default_factory=dict)


def dialect_names() -> tuple[str, ...]:
    """Names of the dialects that come with the package."""
    return SHIPPED


def _read(name_or_path: str) -> tuple[str, dict[str, Any]]:
    if name_or_path in SHIPPED:
        return name_or_path, tomllib.loads(files(__package__).joinpath(f"{name_or_path}.toml").read_text("utf-8"))
    path = Path(name_or_path)
    try:
        return str(path), tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise DialectProblem(f"{name_or_path}: no such dialect; expected {', '.join(SHIPPED)} or a TOML file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DialectProblem(f"{name_or_path}: cannot be read as TOML ({error})") from error


def _fact(where: str, row: Mapping[str, Any], key: str = "path") -> Fact:
    if row.get("basis") not in BASES:
        raise DialectProblem(f"{where}: basis {row.get('basis')!r}; expected one of {', '.join(BASES)}")
    return Fact(str(row[key]), str(row["basis"]), str(row.get("source", "")), str(row.get("note", "")))


def _root(where: str, row: Mapping[str, Any]) -> ServiceRoot:
    fact = _fact(where, row)
    spec, service = str(row.get("spec", "1.1")), str(row.get("service", ""))
    if spec not in VERSIONS:
        raise DialectProblem(f"{where}: spec {spec!r} of path {fact.value}; expected one of {', '.join(VERSIONS)}")
    if spec != "1.1" and service not in SERVICES:
        raise DialectProblem(f"{where}: service {service!r} of path {fact.value}; expected one of {', '.join(SERVICES)}")
    return ServiceRoot(
        fact.value, fact.basis, fact.source, fact.note, spec, service, tuple(row.get("hosts", ())),
        bool(row.get("needs_host", False)), tuple(row.get("auth", ())), tuple(row.get("without", ())),
    )  # fmt: skip


def _behaviour(where: str, row: Mapping[str, Any]) -> Behaviour:
    fact = _fact(where, row, "fact")
    return Behaviour(
        fact.value, fact.basis, fact.source, fact.note, str(row.get("id", "")), str(row.get("deviation", "")), str(row.get("why_not", ""))
    )


def _web_server(where: str, row: Mapping[str, Any]) -> WebServer:
    if not row:
        return WebServer()
    fact = _fact(where, row, "answers")
    return WebServer(tuple(row.get("prefixes", ())), fact.value, fact.basis, fact.source)


def _plain(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table without its inner tables, which say what a version changes."""
    return {name: value for name, value in table.items() if not isinstance(value, Mapping)}


def _parse(where: str, raw: Mapping[str, Any]) -> Dialect:
    paging = raw.get("paging", {})
    token = raw.get("token", {})
    return Dialect(
        name=str(raw["name"]),
        title=str(raw["title"]),
        roots=tuple(_root(where, row) for row in raw["path"]),
        token_paths=tuple(_fact(where, row) for row in token.get("path", ())),
        auth=tuple(raw["auth"]),
        token_form=str(token.get("form", "opaque")),
        token_life_s=int(token.get("life_s", 3600)),
        page_default=int(paging.get("default", 100)),
        page_max=int(paging.get("max", 0)),
        ids=_plain(raw.get("ids", {})),
        scope=_plain(raw.get("scope", {})),
        settings=tuple(
            Setting(
                row["id"], row["title"], tuple(row["withholds"]), int(row["status"]), row["remedy"],
                _fact(where, row, "id").basis, row.get("source", ""), int(row.get("page_max", 0)), bool(row.get("on", True)),
            )
            for row in raw.get("setting", ())
        ),
        remedies=dict(raw.get("remedies", {})),
        deviations=tuple(
            Deviation(
                row["quirk"], bool(row.get("on", True)), _fact(where, row, "quirk").basis, row.get("source", ""),
                tuple(row.get("known", ())), row.get("note", ""),
            )
            for row in raw.get("deviation", ())
        ),
        services=tuple(raw.get("services", ("rostering",))),
        facts=tuple(_behaviour(where, row) for row in raw.get("fact", ())),
        limits=dict(raw.get("limits", {})),
        hosts=tuple(_fact(where, row, "host") for row in raw.get("host", ())),
        web_server=_web_server(where, raw.get("web_server", {})),
        applications=tuple(_fact(where, row) for row in raw.get("applications", ())),
        other_product_token_paths=tuple(_fact(where, row) for row in token.get("other_product", ())),
        ids_1p2=_plain(raw.get("ids", {})) | _plain(raw.get("ids", {}).get("1.2", {})),
        scope_1p2=_plain(raw.get("scope", {}).get("1.2", {})),
        old_id_key=str(raw.get("old_id", {}).get("key", "")),
        place=where,
    )  # fmt: skip


@cache
def load_dialect(name_or_path: str) -> Dialect:
    """Return a dialect by its name or from a TOML file.

    Raises DialectProblem naming the file and the key that is missing or wrong.
    """
    where, raw = _read(name_or_path)
    try:
        return _parse(where, raw)
    except (KeyError, TypeError, ValueError) as error:
        raise DialectProblem(f"{where}: {type(error).__name__} at {error}; expected the keys of a shipped dialect") from error


@cache
def load_quirks() -> dict[str, QuirkFacts]:
    """All quirks by id, in the order of the catalogue file."""
    raw = tomllib.loads(files(__package__).joinpath("quirks.toml").read_text("utf-8"))
    return {
        row["id"]: QuirkFacts(
            id=row["id"], title=row["title"], description=row["description"], deviation=row.get("deviation", ""),
            source=row["source"], confidence=dict(row.get("confidence", {})), trips=tuple(row["trips"]), hook=row["hook"],
            scope=dict(row.get("scope", {})),
        )
        for row in raw["quirk"]
    }  # fmt: skip
