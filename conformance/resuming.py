"""A run that goes on: what was learnt check by check, kept in a file, so that a run that was cut puts only the rest.

Called by the API judge. Keeps outcomes and findings, as a report tells them; never a record, a token, or an address of anybody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from conformance.notices import Notice
from conformance.report import Outcome
from oneroster_harness.problems import CannotRun, UsageProblem

FORM = 1
_FIELDS = {found.name for found in fields(Notice)}


class Kept:
    """What is known of a run. key: what makes it the same run; totals: records of each collection, by which its data is known again."""

    def __init__(self, path: Path, key: Mapping[str, Any]) -> None:
        self._path = path
        self._key = dict(key)
        self._totals: dict[str, int] = {}
        self._done: dict[str, dict[str, Any]] = {}
        self.covered: dict[str, set[str]] = {}
        self.started_over = ""

    @classmethod
    def read(cls, path: Path, key: Mapping[str, Any]) -> Kept:
        """What a file holds, a fresh one when there is none.

        Raises UsageProblem when the file is of something else, or of another run.
        """
        found = cls(path, key)
        try:
            raw = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return found
        except OSError as error:
            raise CannotRun(f"the run cannot be read: {error.strerror}", where=str(path)) from error
        except ValueError as error:
            raise UsageProblem("the file holds no run to go on with", "a file of --resume, or none", str(path)) from error
        if not isinstance(raw, dict) or raw.get("form") != FORM or not isinstance(raw.get("done"), dict):
            raise UsageProblem("the file holds no run to go on with", "a file of --resume, or none", str(path))
        other = sorted(name for name, value in found._key.items() if raw.get("key", {}).get(name) != value)
        if other:
            raise UsageProblem(
                f"the file holds another run: its {', '.join(other)} differ", "the same target and options", str(path), "give another file, or remove it"
            )
        found._totals, found._done = dict(raw.get("totals", {})), dict(raw["done"])
        found.covered = {subject: set(names) for subject, names in raw.get("covered", {}).items()}
        return found

    def meets(self, totals: Mapping[str, int]) -> None:
        """Compare with what the provider holds now; other data makes the run start over, since its parts would not fit."""
        if self._done and self._totals != dict(totals):
            changed = sorted(name for name in {*self._totals, *totals} if self._totals.get(name) != totals.get(name))
            self.started_over = f"started over: {', '.join(changed)} changed since the run was cut"
            self._done, self.covered = {}, {}
        self._totals = dict(totals)

    def of(self, check: str) -> tuple[Outcome, list[Notice]] | None:
        """What came of a check in an earlier part; None when it was not put."""
        found = self._done.get(check)
        if found is None:
            return None
        notices = [Notice(**{name: _tuples(name, value) for name, value in one.items() if name in _FIELDS}) for one in found["notices"]]
        return Outcome(**found["outcome"]), notices

    def keep(self, outcome: Outcome, notices: list[Notice], covered: Mapping[str, set[str]]) -> None:
        """Note what came of a check and what the laws were put to so far, and write it down at once."""
        self.covered = {subject: set(names) for subject, names in covered.items()}
        self._done[outcome.id] = {"outcome": asdict(outcome), "notices": [_plain(notice) for notice in notices]}
        self._write()

    def end(self) -> None:
        """The run is whole: nothing is left to go on with."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        covered = {subject: sorted(names) for subject, names in self.covered.items()}
        whole = {"form": FORM, "key": self._key, "totals": self._totals, "covered": covered, "done": self._done}
        text = json.dumps(whole, ensure_ascii=False)
        beside = self._path.with_name(self._path.name + ".part")
        try:
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, self._path)
        except OSError as error:
            raise CannotRun(f"the run cannot be kept: {error.strerror}", where=str(self._path)) from error


def _plain(notice: Notice) -> dict[str, Any]:
    return asdict(notice) | {"where": dict(notice.where), "samples": [dict(sample) for sample in notice.samples]}


def _tuples(name: str, value: Any) -> Any:
    return tuple(value) if name in ("samples", "steps") else value
