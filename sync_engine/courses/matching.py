"""Which course of a catalogue an offering is: by its code, or by a resemblance that a person decides on.

Called by the alignment. Resemblance is rapidfuzz's; a title that differs in a number or a level is never near.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from sync_engine.courses.catalogue import Entry
from sync_engine.courses.codes import code_key, level_of, title_key

SUGGESTED_FROM = 80.0
"""The weakest resemblance, of 100, that is put to a person."""
OTHER_LEVEL = 60.0
"""What a resemblance is worth at most when numbers or levels differ."""
STRANGE_BELOW = 45.0
"""Two titles below this are not believed to be one course, although their codes are equal."""
_CODE_SHARE = 0.3
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """A course of the catalogue and how much it resembles, of 100."""

    entry: Entry
    score: float


class Matcher:
    """A catalogue, prepared."""

    def __init__(self, catalogue: Mapping[str, Entry]) -> None:
        self._entries = list(catalogue.values())
        self._titles = [title_key(entry.title) for entry in self._entries]
        self._codes = [code_key(entry.code) for entry in self._entries]
        self._by_key: dict[str, list[Entry]] = defaultdict(list)
        for entry in self._entries:
            for key in dict.fromkeys(map(code_key, (entry.code, *entry.aliases))):
                self._by_key[key].append(entry)

    def exact(self, codes: Sequence[str]) -> list[Entry]:
        """Courses with the first of these codes that the catalogue knows, in order of their own codes."""
        for code in codes:
            if found := self._by_key.get(code_key(code)):
                return found
        return []

    def near(self, code: str, title: str) -> list[Candidate]:
        """The courses that resemble enough to be asked about, best first."""
        wanted_title, wanted_code = title_key(title), code_key(code)
        places = {
            place
            for _, _, place in process.extract(
                wanted_title, self._titles, scorer=fuzz.token_sort_ratio, limit=_LOOKED_AT, score_cutoff=40
            )
        }
        if wanted_code:
            places |= {
                place for _, _, place in process.extract(wanted_code, self._codes, scorer=fuzz.ratio, limit=5, score_cutoff=70)
            }
        found = [Candidate(self._entries[place], self._score(place, wanted_code, wanted_title)) for place in places]
        found = [one for one in found if one.score >= SUGGESTED_FROM]
        return sorted(found, key=lambda one: (-one.score, one.entry.code))

    def _score(self, place: int, code: str, title: str) -> float:
        by_title = resemblance(title, self._titles[place])
        if not code or level_of(title) != level_of(self._titles[place]):
            return round(by_title, 1)
        both = (1 - _CODE_SHARE) * by_title + _CODE_SHARE * fuzz.ratio(code, self._codes[place])
        return round(max(by_title, both), 1)


def resemblance(one: str, other: str) -> float:
    """How much two keys of titles resemble, of 100."""
    score = float(fuzz.token_sort_ratio(one, other))
    return score if level_of(one) == level_of(other) else min(score, OTHER_LEVEL)
