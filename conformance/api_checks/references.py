"""References between objects: where they lead and whether the object is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.notices import Notice, redacted_id
from conformance.registry import check
from conformance.run import Run, at, references
from conformance.survey import key_of

SECTION = "REST 1.1, GUIDRef"


@check(
    "reference.href-absolute", severity="error", section=SECTION, why="A relative href cannot be fetched without guessing its base.",
)  # fmt: skip
def hrefs_are_absolute(run: Run) -> Iterator[Notice]:
    """hrefs are absolute URLs."""
    for found in run.readable():
        for record in found.records:
            for name, reference in references(record):
                href = reference.get("href")
                if isinstance(href, str) and urlsplit(href).scheme not in ("http", "https"):
                    yield at(found.pages[0], f"{found.name}: the href of {name} is not absolute", pointer=f"/{found.name}/*/{name}/href",
                             expected="https://...", observed="no scheme")  # fmt: skip


@check(
    "reference.href-on-provider", severity="warning", section=SECTION,
    why="A client that follows an href to another host sends its token there.", remedy="build URLs from the base and the sourcedId",
)  # fmt: skip
def hrefs_lead_to_this_provider(run: Run) -> Iterator[Notice]:
    """hrefs lead to the provider that was called."""
    host = urlsplit(run.probe.root).netloc
    for found in run.readable():
        strange: Counter[str] = Counter()
        for record in found.records:
            for name, reference in references(record):
                href = reference.get("href")
                if isinstance(href, str) and urlsplit(href).scheme and urlsplit(href).netloc != host:
                    strange[name] += 1
        if strange:
            samples = tuple({"pointer": f"/{found.name}/*/{name}/href", "count": count} for name, count in strange.items())
            yield at(found.pages[0], f"{found.name}: hrefs of {', '.join(strange)} lead to another host", pointer=str(samples[0]["pointer"]),
                     expected="this provider's host", observed="another host", count=strange.total(), samples=samples)  # fmt: skip


@check(
    "reference.resolves", severity="error", section=SECTION,
    why="An enrollment without its user or class cannot be used.", remedy="widen the data scope; park the rows in the consumer",
)  # fmt: skip
def referenced_objects_exist(run: Run) -> Iterator[Notice]:
    """Every referenced object is in its collection."""
    for found in run.readable():
        entity = run.standard.collection(found.name)
        targets = {item.name: item.target for item in entity.properties if item.kind == "guidref"}
        for record in found.records:
            for name, reference in references(record):
                collection = run.standard.classes[targets[name]].collection if name in targets else None
                target = run.survey.collections.get(str(collection))
                if target is None or not target.is_read or not target.records:
                    continue
                if str(reference["sourcedId"]).strip() not in target.by_id:
                    yield at(found.pages[0], f"{found.name}: {name} refers to an object that is not in {collection}",
                             pointer=f"/{found.name}/*/{name}/sourcedId", expected=f"an object of {collection}", observed="none",
                             samples=({"record": redacted_id(key_of(record)), "refers to": redacted_id(reference["sourcedId"])},))  # fmt: skip


@check(
    "reference.id-case", severity="error", section=SECTION, why="Keys are compared letter by letter: another case is another object.",
    remedy="compare GUIDs without case in the consumer; report it to the vendor",
)  # fmt: skip
def references_keep_the_case_of_their_key(run: Run) -> Iterator[Notice]:
    """A reference that leads nowhere does not lead somewhere in another case."""
    for found in run.readable():
        entity = run.standard.collection(found.name)
        targets = {item.name: item.target for item in entity.properties if item.kind == "guidref"}
        folded: dict[str, set[str]] = {}
        wrong: Counter[str] = Counter()
        for record in found.records:
            for name, reference in references(record):
                collection = str(run.standard.classes[targets[name]].collection) if name in targets else ""
                target = run.survey.collections.get(collection)
                own = str(reference["sourcedId"]).strip()
                if target is None or own in target.by_id:
                    continue
                if collection not in folded:
                    folded[collection] = {key.casefold() for key in target.by_id}
                wrong[name] += own.casefold() in folded[collection]
        for name, count in (+wrong).items():
            yield at(found.pages[0], f"{found.name}: {name} is the key of an object in another case", pointer=f"/{found.name}/*/{name}/sourcedId",
                     expected="the key letter by letter", observed="another case", count=count)  # fmt: skip


@check(
    "reference.parent-child", severity="warning", section="REST 1.1, data model",
    why="Trees that disagree with themselves show schools twice or not at all.",
)  # fmt: skip
def parents_and_children_agree(run: Run) -> Iterator[Notice]:
    """parent and children of orgs and sessions agree where both are given."""
    for name in ("orgs", "academicSessions"):
        found = run.collection(name)
        for record in found.records:
            for kind, reference in references(record):
                other = found.by_id.get(str(reference["sourcedId"]).strip())
                if other is None or kind not in ("parent", "children"):
                    continue
                back = "children" if kind == "parent" else "parent"
                named = [str(item["sourcedId"]).strip() for seen, item in references(other) if seen == back]
                if named and key_of(record) not in named:
                    yield at(found.pages[0], f"{name}: {kind} is not answered by {back}", pointer=f"/{name}/*/{kind}")


@check(
    "reference.parent-cycle", severity="error", section="REST 1.1, data model", why="A walk up a cyclic tree never ends.",
)  # fmt: skip
def no_object_is_its_own_ancestor(run: Run) -> Iterator[Notice]:
    """No org or session is its own ancestor."""
    for name in ("orgs", "academicSessions"):
        found = run.collection(name)
        for record in found.records:
            seen = {key_of(record)}
            step = record
            while isinstance(step.get("parent"), dict):
                up = str(step["parent"].get("sourcedId", "")).strip()
                if up in seen:
                    yield at(found.pages[0], f"{name}: an object is its own ancestor", pointer=f"/{name}/*/parent")
                    break
                seen.add(up)
                step = found.by_id.get(up, {})


@check(
    "data.unique-id", severity="error", section="REST 1.1, sourcedId", why="Two objects of one key overwrite each other.",
)  # fmt: skip
def ids_are_unique(run: Run) -> Iterator[Notice]:
    """No sourcedId comes twice in a collection."""
    for found in run.readable():
        if found.doubled:
            yield at(found.pages[0], f"{found.name}: a sourcedId comes twice on one page", pointer=f"/{found.name}/*/sourcedId",
                     expected="one object per sourcedId", observed=f"{found.doubled} repeated", count=found.doubled)  # fmt: skip
