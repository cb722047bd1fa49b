"""Filters: what they select, their algebra, their errors."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from conformance.api_checks.questions import asked, seems_right
from conformance.api_checks.schema import unsound_fields
from conformance.laws import search
from conformance.notices import Notice, shape
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.selection import Term, fits_a_reading, readings, values_of
from conformance.survey import Collection
from oneroster_standard.fields import filterable

SECTION = "REST 1.1, filtering"
MOST_VALUES = 16
MOST_READ = 5_000
COMPARISONS = (">", ">=", "<", "<=")
LISTS, TEXTS, COMPLEMENTS, PAIRS, PARTS, NESTED, BARE_DATES, COMPARED = 6, 5, 5, 5, 4, 5, 2, 14
"""Requests of a fast run per law, beside the values of fields with few values, which are all asked."""
Candidate = tuple[Collection, Term]


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
    for term in terms:
        run.covers("filter", f"{found.name}.{term.field} {term.op}")
    if not run.deep and seems_right(run, found, terms, joined_by):
        return None
    text = f" {joined_by} ".join(term.text for term in terms)
    read = run.ids(f"/{found.name}", found.name, {"filter": text}, most=MOST_READ)
    names = ", ".join(f"{term.field} {term.op}" for term in terms)
    if read is None:
        page = run.get(f"/{found.name}", {"filter": text, "limit": 1})
        if page.status == 404 and not any(readings(found, terms, joined_by)):
            return None  # judged by filter.no-match-is-empty
        return at(page, f"{found.name}: a filter on {names} is refused", pointer=_pointer(found, terms[0]), expected="200",
                  observed=str(page.status))  # fmt: skip
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
        page, f"{found.name}: a filter on {names} selects other records", pointer=_pointer(found, terms[0]), expected=f"{len(exact)} records",
        observed=f"{len(ids)}: {len(exact - result)} missing, {len(result - allowed[1])} strange (value: {shape(terms[0].value)})",
    )  # fmt: skip


def _pointer(found: Collection, term: Term) -> str:
    return f"/{found.name}/*/{term.field.partition('.')[0]}"


def _law(run: Run, candidates: list[Candidate], examples: int) -> Notice | None:
    """Put candidates to the law: all of them in a deep run, else as many as are asked for, drawn by the seed."""
    if not candidates:
        raise Skip("no field to filter by")
    chosen = candidates if run.deep else run.choose(str(candidates[0][1].op), candidates, examples)
    # Fields whose values break their schema come last: a filter that misses them tells nothing new.
    unsound = unsound_fields(run)
    groups: tuple[list[Candidate], ...] = ([], [])
    for found, term in chosen:
        groups[(found.name, term.field.partition(".")[0]) in unsound].append((found, term))
    for group in groups:
        broken = group and search(
            run, st.sampled_from(range(len(group))), lambda place, group=group: _verdict(run, group[place][0], (group[place][1],)),  # type: ignore[misc]
            examples=len(group),
        )  # fmt: skip
        if broken:
            return broken
    return None


def _nothing_law(run: Run, candidates: list[Candidate]) -> Notice | None:
    """Put terms that select nothing to the law, two in one request: either one that selects something shows."""
    together = [
        (first[0], (first[1], second[1])) for first, second in zip(candidates[::2], candidates[1::2], strict=False) if first[0] is second[0]
    ]
    paired = {id(term) for _, terms in together for term in terms}
    alone = [(found, (term,)) for found, term in candidates if id(term) not in paired]
    every = [*together, *alone] if not run.deep else [(found, (term,)) for found, term in candidates]

    def law(place: int) -> Notice | None:
        found, terms = every[place]
        if len(terms) > 1 and seems_right(run, found, terms, "OR"):
            for term in terms:
                run.covers("filter", f"{found.name}.{term.field} {term.op}")
            return None
        return next((notice for term in terms if (notice := _verdict(run, found, (term,)))), None)

    return search(run, st.sampled_from(range(len(every))), law, examples=len(every)) if every else None


def _candidates(run: Run, op: str, **shape_of: object) -> list[Candidate]:
    return [(found, term) for found in run.readable() for term in _terms(run, found, op, **shape_of)]  # type: ignore[arg-type]


def _unused_tokens(run: Run) -> list[Candidate]:
    """Tokens of a vocabulary that no record has: they select nothing."""
    chosen: list[Candidate] = []
    for found in run.readable():
        for path, item in filterable(run.standard, run.entity_of(found.name)).items():
            if item.kind == "enum" and not item.is_list and "." not in path:
                met = {value.casefold() for value in values_of(found, path)}
                chosen += [(found, Term(path, item, "=", token)) for token in run.standard.enumerations[item.target] if token.casefold() not in met]
    return chosen


@check(
    "filter.selects", severity="error", section=SECTION,
    why="A filter that selects the wrong records syncs the wrong children.", remedy="filter again in the consumer",
)  # fmt: skip
def equality_selects_exactly_its_records(run: Run) -> Iterator[Notice]:
    """For any value that occurs, field='value' selects exactly the records that have it."""
    few = _candidates(run, "=", kinds=("enum", "booleanToken", "year"))
    lists = _candidates(run, "=", kinds=("string",), lists=True)
    grades = [(found, term) for found, term in lists if term.field == "grades"]
    broken = _law(run, few, len(few)) or _nothing_law(run, _unused_tokens(run))
    if broken is None and lists:
        broken = _law(run, lists if run.deep else grades or lists, LISTS)
    if broken is None:
        broken = _law(run, _candidates(run, "=", kinds=("string", "guid")), TEXTS)
    if broken is None and run.deep:
        broken = _law(run, _readable_dates(_ordered_terms(run, ("=",))), 0)
    if broken:
        yield broken


@check("filter.complement", severity="error", section=SECTION, why="= and != must divide the records between them.")
def inequality_is_the_complement(run: Run) -> Iterator[Notice]:
    """field!='value' selects the other records, for fields that every record has."""
    every = [
        (found, term)
        for found, term in _candidates(run, "!=", kinds=("enum", "string", "guid", "year") if run.deep else ("enum",))
        if all(record.get(term.field) for record in found.records)
    ]
    broken = _law(run, every, COMPLEMENTS)
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

    chosen = range(len(candidates)) if run.deep else run.choose(op, range(len(candidates)), PAIRS)
    broken = search(run, st.sampled_from(chosen), law, examples=len(chosen))
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
    broken = _law(run, every, PARTS)
    if broken:
        yield broken


def _ordered_terms(run: Run, ops: tuple[str, ...]) -> list[Candidate]:
    chosen: list[Candidate] = []
    for found in run.readable():
        for path, item in filterable(run.standard, run.entity_of(found.name)).items():
            if item.kind not in ("date", "dateTime") or item.is_list or "." in path:
                continue
            values = sorted(value for value in values_of(found, path) if len(value) >= 10)
            if values:
                chosen += [(found, Term(path, item, op, values[len(values) // 2])) for op in ops]
    return chosen


def _readable_dates(candidates: list[Candidate]) -> list[Candidate]:
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
    every = _readable_dates(_ordered_terms(run, COMPARISONS))
    # Each field once, each operator in its turn.
    turns = [every[place] for place in range(len(every)) if place % len(COMPARISONS) == (place // len(COMPARISONS) + run.seed) % len(COMPARISONS)]
    broken = _law(run, every if run.deep else turns, COMPARED)
    if broken:
        yield broken


@check("filter.date-and-instant", severity="error", section=SECTION, why="Deltas are asked for by a date.")
def a_bare_date_is_accepted(run: Run) -> Iterator[Notice]:
    """dateLastModified can be compared with a bare date, midnight UTC."""
    stamped = [(found, term) for found, term in _ordered_terms(run, (">",)) if term.field == "dateLastModified"]
    shortened = [(found, Term(term.field, term.item, ">", term.value[:10])) for found, term in stamped]
    broken = _law(run, _readable_dates(shortened), BARE_DATES)
    if broken:
        yield broken


@check("filter.nested", severity="error", section=SECTION, why="Consumers ask for one school's records by its reference.")
def references_can_be_filtered(run: Run) -> Iterator[Notice]:
    """A filter on a reference's sourcedId selects its records."""
    every = _candidates(run, "=", kinds=("guid",), nested=True) + _candidates(run, "=", kinds=("guid",), nested=True, lists=True)
    broken = _law(run, every, NESTED)
    if broken:
        yield broken


