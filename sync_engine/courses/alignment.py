"""The alignment itself: what each course of a district is in the catalogue, and what a person must decide.

Called by `sync courses`. A course without a mapping gets one only when nothing is in doubt; a mapping that is kept
stays until a person changes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sync_engine.courses.catalogue import Entry
from sync_engine.courses.codes import code_key, slug, title_key
from sync_engine.courses.mappings import Mapping as Kept
from sync_engine.courses.matching import STRANGE_BELOW, Candidate, Matcher, resemblance
from sync_engine.courses.offerings import Offering

QUESTIONS = {
    "suggested": "no course of the catalogue has this code; one resembles it",
    "ambiguous": "several courses of the catalogue have this code",
    "title-differs": "a course of the catalogue has this code, and quite another title",
    "changed-code": "the code is another one than when it was mapped",
    "changed-title": "the title is quite another one than when it was mapped",
    "gone": "its course is no longer in the catalogue",
    "now-in-catalogue": "it is a custom course, and the catalogue has its code now",
    "contradicts": "the file of mappings says something else than the mapping that is kept",
    "siblings-differ": "courses of the same code and title are mapped to different ones",
}
"""What a person is asked: id -> what it means."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """One course with its state.

    status: kept; exact, given, sibling or custom (mapped now); unmapped; or one of QUESTIONS. target: what it is mapped to,
    now or still; empty for none. near: what it could be, best first.
    """

    offering: Offering
    status: str
    target: str = ""
    reason: str = ""
    near: Sequence[Candidate] = ()

    @property
    def is_question(self) -> bool:
        """Whether a person must decide."""
        return self.status in QUESTIONS

    @property
    def is_new(self) -> bool:
        """Whether it gets its mapping now."""
        return self.status in ("exact", "given", "sibling", "custom")


def custom_id(offering: Offering) -> str:
    """The id of a course of the district's own: the same for the same code and title."""
    code, _ = offering.key
    return f"custom:{code or '-'}:{slug(offering.title) or '-'}"


class Alignment:
    """The rules, with what they look things up in. catalogue: None when none was given. given: code key -> target."""

    def __init__(
        self, offerings: Sequence[Offering], kept: Mapping[str, Kept], catalogue: Mapping[str, Entry] | None,
        given: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._offerings = offerings
        self._kept = kept
        self._catalogue = catalogue
        self._matcher = Matcher(catalogue or {})
        self._given = given
        self._siblings: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._near: dict[tuple[str, str], Sequence[Candidate]] = {}
        for mapping in kept.values():
            self._siblings[code_key(mapping.code), title_key(mapping.title)].add(mapping.target)

    def all(self) -> list[Aligned]:
        """Every course in the order of the offerings."""
        return [self._one(offering) for offering in self._offerings]

    def _one(self, offering: Offering) -> Aligned:
        mapping = self._kept.get(offering.id)
        return self._still(offering, mapping) if mapping else self._first(offering)

    def _still(self, offering: Offering, mapping: Kept) -> Aligned:
        """A course that has its mapping."""
        question = self._doubt(offering, mapping)
        if not question:
            return Aligned(offering, "kept", mapping.target)
        near: Sequence[Candidate] = self._nearest(offering)
        told = self._given_to(offering)
        if question == "contradicts" and self._catalogue and told in self._catalogue:
            near = [Candidate(self._catalogue[told], 100.0)]
        return Aligned(offering, question, mapping.target, QUESTIONS[question], near)

    def _doubt(self, offering: Offering, mapping: Kept) -> str:
        told = self._given_to(offering)
        if told and told != mapping.target:
            return "contradicts"
        if code_key(mapping.code) != code_key(offering.code):
            return "changed-code"
        if resemblance(title_key(mapping.title), title_key(offering.title)) < STRANGE_BELOW:
            return "changed-title"
        if self._catalogue is None:
            return ""
        if mapping.is_custom:
            return "now-in-catalogue" if mapping.kind == "custom" and self._matcher.exact(offering.codes) else ""
        return "" if mapping.target in self._catalogue or mapping.kind == "kept" else "gone"

    def _first(self, offering: Offering) -> Aligned:
        """A course that has none yet."""
        if told := self._given_to(offering):
            return Aligned(offering, "given", told, "the file of mappings says so")
        siblings = self._siblings.get(offering.key, set())
        if len(siblings) == 1:
            return Aligned(offering, "sibling", next(iter(siblings)), "a course of the same code and title has it")
        if len(siblings) > 1:
            return self._asked(offering, "siblings-differ")
        if self._catalogue is None:
            return Aligned(offering, "unmapped")
        exact = self._matcher.exact(offering.codes)
        if len(exact) > 1:
            return self._asked(offering, "ambiguous", exact)
        if exact and resemblance(title_key(exact[0].title), title_key(offering.title)) < STRANGE_BELOW:
            return self._asked(offering, "title-differs", exact)
        if exact:
            return Aligned(offering, "exact", exact[0].code, "its code is the catalogue's")
        if near := self._nearest(offering):
            return Aligned(offering, "suggested", "", QUESTIONS["suggested"], near)
        return Aligned(offering, "custom", custom_id(offering), "nothing in the catalogue resembles it")

    def _asked(self, offering: Offering, question: str, named: Sequence[Entry] = ()) -> Aligned:
        title = title_key(offering.title)
        near = [Candidate(one, round(resemblance(title, title_key(one.title)), 1)) for one in named]
        near.sort(key=lambda one: (-one.score, one.entry.code))
        return Aligned(offering, question, "", QUESTIONS[question], near or self._nearest(offering))

    def _nearest(self, offering: Offering) -> Sequence[Candidate]:
        """What it could be; schools share codes and titles, so each pair is looked up once."""
        if offering.key not in self._near:
            exact = self._matcher.exact(offering.codes)
            found = [Candidate(one, 100.0) for one in exact]
            found += [one for one in self._matcher.near(offering.code, offering.title) if one.entry not in exact]
            self._near[offering.key] = found[:3]
        return self._near[offering.key]

    def _given_to(self, offering: Offering) -> str:
        return next((self._given[key] for code in offering.codes if (key := code_key(code)) in self._given), "")
