"""What `sync courses` tells: counts, questions, multi-section courses, team-taught classes; as text and as JSON.

Called by the verb. Holds codes and titles of courses and ids of classes, never anything of a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync_engine.courses.alignment import QUESTIONS, Aligned
from sync_engine.courses.review import Question

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """One alignment. written: decisions kept in this run; stale: decisions of the review whose question is gone."""

    target: str
    tenant: str
    catalogue: int | None
    aligned: Sequence[Aligned]
    asked: Sequence[Question]
    written: int
    stale: int
    dry_run: bool

    @property
    def reasons(self) -> list[str]:
        """What a person should know, one sentence each."""
        found = []
        gathered = sum(not one.offering.is_landed for one in self.aligned)
        if gathered:
            found.append(f"{gathered:,} courses have not landed and were gathered from their classes' codes and titles")
        if self.stale:
            found.append(f"{self.stale:,} decisions were not taken: what they decide is no longer asked; review again")
        if self.asked:
            found.append(f"{len(self.asked):,} questions wait for a person; see --review and --accept")
        if self.catalogue is None:
            found.append("no catalogue was given, so nothing was mapped")
        return found

    def document(self) -> dict[str, Any]:
        """The machine form."""
        sections = [section for one in self.aligned for section in one.offering.sections]
        return {
            "target": self.target, "tenant": self.tenant, "catalogue": self.catalogue, "courses": len(self.aligned),
            "classes": len(sections), "counts": dict(sorted(Counter(one.status for one in self.aligned).items())),
            "written": self.written, "stale": self.stale, "dry_run": self.dry_run,
            "mappings": [
                {"course": one.offering.id, "code": one.offering.code, "title": one.offering.title, "target": one.target,
                 "status": one.status, "custom": one.target.startswith("custom:")}
                for one in self.aligned if one.target
            ],
            "review": [question.document() for question in self.asked],
            "multi_section": [
                {"course": one.offering.id, "classes": len(one.offering.sections), "schools": one.offering.schools}
                for one in self.aligned if len(one.offering.sections) > 1
            ],
            "team_taught": [
                {"class": section.id, "teachers": section.teachers} for section in sections if section.teachers > 1
            ],
            "reasons": self.reasons,
        }  # fmt: skip

    def text(self) -> str:
        """The same for a person."""
        said = self.document()
        lines = [
            f"courses       {said['courses']:,} with {said['classes']:,} classes",
            f"multi-section {len(said['multi_section']):,} courses",
            f"team-taught   {len(said['team_taught']):,} classes",
            *(f"  {status:<18} {count:>7,}" for status, count in said["counts"].items()),
        ]
        for question in self.asked[:_SHOWN]:
            row = question.document()
            best = f" -> {row['suggestion']} {row['suggestion_title']} ({row['score']})" if row["suggestion"] else ""
            lines.append(f"? {row['code'] or '-'} {row['title']}{best}: {QUESTIONS[question.first.status]}")
        if len(self.asked) > _SHOWN:
            lines.append(f"? and {len(self.asked) - _SHOWN:,} more")
        lines += [f"note: {reason}" for reason in self.reasons]
        done = "would be kept" if self.dry_run else "kept"
        lines.append(f"{self.written:,} decisions {done} in {self.target}")
        return "\n".join(lines)
