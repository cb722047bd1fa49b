"""One vendor: its credentials, token endpoint, settings and quirks, and a provider for each version that it serves.

Called by the application and the admin API. What a vendor's versions share stands here; records are the providers'.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mock_server.quirks.families  # noqa: F401 - registers the quirks
from mock_server.answers import Refusal, forbidden
from mock_server.auth.credentials import Credentials
from mock_server.auth.gate import Gate, Nonces
from mock_server.auth.keyring import Keyring
from mock_server.auth.token_endpoint import TokenEndpoint
from mock_server.auth.tokens import TokenMint
from mock_server.faults.board import Board
from mock_server.faults.grammar import read_object
from mock_server.limiting import Limiter, Limits, read_limits
from mock_server.provider import Provider
from mock_server.quirks.hooks import REGISTRY, Quirk
from mock_server.quirks.memory import Memory
from mock_server.state import SharedState, Written
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects import Dialect, Setting, load_quirks
from oneroster_standard.marks import render
from oneroster_standard.scopes import ALL, expand
from oneroster_standard.store import Store
from oneroster_standard.versions import to_1p1, to_1p2

LENS = "lens"
_MAPPED = {"1.1": to_1p1, "1.2": to_1p2}
_SERVICE_OF_SCOPE = {"roster": "rostering", "resource": "resources", "gradebook": "gradebook", "assessment": "gradebook"}


def scopes_of(dialect: Dialect) -> tuple[str, ...]:
    """Scope URLs that a vendor can grant: those of the services of each version that it serves."""
    return tuple(
        expand(scope, spec)
        for spec in dialect.specs
        for scope in ALL[spec]
        if _SERVICE_OF_SCOPE[scope.partition(".")[0].partition("-")[0]] in dialect.services_of(spec)
    )


def _other_product(seed: int, dialect: Dialect, state: SharedState) -> TokenEndpoint:
    """The token endpoint of the same company's other product, which knows other credentials and signs with another key."""
    own = Keyring(seed, f"{dialect.name}/other-product", scopes_of(dialect), state)
    return TokenEndpoint(TokenMint("opaque", dialect.token_life_s, own), own)


