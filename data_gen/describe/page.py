"""The description as one HTML page: charts and tables, nothing fetched, no script, fit for paper."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from oneroster_harness.charts import bars
from oneroster_harness.terminal import VERSION

SCHOOLS_SHOWN = 60
KINDS = ("create", "update", "retire")


def page(document: dict[str, Any]) -> str:
    """The page of a document of the survey."""
    environment = Environment(
        loader=PackageLoader("data_gen.describe"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["grouped"] = lambda number: f"{number:,}"
    environment.globals["count_of"] = _count
    schools = document["schools"]
    return environment.get_template("describe.html.j2").render(
        found=document, version=VERSION, charts=_charts(document), schools=schools[:SCHOOLS_SHOWN], more_schools=len(schools) - SCHOOLS_SHOWN,
        sessions=_placed(document["sessions"]), days=document.get("days", []), grades=list(document["grades"]), kinds=_kinds(document),
        entities=_entities(document),
    )  # fmt: skip


def _charts(document: dict[str, Any]) -> dict[str, Markup]:
    charts: dict[str, Markup] = {}
    if document["grades"]:
        charts["grades"] = bars("grades", list(document["grades"]), {"students": list(document["grades"].values())})
    for name, what in (("class_sizes", "classes"), ("teacher_loads", "teachers")):
        steps = document[name]["histogram"]
        if steps:
            labels = [str(step["from"]) if step["from"] == step["to"] else f"{step['from']}-{step['to']}" for step in steps]
            charts[name] = bars(name.replace("_", "-"), labels, {what: [step["count"] for step in steps]})
    days = document.get("days", [])
    if days:
        # Month and day: the table below has the year.
        labels = [day["date"][5:] for day in days]
        kinds = _kinds(document)
        charts["changes"] = bars("changes", labels, {kind: [_count(day, kind) for day in days] for kind in kinds})
        entities = _entities(document)
        if entities:
            series = {entity: [sum(day["changes"].get(entity, {}).values()) for day in days] for entity in entities}
            charts["entities"] = bars("entities", labels, series)
    return charts


def _entities(document: dict[str, Any]) -> list[str]:
    return sorted({entity for day in document.get("days", []) for entity in day["changes"]})


def _kinds(document: dict[str, Any]) -> list[str]:
    met = {kind for day in document.get("days", []) for kinds in day["changes"].values() for kind in kinds}
    return [*(kind for kind in KINDS if kind in met), *sorted(met - set(KINDS))] or list(KINDS)


def _count(day: dict[str, Any], kind: str) -> int:
    return sum(kinds.get(kind, 0) for kinds in day["changes"].values())


def _placed(sessions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sessions with where their bar begins and how long it is, in hundredths of the whole calendar."""
    dated = [found for found in sessions if found["start"] and found["end"] and found["start"] <= found["end"]]
    if not dated:
        return [{**found, "left": 0, "width": 0} for found in sessions]
    first = min(date.fromisoformat(found["start"]) for found in dated)
    days = max((max(date.fromisoformat(found["end"]) for found in dated) - first).days, 1)
    out = []
    for found in sessions:
        place = {"left": 0.0, "width": 0.0}
        if found in dated:
            start, end = date.fromisoformat(found["start"]), date.fromisoformat(found["end"])
            place = {"left": round((start - first).days / days * 100, 2), "width": round(max((end - start).days / days * 100, 0.5), 2)}
        out.append({**found, **place})
    return out


def totals(document: dict[str, Any]) -> dict[str, int]:
    """Reasons of all days with their counts, the most frequent first."""
    reasons: Counter[str] = Counter()
    for day in document.get("days", []):
        reasons.update(day["reasons"])
    return dict(reasons.most_common())
