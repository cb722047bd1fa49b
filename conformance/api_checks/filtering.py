"""Filters: what they select, their algebra, their errors."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from conformance.laws import search
from conformance.notices import Notice, shape
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of
from conformance.selection import Term, fits_a_reading, readings, values_of
from conformance.survey import Collection, key_of
from oneroster_standard.fields import filterable

SECTION = "REST 1.1, filtering"
MOST_VALUES = 16
MOST_READ = 5_000


def _terms(run: Run, found: Collection, op: str, *, kinds: tuple[str, ...], lists: bool = False, nested: bool = False) -> list[Term]:
    """Terms that occur: every value of fields with few values, one value of the others."""
    fields = filterable(run.standard, run.entity_of(found.name))
    chosen: list[Term] = []
    for path, item in fields.items():
        if item.kind not in kinds or item.is_list is not lists or ("." in path) is not nested or path.endswith((".href", ".type")):
            continue
        if lists and any(not isinstance(record.get(path.partition(".")[0], []), list) for record in found.records):
            continue  # judged by schema.array
        plain = [value for value in values_of(found, path) if value and value.strip() == value and "," not in value]
        few = plain if len(plain) <= MOST_VALUES else plain[len(plain) // 2 : len(plain) // 2 + 1]
        chosen += [Term(path, item, op, value) for value in few]
    return chosen


def _verdict(run: Run, found: Collection, terms: tuple[Term, ...], joined_by: str = "AND") -> Notice | None:
    text = f" {joined_by} ".join(term.text for term in terms)
    read = run.ids(f"/{found.name}", found.name, {"filter": text}, most=MOST_READ)
    names = ", ".join(f"{term.field} {term.op}" for term in terms)
    if read is None:
        page = run.get(f"/{found.name}", {"filter": text, "limit": 1})
        return at(page, f"{found.name}: a filter on {names} is refused", expected="200", observed=str(page.status))
    ids, page = read
    allowed = readings(found, terms, joined_by)
    result = frozenset(ids)
    exact, folded = allowed
    if len(ids) >= MOST_READ and page.total != len(ids):
        # Too many to read for one law: the records read and the total must fit.
        low, high = exact & folded, exact | folded
        fits = result <= high and (page.total is None or len(low) <= page.total <= len(high))
    else:
        fits = fits_a_reading(result, allowed)
    if fits and len(ids) == len(result):
        return None
    return at(
        page, f"{found.name}: a filter on {names} selects other records", expected=f"{len(exact)} records",
        observed=f"{len(ids)}: {len(exact - result)} missing, {len(result - allowed[1])} strange (value: {shape(terms[0].value)})",
    )  # fmt: skip


def _law(run: Run, candidates: list[tuple[Collection, Term]], examples: int) -> Notice | None:
    if not candidates:
        raise Skip("no field to filter by")
    inputs = st.sampled_from(range(len(candidates)))
    return search(run, inputs, lambda place: _verdict(run, candidates[place][0], (candidates[place][1],)), examples=examples)


def _candidates(run: Run, op: str, **shape_of: object) -> list[tuple[Collection, Term]]:
    return [(found, term) for found in run.readable() for term in _terms(run, found, op, **shape_of)]  # type: ignore[arg-type]


@check(
    "filter.selects", severity="error", section=SECTION,
    why="A filter that selects the wrong records syncs the wrong children.", remedy="filter again in the consumer",
)  # fmt: skip
def equality_selects_exactly_its_records(run: Run) -> Iterator[Notice]:
    """For any value that occurs, field='value' selects exactly the records that have it."""
    few = [(found, term) for found, term in _candidates(run, "=", kinds=("enum", "booleanToken", "year"))]
    grades = [(found, term) for found, term in _candidates(run, "=", kinds=("string",), lists=True)]
    broken = _law(run, few, len(few))
    if broken is None and grades:
        grades_only = [(found, term) for found, term in grades if term.field == "grades"]
        broken = _law(run, grades_only or grades, 12)
    if broken is None:
        broken = _law(run, _candidates(run, "=", kinds=("string", "guid")), 12)
    if broken:
        yield broken


@check("filter.complement", severity="error", section=SECTION, why="= and != must divide the records between them.")
def inequality_is_the_complement(run: Run) -> Iterator[Notice]:
    """field!='value' selects the other records, for fields that every record has."""
    every = [
        (found, term)
        for found, term in _candidates(run, "!=", kinds=("enum",))
        if all(record.get(term.field) for record in found.records)
    ]
    broken = _law(run, every, 6)
    if broken:
        yield broken


def _pairs(run: Run, op: str) -> Iterator[Notice]:
    candidates = [
        (found, first, second)
        for found in run.readable()
        for first in _terms(run, found, "=", kinds=("enum",))[:3]
        for second in _terms(run, found, "=", kinds=("enum", "booleanToken"))[:4]
        if first.field != second.field or first.value != second.value
    ]
    if not candidates:
        raise Skip("no two values to combine")

    def law(place: int) -> Notice | None:
        found, first, second = candidates[place]
        return _verdict(run, found, (first, second), op)

    broken = search(run, st.sampled_from(range(len(candidates))), law, examples=6)
    if broken:
        yield broken


@check("filter.conjunction", severity="error", section=SECTION, why="AND must narrow.")
def and_selects_the_intersection(run: Run) -> Iterator[Notice]:
    """AND selects the records that both predicates select."""
    yield from _pairs(run, "AND")


@check("filter.disjunction", severity="error", section=SECTION, why="OR must widen, and no further than its two sides.")
def or_selects_the_union(run: Run) -> Iterator[Notice]:
    """OR selects the records that either predicate selects."""
    yield from _pairs(run, "OR")


@check("filter.contains", severity="error", section=SECTION, why="Searches by part of a name rely on ~.")
def tilde_selects_by_part(run: Run) -> Iterator[Notice]:
    """~ selects texts that contain the value."""
    every = [
        (found, Term(term.field, term.item, "~", term.value[: max(2, len(term.value) // 2)].rstrip() or term.value))
        for found, term in _candidates(run, "~", kinds=("string",))
    ]
    broken = _law(run, every, 8)
    if broken:
        yield broken


def _ordered_terms(run: Run, ops: tuple[str, ...]) -> list[tuple[Collection, Term]]:
    chosen: list[tuple[Collection, Term]] = []
    for found in run.readable():
        for path, item in filterable(run.standard, run.entity_of(found.name)).items():
            if item.kind not in ("date", "dateTime") or item.is_list or "." in path:
                continue
            values = sorted(value for value in values_of(found, path) if len(value) >= 10)
            if values:
                chosen += [(found, Term(path, item, op, values[len(values) // 2])) for op in ops]
    return chosen


def _readable_dates(candidates: list[tuple[Collection, Term]]) -> list[tuple[Collection, Term]]:
    kept = []
    for found, term in candidates:
        try:
            readings(found, (term,))
        except (ValueError, TypeError):
            continue
        kept.append((found, term))
    return kept


@check("filter.strict-comparison", severity="error", section=SECTION, why="A delta by > that repeats its last record never ends.")
def comparisons_are_as_written(run: Run) -> Iterator[Notice]:
    """>, >=, < and <= select what they say, at a value that occurs."""
    broken = _law(run, _readable_dates(_ordered_terms(run, (">", ">=", "<", "<="))), 24)
    if broken:
        yield broken


@check("filter.date-and-instant", severity="error", section=SECTION, why="Deltas are asked for by a date.")
def a_bare_date_is_accepted(run: Run) -> Iterator[Notice]:
    """dateLastModified can be compared with a bare date, midnight UTC."""
    stamped = [(found, term) for found, term in _ordered_terms(run, (">",)) if term.field == "dateLastModified"]
    shortened = [(found, Term(term.field, term.item, ">", term.value[:10])) for found, term in stamped]
    broken = _law(run, _readable_dates(shortened), 4)
    if broken:
        yield broken


@check("filter.nested", severity="error", section=SECTION, why="Consumers ask for one school's records by its reference.")
def references_can_be_filtered(run: Run) -> Iterator[Notice]:
    """A filter on a reference's sourcedId selects its records."""
    every = _candidates(run, "=", kinds=("guid",), nested=True) + _candidates(run, "=", kinds=("guid",), nested=True, lists=True)
    broken = _law(run, every, 8)
    if broken:
        yield broken