class Vendor:
    """A vendor over one store.

    folder: where rendered collections are kept; the caller removes it. state: what the workers share. quirks, withheld
    and faults: on from the start, beside the dialect's own.
    """

    def __init__(
        self,
        dialect: Dialect,
        store: Store,
        folder: Path,
        state: SharedState,
        quirks: Sequence[str] = (),
        withheld: Sequence[str] = (),
        faults: Sequence[str] = (),
    ) -> None:
        self.dialect = dialect
        self.name = dialect.name
        self.store = store
        self.state = state
        self._first_quirks = (*dialect.default_quirks, *quirks)
        self._first_withheld = (*(found.id for found in dialect.settings if not found.on), *withheld)
        self.seed = int(store.meta["seed"])
        self.day = 0
        self._keys_seen = -1
        self.scopes = scopes_of(dialect)
        self.keyring = Keyring(self.seed, dialect.name, self.scopes, state)
        self.mint = TokenMint(dialect.token_form, dialect.token_life_s, self.keyring)
        self.tokens = TokenEndpoint(self.mint, self.keyring)
        self.other_product = _other_product(self.seed, dialect, state)
        self.gate = Gate(dialect.auth, self.keyring, self.mint, Nonces(state, dialect.name))
        self.quirk_ids: tuple[str, ...] = ()
        self.quirks: tuple[Quirk, ...] = ()
        self.withheld: frozenset[str] = frozenset()
        self.providers: Mapping[str, Provider] = {
            spec: Provider(self, spec, folder / f"v{spec.replace('.', 'p')}") for spec in dialect.specs
        }
        self._first_limits = read_limits(dialect.limits, Limits())
        self.limits = self._first_limits
        self.limiter = Limiter(self.name, state, self.now)
        self.faults = Board(self, map(read_object, faults))
        self.adopt({})

    def provider(self, spec: str | None = None) -> Provider:
        """The provider of a version; None means the first one served.

        Raises KeyError for a version that is not served.
        """
        return self.providers[spec or self.dialect.specs[0]]

    @property
    def credentials(self) -> Credentials:
        """The newest credential that may sign in."""
        return self.keyring.current()

    def adopt(self, documents: Mapping[str, Any], since: float = 0.0) -> None:
        """Take over the shared state; what it does not name is as it was at the start. since: when that began."""
        self.day = int(documents.get("day", 0))
        self.keyring.adopt(documents.get(self.keyring.key))
        self.limits = Limits(**documents.get(f"{self.name}/limits", self._first_limits.document()))
        self.faults.adopt(documents.get(f"{self.name}/faults"), since)
        self.withheld = frozenset(documents.get(f"{self.name}/withheld", self._first_withheld))
        is_rekeyed, self._keys_seen = self.keyring.revision != self._keys_seen, self.keyring.revision
        key = f"{self.name}/quirks"
        chosen = tuple(documents[key]) if key in documents else self._choice(self._first_quirks)
        self._use_quirks(chosen, is_rekeyed=is_rekeyed)

    def now(self) -> float:
        """Seconds since 1970: tokens, signatures and limits follow the real clock, data never does; a quirk may set it wrong."""
        return time.time() + sum(quirk.clock_offset_s for quirk in self.quirks)

    def keep(self, provider: Provider, collection: str, records: Sequence[dict[str, Any]]) -> None:
        """Keep records that were written through one version, also as the other versions say them, all at once.

        Where a version cannot say a record, it is not there in that version.
        """
        changes = []
        for record in records:
            for spec, other in self.providers.items():
                if collection in other.standard.collections:
                    shown = record if spec == provider.spec else _MAPPED[spec](collection, record, provider.record)
                    changes.append(self._change(spec, collection, record["sourcedId"], render(shown) if shown else b""))
        self._write(changes)

    def remove(self, collection: str, sourced_id: str) -> None:
        """Take a record out of every version."""
        held = [spec for spec, found in self.providers.items() if collection in found.standard.collections]
        self._write([self._change(spec, collection, sourced_id, b"") for spec in held])

    def _change(self, spec: str, collection: str, sourced_id: str, record: bytes) -> Written:
        return Written(f"{self.name}/{spec}", collection, sourced_id, record)

    def _write(self, changes: Sequence[Written]) -> None:
        self.state.write(changes)
        for change in changes:
            provider = self.providers[change.owner.rpartition("/")[2]]
            provider.adopt_written(change.collection, change.sourced_id, change.record)

    def set_quirks(self, ids: Iterable[str]) -> None:
        """Turn on exactly these quirks, beside those that decided at the start which records there are.

        Raises UsageProblem for an unknown id, and for one that could only be chosen at the start.
        """
        chosen = self._choice(ids)
        self.state.put(f"{self.name}/quirks", chosen)
        self._use_quirks(chosen)

    def _choice(self, ids: Iterable[str]) -> tuple[str, ...]:
        known = load_quirks()
        served = [found for found in self._first_quirks if found in known and known[found].hook == LENS]
        chosen = tuple(dict.fromkeys([*ids, *served]))
        for found in chosen:
            if found not in known:
                raise unknown("quirk", found, known)
            if known[found].hook == LENS and found not in served:
                raise UsageProblem(
                    f"{found} decides which records are shown, and the district is already served",
                    f"serve --quirk {self.name}:{found}",
                )
        return chosen

    def _use_quirks(self, chosen: tuple[str, ...], *, is_rekeyed: bool = False) -> None:
        # A reset between tests usually changes nothing: what was rendered and worked out is then kept.
        changed = chosen != self.quirk_ids
        if changed or is_rekeyed:
            # Some quirks remember the token that they handed out.
            self.quirks = tuple(self._quirk(found) for found in chosen if found in REGISTRY)
        if changed:
            self.quirk_ids = chosen
            for provider in self.providers.values():
                provider.forget()

    def _quirk(self, id: str) -> Quirk:
        found = REGISTRY[id]()
        found.memory = Memory(self.state, f"{self.name}/memory/{id}/{self.keyring.fingerprint}")
        return found

    def withhold(self, settings: Iterable[str]) -> None:
        """Withhold exactly these settings.

        Raises UsageProblem for an unknown setting.
        """
        known = {setting.id: setting for setting in self.dialect.settings}
        chosen = tuple(settings)
        for found in chosen:
            if found not in known:
                raise unknown(f"setting of {self.name}", found, known)
        self.state.put(f"{self.name}/withheld", chosen)
        self.withheld = frozenset(chosen)

    def set_limits(self, given: Any) -> None:
        """Change what a credential may ask; keys that are not given stay.

        Raises UsageProblem for a wrong one.
        """
        limits = read_limits(given, self.limits)
        self.limiter.reset()
        self.state.put(f"{self.name}/limits", limits.document())
        self.limits = limits

    @property
    def page_max(self) -> int:
        """The most records of a page, 0 for no cap; a withheld setting may lower it."""
        lowered = [found.page_max for found in self.dialect.settings if found.page_max and found.id in self.withheld]
        return min(lowered) if lowered else self.dialect.page_max

    def setting_against(self, collection: str) -> Setting | None:
        """The withheld setting that closes a collection, None when it is open."""
        for setting in self.dialect.settings:
            if setting.id in self.withheld and ("*" in setting.withholds or collection in setting.withholds):
                return setting
        return None

    def check_open(self, collection: str) -> None:
        """Raise the answer of a withheld setting."""
        setting = self.setting_against(collection)
        if setting is None:
            return
        if setting.status == 403:
            raise forbidden(f"the integration may not read {collection}")
        code = {404: "unknown object", 401: "unauthorized"}.get(setting.status, "invalid data")
        headers = {"WWW-Authenticate": 'Bearer realm="OneRoster"'} if setting.status == 401 else {}
        raise Refusal(setting.status, code, "the service is not available", headers)
