"""Playing with the gradebook: sequences drawn by Hypothesis' rule-based state machine, and the smallest one that breaks a claim.

Called by the checks of the model, which share one play of a run. Every play begins with no object of ours and takes its own away again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance.gradebook.bench import Bench, bench_of
from conformance.gradebook.drafts import DRAFTS, ORDER, Refs, refs_of
from conformance.gradebook.world import POSTS, SLOTS, Broken, Step, World
from conformance.notices import Notice
from conformance.probe import BudgetSpent
from conformance.registry import Skip
from conformance.run import Run
from conformance.survey import Record
from oneroster_harness.problems import CannotRun

PLAYS, STEPS = 5, 7
"""Sequences of a fast run and steps of each; in a deep run ten times as many, three times as long."""
MOST_SHRINKING = 600
"""Requests spent on making a failing sequence smaller."""
SEEN = 2
"""Somebody else may write while we look: what shows once only is nothing."""


@dataclass
class Outcome:
    """What came of all plays: the claim that broke with its notice, nothing when all held; left: what could not be removed again."""

    claim: str = ""
    notice: Notice | None = None
    left: list[str] = field(default_factory=list)


class _Ended(BaseException):
    """Ends a search at once: it is no counterexample. error: why, None when enough was spent."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error


def played(run: Run) -> Outcome:
    """The outcome of this run's plays; played once.

    Raises Skip when there is nothing to write with, BudgetSpent when the budget ended before a claim broke.
    """
    known = run.worked_out.get("gradebook model")
    if known is None:
        try:
            known = _play(run)
        except Exception as trouble:  # noqa: BLE001 - kept for every check that asks, and raised below
            known = trouble
        run.worked_out["gradebook model"] = known
    if isinstance(known, Exception):
        raise known
    found: Outcome = known
    return found


def _play(run: Run) -> Outcome:
    served = tuple(name for name in ORDER if name in run.survey.collections and run.survey.collections[name].is_read)
    if not served:
        raise Skip("no collection of the gradebook could be read")
    with bench_of(run) as bench:
        writable = tuple(name for name in served if bench.may_write(name))
        if not writable:
            raise Skip("the token lacks gradebook.createput or gradebook.delete")
        may_post = run.standard.version != "1.1" and run.sign_in.may("gradebook.createpost")
        search = _Search(run, bench, refs_of(run), writable, may_post)
        found = search.outcome()
    return replace(found, left=bench.left)


