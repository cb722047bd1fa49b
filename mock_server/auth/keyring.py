"""The credentials of one vendor and their lives: issued, rotated with an overlap, expired, revoked, narrowed.

Called by the token endpoint, the gate and the admin API. Secrets are made from the seed and a number, so that the shared
state holds numbers and times only and the same steps give the same credentials.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from mock_server.auth.credentials import Credentials, credentials_of
from mock_server.state import SharedState

Clock = Callable[[], float]
OF_THE_NEIGHBOUR = -1
"""Number of the credential that belongs to another district."""


class UnknownCredential(Exception):
    """No credential of the vendor has this client id; names: those that there are."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("unknown client_id")
        self.names = list(names)


@dataclass(frozen=True, slots=True)
class Life:
    """What is kept of a credential. number: 0 is the one of the start. scopes: None for all of the vendor's.

    generation: tokens of an earlier one are dead. Times in seconds since 1970.
    """

    number: int = 0
    issued_at: float = 0.0
    expires_at: float | None = None
    is_revoked: bool = False
    scopes: tuple[str, ...] | None = None
    generation: int = 0

    def is_live(self, now: float) -> bool:
        """Whether it may sign in."""
        return not self.is_revoked and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Pair:
    """A credential and its life."""

    credentials: Credentials
    life: Life


