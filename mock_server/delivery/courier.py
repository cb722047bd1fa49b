"""One vendor's courier: makes the drops of that vendor, remembers them, and knows its habits and schedule.

Called by the service, on its event loop; heavy work runs in a thread. Never two drops of a vendor at once.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from mock_server.delivery.arriving import UNFINISHED, arrive, clear
from mock_server.delivery.calendar import Trigger, next_after, trigger_of
from oneroster_harness.problems import UsageProblem, unknown
from oneroster_standard.dialects.delivery import FORMS, Delivery, load_habits
from oneroster_standard.standard import VERSIONS
from oneroster_standard.store import StoreProblem
from oneroster_standard.writing.composing import compose
from oneroster_standard.writing.habits import FAMILIES
from oneroster_standard.writing.plan import MANIFEST, HabitProblem, Plan, apply

assert FAMILIES
PACE_S = 0.5
"""How long a step of a visible upload lasts unless it is told."""
MOST_REMEMBERED = 200
FINISHED = ("arrived", "late", "broken-off", "failed")


class Stopped(Exception):
    """The server ends while a drop is being made."""


class Busy(UsageProblem):
    """A drop is under way, or none is that could be carried on."""


class Bundler(Protocol):
    """The entry point `bundle` of `oneroster.districts`."""

    def __call__(self, store: Path, out: Path, *, version: str = "1.1", tell: Any = None) -> Any:
        """Write the bundle of a store to a folder, or to a ZIP."""


@dataclass(slots=True)
class Drop:
    """One delivery as it is remembered; files: paths in the drop folder."""

    number: int
    moment: datetime
    form: str
    habits: tuple[str, ...]
    spec: str = "1.1"
    status: str = "preparing"
    files: tuple[str, ...] = ()
    step: int = 0
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """Its JSON form."""
        told = {
            "number": self.number,
            "at": self.moment.isoformat(),
            "form": self.form,
            "habits": list(self.habits),
            "spec": self.spec,
        }
        return {
            **told,
            "status": self.status,
            "files": list(self.files),
            **({"reason": self.reason} if self.reason else {}),
        }


@dataclass(slots=True)
class Way:
    """How a vendor delivers at the moment; the first one is kept for a reset."""

    form: str
    habits: tuple[str, ...]
    schedule: str
    spec: str
    trigger: Trigger | None = field(default=None, repr=False)


def check_habits(texts: Sequence[str]) -> None:
    """Raise UsageProblem for an id that the catalogue does not have; what follows `=` is the habit's own affair."""
    known = load_habits()
    for text in texts:
        id = text.partition("=")[0]
        if id not in known:
            raise unknown("delivery habit", id, known)


