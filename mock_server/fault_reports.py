"""A fault of our own in the log: what kind, and where, without any value.

Called by the application for exceptions that nobody expected. Messages of exceptions are left out: they quote what was
being handled, which may be somebody's name or a token.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def places(error: BaseException) -> str:
    """The kind of an exception and the lines it came through, its causes first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(traceback.extract_tb(error.__traceback__))
    )
    said = f"{type(error).__name__} at {own or 'an unknown place'}"
    return f"{places(before)}; then {said}" if before is not None else said
