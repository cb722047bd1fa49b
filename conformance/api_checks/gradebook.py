"""Writing the gradebook, one write at a time: create, replace, remove; runs only when writes are allowed."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.api_checks.envelopes import escaped
from conformance.gradebook.bench import OWN, Bench, bench_of
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, json_of, reference_ids
from conformance.survey import key_of, records_in

SECTION = "REST 1.1, gradebook"
CATEGORIES = "categories"


def _read_back(bench: Bench, sourced_id: str) -> dict[str, object]:
    document = json_of(bench.get(f"/{CATEGORIES}/{sourced_id}"))
    record = document.get("category") if isinstance(document, dict) else None
    return record if isinstance(record, dict) else {}


@check("gradebook.put-creates", severity="error", section=SECTION, why="Consumers tell created from replaced by the status.", writes=True)
def put_creates_with_201(run: Run) -> Iterator[Notice]:
    """PUT of a new category is 201, and it can be read complete."""
    with bench_of(run) as bench:
        bench.needs(CATEGORIES)
        own = bench.new_id()
        answer = bench.put(CATEGORIES, own, {"title": "Harness"})
        if answer.status != 201:
            yield at(answer, "a created category is not answered with 201", expected="201", observed=str(answer.status))
        record = _read_back(bench, own)
        if not record.get("status") or not record.get("dateLastModified"):
            yield at(answer, "a created category is not read back complete", expected="status and dateLastModified")


@check("gradebook.put-replaces", severity="error", section=SECTION, why="A replacement must replace.", writes=True)
def put_replaces(run: Run) -> Iterator[Notice]:
    """PUT of an existing category replaces it with 200 or 201."""
    with bench_of(run) as bench:
        bench.needs(CATEGORIES)
        own = bench.new_id()
        bench.put(CATEGORIES, own, {"title": "First"})
        answer = bench.put(CATEGORIES, own, {"title": "Second"})
        title = _read_back(bench, own).get("title")
        if answer.status not in (200, 201) or title != "Second":
            yield at(answer, "a category is not replaced", expected="200 and the new title", observed=str(answer.status))


@check("gradebook.delete-hides", severity="error", section=SECTION, why="A deleted column must leave the gradebook.", writes=True)
def a_deleted_object_leaves_the_lists(run: Run) -> Iterator[Notice]:
    """A deleted category is in no list."""
    with bench_of(run) as bench:
        bench.needs(CATEGORIES)
        own = bench.new_id()
        bench.put(CATEGORIES, own, {"title": "Gone"})
        answer = bench.delete(CATEGORIES, own)
        records, _ = records_in(bench.get(f"/{CATEGORIES}", f"filter=sourcedId%3D%27{own}%27"), CATEGORIES)
        listed = [record for record in records or () if key_of(record) == own]
        if answer.status not in (200, 204) or listed:
            yield at(answer, "a deleted category is still listed", expected="204, and gone", observed=str(answer.status))


@check("gradebook.put-id-mismatch", severity="error", section=SECTION, why="Two ids for one object store it twice.", writes=True)
def a_mismatch_of_ids_is_refused(run: Run) -> Iterator[Notice]:
    """PUT with another sourcedId in its body is refused."""
    with bench_of(run) as bench:
        bench.needs(CATEGORIES)
        own, other = bench.new_id(), bench.new_id()
        # Whichever of the two it is stored under, it is ours.
        bench.took(CATEGORIES, other)
        answer = bench.put(CATEGORIES, own, {"sourcedId": other, "title": "x"})
        if not 400 <= answer.status < 500:
            yield at(answer, "a mismatch of ids is not refused", expected="422", observed=str(answer.status))


@check(
    "gradebook.post-allocates", severity="error", section="REST 1.2, gradebook", specs=("1.2",), writes=True,
    why="A tool that posts line items finds them again by the ids that the provider gives them.",
)  # fmt: skip
def post_allocates_ids(run: Run) -> Iterator[Notice]:
    """POST of line items to a class is 201 with a sourcedIdPair each, and they can be read."""
    if not run.sign_in.may("gradebook.createpost"):
        raise Skip("the token lacks gradebook.createpost")
    item = dict(run.collection("lineItems").records[0])
    with bench_of(run) as bench:
        bench.needs("lineItems")
        own, owner = bench.new_id(), reference_ids(item, "class")[0]
        path, title = f"/classes/{escaped(owner)}/lineItems", f"{OWN} post"
        answer = bench.post(path, "lineItems", [{**item, "sourcedId": own, "title": title}])
        document = json_of(answer)
        pairs = document.get("sourcedIdPairs") if isinstance(document, dict) else None
        pair = pairs[0] if isinstance(pairs, list) and len(pairs) == 1 and isinstance(pairs[0], dict) else {}
        allocated = str(pair.get("allocatedSourcedId", ""))
        is_new = bool(allocated) and allocated not in run.collection("lineItems").by_id
        if is_new:
            bench.took("lineItems", allocated)
        else:
            bench.take_strays(path, "lineItems", [title])
        if answer.status != 201 or pair.get("suppliedSourcedId") != own or not is_new:
            yield at(answer, "posted line items are not answered with their ids", pointer="/sourcedIdPairs", expected="201 and a new id for each",
                     observed=str(answer.status))  # fmt: skip
            return
        page = bench.get(f"/lineItems/{escaped(allocated)}")
        if page.status != 200:
            yield at(page, "a posted line item cannot be read", expected="200", observed=str(page.status))


@check("gradebook.write-scope", severity="error", section=SECTION, why="Anyone could write marks.", writes=True)
def writing_needs_a_credential(run: Run) -> Iterator[Notice]:
    """PUT without a credential is a 401."""
    with bench_of(run) as bench:
        bench.needs(CATEGORIES)
        answer = bench.put(CATEGORIES, bench.new_id(), {"title": "x"}, signed=False)
        if answer.status not in (401, 403):
            yield at(answer, "a write without credential is not refused", expected="401", observed=str(answer.status))