class Courier:
    """Delivers one vendor's bundles into a folder.

    root: the drop folder. work: a folder of its own for bundles in the making. habits: on from the start, beside the
    vendor's own.
    """

    def __init__(
        self, vendor: str, store: Path, root: Path, work: Path, delivery: Delivery, habits: Sequence[str],
        bundler: Bundler, start: datetime,
    ) -> None:  # fmt: skip
        self.vendor, self.store, self.root = vendor, store, root
        self._work, self._bundler, self._start = work, bundler, start
        self._first = (
            delivery.form.value,
            (*delivery.default_habits, *habits),
            delivery.schedule.value,
            VERSIONS[0],
        )
        self.way = self._way(*self._first)
        self.drops: list[Drop] = []
        self.opened: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._count = 0
        self._generation = self._newest = 0
        self._stores = {0: store}
        self._last: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._go = asyncio.Semaphore(0)
        self._moved = asyncio.Condition()
        for folder in (root, work):
            folder.mkdir(parents=True, exist_ok=True)

    def _way(self, form: str, habits: Sequence[str], schedule: str, spec: str) -> Way:
        check_habits(habits)
        if form not in FORMS:
            raise UsageProblem(f"form {form!r}", " or ".join(FORMS))
        if spec not in VERSIONS:
            raise UsageProblem(f"spec {spec!r}", " or ".join(VERSIONS))
        return Way(form, tuple(dict.fromkeys(habits)), schedule, spec, trigger_of(schedule, self._start))

    def configure(
        self,
        form: str | None = None,
        habits: Sequence[str] | None = None,
        schedule: str | None = None,
        spec: str | None = None,
    ) -> None:
        """Change the way of delivery; None leaves a part alone.

        Raises UsageProblem, and changes nothing then.
        """
        now = self.way
        self.way = self._way(
            now.form if form is None else form,
            now.habits if habits is None else habits,
            now.schedule if schedule is None else schedule,
            now.spec if spec is None else spec,
        )

    def set_store(self, store: Path) -> None:
        """Deliver another store from now on; `delivery.stale` still sends the one before."""
        # Never a number twice, also after a reset: bundles are kept by it.
        self._newest += 1
        self._generation = self._newest
        self._stores[self._generation] = self.store = store

    @property
    def is_busy(self) -> bool:
        """Whether a drop is under way."""
        return self._task is not None and not self._task.done()

    def document(self, now: datetime) -> dict[str, Any]:
        """State for the admin API: way, drops, what was picked up."""
        following = next_after(self.way.trigger, now) if self.way.trigger else None
        return {
            "form": self.way.form, "habits": list(self.way.habits), "schedule": self.way.schedule, "spec": self.way.spec, "now": now.isoformat(),
            "next": following.isoformat() if following else None, "drops": [drop.document() for drop in self.drops],
            "opened": dict(sorted(self.opened.items())),
        }  # fmt: skip

    def drop(
        self,
        moment: datetime,
        form: str | None = None,
        habits: Sequence[str] | None = None,
        pace_s: float | None = PACE_S,
        spec: str | None = None,
    ) -> Drop:
        """Start a drop; None stands for the vendor's present form, habits and version.

        pace_s: how long a step of a visible upload lasts, None until `step` is called. Raises Busy and UsageProblem.
        """
        if self.is_busy:
            raise Busy("a drop of this vendor is under way", "wait for it, or carry it on with drop/step")
        now = self.way
        way = self._way(form or now.form, now.habits if habits is None else habits, "off", spec or now.spec)
        self._count += 1
        found = Drop(self._count, moment, way.form, way.habits, way.spec)
        self.drops = [*self.drops[-MOST_REMEMBERED + 1 :], found]
        self._go = asyncio.Semaphore(0)
        self._task = asyncio.create_task(self._make(found, pace_s), name=f"drop {self.vendor} {found.number}")
        return found

    async def settled(self, found: Drop, within_s: float | None) -> None:
        """Wait until a drop is finished, or visible and waiting; a failure of ours is raised here.

        Returns also when the time is over.
        """
        try:
            async with asyncio.timeout(within_s), self._moved:
                await self._moved.wait_for(lambda: found.status != "preparing")
        except TimeoutError:
            return
        if found.status in FINISHED and self._task:
            await self._task

    async def finished(self) -> None:
        """Wait for the drop under way, if there is one."""
        if self._task:
            await self._task

    async def step(self) -> Drop:
        """Carry a waiting upload on by one step.

        Raises Busy when none is waiting.
        """
        found = self.drops[-1] if self.drops else None
        if found is None or found.status != "uploading":
            raise Busy(
                "no upload is waiting", "a drop with pace_s null and a habit such as delivery.partial-visible"
            )
        before = found.step
        self._go.release()
        async with self._moved:
            await self._moved.wait_for(lambda: found.step > before or found.status in FINISHED)
        return found

    async def reset(self, moment: datetime) -> None:
        """Back to the first way of delivery, with its first drop and nothing else in the folder."""
        if self._task and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.way = self._way(*self._first)
        self.drops, self._count, self._last = [], 0, None
        self._generation, self._stores, self.store = 0, {0: self._stores[0]}, self._stores[0]
        await asyncio.to_thread(clear, self.root, set())
        await self.first(moment)
        self.opened.clear()

    async def first(self, moment: datetime) -> None:
        """The drop that is there when the server starts: by the vendor's habits, and whole."""
        habits = [found for found in self.way.habits if found not in ("delivery.late", "delivery.stale")]
        await self.settled(self.drop(moment, habits=habits, pace_s=0), None)
        await self.finished()

    def _tick(self, _name: str) -> None:
        if self.stopping.is_set():
            raise Stopped

    async def _tell(self, found: Drop, status: str) -> None:
        async with self._moved:
            found.status = status
            self._moved.notify_all()

    async def _make(self, found: Drop, pace_s: float | None) -> None:
        staged = self._work / f"drop-{found.number}"
        shutil.rmtree(staged, ignore_errors=True)
        try:
            plan, names = await asyncio.to_thread(self._prepare, found, staged)
            if plan.arrival.late:
                return await self._tell(found, "late")
            found.files = tuple(names)
            await self._bring(found, plan, staged, names, pace_s)
            await self._tell(found, "broken-off" if plan.arrival.broken_off else "arrived")
        except StoreProblem as problem:
            found.reason = str(problem)
            await self._tell(found, "failed")
        except (HabitProblem, UsageProblem) as problem:
            found.reason = ", expected ".join(filter(None, (problem.met, problem.expected)))
            await self._tell(found, "failed")
        except BaseException:
            # Told to who waits for it; the cause itself goes on to the one who awaits this task.
            await self._tell(found, "failed")
            raise
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    async def _bring(
        self, found: Drop, plan: Plan, staged: Path, names: list[str], pace_s: float | None
    ) -> None:
        cut = self._cut_file(plan)
        steps = arrive(staged, names, self.root, plan.arrival, cut, found.moment)
        while (await asyncio.to_thread(next, steps, None)) is not None:
            found.step += 1
            await self._tell(found, "uploading")
            try:
                async with asyncio.timeout(pace_s):
                    await self._go.acquire()
            except TimeoutError:
                continue
        if not plan.arrival.keeps_old:
            kept = {*names, *([cut + UNFINISHED] if plan.arrival.temporary_name else [])}
            await asyncio.to_thread(clear, self.root, kept)

    @staticmethod
    def _cut_file(plan: Plan) -> str:
        if not plan.arrival.broken_off or plan.form == "zip":
            return plan.zip_name if plan.arrival.broken_off else ""
        own = plan.names[plan.arrival.broken_off]
        return f"{plan.folder}/{own}" if plan.folder else own

    def _prepare(self, found: Drop, staged: Path) -> tuple[Plan, list[str]]:
        """Compose a drop's files, in a thread."""
        plan = Plan(found.moment, found.form, {})
        if not found.habits and found.form == "zip":
            # No habit: the very archive that `generate` writes, without the detour over loose files.
            staged.mkdir()
            self._bundler(self.store, staged / plan.zip_name, version=found.spec, tell=self._tick)
            self._last = self._generation
            return plan, [plan.zip_name]
        ids = {text.partition("=")[0] for text in found.habits}
        if "delivery.late" in ids:
            plan.arrival.late = True
            return plan, []
        generation = self._generation if "delivery.stale" not in ids or self._last is None else self._last
        clean = self._clean(generation, found.spec)
        present = sorted(path.name for path in clean.iterdir() if path.name != MANIFEST)
        plan.names = {name: name for name in [*present, MANIFEST]}
        apply(plan, list(found.habits))
        staged.mkdir()
        self._last = generation
        if plan.form == "zip" and plan.is_verbatim and len(plan.names) == len(present) + 1:
            self._bundler(
                self._stores[generation], staged / plan.zip_name, version=found.spec, tell=self._tick
            )
            return plan, [plan.zip_name]
        return plan, compose(plan, clean, staged, self._tick)

    def _clean(self, generation: int, spec: str) -> Path:
        """The bundle of a store as generated, kept until another store is delivered."""
        folder = self._work / f"clean-{generation}" / spec
        if not folder.exists():
            for old in self._work.glob("clean-*"):
                if old.name not in (f"clean-{self._last}", folder.parent.name):
                    shutil.rmtree(old, ignore_errors=True)
            part = self._work / "making"
            shutil.rmtree(part, ignore_errors=True)
            self._bundler(self._stores[generation], part, version=spec, tell=self._tick)
            folder.parent.mkdir(exist_ok=True)
            part.rename(folder)
        return folder
