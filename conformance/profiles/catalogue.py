"""Entries of the shipped profiles, for `oneroster profiles` and `oneroster explain`; and a profile's demands in words.

Called through the `oneroster.catalogues` entry point.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.profiles.loading import load_profile, shipped
from conformance.profiles.model import REQUIRED, Basis, FieldDemand, Profile, RequestDemand

Row = tuple[str, str, str, str]
"""What is demanded, of what kind, whether it is required, and how that is known."""


def entries() -> list[dict[str, Any]]:
    """One entry per shipped profile in order of name."""
    return [entry(load_profile(name)) for name in shipped()]


def entry(profile: Profile) -> dict[str, Any]:
    """One profile as an entry of the catalogue."""
    return {
        "id": profile.name, "kind": "profile", "title": profile.title, "description": profile.description, "source": profile.known.source,
        "confidence": {"any": profile.known.basis}, "api": list(profile.api.specs) if profile.api else [],
        "csv": list(profile.csv.specs) if profile.csv else [], "not_judged": list(profile.not_judged), "details": list(details(profile)),
    }  # fmt: skip


def details(profile: Profile) -> Iterator[str]:
    """The demands in aligned lines."""
    for what, kind, need, known in rows(profile):
        yield f"{need:<10} {kind:<8} {what}" + ("  (GUESS)" if known.startswith("guess") else "")
    yield from (f"not judged          {text}" for text in profile.not_judged)


def rows(profile: Profile) -> Iterator[Row]:
    """Every demand in words."""
    if profile.api:
        signing = f", signed in by {' or '.join(profile.api.auth)}" if profile.api.auth else ""
        yield f"OneRoster {' or '.join(profile.api.specs)}{signing}", "api", REQUIRED, _known(profile.api.known)
    if profile.csv:
        terms, known = profile.csv, _known(profile.csv.known)
        only = "" if terms.mode == "any" else f", {terms.mode} files only"
        most = f", {terms.most_rows:,} rows in a file at most" if terms.most_rows else ""
        yield f"OneRoster {' or '.join(terms.specs)}{only}{most}", "bundle", REQUIRED, known
        yield from ((name, "file", need, known) for need, names in ((REQUIRED, terms.required), ("used", terms.used)) for name in names)
    for entity in profile.entities:
        of = "" if len(entity.channels) > 1 else f" ({entity.channels[0]})"
        yield f"{entity.name}{of}", "records", entity.need, _known(entity.known)
        yield from ((_field(entity.name, found), "field", found.need, _known(found.known)) for found in entity.fields)
    for demand in profile.checks:
        level = "" if demand.at == "info" else f", no {demand.at}" + (" or graver" if demand.at == "warning" else "")
        run = "" if demand.must_run else ", where exercised"
        about = f" about {', '.join(demand.places)}" if demand.places else ""
        yield f"{', '.join(demand.ids)}{about}{level}{run}", "checks", demand.need, _known(demand.known)
    yield from ((_request(found), "request", REQUIRED, _known(found.known)) for found in profile.requests)
    yield from ((f"{check} counts as {severity}", "severity", REQUIRED, _known(profile.known)) for check, severity in profile.severity.items())


def _known(known: Basis) -> str:
    return f"{known.basis}: {known.source}" if known.source else known.basis


def _field(entity: str, demand: FieldDemand) -> str:
    parts = [f"{entity}.{demand.field}"]
    if demand.of[0]:
        parts.append(f"of those with {demand.of[0]} {' or '.join(demand.of[1])}")
    if 0 < demand.share < 1:
        parts.append(f"in {demand.share:.0%}")
    for words, values in (("one of", demand.one_of), ("each of", demand.covers)):
        if values:
            parts.append(f"{words} {', '.join(values)}")
    return " ".join([*parts, *([f"of the form {demand.pattern}"] if demand.pattern else [])])


def _request(demand: RequestDemand) -> str:
    query = "&".join(f"{name}={value}" for name, value in demand.query.items())
    each = f" for {', '.join(demand.each)}" if demand.each else ""
    asks = [f"status {' or '.join(map(str, demand.status))}"]
    if demand.records != "any":
        asks.append({"some": "records", "none": "an empty list", "one": "exactly one record"}[demand.records])
    asks += [f"the first with {', '.join(demand.first)}"] if demand.first else []
    asks += [f"{path} {wanted.lstrip('~')}" for path, wanted in demand.first_is.items()]
    asks += [f"every {path} {wanted.lstrip('~') or 'filled'}" for path, wanted in demand.every.items()]
    asks += [text for text, given in (
        ("X-Total-Count", demand.has_total), (demand.content_type, demand.content_type), (f"within {demand.within_s:g} s", demand.within_s),
        (f"another first record than {demand.differs_from}", demand.differs_from), ("the object among them", demand.lists),
        ("the object no longer among them", demand.lacks),
    ) if given]  # fmt: skip
    return f"{demand.id}: {demand.method} {demand.path}{'?' if query else ''}{query}{each}: {'; '.join(asks)}"
