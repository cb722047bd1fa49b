"""Reading profiles: shipped ones by name, a user's own by file, each built on the one that it extends.

Called by the commands and the judges. Refuses what it does not know, so that a misspelt demand is not silently lost.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from conformance.profiles.model import (
    API,
    CSV,
    REQUIRED,
    USED,
    ApiTerms,
    Basis,
    CheckDemand,
    CsvTerms,
    EntityDemand,
    FieldDemand,
    Profile,
    RequestDemand,
)
from conformance.registry import SEVERITIES
from oneroster_harness.problems import UsageProblem, nearest, unknown
from oneroster_standard.dialects import BASES
from oneroster_standard.standard import VERSIONS, load

Table = dict[str, Any]
_TOP = ("title", "description", "extends", "basis", "source", "api", "csv", "entities", "checks", "requests", "severity", "not_judged")
_KNOWN = ("basis", "source")
_API = ("specs", "auth", *_KNOWN)
_CSV = ("specs", "mode", "required", "used", "most_rows", *_KNOWN)
_ENTITY = ("need", "required", "used", "fields", "channels", *_KNOWN)
_FIELD = ("need", "share", "of", "pattern", "one_of", "covers", "channels", *_KNOWN)
_CHECK = ("ids", "need", "at", "must_run", "places", "why", "channels", *_KNOWN)
_REQUEST = (
    "id", "path", "method", "each", "service", "query", "body", "status", "records", "first", "first_is", "every", "lists", "lacks", "take",
    "has_total", "content_type", "differs_from", "within_s", "why", *_KNOWN,
)  # fmt: skip
_COUNTS = ("any", "some", "none", "one")
MOST_BASES = 8


def shipped() -> tuple[str, ...]:
    """Names of the profiles that come with the suite."""
    return tuple(sorted(found.name.removesuffix(".toml") for found in files(__package__).iterdir() if found.name.endswith(".toml")))


def load_profile(name_or_file: str) -> Profile:
    """The profile of a shipped name, or of a TOML file.

    Raises UsageProblem for an unknown name, a file that cannot be read, or a demand that is not understood.
    """
    raw, name, where = _read(name_or_file, Path())
    whole = _extended(raw, where, seen=(where,))
    return _Reader(where).profile(name, whole)


def load_profiles(names: Iterable[str]) -> tuple[Profile, ...]:
    """Several profiles, each once; raises UsageProblem, also when two of them bear one name."""
    found: dict[str, Profile] = {}
    for name in dict.fromkeys(names):
        profile = load_profile(name)
        if profile.name in found:
            raise UsageProblem(f"two profiles bear the name {profile.name!r}", "a name each", name, "rename one of the files")
        found[profile.name] = profile
    return tuple(found.values())


def _read(name_or_file: str, beside: Path) -> tuple[Table, str, str]:
    """The raw tables, the name and the place of a profile; a path is sought beside the file that names it."""
    if name_or_file in shipped():
        text = files(__package__).joinpath(f"{name_or_file}.toml").read_text("utf-8")
        return tomllib.loads(text), name_or_file, name_or_file
    path = beside / name_or_file
    if not (name_or_file.endswith(".toml") or path.is_file()):
        raise unknown("profile", name_or_file, shipped(), "oneroster profiles; or give a file that ends in .toml")
    try:
        return tomllib.loads(path.read_text("utf-8")), path.stem, str(path)
    except FileNotFoundError as error:
        raise UsageProblem("the profile's file is not there", "a TOML file, or a name", str(path), f"shipped: {', '.join(shipped())}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageProblem(f"the profile cannot be read: {type(error).__name__}", "a TOML file in UTF-8", str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageProblem("the profile is not TOML", "key = value", f"{path}: {error}") from error


def _extended(raw: Table, where: str, seen: tuple[str, ...]) -> Table:
    base_name = raw.get("extends")
    if base_name is None:
        return raw
    if not isinstance(base_name, str):
        raise UsageProblem("extends is no name", "the name of a profile, or a file", where)
    base, _, base_where = _read(base_name, Path(where).parent if where not in shipped() else Path())
    if base_where in seen or len(seen) > MOST_BASES:
        raise UsageProblem("the profile extends itself", "a profile that ends at one without extends", " > ".join((*seen, base_where)))
    return _merged(_extended(base, base_where, (*seen, base_where)), raw)


def _merged(base: Table, own: Table) -> Table:
    """Tables are merged key by key, lists of checks and requests are added to, everything else is replaced."""
    whole = dict(base)
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            whole[key] = _merged(base[key], value)
        elif key in ("checks", "requests", "not_judged") and isinstance(base.get(key), list) and isinstance(value, list):
            whole[key] = [*base[key], *value]
        else:
            whole[key] = value
    whole.pop("extends", None)
    return whole


class _Reader:
    """Turns raw tables into a Profile; where: the file for messages."""

    def __init__(self, where: str) -> None:
        self.where = where

    def profile(self, name: str, raw: Table) -> Profile:
        """The whole profile."""
        self._only(raw, _TOP, "the profile")
        known = self._known(raw, Basis("guess", ""))
        api, csv = raw.get("api"), raw.get("csv")
        if api is None and csv is None:
            raise self._wrong("the profile takes nothing", "[api] or [csv] with specs", "api, csv")
        return Profile(
            name=name, title=str(raw.get("title", name)), description=str(raw.get("description", "")), known=known,
            api=self._api(self._table(api, "api"), known) if api is not None else None,
            csv=self._csv(self._table(csv, "csv"), known) if csv is not None else None,
            entities=tuple(self._entity(one, self._table(row, f"entities.{one}"), known) for one, row in self._table(raw.get("entities", {}), "entities").items()),
            checks=tuple(self._check(self._table(row, "checks"), known) for row in raw.get("checks", ())),
            requests=self._requests(raw.get("requests", ()), known),
            severity=self._severity(self._table(raw.get("severity", {}), "severity")),
            not_judged=self._texts(raw, "not_judged", "the profile"),
        )  # fmt: skip

    def _api(self, row: Table, known: Basis) -> ApiTerms:
        self._only(row, _API, "[api]")
        auth = self._texts(row, "auth", "[api]", among=("oauth2", "oauth1", "bearer"))
        return ApiTerms(self._specs(row, "[api]"), auth, self._known(row, known))

    def _csv(self, row: Table, known: Basis) -> CsvTerms:
        self._only(row, _CSV, "[csv]")
        specs = self._specs(row, "[csv]")
        valid = sorted({name for spec in VERSIONS for name in load(spec).csv_files})
        mode = self._word(row, "mode", ("any", "bulk", "delta"), "any", "[csv]")
        return CsvTerms(
            specs, mode, self._texts(row, "required", "[csv]", among=valid), self._texts(row, "used", "[csv]", among=valid),
            int(self._number(row, "most_rows", 0, "[csv]")), self._known(row, known),
        )  # fmt: skip

    def _entity(self, name: str, row: Table, known: Basis) -> EntityDemand:
        place = f"[entities.{name}]"
        classes = {entity: found for spec in VERSIONS for entity, found in load(spec).collections.items()}
        if name not in classes:
            raise self._wrong(f"unknown entity {name!r}; {nearest(name, classes)}", "a collection of the standard", place)
        self._only(row, _ENTITY, place)
        own = self._known(row, known)
        details = self._table(row.get("fields", {}), f"{place} fields")
        listed = {one: need for need in (REQUIRED, USED) for one in self._texts(row, need, place)}
        fields = [
            self._field(name, one, {"need": listed.get(one, REQUIRED)} | self._table(details.get(one, {}), f"{place} {one}"), own)
            for one in dict.fromkeys((*listed, *details))
        ]
        return EntityDemand(
            name, self._word(row, "need", (REQUIRED, USED), REQUIRED, place), tuple(fields), self._channels(row, place), own
        )

    def _field(self, entity: str, name: str, row: Table, known: Basis) -> FieldDemand:
        place = f"[entities.{entity}.fields.{name}]"
        self._only(row, _FIELD, place)
        valid = {item.name for spec in VERSIONS if entity in load(spec).collections for item in load(spec).collection(entity).properties}
        if name.partition(".")[0] not in valid:
            raise self._wrong(f"unknown field {name!r}; {nearest(name, valid)}", f"a property of {entity}", place)
        pattern = str(row.get("pattern", ""))
        try:
            re.compile(pattern)
        except re.error as error:
            raise self._wrong("the pattern is no regular expression", str(error), place) from error
        need = self._word(row, "need", (REQUIRED, USED), REQUIRED, place)
        share = self._number(row, "share", 1.0 if need == REQUIRED else 0.0, place)
        if not 0 <= share <= 1:
            raise self._wrong("a share beyond 0 to 1", "0.95 for 95 %", place)
        of, _, values = str(row.get("of", "")).partition("=")
        return FieldDemand(
            name, need, share, (of, tuple(filter(None, values.split("|")))), pattern,
            self._texts(row, "one_of", place), self._texts(row, "covers", place), self._channels(row, place), self._known(row, known),
        )  # fmt: skip

    def _check(self, row: Table, known: Basis) -> CheckDemand:
        self._only(row, _CHECK, "[[checks]]")
        ids = self._texts(row, "ids", "[[checks]]")
        for name in ids:
            self.check_exists(name, "[[checks]] ids")
        if not ids:
            raise self._wrong("a demand of checks names none", 'ids = ["paging.*"]', "[[checks]]")
        return CheckDemand(
            ids, self._word(row, "need", (REQUIRED, USED), REQUIRED, "[[checks]]"), self._word(row, "at", SEVERITIES, "info", "[[checks]]"), row.get("must_run", True) is True,
            self._texts(row, "places", "[[checks]]"), str(row.get("why", "")),
            self._channels(row, "[[checks]]"), self._known(row, known),
        )  # fmt: skip

    def _requests(self, rows: Any, known: Basis) -> tuple[RequestDemand, ...]:
        found: dict[str, RequestDemand] = {}
        for raw in rows:
            row = self._table(raw, "requests")
            self._only(row, _REQUEST, "[[requests]]")
            if not isinstance(row.get("id"), str) or not str(row.get("path", "")).startswith("/"):
                raise self._wrong("a request without id or path", 'id = "name", path = "/users"', "[[requests]]")
            place = f"[[requests]] {row['id']}"
            if row["id"] in found:
                raise self._wrong("two requests bear one id", "an id each", place)
            found[row["id"]] = RequestDemand(
                id=row["id"], path=row["path"], method=self._word(row, "method", ("GET", "PUT", "DELETE"), "GET", place),
                each=self._texts(row, "each", place), service=self._word(row, "service", ("", "rostering", "gradebook", "resources"), "", place),
                query=self._words(row, "query", place), body=str(row.get("body", "")), status=tuple(map(int, row.get("status", (200,)))),
                records=self._word(row, "records", _COUNTS, "any", place), first=self._texts(row, "first", place),
                first_is=self._words(row, "first_is", place), every=self._words(row, "every", place), lists=str(row.get("lists", "")),
                lacks=str(row.get("lacks", "")), take=self._words(row, "take", place), has_total=row.get("has_total") is True,
                content_type=str(row.get("content_type", "")), differs_from=str(row.get("differs_from", "")),
                within_s=self._number(row, "within_s", 0.0, place), why=str(row.get("why", "")), known=self._known(row, known),
            )  # fmt: skip
        return tuple(found.values())

    def _severity(self, row: Table) -> dict[str, str]:
        for name in row:
            self.check_exists(name, "[severity]")
            self._word(row, name, SEVERITIES, "", "[severity]")
        return {name: str(value) for name, value in row.items()}

    def check_exists(self, name: str, place: str) -> None:
        """Raise for a check or family that the suite does not have."""
        from conformance.catalogue import (
            entries,  # the catalogue loads every family; only a profile needs it here
        )

        ids = [entry["id"] for entry in entries()]
        if name not in ids and not (name.endswith("*") and any(one.startswith(name[:-1]) for one in ids)):
            raise self._wrong(f"unknown check {name!r}; {nearest(name, ids)}", "a check, or a family such as paging.*", place)

    def _known(self, row: Mapping[str, Any], known: Basis) -> Basis:
        return Basis(self._word(row, "basis", BASES, known.basis, "basis"), str(row.get("source", known.source)))

    def _specs(self, row: Table, place: str) -> tuple[str, ...]:
        specs = self._texts(row, "specs", place, among=VERSIONS)
        if not specs:
            raise self._wrong("no version is named", f'specs = ["{VERSIONS[0]}"]', place)
        return specs

    def _channels(self, row: Table, place: str) -> tuple[str, ...]:
        return self._texts(row, "channels", place, among=(API, CSV)) or (API, CSV)

    def _texts(self, row: Table, key: str, place: str, among: Iterable[str] = ()) -> tuple[str, ...]:
        found = row.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(f"{key} is no list of texts", f'{key} = ["..."]', place)
        for one in found:
            if among and one not in among:
                raise self._wrong(f"unknown value {one!r} of {key}; {nearest(one, among)}", "one of them", place)
        return tuple(found)

    def _words(self, row: Table, key: str, place: str) -> dict[str, str]:
        return {name: str(value) for name, value in self._table(row.get(key, {}), f"{place} {key}").items()}

    def _word(self, row: Mapping[str, Any], key: str, among: Iterable[str], default: str, place: str) -> str:
        found = row.get(key, default)
        if found not in among:
            raise self._wrong(f"unknown value {found!r} of {key}; {nearest(str(found), among)}", "one of them", place)
        return str(found)

    def _number(self, row: Table, key: str, default: float, place: str) -> float:
        found = row.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise self._wrong(f"{key} is no number", f"{key} = {default}", place)
        return found

    def _table(self, found: Any, place: str) -> Table:
        if not isinstance(found, dict):
            raise self._wrong(f"{place} is no table", "key = value", place)
        return found

    def _only(self, row: Table, keys: Iterable[str], place: str) -> None:
        for key in row:
            if key not in keys:
                raise self._wrong(f"unknown key {key!r}; {nearest(key, keys)}", "a key of profiles", place)

    def _wrong(self, met: str, expected: str, place: str) -> UsageProblem:
        return UsageProblem(met, expected, f"{self.where}, {place}", "docs/profiles.md")
