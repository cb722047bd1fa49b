"""From the SOURCE argument to a snapshot: a URL, a provider's name, a folder, a ZIP or a drop folder by SFTP.

Called by the command. Secrets come from the environment or a providers file, never from an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem, unknown
from oneroster_harness.providers import DEFAULT_FILE, Endpoint, every_row, named, redact, resolve
from oneroster_standard.dialects import SHIPPED, DialectProblem, load_dialect
from sync_engine.incremental import Earlier
from sync_engine.snapshot import Scratch, Snapshot
from sync_engine.sources import api, bundle, services
from sync_engine.sources.connection import NO_HOOKS, Connection, Hooks, Patience
from sync_engine.sources.pickup import Taken
from sync_engine.sources.sftp import Drop, drop_of, pick
from sync_engine.sources.sign_in import FIRST, SECOND

_EXPECTED = "http(s)://host/.../v1p1 or .../v1p2, a name of the providers file, a folder, a .zip file, or sftp://user@host/path"

SECOND_SERVED = "the first credential was refused and the second one served: put it in the first place, and retire the first"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """How the source is reached. patience and connections: retries and parallel reads of an API."""

    auth: str | None
    token_url: str | None
    providers_file: str | None
    spec: str | None
    vendor: str | None
    patience: Patience
    connections: int
    settle_s: float
    hooks: Hooks = NO_HOOKS
    without_manifest: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source: shown (without secrets) and how it is read. endpoint is None for a bundle."""

    shown: str
    path: Path | None
    endpoint: Endpoint | None
    options: SourceOptions
    drop: Drop | None = None

    def read(
        self, scratch: Scratch, told: Callable[[str], None], taken: Callable[[], Iterable[str]] = tuple, earlier: Earlier | None = None
    ) -> Snapshot:
        """Read everything into a snapshot; taken gives the sources of earlier runs, asked of a drop folder only.

        earlier: what the target remembers of an API, for an incremental read.
        Raises CannotRun when the source cannot be read whole where it must be.
        """
        if self.drop is not None:
            return self._picked(self.drop, scratch, told, Taken(taken(), self.shown))
        if self.endpoint is None:
            assert self.path is not None
            return bundle.read(self.path, scratch, self.options.spec, told, without_manifest=self.options.without_manifest)
        hooks = self.options.hooks
        connection = Connection(
            self.endpoint, self.options.patience, connections=self.options.connections, sleep=hooks.sleep,
            before_request=hooks.before_request,
        )  # fmt: skip
        try:
            snapshot = api.read(connection, scratch, told, earlier)
            hooks.served(connection.served)
            if connection.served == SECOND:
                snapshot.notes = (*snapshot.notes, SECOND_SERVED)
            return snapshot
        finally:
            connection.close()

    def credentials(self) -> dict[str, str]:
        """What is signed in with, by its place, for who keeps its age; secret, so only to be hashed."""
        if self.endpoint is not None:
            found = {FIRST: self.endpoint, SECOND: self.endpoint.second}
            return {place: "\x00".join((one.client_id or "", one.client_secret or "", one.token or "")) for place, one in found.items() if one}
        if self.drop is not None:
            return {FIRST: "\x00".join((self.drop.user, self.drop.password or "", self.drop.key_file or ""))}
        return {}

    def _picked(self, drop: Drop, scratch: Scratch, told: Callable[[str], None], taken: Taken) -> Snapshot:
        folder = scratch.folder / "fetched"
        folder.mkdir()
        told("the drop folder")
        picked = pick(drop, taken, folder, self.options.settle_s)
        if picked.bundle is None:
            return Snapshot(scratch, self.options.spec or "1.1", notes=picked.notes)
        snapshot = bundle.read(picked.bundle, scratch, self.options.spec, told, without_manifest=self.options.without_manifest)
        snapshot.mark, snapshot.notes = picked.mark, (*picked.notes, *snapshot.notes)
        self.options.hooks.served(FIRST)
        return snapshot


def open_source(text: str, options: SourceOptions, environ: Mapping[str, str]) -> Source:
    """Find out what SOURCE means; nothing is read yet.

    Raises UsageProblem for something that is no source, CannotRun without a credential.
    """
    if options.vendor:
        if options.vendor not in SHIPPED and not options.vendor.endswith(".toml"):
            raise unknown("vendor", options.vendor, SHIPPED, "or a dialect's TOML file")
        try:
            load_dialect(options.vendor)
        except DialectProblem as error:
            raise UsageProblem(str(error)) from error
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    path = Path(text)
    is_path = not scheme and (path.exists() or path.suffix.lower() == ".zip" or len(path.parts) > 1)
    if is_path and options.providers_file and text in every_row(Path(options.providers_file)):
        # A name of the file that was given means its row, whatever lies in the current folder.
        is_path = False
    row = {} if scheme or is_path else named(text, options.providers_file)
    url = str(row.get("url", text))
    if row and "://" not in url:
        text, is_path = str(Path(options.providers_file or DEFAULT_FILE).parent / url), True
        path = Path(text)
    if url.lower().startswith("sftp://"):
        drop = drop_of(url, row, environ)
        return Source(drop.shown, None, None, options, drop)
    if scheme not in ("", "http", "https"):
        raise UsageProblem(f"{scheme}:// is not a source of this release", _EXPECTED, "SOURCE")
    if is_path:
        return Source(text, path, None, options)
    endpoint = resolve(
        text, auth=options.auth, token_url=options.token_url, spec=options.spec, vendor=options.vendor,
        providers_file=options.providers_file, environ=environ,
    )  # fmt: skip
    if services.version_of(endpoint) == "1.2":
        endpoint = _as_described(endpoint, options)
    return Source(redact(endpoint.url), None, endpoint, options)


def _as_described(endpoint: Endpoint, options: SourceOptions) -> Endpoint:
    """1.2 knows OAuth 2 only, and a provider's own description names its token endpoint where nobody else did."""
    if options.auth or endpoint.token_url or endpoint.auth == "bearer":
        return endpoint
    described = services.described_token_url(endpoint.url)
    if described is None:
        raise CannotRun(
            "no token endpoint was given, and the provider's description names none", "--token-url URL", redact(endpoint.url),
            "copy it from the vendor's settings page", "sync.no-token-endpoint",
        )  # fmt: skip
    return replace(endpoint, auth="oauth2", token_url=described)
