"""Collections of a store as a vendor shows them, many records at once: other ids, some records hidden, in order of the new ids.

Called by districts.view. Works on rendered records and never parses them, but for those few of which a vendor makes several. What
it gives is what Lens.shown gives record by record; tests hold the two together.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from data_gen.columns import Lines, Matrix, Numbers
from data_gen.id_columns import Ids, as_ids, as_matrix, new_ids, numbers_of
from data_gen.key_order import Entries, KeyOrder
from data_gen.lens import EMPTY_CLASS, HIDDEN_STUDENT, PROFILE, Lens
from oneroster_standard.marks import MARKS, parse, render
from oneroster_standard.store import KEY, SEPARATOR, Store, StoreCollection
from oneroster_standard.versions import role_1p1

BLOCK = 8192
LONGEST_KEY = 40
_LONGEST_OWN = 24
_SAMPLES = 8
_AT_ONCE = 1024
_QUOTE, _SLASH, _AFTER_MARKS = ord('"'), ord("/"), 1 + max(mark[0] for mark in MARKS.values())
_PROFILE = PROFILE.encode()
_PROFILE_KEY = re.compile(re.escape(_PROFILE) + rb"profiles/upf-([a-z]+-[0-9a-z]+)")
_AGAIN = b'","sourcedId":"'
"""What stands in a reference between the id in its address and the same id."""
_ROLE = re.compile(rb'"role":"([^"]+)"')
_CLASS = re.compile(rb'/classes/([^"]+)"')
_LINE_ITEM = re.compile(rb'/lineItems/([^"]+)"')
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Block:
    """Rendered records one after the other, each with its separator."""

    body: bytes
    lengths: Numbers

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def starts(self) -> Numbers:
        """Where each record begins."""
        return np.cumsum(self.lengths) - self.lengths

    def split(self) -> list[bytes]:
        """The records without their separators: no line break stands within one."""
        return self.body.split(SEPARATOR)[:-1]

    def own_ids(self) -> Ids:
        """The sourcedId of each record."""
        raw = np.frombuffer(self.body, np.uint8)
        starts = self.starts + len(KEY)
        reach = np.minimum(starts[:, None] + np.arange(_LONGEST_OWN), len(raw) - 1)
        is_end = raw[reach] == _QUOTE
        if not is_end.any(axis=1).all():
            raise ValueError("an id that was not generated")
        return self.texts(starts, starts + is_end.argmax(axis=1))

    def texts(self, starts: Numbers, stops: Numbers) -> Ids:
        """What stands between some places."""
        raw = np.frombuffer(self.body, np.uint8)
        reach = np.arange(int((stops - starts).max(initial=1)))
        found = raw[np.minimum(starts[:, None] + reach, len(raw) - 1)]
        found[reach >= (stops - starts)[:, None]] = 0
        return as_ids(found)

    def id_spans(self) -> tuple[Numbers, Numbers, Mask]:
        """Where ids begin and end, in order of their places, and which of them only say the one before again.

        Raises ValueError for a reference that does not say its id twice.
        """
        raw = np.frombuffer(self.body, np.uint8)
        quotes, slashes = np.flatnonzero(raw == _QUOTE), np.flatnonzero(raw == _SLASH)
        marks = np.flatnonzero(raw < _AFTER_MARKS)
        stops = quotes[np.searchsorted(quotes, marks)]
        starts = slashes[np.searchsorted(slashes, stops) - 1] + 1
        if not (raw[stops[:, None] + np.arange(len(_AGAIN))] == np.frombuffer(_AGAIN, np.uint8)).all():
            raise ValueError("records of another make")
        own = self.starts + len(KEY)
        profiles = [found.span(1) for found in _PROFILE_KEY.finditer(self.body)] if _PROFILE in self.body else []
        profile_spans = np.array(profiles, np.int64).reshape(-1, 2)
        again = stops + len(_AGAIN)
        every = np.concatenate((own, starts, again, profile_spans[:, 0]))
        ends = np.concatenate((quotes[np.searchsorted(quotes, own)], stops, again + stops - starts, profile_spans[:, 1]))
        order = np.argsort(every, kind="stable")
        said = np.zeros(len(every), bool)
        said[len(own) + len(starts) : len(own) + 2 * len(starts)] = True
        return every[order], ends[order], said[order]

    def found(self, pattern: re.Pattern[bytes]) -> list[bytes]:
        """What a pattern finds in each record. Raises ValueError when it is not found once in each."""
        every = pattern.findall(self.body)
        if len(every) != len(self):
            raise ValueError("records of another make")
        return every


def _read(source: StoreCollection, rows: Numbers) -> _Block:
    lengths = (source.offsets[rows + 1] - source.offsets[rows]).astype(np.int64)
    parts = []
    # Rows that lie apart touch many pages each, so what they touched is given back after a few.
    for start in range(0, len(rows), _AT_ONCE):
        parts.append(source.gather(rows[start : start + _AT_ONCE]) + SEPARATOR)
        source.release()
    return _Block(b"".join(parts), lengths)


@dataclass(frozen=True)
class SeenRows:
    """One collection of a store through a lens. folder: where keys lie that are put in order."""

    lens: Lens
    source: Store
    name: str
    folder: Path

    @cached_property
    def _rows(self) -> StoreCollection:
        return self.source.collection(self.name, self.lens.version)

    def lines(self) -> Iterator[Lines]:
        """Rendered records, each with its separator, in order of the vendor's sourcedId."""
        with KeyOrder(self.folder, LONGEST_KEY) as order:
            for start in range(0, len(self._rows), BLOCK):
                self._order(order, np.arange(start, min(start + BLOCK, len(self._rows)), dtype=np.int64))
            for entries in order.merged():
                for start in range(0, len(entries), BLOCK):
                    yield self._translated(entries[start : start + BLOCK])

    def _order(self, order: KeyOrder, rows: Numbers) -> None:
        block = _read(self._rows, rows)
        shown = np.ones(len(block), bool)
        several = np.zeros(len(block), bool)
        ids = block.own_ids()
        if self.name == "users":
            roles = self._roles(block)
            if roles is not None:
                shown, several = self._people(ids, roles)
        elif self.name == "enrollments":
            shown = self._enrollments(block)
        elif self.name == "results" and self.lens.empty_classes:
            shown = ~_is_empty(np.array([b"cls-" + item[4:11] for item in block.found(_LINE_ITEM)]))
        for row in np.flatnonzero(several).tolist():
            records = self._shown(int(rows[row]))
            several[row] = len(records) > 1
            for place, record in enumerate(records if len(records) > 1 else (), start=1):
                order.add(np.array([record["sourcedId"].encode()]), rows[row : row + 1], place)
        alone = shown & ~several
        order.add(new_ids(self.lens.forms, ids[alone]), rows[alone])

    def _shown(self, row: int) -> list[dict[str, Any]]:
        return list(self.lens.shown(self.name, parse(self._rows.record_bytes(row))))

    def _roles(self, block: _Block) -> NDArray[np.str_] | None:
        """Role of each user in the words of 1.1; None where no role matters."""
        if not (self.lens.hidden_roles or self.lens.accounts_needed or self.lens.staff_row_per_school):
            return None
        first = [found[1].decode() if (found := _ROLE.search(record)) else "" for record in block.split()]
        if self.lens.version == "1.1":
            return np.array(first)
        words = {word: role_1p1(word) for word in set(first)}
        return np.array([words[word] for word in first])

    def _people(self, ids: Ids, roles: NDArray[np.str_]) -> tuple[Mask, Mask]:
        """Which users are shown, and which may be shown several times."""
        hidden = np.isin(roles, list(self.lens.hidden_roles))
        if self.lens.accounts_needed:
            hidden |= (roles == "student") & HIDDEN_STUDENT.holds(numbers_of(ids))
        several = (roles == "teacher") & ~hidden if self.lens.staff_row_per_school else np.zeros(len(ids), bool)
        return ~hidden, several

    def _enrollments(self, block: _Block) -> Mask:
        hidden = np.zeros(len(block), bool)
        if self.lens.hide_co_teachers or self.lens.empty_classes:
            teaches = np.array([found == b"teacher" for found in block.found(_ROLE)])
            if self.lens.hide_co_teachers:
                second = [b'"primary":"false"' in record for record in block.split()] if teaches.any() else teaches
                hidden |= teaches & second
            if self.lens.empty_classes:
                hidden |= ~teaches & _is_empty(np.array(block.found(_CLASS)))
        return ~hidden

    def _translated(self, entries: Entries) -> Lines:
        rows, places = entries["row"], entries["place"]
        alone = places == 0
        block = _read(self._rows, rows[alone])
        found = self._with_old_ids(block, _same_layout(self.lens, block) or _any_layout(self.lens, block))
        if alone.all():
            return Lines(found.body, found.lengths)
        waiting = iter(found.split())
        every = [
            next(waiting) if not place else render(self._shown(row)[place - 1])
            for row, place in zip(rows.tolist(), places.tolist(), strict=True)
        ]
        return Lines.of([record + SEPARATOR for record in every])

    def _with_old_ids(self, before: _Block, after: _Block) -> _Block:
        """Users with the number of their older id as metadata, where the vendor tells it."""
        if not (self.lens.old_id_key and self.name == "users"):
            return after
        if b'"metadata":' in before.body:
            raise ValueError("users with metadata of their own")
        key = orjson.dumps(self.lens.old_id_key)
        letters = string.ascii_letters.encode()
        said = [
            record[:-1] + b',"metadata":{' + key + b':"' + old.lstrip(letters) + b'"}}' + SEPARATOR
            for record, old in zip(after.split(), new_ids(self.lens.old_forms, before.own_ids()).tolist(), strict=True)
        ]
        return _Block(b"".join(said), np.fromiter(map(len, said), np.int64, len(said)))


