"""Problems that end a command: four facts for the reader and an exit code.

Raised by every verb, printed by the front door. Never holds a personal value or a secret.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_WRONG_USE = 2
EXIT_COULD_NOT_RUN = 3
EXIT_HELD = 4


class Problem(Exception):
    """What was met, what was expected, where, and what to do."""

    def __init__(
        self,
        met: str,
        expected: str = "",
        where: str = "",
        try_: str = "",
        exit_code: int = EXIT_COULD_NOT_RUN,
        id: str = "",
    ) -> None:
        super().__init__(met)
        self.met = met
        self.expected = expected
        self.where = where
        self.try_ = try_
        self.exit_code = exit_code
        self.id = id

    def lines(self) -> list[str]:
        """The message as aligned lines, the id last."""
        facts = [
            (name, text)
            for name, text in (("expected", self.expected), ("where", self.where), ("try", self.try_))
            if text
        ]
        found = [self.met, *(f"  {name:<10} {text}" for name, text in facts)]
        if self.id:
            found[-1] = f"{found[-1]}         [{self.id}]"
        return found


class UsageProblem(Problem):
    """Wrong use of a command or of our own code: exit code 2."""

    def __init__(self, met: str, expected: str = "", where: str = "", try_: str = "", id: str = "") -> None:
        super().__init__(met, expected, where, try_, EXIT_WRONG_USE, id)


class CannotRun(Problem):
    """The command could not run or was refused, and changed nothing: exit code 3."""

    def __init__(self, met: str, expected: str = "", where: str = "", try_: str = "", id: str = "") -> None:
        super().__init__(met, expected, where, try_, EXIT_COULD_NOT_RUN, id)


def nearest(name: str, choices: Iterable[str]) -> str:
    """A sentence that offers the nearest valid name, or lists the valid ones."""
    known = sorted(choices)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")
    return f"valid: {shown}" if known else "none is known"


def unknown(kind: str, name: str, choices: Iterable[str], try_: str = "") -> UsageProblem:
    """The problem of a name that is not one of the choices."""
    return UsageProblem(f"unknown {kind} {name!r}; {nearest(name, choices)}", try_=try_)
