"""A vendor's ids for many records at once: columns of generated ids become columns of the vendor's.

Called by the views of stores. The same ids as FORMS of lens.py gives one by one; tests hold the two together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from data_gen.columns import Matrix, Numbers, digits
from data_gen.lens import ENTERED, NAMESPACE, NUMBERED, ROLE_LETTERS, USER_BASES, form_of

Ids = NDArray[np.bytes_]
KINDS: Mapping[bytes, str] = {
    b"adm": "users", b"aid": "users", b"asl": "assessmentLineItems", b"asr": "assessmentResults", b"cat": "categories",
    b"cls": "classes", b"crs": "courses", b"enr": "enrollments", b"ent": "enrollments", b"gdn": "users", b"lin": "lineItems",
    b"org": "orgs", b"res": "resources", b"rst": "results", b"scl": "scoreScales", b"ses": "academicSessions",
    b"stu": "users", b"tch": "users",
}  # fmt: skip
"""Head of a generated id -> the collection of its record."""
_HEX = np.frombuffer("".join(f"{number:02X}" for number in range(256)).encode(), np.uint8).reshape(256, 2)
_POWERS = np.array([10**place for place in range(1, 19)], np.int64)


def as_ids(matrix: Matrix) -> Ids:
    """Rows of a matrix, padded with bytes 0, as texts."""
    whole = np.ascontiguousarray(matrix)
    return whole.view(f"S{whole.shape[1]}").reshape(-1)


def as_matrix(ids: Ids) -> Matrix:
    """Texts as rows of bytes, padded with bytes 0."""
    return np.ascontiguousarray(ids).view(np.uint8).reshape(len(ids), ids.dtype.itemsize)


def numbers_of(ids: Ids) -> Numbers:
    """What number_of of lens.py gives, for each.

    Raises ValueError for a character that no generated id has.
    """
    found = np.zeros(len(ids), np.int64)
    for column in as_matrix(ids).T[4:]:
        value = column.astype(np.int64)
        is_digit, is_letter = (column >= 48) & (column < 58), (column >= 97) & (column < 123)
        if not (is_digit | is_letter | (column == 45) | (column == 0)).all():
            raise ValueError("an id that was not generated")
        found = np.where(is_digit, found * 10 + value - 48, np.where(is_letter, found * 100 + value - 87, found))
    return found


def _numbered(numbers: Numbers, least: int, before: Matrix, after: Matrix) -> Ids:
    """Numbers of at least so many digits between texts of one width."""
    widths = np.maximum(np.searchsorted(_POWERS, numbers, side="right") + 1, least)
    head, tail = before.shape[1], after.shape[1]
    found = np.zeros((len(numbers), head + int(widths.max(initial=1)) + tail), np.uint8)
    for width in np.unique(widths).tolist():
        chosen = np.flatnonzero(widths == width)
        row = np.hstack((before[chosen], digits(numbers[chosen], width).matrix, after[chosen]))
        found[chosen, : row.shape[1]] = row
    return as_ids(found)


def _heads(ids: Ids) -> list[bytes]:
    found: list[bytes] = np.unique(as_ids(as_matrix(ids)[:, :3])).tolist()
    return found


def _by_head(ids: Ids, said: Mapping[str, str]) -> Matrix:
    """One character per id, by its head."""
    own = as_ids(as_matrix(ids)[:, :3])
    found = np.zeros((len(ids), 1), np.uint8)
    for head in _heads(ids):
        found[own == head] = ord(said[head.decode()])
    return found


def _nothing(count: int) -> Matrix:
    return np.zeros((count, 0), np.uint8)


def _numeric(collection: str, ids: Ids) -> Ids:
    numbers, none = numbers_of(ids), _nothing(len(ids))
    if collection == "users":
        return _numbered(numbers, 9, _by_head(ids, {head: str(base) for head, base in USER_BASES.items()}), none)
    entered = as_ids(as_matrix(ids)[:, :3]) == b"ent"
    return _numbered(numbers + np.where(entered, ENTERED, NUMBERED), 1, none, none)


def _role_letter(collection: str, ids: Ids) -> Ids:
    if collection != "users":
        return _numeric(collection, ids)
    return _numbered(numbers_of(ids) + 100_000, 1, _by_head(ids, ROLE_LETTERS), _nothing(len(ids)))


def _guid(collection: str, ids: Ids) -> Ids:
    every: list[bytes] = ids.tolist()
    places = {one: place for place, one in enumerate(dict.fromkeys(every))}
    head = NAMESPACE.bytes + f"{collection}/".encode()
    raw = b"".join(hashlib.sha1(head + one, usedforsecurity=False).digest()[:16] for one in places)
    values = np.frombuffer(raw, np.uint8).reshape(len(places), 16).copy()
    values[:, 6] = values[:, 6] & 0x0F | 0x50
    values[:, 8] = values[:, 8] & 0x3F | 0x80
    text = np.full((len(places), 36), ord("-"), np.uint8)
    for start, stop, place in ((0, 4, 0), (4, 6, 9), (6, 8, 14), (8, 10, 19), (10, 16, 24)):
        text[:, place : place + 2 * (stop - start)] = _HEX[values[:, start:stop]].reshape(len(places), -1)
    return as_ids(text[np.fromiter(map(places.__getitem__, every), np.int64, len(every))])


def _student_letter(collection: str, ids: Ids) -> Ids:
    found = as_matrix(_numeric(collection, ids))
    longer = np.hstack((found, np.zeros((len(ids), 1), np.uint8)))
    students = as_ids(as_matrix(ids)[:, :3]) == b"enr"
    longer[students, 1:], longer[students, 0] = found[students], ord("s")
    return as_ids(longer)


def _joined(_collection: str, ids: Ids) -> Ids:
    most, last = np.divmod(numbers_of(ids), 10)
    entered = as_ids(as_matrix(ids)[:, :3]) == b"ent"
    letter = np.where(entered, ord("t"), ord("s")).astype(np.uint8)[:, None]
    line = np.full((len(ids), 1), ord("_"), np.uint8)
    return _numbered(most, 1, _nothing(len(ids)), np.hstack((line, letter, digits(last, 1).matrix)))


def _case_twins(collection: str, ids: Ids) -> Ids:
    half, odd = np.divmod(_numeric(collection, ids).astype(np.int64), 2)
    return _numbered(half, 1, np.where(odd == 1, ord("K"), ord("k")).astype(np.uint8)[:, None], _nothing(len(ids)))


def _same(_collection: str, ids: Ids) -> Ids:
    return ids


COLUMN_FORMS: dict[str, Callable[[str, Ids], Ids]] = {
    "same": _same, "numeric": _numeric, "role-letter": _role_letter, "guid-upper": _guid, "student-letter": _student_letter,
    "joined": _joined, "case-twins": _case_twins,
}  # fmt: skip
"""Forms of FORMS by their names, for many ids of one collection."""


def new_ids(forms: Mapping[str, str], ids: Ids) -> Ids:
    """A vendor's ids of records, each by the collection that its head tells.

    Raises KeyError for a head that no generated id has, ValueError for a character that none has.
    """
    heads = as_ids(as_matrix(ids)[:, :3])
    if not len(ids):
        return ids
    known = [KINDS[head] for head in np.unique(heads).tolist()]
    if len(set(known)) == 1:
        return COLUMN_FORMS[form_of(forms, known[0])](known[0], ids)
    parts = []
    for collection in dict.fromkeys(known):
        chosen = np.flatnonzero(np.isin(heads, [head for head, one in KINDS.items() if one == collection]))
        parts.append((chosen, COLUMN_FORMS[form_of(forms, collection)](collection, ids[chosen])))
    found = np.zeros(len(ids), f"S{max(new.dtype.itemsize for _, new in parts)}")
    for chosen, new in parts:
        found[chosen] = new
    return found
