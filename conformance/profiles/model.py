"""A consumer profile: its demands, each with what it needs, how that is known, and where it is written.

Made by loading.py, judged by verdicts.py. Holds no data of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

API, CSV = "api", "csv"
REQUIRED, USED = "required", "used"
"""A required demand that is not met blocks; what is only used is remarked upon when it is not there."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How a demand is known: one of BASES of the dialects, and where it is written."""

    basis: str = "guess"
    source: str = ""


UNKNOWN = Basis()


@dataclass(frozen=True, slots=True)
class FieldDemand:
    """What a consumer needs of one property of an entity, in the names of the JSON model.

    share: part of the records, 0 to 1, that must have a value; 0: one of them at least. of: (property, values) that chooses the records which are
    meant, () for all. pattern: regular expression that a whole value fits. one_of: the values that are allowed.
    covers: values that must each occur.
    """

    field: str
    need: str = REQUIRED
    share: float = 1.0
    of: tuple[str, tuple[str, ...]] = ("", ())
    pattern: str = ""
    one_of: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    channels: tuple[str, ...] = (API, CSV)
    known: Basis = UNKNOWN


@dataclass(frozen=True, slots=True)
class EntityDemand:
    """One collection of the API, or the file of that name: required ones must be there and hold records."""

    name: str
    need: str
    fields: tuple[FieldDemand, ...] = ()
    channels: tuple[str, ...] = (API, CSV)
    known: Basis = UNKNOWN


@dataclass(frozen=True, slots=True)
class CheckDemand:
    """Checks of the suite that must hold.

    ids: checks, or families such as `paging.*`. at: weakest severity of a finding that blocks. must_run: whether one that
    was not exercised leaves the verdict incomplete. places: parts of pointers or of files and columns that a finding must
    be about to block, () for any. need: used makes a remark of what would block.
    """

    ids: tuple[str, ...]
    need: str = REQUIRED
    at: str = "info"
    must_run: bool = True
    places: tuple[str, ...] = ()
    why: str = ""
    channels: tuple[str, ...] = (API, CSV)
    known: Basis = UNKNOWN


@dataclass(frozen=True, slots=True)
class RequestDemand:
    """One request that the consumer sends, and what it asks of the answer.

    path and query may hold `{name}`: `{each}` of the list, what `take` of an earlier request put there, or a fact of the run.
    records: some, none, one or any. first: paths that the first record must have. every: path -> value that all records
    must have. first_is and lists, lacks: the value that a path of the first record has, an id that is or is not listed.
    take: name -> path of the first record. within_s: seconds that the answer may take, 0 for any.
    """

    id: str
    path: str
    method: str = "GET"
    each: tuple[str, ...] = ()
    service: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: tuple[int, ...] = (200,)
    records: str = "any"
    first: tuple[str, ...] = ()
    first_is: Mapping[str, str] = field(default_factory=dict)
    every: Mapping[str, str] = field(default_factory=dict)
    lists: str = ""
    lacks: str = ""
    take: Mapping[str, str] = field(default_factory=dict)
    has_total: bool = False
    content_type: str = ""
    differs_from: str = ""
    within_s: float = 0.0
    why: str = ""
    known: Basis = UNKNOWN


@dataclass(frozen=True, slots=True)
class ApiTerms:
    """How the consumer reads an API. auth: mechanisms that it can sign in with, () for any."""

    specs: tuple[str, ...]
    auth: tuple[str, ...] = ()
    known: Basis = UNKNOWN


@dataclass(frozen=True, slots=True)
class CsvTerms:
    """How the consumer reads bundles. mode: bulk, delta or any. most_rows: rows of one file, 0 for any number."""

    specs: tuple[str, ...]
    mode: str = "any"
    required: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    most_rows: int = 0
    known: Basis = UNKNOWN


@dataclass(frozen=True)
class Profile:
    """One consumer. api or csv is None when it takes no such source. not_judged: what it demands beyond what is judged here."""

    name: str
    title: str
    description: str
    known: Basis
    api: ApiTerms | None = None
    csv: CsvTerms | None = None
    entities: tuple[EntityDemand, ...] = ()
    checks: tuple[CheckDemand, ...] = ()
    requests: tuple[RequestDemand, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    not_judged: tuple[str, ...] = ()

    def fields_of(self, entity: str) -> tuple[FieldDemand, ...]:
        """What is demanded of an entity's properties."""
        return tuple(found for one in self.entities if one.name == entity for found in one.fields)
