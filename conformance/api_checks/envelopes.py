"""Envelopes and headers of successful answers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.survey import CORE, Collection, Record, key_of

SECTION = "REST 1.1, payloads"
STANDARD_HEADERS = ("x-total-count", "x-request-id", "x-frame-options", "x-content-type-options", "x-xss-protection")


@check(
    "envelope.collection-key", severity="error", section=SECTION,
    why="Consumers look records up under the class's plural name, also for views such as /schools.",
)  # fmt: skip
def collections_come_under_their_key(run: Run) -> Iterator[Notice]:
    """Every collection and view answers under the key of its class."""
    pages = [(found.name, found.pages[0]) for found in run.readable()]
    for segment, (collection, _, _) in run.standard.views.items():
        pages.append((collection, run.get(f"/{segment}", {"limit": 1000, "offset": 0})))
    for key, page in pages:
        document = json_of(page)
        if page.status == 200 and not (isinstance(document, dict) and isinstance(document.get(key), list)):
            seen = [name for name in document if name != "statusInfoSet"][:3] if isinstance(document, dict) else ["an array"]
            yield at(page, f"the records are not under {key}", pointer=f"/{key}", expected=key, observed=", ".join(seen))


@check(
    "envelope.extra-members", severity="warning", section=SECTION,
    why="Strict consumers refuse members that the standard does not define.",
)  # fmt: skip
def pages_hold_nothing_beside_records(run: Run) -> Iterator[Notice]:
    """A page holds its records, and a statusInfoSet at most."""
    for found in run.readable():
        document = json_of(found.pages[0])
        extra = [name for name in document if name not in (found.name, found.key_seen, "statusInfoSet")] if isinstance(document, dict) else []
        if extra:
            yield at(found.pages[0], f"{found.name} pages hold other members", expected=found.name, observed=", ".join(extra[:5]))


@check(
    "envelope.single-object", severity="error", section=SECTION,
    why="Consumers read one object under the singular key.",
)  # fmt: skip
def one_object_comes_under_its_singular_key(run: Run) -> Iterator[Notice]:
    """A single read answers with the object under the class's singular key."""
    for found in run.readable():
        entity = run.standard.collection(found.name)
        plain = [row for row in found.records if str(row.get("sourcedId", "")) == key_of(row)]
        if not plain:
            continue
        record = next((row for row in _drawn(run, found) if row in plain), plain[0])
        page = run.get(f"/{found.name}/{escaped(key_of(record))}")
        if page.status in (403, 404) and found.name not in CORE:
            continue
        document = json_of(page)
        value = document.get(str(entity.single)) if isinstance(document, dict) else None
        if page.status != 200:
            yield at(page, f"a listed {entity.name} cannot be read alone", expected="200", observed=str(page.status))
        elif not isinstance(value, dict):
            observed = "an array" if isinstance(value, list) else "another key"
            yield at(page, f"a single {entity.name} is not an object under {entity.single}", pointer=f"/{entity.single}",
                     expected="an object", observed=observed)  # fmt: skip
        elif key_of(value) != key_of(record):
            yield at(page, f"another {entity.name} is answered than was asked for", pointer=f"/{entity.single}/sourcedId")


@check(
    "envelope.single-agrees", severity="error", section=SECTION,
    why="A consumer that reads one object to refresh it must not lose or change what the list gave.",
)  # fmt: skip
def one_object_is_as_it_was_listed(run: Run) -> Iterator[Notice]:
    """A single read gives the object as its collection lists it."""
    for found in run.readable():
        entity = run.standard.collection(found.name)
        for record in _drawn(run, found):
            page = run.get(f"/{found.name}/{escaped(str(record.get('sourcedId', '')))}")
            document = json_of(page)
            value = document.get(str(entity.single)) if isinstance(document, dict) else None
            if page.status != 200 or not isinstance(value, dict) or key_of(value) != key_of(record):
                continue  # judged by envelope.single-object
            differing = sorted(name for name in {*value, *record} if value.get(name) != record.get(name))
            if differing:
                yield at(page, f"a single {entity.name} differs from the listed one", pointer=f"/{found.name}/*/{differing[0]}",
                         expected="the same values", observed=f"{', '.join(differing[:5])} differ")  # fmt: skip


def _drawn(run: Run, found: Collection) -> list[Record]:
    """Records of a collection that are read alone."""
    return run.choose(f"single {found.name}", found.records, 5 if run.deep else 1)


def escaped(text: str) -> str:
    """A sourcedId as a path segment."""
    return quote(text, safe="")


@check(
    "headers.content-type", severity="error", section="REST 1.1, formats",
    why="Clients choose their parser by the content type.",
)  # fmt: skip
def answers_are_labelled_as_json(run: Run) -> Iterator[Notice]:
    """Answers carry Content-Type: application/json."""
    for found in run.readable():
        kind = found.pages[0].headers.get("Content-Type", "")
        if _is_not_json(kind):
            yield at(found.pages[0], "the content type is not JSON", expected="application/json", observed=kind[:60] or "absent")
            return
    found = run.readable()[0]
    for page in (run.get(f"/{found.name}/{escaped(key_of(_drawn(run, found)[0]))}"), run.get(f"/{found.name}/no-such-object-1000000")):
        kind = page.headers.get("Content-Type", "")
        if json_of(page) is not None and _is_not_json(kind):
            yield at(page, "the content type is not JSON", expected="application/json", observed=kind[:60] or "absent")


def _is_not_json(kind: str) -> bool:
    return kind.partition(";")[0].strip().lower() != "application/json"


@check(
    "headers.total-count", severity="warning", section="REST 1.1, paging (recommended)",
    why="Without a total a consumer cannot prove that it has read everything.",
)  # fmt: skip
def collections_announce_their_total(run: Run) -> Iterator[Notice]:
    """Collections carry X-Total-Count."""
    for found in run.readable():
        if found.pages[0].total is None:
            yield at(found.pages[0], "X-Total-Count is missing or no number", expected="a number",
                     observed="absent" if "X-Total-Count" not in found.pages[0].headers else "no number")  # fmt: skip


@check(
    "headers.link", severity="warning", section="REST 1.1, paging (recommended)",
    why="Clients that follow links see the first page only.", remedy="page by offset",
)  # fmt: skip
def pages_are_linked(run: Run) -> Iterator[Notice]:
    """A page with more to come carries a Link header with rel next."""
    found = next((item for item in run.readable() if len(item.records) > 2), None)
    if found is None:
        raise Skip("no collection has more than two records")
    page = run.get(f"/{found.name}", {"limit": 1, "offset": 0})
    if 'rel="next"' not in page.headers.get("Link", "").replace("rel=next", 'rel="next"'):
        yield at(page, "no link to the next page", expected='Link: <...>; rel="next"', observed=page.headers.get("Link", "absent")[:40])


@check(
    "headers.extra-count", severity="info", section="REST 1.1, paging",
    why="Private count headers tempt clients to depend on them.", remedy="use X-Total-Count",
)  # fmt: skip
def no_private_count_headers(run: Run) -> Iterator[Notice]:
    """No private count headers are sent."""
    page = run.readable()[0].pages[0]
    private = [name for name in page.headers if name.lower() in ("x-count", "x-returned-count", "x-perm-rev", "x-next-page-token")]
    if private:
        yield at(page, "private count headers are sent", expected="X-Total-Count only", observed=", ".join(sorted(private)))