class Keyring:
    """All credentials of a vendor, in the order they were issued."""

    def __init__(self, seed: int, vendor: str, scopes: Sequence[str], state: SharedState, clock: Clock = time.time) -> None:
        self._seed = seed
        self._vendor = vendor
        self._scopes = tuple(scopes)
        self._state = state
        self._clock = clock
        self._document: Any = ()
        self._pairs: tuple[Pair, ...] = ()
        self.revision = 0
        self.neighbour = Pair(credentials_of(seed, f"{vendor}/other-district"), Life(OF_THE_NEIGHBOUR))
        """A credential of another district that the vendor serves as well: it gets tokens, and opens nothing here."""
        self.adopt(None)

    @property
    def key(self) -> str:
        """Name of the keyring's document in the shared state."""
        return f"{self._vendor}/credentials"

    @property
    def fingerprint(self) -> str:
        """Differs when a credential or the life of one changed."""
        return hashlib.sha256(repr([pair.life for pair in self._pairs]).encode()).hexdigest()[:12]

    def adopt(self, document: Sequence[Mapping[str, Any]] | None) -> None:
        """Take over what the shared state says; None is the one credential of the start."""
        if document != self._document:
            self._document = document
            self.revision += 1
            self._pairs = tuple(
                Pair(credentials_of(self._seed, self._vendor, life.number), life) for life in _lives(document)
            )

    # Who signs in.

    def first(self) -> Credentials:
        """The credential of the start."""
        return self._pairs[0].credentials

    def current(self) -> Credentials:
        """The newest credential that may sign in; the newest of all when none may."""
        live = [pair for pair in self._pairs if pair.life.is_live(self._clock())]
        return (live or self._pairs)[-1].credentials

    def secret_of(self, client_id: str) -> str | None:
        """The secret of a live credential; None for any other id."""
        found = self._find(client_id, self._everyone)
        return found.credentials.client_secret if found and found.life.is_live(self._clock()) else None

    def signed_in(self, client_id: str, secret: str) -> Pair | None:
        """The live credential that an id and a secret belong to; takes the same time whichever it is."""
        found = None
        for pair in self._everyone:
            fits = hmac.compare_digest(client_id.encode(), pair.credentials.client_id.encode())
            fits &= hmac.compare_digest(secret.encode(), pair.credentials.client_secret.encode())
            if fits and pair.life.is_live(self._clock()):
                found = pair
        return found

    def bearer(self, key: str) -> Pair | None:
        """The live credential that a static key belongs to."""
        found = None
        for pair in self._everyone:
            if hmac.compare_digest(key.encode(), pair.credentials.bearer.encode()) and pair.life.is_live(self._clock()):
                found = pair
        return found

    def of_token(self, number: int, generation: int) -> Pair | None:
        """The credential that a token was issued for; None when its tokens were taken back.

        A credential that has expired leaves its tokens their own life; a revoked one does not.
        """
        for pair in self._everyone:
            if pair.life.number == number:
                return pair if not pair.life.is_revoked and pair.life.generation == generation else None
        return None

    def live(self) -> tuple[Pair, ...]:
        """Credentials whose tokens may be good: all that are not revoked."""
        return tuple(pair for pair in self._everyone if not pair.life.is_revoked)

    @property
    def _everyone(self) -> tuple[Pair, ...]:
        return (*self._pairs, self.neighbour)

    def is_of_this_district(self, client_id: str) -> bool:
        """Whether a client id is not the other district's."""
        return client_id != self.neighbour.credentials.client_id

    def scopes_of(self, pair: Pair) -> tuple[str, ...]:
        """Scopes that a credential has now."""
        return self._scopes if pair.life.scopes is None else pair.life.scopes

    def scopes_of_client(self, client_id: str) -> tuple[str, ...]:
        """Scopes that the credential of a client id has now; none for an unknown one."""
        found = self._find(client_id, self._everyone)
        return self.scopes_of(found) if found else ()

    # What an administrator does.

    def issue(self, scopes: Iterable[str] | None = None, expires_in_s: float | None = None) -> Credentials:
        """A further credential."""
        return self._add(scopes=None if scopes is None else tuple(scopes), expires_in_s=expires_in_s)

    def rotate(self, client_id: str | None = None, overlap_s: float = 0) -> Credentials:
        """A new credential in place of one (the newest), which stays good for the overlap.

        Raises UnknownCredential.
        """
        return self._add(instead_of=self._known(client_id), overlap_s=overlap_s)

    def expire(self, client_id: str | None = None, in_s: float = 0) -> None:
        """End a credential after some seconds; tokens that it got live on. Raises UnknownCredential."""
        until = self._clock() + in_s
        self._change(self._known(client_id), lambda life: replace(life, expires_at=until))

    def revoke(self, client_id: str | None = None) -> None:
        """End a credential and its tokens at once. Raises UnknownCredential."""
        self._change(self._known(client_id), lambda life: replace(life, is_revoked=True))

    def narrow(self, scopes: Sequence[str] | None, client_id: str | None = None) -> None:
        """Give a credential these scopes only, its tokens too; None gives all back. Raises UnknownCredential."""
        chosen = None if scopes is None else tuple(scopes)
        self._change(self._known(client_id), lambda life: replace(life, scopes=chosen))

    def end_tokens(self) -> None:
        """Take back every token that was issued so far; new ones are good."""
        self._keep(lambda lives: [replace(life, generation=life.generation + 1) for life in lives])

    def document(self) -> list[dict[str, Any]]:
        """Credentials without their secrets: client_id, state, times, scopes.

        state: active (the newest), overlap (an older one that is still good), expired or revoked.
        """
        now = self._clock()
        live = [pair.life.number for pair in self._pairs if pair.life.is_live(now)]
        return [
            {
                "client_id": pair.credentials.client_id, "state": _state(pair.life, now, live),
                "issued_at": pair.life.issued_at, "expires_at": pair.life.expires_at, "scopes": list(self.scopes_of(pair)),
            }
            for pair in self._pairs
        ]  # fmt: skip

    @staticmethod
    def _find(client_id: str, among: Iterable[Pair]) -> Pair | None:
        found = None
        for pair in among:
            if hmac.compare_digest(client_id.encode(), pair.credentials.client_id.encode()):
                found = pair
        return found

    def _known(self, client_id: str | None) -> int:
        if client_id is None:
            return self._pairs[-1].life.number
        found = self._find(client_id, self._pairs)
        if found is None:
            raise UnknownCredential([pair.credentials.client_id for pair in self._pairs])
        return found.life.number

    def _keep(self, function: Callable[[list[Life]], list[Life]]) -> None:
        def renew(document: Any) -> Any:
            return [asdict(life) for life in function(_lives(document))]

        self.adopt(self._state.change(self.key, renew))

    def _change(self, number: int, function: Callable[[Life], Life]) -> None:
        self._keep(lambda lives: [function(life) if life.number == number else life for life in lives])

    def _add(
        self,
        *,
        scopes: tuple[str, ...] | None = None,
        expires_in_s: float | None = None,
        instead_of: int | None = None,
        overlap_s: float = 0,
    ) -> Credentials:
        now = self._clock()

        def renew(lives: list[Life]) -> list[Life]:
            number = max(life.number for life in lives) + 1
            fresh = Life(number, now, None if expires_in_s is None else now + expires_in_s, scopes=scopes)
            kept = []
            for life in lives:
                if life.number == instead_of:
                    fresh = replace(fresh, scopes=life.scopes)
                    ends = now + overlap_s if life.expires_at is None else min(life.expires_at, now + overlap_s)
                    life = replace(life, expires_at=ends)
                kept.append(life)
            return [*kept, fresh]

        self._keep(renew)
        return self._pairs[-1].credentials


def _lives(document: Sequence[Mapping[str, Any]] | None) -> list[Life]:
    if document is None:
        return [Life()]
    return [Life(**{**row, "scopes": None if row["scopes"] is None else tuple(row["scopes"])}) for row in document]


def _state(life: Life, now: float, live: Sequence[int]) -> str:
    if life.is_revoked:
        return "revoked"
    if not life.is_live(now):
        return "expired"
    return "active" if life.number == live[-1] else "overlap"
