"""Laws: properties that must hold for every generated request, searched and shrunk by Hypothesis.

Called by the checks of paging, filters and sorting. The seed of the run drives every search; a broken law comes back
as the notice of its smallest counterexample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

from conformance.notices import Notice
from conformance.run import Run

Law = Callable[[Any], Notice | None]


class LawBroken(AssertionError):
    """A counterexample; notice tells it."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.message)
        self.notice = notice


def search(run: Run, inputs: SearchStrategy[Any], law: Law, *, examples: int) -> Notice | None:
    """Put generated inputs to a law; returns the notice of the smallest counterexample, None when it holds.

    examples: requests to spend at most when nothing is found; ten times as many in a deep run.
    """
    count = examples * (10 if run.deep else 1)

    @seeded(run.seed)
    @settings(
        max_examples=count, deadline=None, database=None, phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    @given(inputs)
    def obey(drawn: Any) -> None:
        notice = law(drawn)
        if notice is not None:
            raise LawBroken(notice)

    try:
        obey()
    except LawBroken as broken:
        return broken.notice
    return None