class _Search:
    def __init__(self, run: Run, bench: Bench, refs: Refs, collections: tuple[str, ...], may_post: bool) -> None:
        self._run = run
        self._bench = bench
        self._refs = refs
        self._collections = collections
        self._may_post = may_post
        self._others: dict[str, dict[str, Record]] | None = None
        self._smallest: tuple[World, Broken] | None = None
        self._seen = 0
        self._plays = 0
        self._until = 0

    def outcome(self) -> Outcome:
        """Search by the machine, then by the usual round, so that each kind of write is met in any run."""
        self._searched(self._draw)
        if self._smallest is None:
            self._searched(lambda: self._breaks(usual_round(self._collections, self._may_post)))
        if self._smallest is not None:
            self._until = self._run.probe.sent + MOST_SHRINKING
            self._searched(self._reduce)
        if self._smallest is None or self._seen < SEEN:
            return Outcome()
        world, broken = self._smallest
        where = {"request": broken.request}
        again = f"oneroster check api URL --allow-writes --only {broken.claim} --seed {self._run.seed}"
        return Outcome(broken.claim, replace(broken.notice, where=where, samples=(where,), curl=again, steps=tuple(world.lines)))

    def _searched(self, search: Callable[[], object]) -> None:
        try:
            search()
        except _Ended as ended:
            if ended.error is not None and self._smallest is None:
                raise ended.error from None

    def begin(self) -> World:
        """A play without objects of ours."""
        if self._until and self._run.probe.sent > self._until:
            raise _Ended
        self._plays += 1
        world = World(self._bench, self._refs, self._run.standard.version, self._collections, self._may_post, self._plays)
        try:
            world.others = self._others = world.listed() if self._others is None else self._others
        except (BudgetSpent, CannotRun) as error:
            raise _Ended(error) from error
        return world

    def do(self, world: World, step: Step | None) -> None:
        """One step of a play, None for its end; a broken claim is noted before it is raised."""
        try:
            if step is None:
                world.finish()
            else:
                world.do(step)
        except Broken as broken:
            self._note(world, broken)
            raise
        except (BudgetSpent, CannotRun) as error:
            world.is_broken = True
            raise _Ended(error) from error
        except BaseException:
            world.is_broken = True
            raise

    def end(self, world: World) -> None:
        """The end of a play: what is there is compared once more, then ours is taken away."""
        try:
            if not world.is_broken:
                self.do(world, None)
        finally:
            self._bench.clear()
            if world.is_broken:
                self._others = None

    def _note(self, world: World, broken: Broken) -> None:
        if self._smallest is not None and broken.claim != self._smallest[1].claim:
            return
        self._seen += 1
        self._until = self._until or self._run.probe.sent + MOST_SHRINKING
        if self._smallest is None or len(world.lines) < len(self._smallest[0].lines):
            self._smallest = (world, broken)

    def _draw(self) -> None:
        search = self
        collections = st.sampled_from(self._collections)

        class Gradebook(RuleBasedStateMachine):
            """Any order of writes to objects of ours."""

            def __init__(self) -> None:
                super().__init__()
                self.world = search.begin()

            @rule(where=collections, slot=st.integers(0, SLOTS - 1), draft=st.integers(0, DRAFTS - 1))
            def put(self, where: str, slot: int, draft: int) -> None:
                search.do(self.world, Step("put", where, slot, draft))

            @rule(where=collections, slot=st.integers(0, SLOTS - 1))
            def delete(self, where: str, slot: int) -> None:
                search.do(self.world, Step("delete", where, slot))

            @rule(where=st.sampled_from(POSTS), draft=st.integers(0, DRAFTS - 1))
            def post(self, where: str, draft: int) -> None:
                search.do(self.world, Step("post", where, 0, draft))

            def teardown(self) -> None:
                search.end(self.world)

        deep = self._run.deep
        try:
            run_state_machine_as_test(
                seed(self._run.seed)(Gradebook),
                settings=settings(
                    max_examples=PLAYS * (10 if deep else 1), stateful_step_count=STEPS * (3 if deep else 1), deadline=None, database=None,
                    phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False, verbosity=Verbosity.quiet, print_blob=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )  # fmt: skip
        except Broken:
            return
        except HypothesisException:
            # A sequence that broke a claim once and not again; what was seen often enough is kept all the same.
            if self._smallest is None:
                raise

    def _breaks(self, steps: Sequence[Step]) -> bool:
        """Whether a play of these steps breaks the claim that was broken first."""
        world = self.begin()
        try:
            try:
                for step in steps:
                    self.do(world, step)
            finally:
                self.end(world)
        except Broken as broken:
            return self._smallest is not None and broken.claim == self._smallest[1].claim
        return False

    def _reduce(self) -> None:
        """Leave steps out of the smallest sequence, many at once and then fewer, for as long as the claim still breaks."""
        assert self._smallest is not None
        steps = list(self._smallest[0].done)
        if not self._breaks(steps):
            return
        size = len(steps) // 2
        while size:
            place = 0
            while place < len(steps) - (size == len(steps)):
                fewer = steps[:place] + steps[place + size :]
                if fewer and self._breaks(fewer):
                    steps = fewer
                else:
                    place += size
            size //= 2


def usual_round(collections: Sequence[str], may_post: bool) -> list[Step]:
    """Each kind of object created twice, replaced by one with fewer properties, removed and created again; each kind of POST."""
    made = [Step("put", name, slot, 1 + slot) for name in collections for slot in range(SLOTS)]
    posts = [Step("post", where, 0, place) for place, where in enumerate(POSTS)] if may_post else []
    replaced = [Step("put", name, 0, 2) for name in collections]
    gone = [Step("delete", name, slot) for name in reversed(collections) for slot in range(SLOTS)]
    again = [Step("put", name, 0, 3) for name in collections]
    return [*made, *posts, *replaced, *gone, *again]
