"""Hooks where a quirk may change what the reference server does, and the registry of quirks.

Called by the server at fixed places, in the order of this class. A quirk overrides the hooks it needs; every other
one leaves its argument alone. Order for a token: token_request, token, answer. Order for a request: admit, parameters,
query, rows, page or single, error, answer; headers ends both. `record` runs once per record, when a vendor's collections
are rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from mock_server.collections import Numbers
    from mock_server.provider import Provider
    from mock_server.quirks.memory import Memory

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A collection request as asked; filter and fields are raw text, None when not given."""

    limit: int
    offset: int
    sort: str | None = None
    order: str = "asc"
    filter: str | None = None
    fields: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a collection request before it is written.

    records: rendered records (service root still marked). links: rel -> (limit, offset). extra: members beside
    the records.
    """

    key: str
    path: str
    records: tuple[bytes, ...]
    total: int
    query: Query
    links: Mapping[str, tuple[int, int]]
    headers: Mapping[str, str]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """An error before it is written: JSON payload unless body is given."""

    status: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a token request carried, without its secret. scope: as asked for, None when it was not named."""

    in_header: bool
    query: Mapping[str, str]
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request under a service root. path: below the root; is_token: at the token endpoint."""

    method: str
    path: str
    headers: Headers
    query: str
    is_token: bool = False

    @property
    def segment(self) -> str:
        """The first word of the path: the collection or view."""
        return self.path.strip("/").partition("/")[0]


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RecordContext:
    """Where a record stands: its row in the collection and the names of properties that it may have."""

    row: int
    texts: tuple[str, ...]
    optional: tuple[str, ...]
    lists: tuple[str, ...]


class Quirk:
    """A deviation; every hook returns its argument unless it is overridden.

    id: its name in the catalogue. clock_offset_s: how far the provider's clock is ahead. accepts_static_bearer: whether
    the vendor's static key opens its API. passes_added_parameters: whether a signature fits a query that has grown since.
    accepts_other_districts, accepts_expired_tokens: whether such a credential opens the API.
    """

    id: str = ""
    clock_offset_s: float = 0.0
    accepts_static_bearer: bool = False
    passes_added_parameters: bool = False
    accepts_other_districts: bool = False
    accepts_expired_tokens: bool = False
    memory: Memory
    """What it remembers between requests; given by the vendor."""

    def record(self, collection: str, record: Record, context: RecordContext) -> Record:
        """Change one record when the collection is rendered."""
        return record

    def laid_over(self, record: bytes) -> bytes:
        """Change a rendered record that differs from day 0; empty bytes take it out of every read."""
        return record

    def kept(self, collection: str, record: Record, before: Record | None) -> Record | None:
        """Change what a PUT keeps; before: what was there under its key. None keeps nothing."""
        return record

    def posted(self, collection: str, records: Sequence[Record]) -> Sequence[Record]:
        """Change which of the records of a POST are kept."""
        return records

    def along(self, collection: str, record: Record, provider: Provider) -> list[Record]:
        """Further records that change when one is written."""
        return []

    def removes(self, collection: str) -> bool:
        """Whether a DELETE removes anything."""
        return True

    def token_request(self, request: TokenRequest) -> str | None:
        """Refuse a token request: an OAuth error code, or None."""
        return None

    def token(self, answer: Record) -> Record:
        """Change the token endpoint's answer."""
        return answer

    def rotation(self, overlap_s: float) -> float:
        """Change how long an old credential stays good beside the new one."""
        return overlap_s

    def authorization(self, given: str, query: str) -> str:
        """Change the Authorization header before it is looked at; empty for none."""
        return given

    def admit(self, asked: ApiRequest) -> WholeAnswer | None:
        """Answer a request before its credential is looked at, or None; may raise Refusal."""
        return None

    def raw_query(self, query: str) -> str:
        """Change the query string, still percent-encoded, after its signature was checked."""
        return query

    def parameters(self, pairs: list[tuple[str, str]], collection: str) -> list[tuple[str, str]]:
        """Change the decoded query parameters before they are checked; may raise Refusal."""
        return pairs

    def query(self, query: Query, collection: str, provider: Provider) -> Query:
        """Change what is asked before it is carried out."""
        return query

    def alternatives(self, text: str) -> list[list[str]] | None:
        """Read a filter otherwise than the standard: groups of which one must hold, each of predicates that all must."""
        return None

    def rows(
        self, operation: str, parameters: Mapping[str, str], rows: Numbers, provider: Provider
    ) -> Numbers:
        """Change the members of a related collection (row numbers)."""
        return rows

    def page(self, page: Page, provider: Provider) -> Page:
        """Change a collection's answer."""
        return page

    def single(self, key: str, body: bytes) -> tuple[str, bytes]:
        """Change a single object's answer: payload key and JSON value."""
        return key, body

    def error(self, error: ErrorAnswer) -> ErrorAnswer:
        """Change an error answer."""
        return error

    def answer(self, asked: ApiRequest, answer: WholeAnswer) -> WholeAnswer:
        """Change any answer as a whole."""
        return answer

    def root(self, root: str) -> str:
        """Change the service root that references are written with."""
        return root

    def headers(self, headers: dict[str, str]) -> dict[str, str]:
        """Change the headers of any answer."""
        return headers


def acting(quirks: Sequence[Quirk], hook: str) -> tuple[Quirk, ...]:
    """Those of some quirks that do something in a hook, in order: a vendor has dozens, and few of them touch one hook."""
    return _acting(tuple(quirks), hook) if quirks else ()


@lru_cache(maxsize=1024)
def _acting(quirks: tuple[Quirk, ...], hook: str) -> tuple[Quirk, ...]:
    return tuple(quirk for quirk in quirks if getattr(type(quirk), hook) is not getattr(Quirk, hook))


REGISTRY: dict[str, type[Quirk]] = {}


def quirk(id: str) -> Callable[[type[Quirk]], type[Quirk]]:
    """Register a quirk under its id in the catalogue."""

    def register(kind: type[Quirk]) -> type[Quirk]:
        if id in REGISTRY:
            raise ValueError(f"quirk {id} is registered twice")
        kind.id = id
        REGISTRY[id] = kind
        return kind

    return register
