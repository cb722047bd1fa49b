"""Reference pages of quirks, vendors and faults, derived from the dialect files: docs/quirks.md, vendors.md, faults.md.

Called by `python -m mock_server.documentation DOCS` and by the test that keeps the pages current. A row that nobody
was found saying is marked GUESS; its evidence column tells the rest.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mock_server.catalogue import LEGAL
from mock_server.faults.documentation import faults_page
from oneroster_standard.dialects import (
    SHIPPED,
    Deviation,
    Dialect,
    Fact,
    QuirkFacts,
    load_dialect,
    load_quirks,
)
from oneroster_standard.documentation import table

GUESS = "**GUESS**"
LEGEND = {
    "standard": "the standard's own text",
    "documented": "the vendor's documentation says it",
    "captured": "a real response was recorded in public",
    "code": "client code written against this vendor depends on it",
    "third-party": "a third party's guide or notes say it",
    "brief": "only the published setup guide of one consumer says it",
    GUESS: "nobody was found saying it: chosen so that the mock has a definite answer",
}


def evidence(basis: str, source: str) -> str:
    """A basis and its source; a guess stands out, also one that only the source's words admit."""
    words = source.replace("a guess", GUESS)
    if basis != "guess":
        return f"{basis}: {words}" if words else basis
    return f"{GUESS}: {words}" if words else GUESS


