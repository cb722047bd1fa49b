"""One run of a tenant at a time, over all processes that sync into a target.

Called by whoever runs: a target that can hold a claim is asked for it; for any other the apply's own check of the state that
the plan was made for stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable

from oneroster_harness.problems import CannotRun
from sync_engine.targets.session import Target

BUSY = "sync.tenant-busy"


@runtime_checkable
class Claiming(Protocol):
    """A target that can tell other processes that a tenant is being synced."""

    def claim(self, tenant: str) -> AbstractContextManager[bool]:
        """Hold the tenant for the length of a with block; False when another process holds it."""
        ...


@contextmanager
def claimed(target: Target, tenant: str) -> Iterator[None]:
    """Hold a tenant of a target for the length of a with block.

    Raises CannotRun when another process syncs it.
    """
    if not isinstance(target, Claiming):
        yield
        return
    with target.claim(tenant) as ours:
        if not ours:
            raise CannotRun(
                "another run of this tenant is under way", "one run of a tenant at a time", f"{target.address}, tenant {tenant}",
                "wait until it has ended", BUSY,
            )  # fmt: skip
        yield
