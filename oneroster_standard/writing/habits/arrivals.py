"""Habits that a watcher of the drop folder sees: how and when files come to lie there."""

from __future__ import annotations

from oneroster_standard.writing.plan import Plan, file_named, habit


@habit("partial-visible")
def partial_visible(plan: Plan, _argument: str) -> None:
    """The file grows under its final name."""
    plan.arrival.growing = True


@habit("temporary-name")
def temporary_name(plan: Plan, _argument: str) -> None:
    """The file grows under another name, then it is renamed."""
    plan.arrival.growing = True
    plan.arrival.temporary_name = True


@habit("upload-aborted")
def upload_aborted(plan: Plan, argument: str) -> None:
    """One upload stays cut."""
    plan.arrival.broken_off = file_named(plan, argument, "users.csv")


@habit("overwritten-in-place")
def overwritten_in_place(plan: Plan, _argument: str) -> None:
    """An existing file is emptied and written again."""
    plan.arrival.in_place = True


@habit("old-files-pile-up")
def old_files_pile_up(plan: Plan, _argument: str) -> None:
    """Names bear the date, and nothing is removed."""
    plan.arrival.keeps_old = True
    if plan.form == "zip":
        stem, dot, extension = plan.zip_name.rpartition(".")
        plan.zip_name = f"{stem}_{plan.date}{dot}{extension}"
    else:
        dated(plan)


@habit("stale")
def stale(plan: Plan, _argument: str) -> None:
    """The data of the drop before."""
    plan.arrival.stale = True


@habit("late")
def late(plan: Plan, _argument: str) -> None:
    """Nothing comes."""
    plan.arrival.late = True


def dated(plan: Plan) -> None:
    """Put the day of the drop into every file name that does not bear it."""
    tail = f"_{plan.date}"
    for name, own in plan.names.items():
        stem, dot, extension = own.rpartition(".")
        if not stem.endswith(tail):
            plan.names[name] = f"{stem}{tail}{dot}{extension}"
