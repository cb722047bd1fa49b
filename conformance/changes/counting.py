"""What a step changed, in numbers: by file, by school, by role, by class, and how often each column.

Called by the judge of changes for the report. Counts only.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from conformance.changes.comparing import FileChange
from conformance.changes.steps import Step
from conformance.changes.turns import ORGS
from conformance.changes.volumes import entity, role_of, school_of
from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID

MOST_SCHOOLS = 20
KINDS = ("created", "changed", "removed")


def counted(step: Step) -> dict[str, Any]:
    """The step as JSON: what it leads from and to, and for each file how many records of each kind."""
    pair = step.required
    files = {entity(name): _counts(step, change) for name, change in pair.files.items()}
    missing = {entity(name): "not in the bundle" for name in pair.old.tables if name not in pair.new.tables}
    return {"from": pair.old.label, "to": pair.new.label, "files": files, "not_compared": missing}


def _counts(step: Step, change: FileChange) -> dict[str, Any]:
    found: dict[str, Any] = {
        "created": change.created.height, "changed": change.changed.height, "removed": change.removed.height,
        "rekeyed": change.rekeyed.height, "unchanged": change.unchanged, "fields": change.fields,
    }  # fmt: skip
    roles = _by_role(step, change)
    if roles:
        found["roles"] = roles
    schools = _by_school(step, change)
    if schools:
        found["schools"] = schools
    if "classSourcedId" in change.columns:
        found["classes"] = {kind: frame["classSourcedId"].n_unique() for kind, frame in _kinds(change) if frame.height}
    return found


def _kinds(change: FileChange) -> list[tuple[str, pl.DataFrame]]:
    return [("created", change.created), ("changed", change.changed.select(change.after.columns)), ("removed", change.removed)]


def _by_role(step: Step, change: FileChange) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for kind, frame in _kinds(change):
        counts = role_of(step.required, change, frame).group_by("as").len()
        for role, count in sorted(counts.iter_rows()):
            found.setdefault(role, dict.fromkeys(KINDS, 0))[kind] = count
    return found


def _by_school(step: Step, change: FileChange) -> list[dict[str, Any]]:
    """The schools of which most has changed, named by their row of orgs.csv in either bundle."""
    orgs = step.required.files.get(ORGS)
    if orgs is None:
        return []
    rows = dict(pl.concat([orgs.after.select(ID, LINE), orgs.removed.select(ID, LINE)]).iter_rows())
    counts: dict[int, dict[str, int]] = {}
    for kind, frame in _kinds(change):
        for school, count in school_of(step.required, change, frame).group_by("school").len().iter_rows():
            counts.setdefault(school, dict.fromkeys(KINDS, 0))[kind] = count
    ordered = sorted(counts.items(), key=lambda one: (-sum(one[1].values()), rows.get(one[0], 0)))
    return [{"orgs_row": rows.get(school)} | found for school, found in ordered[:MOST_SCHOOLS]]
