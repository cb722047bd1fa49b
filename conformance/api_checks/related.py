"""Views and related collections take the same query parameters as the collections themselves."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.api_checks.relationships import related_paths
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.survey import key_of, records_in

SECTION = "REST 1.1, endpoints (query parameters)"


def _judge(run: Run, path: str, shown: str, key: str) -> Iterator[Notice]:
    whole = run.get(path, {"limit": 1000, "offset": 0})
    records, _ = records_in(whole, key)
    if whole.status != 200 or not records or len(records) < 2:
        return
    ids = [key_of(record) for record in records]
    if not run.deep and _answers_all_at_once(run, path, key, ids):
        return
    page = run.get(path, {"limit": 1, "offset": 1, "fields": "sourcedId"})
    met = records_in(page, key)[0] or []
    if [key_of(record) for record in met] != ids[1:2]:
        yield at(page, f"{shown} does not page as collections do", expected="the second record", observed=f"{len(met)} records")
    elif set(met[0]) != {"sourcedId"}:
        yield at(page, f"{shown} does not select fields", expected="sourcedId", observed=f"{len(met[0])} properties")
    page = run.get(path, {"filter": f"sourcedId='{ids[-1].replace(chr(39), chr(39) * 2)}'"})
    met = records_in(page, key)[0] or []
    if [key_of(record) for record in met] != ids[-1:]:
        yield at(page, f"{shown} does not filter as collections do", expected="one record", observed=f"{page.status}, {len(met)} records")


def _answers_all_at_once(run: Run, path: str, key: str, ids: list[str]) -> bool:
    """Whether one request with all parameters gives what each of them alone would; any that is ignored shows."""
    offset = min(1, len(ids) - 2)
    text = f"sourcedId!='{ids[0].replace(chr(39), chr(39) * 2)}'"
    page = run.get(path, {"filter": text, "limit": 1, "offset": offset, "fields": "sourcedId"})
    met = records_in(page, key)[0] or []
    return page.status == 200 and met == [{"sourcedId": ids[offset + 1]}]


@check("view.query", severity="error", section=SECTION, why="A consumer that pages or filters a view gets everyone, or loses some.")
def views_take_the_query_parameters(run: Run) -> Iterator[Notice]:
    """limit, offset, fields and filter work on the typed views."""
    for segment, (collection, _, _) in run.standard.views.items():
        run.collection(collection)
        yield from _judge(run, f"/{segment}", f"/{segment}", collection)


@check("relationship.query", severity="error", section=SECTION, why="A class list that cannot be paged or filtered is read wrongly when it is long.")
def related_collections_take_the_query_parameters(run: Run) -> Iterator[Notice]:
    """limit, offset, fields and filter work on related collections."""
    if not run.sign_in.may("roster.readonly"):
        raise Skip("the token lacks roster.readonly")
    judged: set[str] = set()
    for operation, path, least, _ in related_paths(run):
        # Lists of one kind are read alike from whatever parent: each kind once, each operation in a deep run.
        kind = operation.name if run.deep else operation.path.rpartition("/")[2]
        if len(least) > 1 and kind not in judged:
            judged.add(kind)
            yield from _judge(run, path, operation.path, operation.payload_key)
    if not judged:
        raise Skip("no related collection has two members")
