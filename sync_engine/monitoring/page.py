"""The status page: one HTML file with charts, nothing fetched, no script, fit for paper.

Called by `sync status --html`. Shows counts, moments and reasons of the record of runs; never a value of a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from oneroster_harness.charts import bars, lines
from oneroster_harness.terminal import VERSION
from oneroster_standard.moments import parse_instant
from sync_engine.monitoring.measures import BAD, STATES, total
from sync_engine.run_log import Entry
from sync_engine.standing import Standing

MOST_CHARTED = 24
"""So many tenants have a section with charts; a page of hundreds would not open."""
STRIP_RUNS = 30
CHARTED_RUNS = 60
CHARTED_DAYS = 60
MOST_LABELS = 12
ENTITIES = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
TELLING = {"held": "rows wait", "failed": "runs fail", "silent": "source is silent", "rotate": "rotate credential"}
STATUS_COLOURS = {"applied": "var(--ok)", "held": "var(--held)", "failed": "var(--bad)"}


@dataclass(frozen=True, slots=True)
class Row:
    """One tenant as the page shows it."""

    standing: Standing
    states: Sequence[tuple[str, str]]
    strip: Sequence[tuple[str, str]]
    rows: int
    held: int
    aside: int
    charts: dict[str, Markup]
    entities: Sequence[str]


def page(found: Sequence[Standing], target: str, now: datetime) -> str:
    """The page of a target; tenants with trouble come first."""
    environment = Environment(
        loader=PackageLoader("sync_engine.monitoring"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"grouped": lambda number: f"{number:,}", "span": span, "moment": lambda at: f"{at:%Y-%m-%d %H:%M}"}
    ordered = sorted(found, key=lambda one: (-_trouble(one), one.tenant))
    rows = [_row(one, number, charted=number < MOST_CHARTED) for number, one in enumerate(ordered)]
    tiles = Counter(state for one in found for state in one.measures.states)
    return environment.get_template("status.html.j2").render(
        rows=rows, charted=rows[:MOST_CHARTED], target=target, now=now, version=VERSION, telling=TELLING,
        tiles=[(state, tiles[state]) for state in STATES], well=sum(not one.measures.states for one in found), colours=list(STATUS_COLOURS),
        parse=parse_instant, soon=now + timedelta(days=30),
    )  # fmt: skip


def _trouble(one: Standing) -> int:
    weight = {"failed": 8, "held": 4, "silent": 2, "rotate": 1}
    return sum(weight[state] for state in one.measures.states)


def _row(one: Standing, number: int, *, charted: bool) -> Row:
    measures = one.measures
    read = next((run for run in reversed(one.runs) if run.after), None)
    states = [(state, f"{TELLING[state]} since {since:%Y-%m-%d %H:%M}") for state, since in measures.states.items()]
    strip = [(_kind(run.status), f"{run.at[:16].replace('T', ' ')} {run.status}") for run in one.runs[-STRIP_RUNS:]]
    entities = [name for name in ENTITIES if name in one.rows]
    return Row(
        one, states, strip, sum(found.get("present", 0) for found in one.rows.values()), total(read, "held") if read else 0,
        total(read, "quarantined") if read else 0, _charts(one, number, entities) if charted else {}, entities,
    )  # fmt: skip


def _kind(status: str) -> str:
    return "failed" if status in BAD else status


def _charts(one: Standing, number: int, entities: Sequence[str]) -> dict[str, Markup]:
    charts: dict[str, Markup] = {}
    days = _by_day(one.runs)
    series = {kind: [found[kind] for found in days.values()] for kind in STATUS_COLOURS}
    charts["runs"] = bars(f"runs-{number}", [day[5:] for day in days], series, list(STATUS_COLOURS.values()), most_labels=MOST_LABELS)
    read = [run for run in one.runs if run.after][-CHARTED_RUNS:]
    labels = [run.at[5:10] for run in read]
    if len(read) > 1:
        # A scale of powers of ten has no place for none.
        had = {name: [_had(run, name) or None for run in read] for name in entities}
        charts["rows"] = lines(f"rows-{number}", labels, had, most_labels=MOST_LABELS)
    if any(total(run, "held") or total(run, "quarantined") for run in read):
        wrong = {kind: [total(run, kind) for run in read] for kind in ("held", "quarantined")}
        charts["quality"] = bars(f"quality-{number}", labels, wrong, ["var(--held)", "var(--bad)"], most_labels=MOST_LABELS)
    return charts


def _had(run: Entry, entity: str) -> int:
    found = run.changes.get(entity, {})
    return sum(found.get(kind, 0) for kind in ("create", "update", "unchanged"))


def _by_day(runs: Sequence[Entry]) -> dict[str, Counter[str]]:
    """Runs by how they ended, for each of the last days, days without a run included."""
    if not runs:
        return {}
    last = parse_instant(runs[-1].at).date()
    first = max(parse_instant(runs[0].at).date(), last - timedelta(days=CHARTED_DAYS - 1))
    found = {(first + timedelta(days=day)).isoformat(): Counter[str]() for day in range((last - first).days + 1)}
    for run in runs:
        if run.at[:10] in found:
            found[run.at[:10]][_kind(run.status)] += 1
    return found


def span(found: timedelta | None) -> str:
    """A span of time for a person."""
    if found is None:
        return "never"
    hours = found.total_seconds() / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    if hours >= 2:
        return f"{hours:.0f} hours"
    minutes = round(hours * 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