@check("filter.list", severity="error", section=SECTION + " (UNCONFIRMED wording)", why="Grades and subjects are lists.")
def lists_can_be_filtered(run: Run) -> Iterator[Notice]:
    """~ on a list selects records that have one of the listed values."""
    broken = _law(run, _candidates(run, "~", kinds=("string",), lists=True), 8)
    if broken:
        yield broken


@check("filter.no-match-is-empty", severity="error", section=SECTION, why="No match is an answer, not an error.")
def no_match_is_an_empty_list(run: Run) -> Iterator[Notice]:
    """A filter that selects nothing is 200 and an empty list."""
    run.collection("users")
    page = run.get("/users", {"filter": "sourcedId='no-such-object-1000000'"})
    document = json_of(page)
    if page.status != 200 or not isinstance(document, dict) or not any(value == [] for value in document.values()):
        yield at(page, "no match is not an empty list", expected="200 and an empty list", observed=str(page.status))


@check("filter.unknown-field", severity="error", section=SECTION, why="A misspelt field that selects all syncs everyone.")
def an_unknown_field_is_refused(run: Run) -> Iterator[Notice]:
    """A filter on an unknown field is a 400."""
    run.collection("users")
    page = run.get("/users", {"filter": "noSuchField='x'"})
    if page.status != 400:
        yield at(page, "an unknown filter field is not refused", expected="400 invalid_filter_field", observed=str(page.status))