def sources() -> dict[str, str]:
    """Key -> public place of every source that the dialect files cite."""
    return tomllib.loads(files(__package__).joinpath("sources.toml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the mock does about a deviation that is no quirk. how: behaviour, fault, credential or outside."""

    how: str
    what: str


def elsewhere() -> dict[str, Elsewhere]:
    """Number of a deviation -> what the mock does about it without a quirk."""
    rows = tomllib.loads(files(__package__).joinpath("deviations.toml").read_text("utf-8"))
    return {number: Elsewhere(row["how"], row["what"]) for number, row in rows.items()}


def _legend() -> Iterator[str]:
    yield "## Evidence"
    yield ""
    yield from table(("mark", "meaning"), LEGEND.items())
    yield ""
    yield "## Sources"
    yield ""
    yield from table(("key", "place"), sources().items())
    yield ""


def _place(quirk: QuirkFacts, dialect: Dialect) -> str:
    """How a vendor shows a quirk: by default, on demand, or not at all."""
    for found in dialect.deviations:
        if found.quirk == quirk.id:
            return ("on" if found.on else "on demand") + (f" {GUESS}" if found.basis == "guess" else "")
    return ""


def _evidence_of(quirk: QuirkFacts) -> str:
    found = [
        f"{vendor} {GUESS if basis == 'guess' else basis}"
        if vendor != "any"
        else GUESS
        if basis == "guess"
        else basis
        for vendor, basis in quirk.confidence.items()
    ]
    return f"{', '.join(found)}: {quirk.source}"


def quirks_page() -> str:
    """Markdown of all quirks: what a client sees, the evidence, the check that finds it, who shows it."""
    quirks = load_quirks().values()
    dialects = [load_dialect(name) for name in SHIPPED if name != "reference"]
    lines = ["# Quirks of the mock server", "", "Generated from the dialect files; do not edit.", ""]
    lines += [
        "A quirk is one way in which a provider departs from the standard. Turn one on with",
        "`oneroster serve --quirk [VENDOR:]ID`, with `PUT {admin_url}/vendors/VENDOR/quirks`, or in a test with",
        '`oneroster_mock.set_quirks("reference", ["paging.no-link"])`. A quirk that works on the *view* changes which',
        "records a vendor shows: it comes with the vendor's own district and cannot be turned on for another provider.",
        "",
        "## What a client sees",
        "",
    ]
    lines += table(
        ("quirk", "works on", "what a client sees", "found by", "evidence"),
        (
            (
                f"`{found.id}`",
                "view" if found.hook == "lens" else "wire",
                f"{found.title}. {found.description}",
                ", ".join(f"`{check}`" for check in found.trips) or LEGAL,
                _evidence_of(found),
            )
            for found in quirks
        ),
    )
    lines += ["", "## Which vendor shows which", "", "The reference provider shows none unless asked.", ""]
    lines += table(
        ("quirk", *(dialect.title for dialect in dialects)),
        ((f"`{found.id}`", *(_place(found, dialect) for dialect in dialects)) for found in quirks),
    )
    lines += ["", "## Deviations that are no quirk", ""]
    lines += table(("deviation", "how", "what the mock does"), ((number, found.how, found.what) for number, found in elsewhere().items()))
    return "\n".join([*lines, "", *_legend()]).rstrip() + "\n"


def _facts(headers: tuple[str, str], facts: Iterable[Fact], mark: str = "`") -> Iterator[str]:
    yield from table(
        headers, ((f"{mark}{found.value}{mark}", evidence(found.basis, found.source)) for found in facts)
    )
    yield ""


def _sign_in(dialect: Dialect) -> Iterator[str]:
    kinds = {
        "oauth2": "OAuth 2 client credentials",
        "oauth1": "OAuth 1.0a signatures",
        "bearer": "a static bearer key",
    }
    yield f"Signs in with {', '.join(kinds[found] for found in dialect.auth)}."
    if dialect.token_paths:
        yield f"Tokens: {dialect.token_form}, {dialect.token_life_s:,} s."
    most = f"at most {dialect.page_max:,}" if dialect.page_max else "no maximum"
    yield f"Pages: {dialect.page_default} records unless asked otherwise, {most}."
    served = (f"{spec} with {', '.join(dialect.services_of(spec))}" for spec in dialect.specs)
    yield f"Serves {' and '.join(served)}."
    yield ""


def _shape(dialect: Dialect) -> Iterator[str]:
    rows = [(f"ids of {name}" if name != "default" else "ids", value) for name, value in dialect.ids.items()]
    for name, value in dialect.scope.items():
        text = ", ".join(value) if isinstance(value, list) else str(value).lower()
        rows.append((name.replace("_", " "), text))
    if rows:
        yield "The evidence of page sizes, token life, ids and scope stands as comments in the dialect file,"
        yield f"`oneroster_standard/dialects/{dialect.name}.toml`; what is a guess is called so there."
        yield ""
        yield from table(("district as shown", "form"), rows)
        yield ""


def _deviations(dialect: Dialect) -> Iterator[str]:
    titles = load_quirks()
    yield "### Deviations"
    yield ""

    def row(found: Deviation) -> tuple[str, str, str, str]:
        place = "on" if found.on else "on demand"
        return f"`{found.quirk}`", titles[found.quirk].title, place, evidence(found.basis, found.source)

    yield from table(("quirk", "title", "default", "evidence"), map(row, dialect.deviations))
    yield ""


def _settings(dialect: Dialect) -> Iterator[str]:
    yield "### Settings"
    yield ""
    yield f"Withhold one with `oneroster serve --withhold {dialect.name}:SETTING` or in the admin API."
    yield ""
    yield from table(
        ("setting", "title", "closes", "answer", "setup step", "evidence"),
        (
            (
                f"`{found.id}`",
                found.title,
                ", ".join("everything" if name == "*" else name for name in found.withholds),
                str(found.status),
                found.remedy,
                evidence(found.basis, found.source),
            )
            for found in dialect.settings
        ),
    )
    yield ""


def _vendor(dialect: Dialect) -> Iterator[str]:
    yield f"## {dialect.title} (`{dialect.name}`)"
    yield ""
    yield from _sign_in(dialect)
    yield from _facts(("service root", "evidence"), dialect.roots)
    if dialect.hosts:
        yield from _facts(("host names that reach it", "evidence"), dialect.hosts)
    if dialect.token_paths:
        yield from _facts(("token endpoint", "evidence"), dialect.token_paths)
    if dialect.other_product_token_paths:
        yield from _facts(("token endpoint of the other product", "evidence"), dialect.other_product_token_paths)
    if dialect.applications:
        yield from _facts(("list of districts for partners", "evidence"), dialect.applications)
    yield from _shape(dialect)
    if dialect.settings:
        yield from _settings(dialect)
    if dialect.deviations:
        yield from _deviations(dialect)
    if dialect.facts:
        yield "### Known about this vendor"
        yield ""
        yield from table(
            ("fact", "deviation", "evidence", "in the mock"),
            ((found.value, found.deviation, evidence(found.basis, found.source), found.why_not or "so") for found in dialect.facts),
        )
        yield ""
    yield "### What to do when it fails"
    yield ""
    yield from table(
        ("symptom", "step"), ((name.replace("-", " "), step) for name, step in dialect.remedies.items())
    )
    yield ""


def vendors_page() -> str:
    """Markdown of all vendors: URLs, sign-in, settings with their setup steps, deviations, remedies."""
    lines = ["# Vendors of the mock server", "", "Generated from the dialect files; do not edit.", ""]
    lines += [
        "Each vendor is a provider of its own on one port. `{app}` in a path stands for the district's application",
        "id, made from the seed. The first service root of a vendor is the one in the ready file. Source keys name",
        "public material; keys and marks are explained at the end.",
        "",
    ]
    for name in SHIPPED:
        lines += _vendor(load_dialect(name))
    return "\n".join([*lines, *_legend()]).rstrip() + "\n"


def pages() -> dict[str, str]:
    """File name -> text of every generated page."""
    return {"quirks.md": quirks_page(), "vendors.md": vendors_page(), "faults.md": faults_page()}


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    for name, text in pages().items():
        folder.joinpath(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
