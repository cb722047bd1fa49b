"""The review file: what a person must decide, written as CSV and read back with the decisions.

Called by `sync courses`. One row per question about one code and title; a decision counts only while the question is
still the one that was written.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.courses.alignment import Aligned, custom_id
from sync_engine.courses.catalogue import Entry
from sync_engine.courses.codes import code_key

COLUMNS = (
    "key", "question", "code", "title", "courses", "classes", "schools", "now", "suggestion", "suggestion_title", "score",
    "second", "second_title", "second_score", "decision", "why",
)  # fmt: skip
ACCEPT, KEEP, CUSTOM = "yes", "keep", "custom"
CHOICES = "yes (the suggestion), keep (what it is now), custom, or a code of the catalogue"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Question:
    """One row: courses of one code and title that raise the same question."""

    key: str
    members: Sequence[Aligned]

    @property
    def first(self) -> Aligned:
        """The course that stands for the others."""
        return self.members[0]

    @property
    def suggestion(self) -> str:
        """The code that is suggested; empty for none."""
        return self.first.near[0].entry.code if self.first.near else ""

    def document(self) -> dict[str, object]:
        """The row as the machine form tells it, without what a person adds."""
        near = [(one.entry.code, one.entry.title, one.score) for one in self.first.near[:2]]
        best, second = (*near, ("", "", None), ("", "", None))[:2]
        offerings = [member.offering for member in self.members]
        schools = {section.school for offering in offerings for section in offering.sections}
        return {
            "key": self.key, "question": self.first.status, "code": offerings[0].code, "title": offerings[0].title,
            "courses": len(offerings), "classes": sum(len(one.sections) for one in offerings), "schools": len(schools),
            "now": self.first.target, "suggestion": best[0], "suggestion_title": best[1], "score": best[2],
            "second": second[0], "second_title": second[1], "second_score": second[2],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person wrote. row: line of the file, from 2."""

    key: str
    choice: str
    why: str
    row: int


def questions(tenant: str, aligned: Sequence[Aligned]) -> list[Question]:
    """What is to be decided, in order of code and title."""
    grouped: dict[tuple[str, ...], list[Aligned]] = {}
    for one in aligned:
        if one.is_question:
            suggestion = one.near[0].entry.code if one.near else ""
            shared = (*one.offering.key, one.status, one.target, suggestion)
            grouped.setdefault(shared, []).append(one)
    found = []
    for told, members in sorted(grouped.items()):
        said = json.dumps([tenant, *told, sorted(one.offering.id for one in members)])
        found.append(Question(f"q-{hashlib.sha256(said.encode()).hexdigest()[:12]}", members))
    return found


def _guarded(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write(path: Path, asked: Sequence[Question]) -> None:
    """Write the review file.

    Raises UsageProblem when another file lies there, CannotRun when it cannot be written.
    """
    if path.exists() and not _is_review(path):
        raise UsageProblem("the file exists and is no review file", "a new name, or an older review", str(path))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for question in asked:
        cells = question.document()
        rows.writerow([_guarded(cells.get(name, "")) for name in COLUMNS])
    try:
        path.write_bytes(text.getvalue().encode())
    except OSError as error:
        raise CannotRun(f"the review cannot be written: {error.strerror}", where=str(path)) from error


def _is_review(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            return stream.readline().startswith(("key,question,", "key;question;"))
    except (OSError, ValueError):
        return False


def read(path: Path) -> list[Decision]:
    """The decisions of a review file; rows without one are still open.

    Raises UsageProblem for a file that is no review, CannotRun for one that cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CannotRun(f"the review cannot be read: {error.strerror}", "a file of --review", str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageProblem("the review is not in UTF-8", "the file as --review wrote it", str(path)) from error
    delimiter = ";" if text.startswith("key;") else ","
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        missing = {"key", "decision"} - set(rows.fieldnames or ())
        listed = list(rows)
    except csv.Error as error:
        raise UsageProblem("the review's quotes are broken", "the file as --review wrote it", str(path)) from error
    if missing:
        raise UsageProblem(f"the review lacks the column {min(missing)}", ",".join(COLUMNS), f"{path}, line 1")
    found = [
        Decision(
            (cells.get("key") or "").strip(), (cells["decision"] or "").strip().removeprefix("'"),
            (cells.get("why") or "").strip().removeprefix("'"), row,
        )
        for row, cells in enumerate(listed, 2)
        if (cells.get("decision") or "").strip()
    ]  # fmt: skip
    keys = [decision.key for decision in found]
    for decision in found:
        if keys.count(decision.key) > 1:
            raise UsageProblem("the review decides one question twice", "one row per key", f"{path}, row {decision.row}")
    return found


def target_of(
    decision: Decision, question: Question, catalogue: Mapping[str, Entry], where: str
) -> tuple[str, str]:
    """What a decision means: the new target and its kind.

    Raises UsageProblem for a choice that the question does not have.
    """
    choice = decision.choice
    if choice.lower() == CUSTOM:
        return custom_id(question.first.offering), "accepted"
    if choice.lower() == KEEP and question.first.target:
        return question.first.target, "kept"
    if choice.lower() == ACCEPT and question.suggestion:
        return question.suggestion, "accepted"
    # A spreadsheet takes the leading zeros of a code away.
    for code in catalogue:
        if code_key(code) == code_key(choice) != "":
            return code, "accepted"
    raise UsageProblem("the decision means nothing here", CHOICES, f"{where}, row {decision.row}, column decision")
