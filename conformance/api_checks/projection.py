"""Field selection: fields."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from conformance.api_checks.envelopes import escaped
from conformance.api_checks.places import Place, fields_of, places, projected
from conformance.laws import search
from conformance.notices import Notice
from conformance.probe import Exchange
from conformance.registry import check
from conformance.run import Run, at, json_of
from conformance.survey import key_of, records_in

SECTION = "REST 1.1, field selection"
DRAWN = 3


@check("fields.projection", severity="error", section=SECTION, why="fields keeps what a consumer may not see out of its logs.")
def only_the_named_fields_come(run: Run) -> Iterator[Notice]:
    """For any list of properties, a record holds those that it has, and no others."""
    names = {found.name: run.standard.collection(found.name).property_names for found in run.readable()}
    inputs = st.sampled_from(sorted(names)).flatmap(
        lambda name: st.tuples(st.just(name), st.lists(st.sampled_from(names[name]), min_size=1, max_size=4, unique=True))
    )
    chosen = _chosen(run)

    def law(place: Place) -> Notice | None:
        return _judge(run, projected(run, place), place[0], list(fields_of(run, place)))

    def drawn_law(drawn: tuple[str, list[str]]) -> Notice | None:
        page = run.get(f"/{drawn[0]}", {"fields": ",".join(drawn[1]), "limit": 100})
        return _judge(run, page, drawn[0], drawn[1])

    broken = search(run, st.sampled_from(chosen), law, examples=len(chosen)) or search(run, inputs, drawn_law, examples=DRAWN)
    if broken:
        yield broken


def _chosen(run: Run) -> list[Place]:
    """The places of the paging laws; collections of one record, which cannot be paged, have their properties asked as well."""
    singles = [(found.name, limit, 0) for found in run.readable() if len(found.records) == 1 for limit in (1, 2)]
    paged = [place for place in places(run)] if any(len(found.records) > 1 for found in run.readable()) else []
    return singles + paged


def _judge(run: Run, page: Exchange, name: str, fields: list[str]) -> Notice | None:
    records, _ = records_in(page, name)
    if page.status != 200 or records is None:
        return at(page, f"{name}: a field selection is refused", expected="200", observed=str(page.status))
    surveyed = run.collection(name)
    for field in fields:
        run.covers("fields", f"{name}.{field}")
    for record in records:
        strange = sorted(set(record) - set(fields))
        if strange:
            return at(page, f"{name}: a field selection gives other properties", pointer=f"/{name}/*/{strange[0]}",
                      expected=", ".join(sorted(fields)), observed=f"{len(strange)} others")  # fmt: skip
        whole = surveyed.by_id.get(key_of(record)) if "sourcedId" in fields else None
        lost = sorted({field for field in fields if field in whole} - set(record)) if whole else []
        if lost:
            return at(page, f"{name}: a field selection loses properties", pointer=f"/{name}/*/{lost[0]}", expected=", ".join(sorted(fields)),
                      observed=f"{len(lost)} fewer")  # fmt: skip
    return None


@check("fields.single", severity="error", section=SECTION, why="Field selection must work on single objects too.")
def single_reads_select_fields(run: Run) -> Iterator[Notice]:
    """fields works on a single object."""
    orgs = run.collection("orgs")
    page = run.get(f"/orgs/{escaped(key_of(orgs.records[0]))}", {"fields": "sourcedId,name"})
    document = json_of(page)
    record = document.get("org") if isinstance(document, dict) else None
    if page.status != 200 or (isinstance(record, dict) and set(record) != {"sourcedId", "name"}):
        yield at(page, "fields has no effect on a single object", expected="sourcedId and name", observed=str(page.status))


@check("fields.unknown-name", severity="error", section=SECTION, why="The 1.1 text answers an unknown name with the whole record and a warning.")
def an_unknown_name_is_a_warning(run: Run) -> Iterator[Notice]:
    """An unknown name in fields is 200, the whole record and invalid_selection_field; in 1.2 a 400."""
    run.collection("orgs")
    page = run.get("/orgs", {"fields": "sourcedId,noSuchField", "limit": 1})
    if run.standard.version != "1.1":
        if page.status == 200:
            yield at(page, "an unknown name in fields is passed over (UNCONFIRMED: one source allows it)", expected="400 invalid_selection_field",
                     observed="200", severity="warning", section="REST 1.2, errors")  # fmt: skip
        elif page.status != 400:
            yield at(page, "an unknown name in fields is answered otherwise", expected="400", observed=str(page.status), section="REST 1.2, errors")
        return
    document = json_of(page)
    minors = [entry.get("imsx_codeMinor") for entry in document.get("statusInfoSet", [])] if isinstance(document, dict) else []
    if page.status != 200 or "invalid_selection_field" not in minors:
        yield at(page, "an unknown name in fields gives no warning", expected="200 and invalid_selection_field", observed=str(page.status))


@check("fields.blank", severity="error", section=SECTION, why="A blank selection that gives everything leaks what was not asked for.")
def a_blank_selection_is_refused(run: Run) -> Iterator[Notice]:
    """A blank fields is a 400."""
    run.collection("orgs")
    page = run.get("/orgs", raw_query="fields=&limit=1")
    if page.status != 400:
        yield at(page, "a blank fields is not refused", expected="400 invalid_blank_selection_field", observed=str(page.status))