@check("filter.syntax-error", severity="warning", section=SECTION + " (code UNCONFIRMED)", why="A broken filter that is ignored returns everyone.")
def a_broken_filter_is_refused(run: Run) -> Iterator[Notice]:
    """A filter that is no expression is a 400."""
    run.collection("users")
    for text in ("role=student", "role='student", "role IS 'student'"):
        page = run.get("/users", {"filter": text, "limit": 1})
        if page.status != 400:
            yield at(page, "a broken filter is not refused", expected="400", observed=str(page.status))


@check("filter.case", severity="warning", section=SECTION + " (UNCONFIRMED)", why="A search that misses a name by its case loses a person.")
def an_identifier_is_compared_exactly(run: Run) -> Iterator[Notice]:
    """A key in another case selects nothing."""
    users = run.collection("users")
    own = next((key_of(row) for row in users.records if key_of(row).swapcase() != key_of(row)), None)
    other = next((key_of(row) for row in run.collection("orgs").records if key_of(row).swapcase() != key_of(row)), None)
    name, value = ("users", own) if own else ("orgs", other)
    if value is None:
        page = run.get("/users", {"filter": "role='STUDENT'", "limit": 1})
        if page.status not in (200, 400):
            yield at(page, "a token in another case is an error", expected="200 or 400", observed=str(page.status))
        return
    read = run.ids(f"/{name}", name, {"filter": f"sourcedId='{value.swapcase()}'"})
    if read is not None and value in read[0]:
        yield at(read[1], "sourcedId is compared without regard to case", expected="no match", observed="a match")


@check("filter.encoding", severity="warning", section=SECTION, why="HTTP clients encode quotes and blanks in different ways.")
def every_legal_encoding_is_read(run: Run) -> Iterator[Notice]:
    """A filter may be encoded in every legal way."""
    users = run.collection("users")
    role = str(users.records[0].get("role"))
    queries = (
        f"filter=role%3D%27{role}%27%20AND%20status%3D%27active%27&limit=1",
        f"filter=role='{role}'+AND+status='active'&limit=1",
        f"filter=role%3d%27{role}%27+AND+status='active'&limit=1",
    )
    totals = [(page.status, page.total, page) for page in (run.get("/users", raw_query=query) for query in queries)]
    for status, total, page in totals[1:]:
        if (status, total) != totals[0][:2]:
            yield at(page, "one filter in another encoding is answered differently", expected=str(totals[0][0]), observed=str(status))

