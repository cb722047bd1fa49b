"""A vendor's habits of writing in generated bundles: which are shown, and the clean bundle written again with them.

Called when bundles are generated. The habits and what each vendor has of them are facts of oneroster_standard; those that
concern how and when a drop arrives belong to a server and are refused here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zipfile import ZipFile

from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects.delivery import load_delivery, load_habits
from oneroster_standard.writing.composing import compose
from oneroster_standard.writing.habits import FAMILIES
from oneroster_standard.writing.plan import MANIFEST, Arrival, Format, HabitProblem, Plan, Row, apply

assert FAMILIES
NONE, DELIVERED = "none", "delivered"
PREFIX = "delivery."
HOUR = 2


@dataclass(frozen=True, slots=True)
class Spelling:
    """Habits that a bundle is written with, ID or ID=ARGUMENT each, and the day that dated names bear."""

    habits: tuple[str, ...]
    as_of: date

    def plan(self, form: str, names: Sequence[str], day: int = 0) -> Plan:
        """The plan of one bundle. names: its files; day: so many days later.

        Raises UsageProblem for a habit that cannot be carried out here.
        """
        ordered = [*sorted(name for name in names if name != MANIFEST), *(name for name in names if name == MANIFEST)]
        moment = datetime.combine(self.as_of + timedelta(days=day), time(HOUR), tzinfo=UTC)
        plan = Plan(moment, form, {name: name for name in ordered})
        for habit in self.habits:
            before = plan.arrival
            plan.arrival = Arrival()
            with as_usage(habit):
                apply(plan, [habit])
            if plan.arrival != Arrival():
                raise UsageProblem(
                    f"--habit {habit}", "a habit of writing: how a drop arrives is shown by `oneroster serve --sftp-port`"
                )
            plan.arrival = before
        return plan


@contextmanager
def as_usage(habit: str) -> Iterator[None]:
    """Tell a habit that does not fit as wrong use of the command."""
    try:
        yield
    except HabitProblem as problem:
        raise UsageProblem(f"--habit {habit}: {problem.met}", problem.expected) from problem


def chosen_habits(vendor: str, asked: Sequence[str]) -> tuple[str, ...]:
    """Habits of a bundle: those asked for beside those that the vendor's bundles show by themselves.

    `none` leaves the vendor's own away, `delivered` takes all with which the server delivers for this vendor.
    Raises UsageProblem for an unknown one.
    """
    way, known = load_delivery(vendor), load_habits()
    own: tuple[str, ...] = () if NONE in asked else way.written_habits
    found: list[str] = []
    for text in asked:
        if text == DELIVERED:
            found += [id for id in way.default_habits if id not in ARRIVING]
        elif text != NONE:
            id, equals, argument = text.partition("=")
            full = id if id.startswith(PREFIX) else PREFIX + id
            if full not in known:
                raise unknown("habit", id, [*(one.removeprefix(PREFIX) for one in known), NONE, DELIVERED], "docs/delivery-habits.md lists them")
            found.append(full + equals + argument)
    return tuple(dict.fromkeys((*own, *found)))


def _arriving() -> Iterator[str]:
    """Habits that change how a drop arrives, told by trying them on an empty plan."""
    for id in load_habits():
        plan = Plan(datetime(2026, 1, 1, tzinfo=UTC), "zip", {"users.csv": "users.csv", "enrollments.csv": "enrollments.csv", "courses.csv": "courses.csv"})
        apply(plan, [id])
        if plan.arrival != Arrival():
            yield id


ARRIVING = frozenset(_arriving())


def is_spelling(plan: Plan) -> bool:
    """Whether a plan changes more than rows: then lines are no longer where an answer key says."""
    renamed = any(name != own for name, own in plan.names.items())
    return bool(plan.header_changes or plan.folder or plan.junk or renamed) or plan.format != Format()


def write_spelt(clean: Path, out: Path, spelling: Spelling, day: int = 0) -> dict[str, int]:
    """Write a clean bundle, a folder, again with habits; to a ZIP when the path ends in .zip.

    Returns rows by file, as the files are named now.
    """
    form = "zip" if out.suffix == ".zip" else "folder"
    plan = spelling.plan(form, [entry.name for entry in clean.iterdir()], day)
    plan.zip_name = out.name
    counts: dict[str, int] = {}

    def counted(name: str, rows: Iterator[Row]) -> Iterator[Row]:
        for number, row in enumerate(rows):
            counts[name] = number
            yield row

    plan.row_changes.append(counted)
    with as_usage(", ".join(spelling.habits)):
        if form == "folder":
            out.mkdir()
        compose(plan, clean, out if form == "folder" else out.parent, _ignore)
    return {own: counts[name] for name, own in plan.names.items()}


def respell(bundle: Path, spelling: Spelling, rows: dict[str, int], day: int = 0) -> dict[str, int]:
    """Write a bundle again in its place, if there are habits; returns rows by file."""
    if not spelling.habits:
        return rows
    clean = as_folder(bundle, bundle.with_name(f"clean-of-{bundle.name}"))
    try:
        return write_spelt(clean, bundle, spelling, day)
    finally:
        shutil.rmtree(clean)


def require_rows_only(spelling: Spelling, names: Sequence[str]) -> None:
    """Raise UsageProblem for habits that move lines or rename what an answer key names."""
    for habit in spelling.habits:
        if is_spelling(replace(spelling, habits=(habit,)).plan("folder", names)):
            raise UsageProblem(
                f"--defect with --habit {habit}", "a habit of rows: this one respells the files that the answer key tells of",
                try_="write two bundles, or leave the vendor's own habits away: --habit none",
            )  # fmt: skip


def as_folder(bundle: Path, place: Path) -> Path:
    """Move a bundle away as a folder, so that another can be written where it was."""
    if bundle.is_dir():
        return bundle.rename(place)
    with ZipFile(bundle) as archive:
        archive.extractall(place)
    bundle.unlink()
    return place


def _ignore(_name: str) -> None:
    """Nobody watches."""
