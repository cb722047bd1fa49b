"""The gradebook against a model: after any sequence of writes it holds what the writes say, and nothing else has changed.

One search serves all of these checks: it ends at the first claim that breaks, and the others say that they were not judged to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.gradebook.play import played
from conformance.gradebook.world import (
    Broken,
    WrongContent,
    WrongList,
    WrongNeighbour,
    WrongPost,
    WrongRemoval,
    WrongStatus,
)
from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run

SECTION = "REST 1.1, gradebook"


def _claim(run: Run, kind: type[Broken]) -> Iterator[Notice]:
    found = played(run)
    if found.notice is not None and found.claim == kind.claim:
        yield found.notice
    elif found.notice is not None:
        raise Skip(f"the search ended where another claim broke: {found.claim}")


@check("gradebook.model-status", severity="error", section=SECTION, writes=True, why="A tool that cannot tell whether its mark was taken sends it again, or never.")
def writes_are_answered_as_the_standard_says(run: Run) -> Iterator[Notice]:
    """In any sequence of writes a created object is 201, a replaced one 200 or 201, a removed one 204."""
    yield from _claim(run, WrongStatus)


@check("gradebook.model-content", severity="error", section=SECTION, writes=True, why="A mark that is stored otherwise than it was sent is a wrong mark.")
def what_was_written_is_read(run: Run) -> Iterator[Notice]:
    """In any sequence of writes each object is read as its last write said, with nothing left of what that replaced."""
    yield from _claim(run, WrongContent)


@check("gradebook.model-lists", severity="error", section=SECTION, writes=True, why="A column that is in no list is in no grade book.")
def what_was_written_is_listed_once(run: Run) -> Iterator[Notice]:
    """In any sequence of writes each object is in its list once, of its collection or of its class."""
    yield from _claim(run, WrongList)


@check("gradebook.model-removal", severity="error", section=SECTION, writes=True, why="A mark that was taken back still counts.")
def what_was_removed_is_gone(run: Run) -> Iterator[Notice]:
    """In any sequence of writes a removed object is 404, or tobedeleted, and so it is in the lists; nothing of ours stays behind."""
    found = played(run)
    if found.left:
        places = tuple({"request": f"DELETE {path}"} for path in found.left[:5])
        yield Notice("objects of ours could not be removed again", places[0], "204", f"{len(found.left)} are left", samples=places,
                     remedy="remove them by hand: their ids begin with oneroster-harness")  # fmt: skip
    yield from _claim(run, WrongRemoval)


@check("gradebook.model-isolation", severity="error", section=SECTION, writes=True, why="A tool that saves one mark must not change another child's.")
def nothing_else_changes(run: Run) -> Iterator[Notice]:
    """In any sequence of writes the other categories, and the other line items and results of the class, stay as they were."""
    yield from _claim(run, WrongNeighbour)


@check(
    "gradebook.model-posts", severity="error", section="REST 1.2, gradebook", specs=("1.2",), writes=True,
    why="A tool that posts a class's results finds some of them missing.",
)  # fmt: skip
def what_was_posted_is_there(run: Run) -> Iterator[Notice]:
    """In any sequence of writes a POST of line items or results gives each its own new id, under which it is read."""
    if not run.sign_in.may("gradebook.createpost"):
        raise Skip("the token lacks gradebook.createpost")
    yield from _claim(run, WrongPost)