@check("filter.list", severity="error", section=SECTION + " (UNCONFIRMED wording)", why="Grades and subjects are lists.")
def lists_can_be_filtered(run: Run) -> Iterator[Notice]:
    """~ on a list selects records that have one of the listed values."""
    broken = _law(run, _candidates(run, "~", kinds=("string",), lists=True), PARTS)
    if broken:
        yield broken


@check(
    "paging.total-filtered", severity="error", section="REST 1.1, paging", why="A total that ignores the filter makes a filtered read look incomplete.",
)  # fmt: skip
def the_total_counts_the_filtered_records(run: Run) -> Iterator[Notice]:
    """X-Total-Count of a filtered read counts what the filter selects."""
    every = _candidates(run, "=", kinds=("enum",))
    if not every:
        raise Skip("no field to filter by")
    judged = 0

    def law(place: int) -> Notice | None:
        nonlocal judged
        found, term = every[place]
        page = asked(run, found, (term,), "AND")
        if page.status != 200:
            page = run.get(f"/{found.name}", {"filter": term.text, "limit": 1})
        if page.total is None or page.status != 200:
            return None
        judged += 1
        exact, folded = readings(found, (term,))
        if not len(exact & folded) <= page.total <= len(exact | folded):
            return at(page, "the total of a filtered read disagrees with its records", expected=str(len(exact)), observed=str(page.total))
        return None

    broken = search(run, st.sampled_from(range(len(every))), law, examples=len(every))
    if broken:
        yield broken
    elif not judged:
        raise Skip("filtered reads announce no total")
