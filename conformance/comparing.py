"""Two runs against each other, by their machine forms: what is new, mended, worse or better.

Called by `oneroster check compare`. A finding that the later run did not look for is neither mended nor there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.notices import finding_id
from conformance.report import ORDER
from conformance.reports.markdown import SIGNS, code, escape
from oneroster_harness.problems import CannotRun, UsageProblem

Finding = Mapping[str, Any]
KINDS = {"new": "new", "worse": "worse", "mended": "mended", "better": "better", "unseen": "no longer looked for", "same": "as before"}


@dataclass(slots=True)
class Comparison:
    """Changes by kind. profiles: name -> (before, after); incomplete: whether the later run was."""

    old: str
    new: str
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    verdicts: tuple[str, str] = ("", "")
    profiles: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def fails(self) -> bool:
        """Whether there is a new error, or one that became one or more of them; an incomplete later run cannot pass."""
        grave = [one for kind in ("new", "worse") for one in self.changes[kind] if one["severity"] == "error"]
        worse = any(after != "pass" and before == "pass" for before, after in self.profiles.values())
        return bool(grave) or worse or self.verdicts[1] == "incomplete"

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "old": self.old, "new": self.new, "verdict": {"old": self.verdicts[0], "new": self.verdicts[1]}, "fails": self.fails,
            "summary": {kind: len(found) for kind, found in self.changes.items()},
            "profiles": {name: {"old": before, "new": after} for name, (before, after) in self.profiles.items()},
            **{kind: found for kind, found in self.changes.items() if kind != "same"},
        }  # fmt: skip


def read_run(path: Path) -> dict[str, Any]:
    """A run's machine form; raises UsageProblem for anything else."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UsageProblem("the run is not there", "a file of --json", str(path)) from error
    except OSError as error:
        raise CannotRun(f"the run cannot be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:
        raise UsageProblem("the run is not JSON", "a file of --json", str(path)) from error
    is_run = isinstance(found, dict) and isinstance(found.get("findings"), list) and isinstance(found.get("checks"), list)
    if not is_run or not all(isinstance(one, dict) and "check" in one and "severity" in one for one in found["findings"]):
        raise UsageProblem("the file is no run of a check", "what `oneroster check api|csv --json` writes", str(path))
    return dict(found)


def compare(old: Mapping[str, Any], new: Mapping[str, Any], names: tuple[str, str] = ("old", "new")) -> Comparison:
    """Put two runs side by side, finding by finding."""
    before, after = _by_id(old), _by_id(new)
    asked = {one["id"] for one in new["checks"] if one["outcome"] in ("pass", "fail")}
    found = Comparison(*names, verdicts=(str(old.get("verdict", "")), str(new.get("verdict", ""))))
    for id, one in after.items():
        kind, was = _kind(before.get(id), one)
        found.changes[kind].append(_row(id, one) | was)
    for id, one in before.items():
        if id not in after:
            found.changes["mended" if one["check"] in asked else "unseen"].append(_row(id, one))
    for rows in found.changes.values():
        rows.sort(key=lambda one: (ORDER.get(one["severity"], 9), one["check"], one["id"]))
    profiles = (old.get("profiles") or {}), (new.get("profiles") or {})
    found.profiles = {name: (profiles[0][name]["verdict"], profiles[1][name]["verdict"]) for name in profiles[0] if name in profiles[1]}
    return found


def _by_id(run: Mapping[str, Any]) -> dict[str, Finding]:
    return {one.get("id") or finding_id(one["check"], one.get("message", ""), one.get("where") or {}): one for one in run["findings"]}


def _kind(was: Finding | None, one: Finding) -> tuple[str, dict[str, Any]]:
    if was is None:
        return "new", {}
    more = {"severity_before": was["severity"], "count_before": was.get("count", 1)}
    grade = ORDER[one["severity"]] - ORDER[was["severity"]]
    growth = one.get("count", 1) - was.get("count", 1)
    if grade < 0 or (grade == 0 and growth > 0):
        return "worse", more
    return ("better", more) if grade > 0 or growth < 0 else ("same", more)


def _row(id: str, one: Finding) -> dict[str, Any]:
    where = one.get("where") or {}
    place = " ".join(str(where[name]) for name in ("request", "pointer", "file", "column") if where.get(name))
    return {"id": id, "check": one["check"], "severity": one["severity"], "count": one.get("count", 1), "message": one.get("message", ""), "where": place}


def text_of(found: Comparison) -> str:
    """The comparison for a terminal."""
    return "\n".join(_lines(found))


def _lines(found: Comparison) -> Iterator[str]:
    yield f"{found.old} -> {found.new}: verdict {found.verdicts[0]} -> {found.verdicts[1]}"
    yield ", ".join(f"{len(rows)} {KINDS[kind]}" for kind, rows in found.changes.items())
    yield from (f"profile {name}: {before} -> {after}" for name, (before, after) in found.profiles.items() if before != after)
    for kind, rows in found.changes.items():
        if rows and kind != "same":
            yield ""
            yield f"{KINDS[kind]}:"
            yield from (f"  {one['severity']}: {one['message']}{_times(one)}  [{one['check']} {one['id']}]" for one in rows)


def _times(one: Mapping[str, Any]) -> str:
    was = f", {one['count_before']:,} before" if one.get("count_before", one["count"]) != one["count"] else ""
    return f" ({one['count']:,} times{was})" if one["count"] > 1 or was else ""


def markdown_of(found: Comparison) -> str:
    """The comparison for a pull request."""
    lines = [f"### {SIGNS['fail' if found.fails else 'pass']} OneRoster: {found.verdicts[0]} → {found.verdicts[1]}", ""]
    lines += ["| " + " | ".join(KINDS.values()) + " |", "| " + " | ".join("---:" for _ in KINDS) + " |"]
    lines += ["| " + " | ".join(str(len(found.changes[kind])) for kind in KINDS) + " |", ""]
    lines += [f"- profile **{escape(name)}**: {before} → {after}" for name, (before, after) in found.profiles.items() if before != after]
    for kind, rows in found.changes.items():
        if rows and kind != "same":
            shown = [f"- {SIGNS[one['severity']]} {escape(one['message'])}{_times(one)} {code(one['check'])} {code(one['id'])}" for one in rows[:60]]
            shown += [f"- {len(rows) - 60} more"] if len(rows) > 60 else []
            is_open = " open" if kind in ("new", "worse") else ""
            lines += ["", f"<details{is_open}><summary>{len(rows)} {KINDS[kind]}</summary>", "", *shown, "", "</details>"]
    return "\n".join(lines) + "\n"