def _is_empty(classes: Ids) -> Mask:
    found: Mask = EMPTY_CLASS.holds(numbers_of(classes))
    return found


def _any_layout(lens: Lens, block: _Block) -> _Block:
    """A block with the vendor's ids, whatever its records look like: cut at its ids and joined again."""
    starts, stops, said = block.id_spans()
    new = new_ids(lens.forms, block.texts(starts[~said], stops[~said]))
    made: list[bytes] = new[np.cumsum(~said) - 1].tolist()
    body = block.body
    before = zip([0, *stops.tolist()], [*starts.tolist(), len(body)], strict=True)
    found = [b""] * (2 * len(made) + 1)
    found[0::2], found[1::2] = [body[start:stop] for start, stop in before], made
    body = b"".join(found)
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == SEPARATOR[-1]) + 1
    return _Block(body, np.diff(ends, prepend=0))


def _spans(block: _Block, row: int) -> list[tuple[int, int]]:
    """Where the ids of a record stand, one that is said twice both times."""
    start = int(block.starts[row])
    starts, stops, _ = _Block(block.body[start : start + int(block.lengths[row])], block.lengths[row : row + 1]).id_spans()
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _same_layout(lens: Lens, block: _Block) -> _Block | None:
    """A block with the vendor's ids, when the ids stand at the same places in all of its records; None when they do not."""
    count, width = len(block), int(block.lengths.max(initial=0))
    chosen = np.unique(np.linspace(0, count - 1, min(_SAMPLES, count)).astype(np.int64)).tolist()
    layouts = [_spans(block, row) for row in chosen]
    if not layouts or any(layout != layouts[0] for layout in layouts):
        return None
    raw = np.frombuffer(block.body, np.uint8)
    is_even = len(block.body) == count * width
    if is_even:
        matrix = raw.reshape(count, width)
    else:
        matrix = np.zeros((count, width), np.uint8)
        matrix[np.arange(width) < block.lengths[:, None]] = raw
    if not _fits(block, matrix, layouts[0]):
        return None
    parts: list[Matrix] = []
    made: dict[bytes, Matrix] = {}
    end = 0
    for start, stop in layouts[0]:
        ids = matrix[:, start:stop]
        key = ids.tobytes()
        if key not in made:
            made[key] = as_matrix(new_ids(lens.forms, as_ids(ids)))
        parts += [matrix[:, end:start], made[key]]
        end = stop
    found = np.concatenate([*parts, matrix[:, end:]], axis=1)
    if is_even and all(one[:, -1].all() for one in made.values()):
        return _Block(found.tobytes(), np.full(count, found.shape[1], np.int64))
    held = found != 0
    return _Block(found[held].tobytes(), np.count_nonzero(held, axis=1))


def _fits(block: _Block, matrix: Matrix, layout: list[tuple[int, int]]) -> bool:
    """Whether each record has its ids where the layout says, and no other one."""
    first = block.body[: int(block.lengths[0])]
    for said in (*MARKS.values(), _PROFILE):
        if block.body.count(said) != len(block) * first.count(said):
            return False
    for start, stop in layout:
        before = slice(max(0, start - len('/","sourcedId":"')), start)
        if (matrix[:, start:stop] == _QUOTE).any() or not (matrix[:, stop] == _QUOTE).all():
            return False
        if not _is_head(matrix[:, before], first[before]):
            return False
    return True


def _is_head(columns: Matrix, first: bytes) -> bool:
    """Whether what stands before an id is the same in all records, from its mark or its first quote on."""
    start = max(first.rfind(mark) for mark in (*MARKS.values(), b'",'))
    own = columns[:, max(start, 0) :]
    return bool((own == np.frombuffer(first[max(start, 0) :], np.uint8)).all())
