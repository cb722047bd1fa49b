"""References between objects: where they lead and whether the object is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from conformance.notices import Notice, redacted_id
from conformance.registry import check
from conformance.run import Run, at, references
from conformance.survey import Record, key_of, records_in
from oneroster_standard.standard import EntityClass

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


def _named(run: Run, entity: EntityClass, record: Record) -> Iterator[tuple[str, Record, str]]:
    """References of a record with the class that each should lead to, those of the objects in it (roles of 1.2) included."""
    targets = {item.name: item.target for item in entity.properties if item.kind == "guidref"}
    for name, reference in references(record):
        if name in targets:
            yield name, reference, targets[name]
    for item in entity.properties:
        inner = run.standard.classes.get(item.target) if item.kind == "object" else None
        value = record.get(item.name)
        if inner is not None and value:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict):
                    for name, reference, target in _named(run, inner, one):
                        yield f"{item.name}/*/{name}", reference, target


@check(
    "reference.resolves", severity="error", section=SECTION,
    why="An enrollment without its user or class cannot be used.", remedy="widen the data scope; park the rows in the consumer",
)  # fmt: skip
def referenced_objects_exist(run: Run) -> Iterator[Notice]:
    """Every referenced object is in its collection."""
    for found in run.readable():
        entity = run.standard.collection(found.name)
        for record in found.records:
            for name, reference, kind in _named(run, entity, record):
                collection = run.standard.classes[kind].collection
                target = run.survey.collections.get(str(collection))
                if target is None or not target.is_read or not target.records:
                    continue
                if str(reference["sourcedId"]).strip() not in target.by_id:
                    yield at(found.pages[0], f"{found.name}: {name} refers to an object that is not in {collection}",
                             pointer=f"/{found.name}/*/{name}/sourcedId", expected=f"an object of {collection}", observed="none",
                             samples=({"record": redacted_id(key_of(record)), "refers to": redacted_id(reference["sourcedId"])},))  # fmt: skip


SEGMENTS = {
    "Org": ("orgs", "schools"), "User": ("users", "students", "teachers"), "AcademicSession": ("academicSessions", "terms", "gradingPeriods"),
}  # fmt: skip
"""Paths that lead to an object of a class; the others have one, their collection's."""
TYPES = {
    "Org": ("org",), "User": ("user", "student", "teacher"), "AcademicSession": ("academicSession", "term", "gradingPeriod"),
}  # fmt: skip
"""Tokens that name a class in a reference; the others have one, their own."""


def _targets(run: Run, collection: str) -> dict[str, str]:
    return {item.name: item.target for item in run.standard.collection(collection).properties if item.kind == "guidref"}


def _tokens(run: Run, target: str) -> tuple[str, ...]:
    """Tokens that may name a class in a reference: one each in 1.2."""
    own = (str(run.standard.classes[target].single),)
    return TYPES.get(target, own) if run.standard.version == "1.1" else own


@check(
    "reference.type-fits", severity="error", section=SECTION, why="A consumer that follows the type looks in the wrong collection.",
)  # fmt: skip
def references_name_the_class_they_lead_to(run: Run) -> Iterator[Notice]:
    """A reference's type is the class of what it refers to."""
    tokens = set(run.standard.enumerations["guidType"])
    for found in run.readable():
        targets = _targets(run, found.name)
        strange: Counter[tuple[str, str]] = Counter()
        for record in found.records:
            for name, reference in references(record):
                kind, target = reference.get("type"), targets.get(name, "")
                if kind in tokens and target and kind not in _tokens(run, target):
                    strange[name, str(kind)] += 1
        for (name, kind), count in strange.items():
            yield at(found.pages[0], f"{found.name}: {name} is called a {kind}", pointer=f"/{found.name}/*/{name}/type",
                     expected=str(run.standard.classes[targets[name]].single), observed=kind, count=count)  # fmt: skip


@check(
    "reference.href-leads", severity="error", section=SECTION, why="A client that follows the href reads another object, or none.",
)  # fmt: skip
def hrefs_lead_to_their_objects(run: Run) -> Iterator[Notice]:
    """An href ends with the path of the object that its reference names, and that path answers."""
    leads: dict[str, tuple[str, str, str]] = {}
    for found in run.readable():
        targets = _targets(run, found.name)
        wrong: Counter[str] = Counter()
        for record in found.records:
            for name, reference in references(record):
                href, target = reference.get("href"), targets.get(name, "")
                if not isinstance(href, str) or not target or not urlsplit(href).scheme:
                    continue
                segments = SEGMENTS.get(target, (str(run.standard.classes[target].collection),))
                *_, segment, last = ["", *urlsplit(href).path.rstrip("/").split("/")]
                if segment not in segments or unquote(last) != str(reference["sourcedId"]):
                    wrong[name] += 1
                elif _is_known(run, target, reference) and urlsplit(href).netloc == urlsplit(run.probe.root).netloc:
                    # Paths of one form are answered alike: each once, each property's in a deep run; one that was read is as good.
                    question = f"{found.name} {name}" if run.deep else segment
                    if question not in leads or (not run.deep and run.survey.has_asked(f"/{segment}/{last}")):
                        leads[question] = found.name, name, f"/{segment}/{last}"
        for name, count in wrong.items():
            yield at(found.pages[0], f"{found.name}: the href of {name} leads to another object", pointer=f"/{found.name}/*/{name}/href",
                     expected="the path of the object named by sourcedId", observed="another path", count=count)  # fmt: skip
    for owner, name, path in leads.values():
        page = run.get(path)
        if page.status != 200:
            yield at(page, f"{owner}: the href of {name} leads nowhere", pointer=f"/{owner}/*/{name}/href", expected="200", observed=str(page.status))


def _is_known(run: Run, target: str, reference: dict[str, object]) -> bool:
    """Whether the survey met the object, so that reading it must succeed."""
    found = run.survey.collections.get(str(run.standard.classes[target].collection))
    return found is not None and found.is_read and str(reference["sourcedId"]).strip() in found.by_id


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
        repeated = found.doubled + sum(_comes_twice(run, found.name, key) for key in found.met_again[:3])
        if repeated:
            yield at(found.pages[0], f"{found.name}: a sourcedId comes twice", pointer=f"/{found.name}/*/sourcedId",
                     expected="one object per sourcedId", observed=f"{repeated} repeated", count=repeated)  # fmt: skip


def _comes_twice(run: Run, name: str, key: str) -> bool:
    """Whether a key that came on two pages belongs to two records: a walk that slips shows one record twice, too."""
    page = run.get(f"/{name}", {"filter": f"sourcedId='{key.replace(chr(39), chr(39) * 2)}'", "limit": 5})
    records, _ = records_in(page, name)
    return records is not None and 2 <= len(records) < 5 and all(key_of(record) == key for record in records)
