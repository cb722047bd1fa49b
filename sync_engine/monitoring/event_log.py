"""Events on stderr, one a line: as text for a person or as JSON for a collector, by the standard library's logging.

Called by the watch. An event is one of events.toml with fields of its own; nothing else can be logged.
"""

from __future__ import annotations

import json
import logging
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, TextIO

from oneroster_standard.moments import format_instant

FORMATS = ("text", "json")


@cache
def events() -> Mapping[str, Mapping[str, Any]]:
    """All events: name -> tells, fields."""
    found: dict[str, Mapping[str, Any]] = tomllib.loads(files(__package__).joinpath("events.toml").read_text("utf-8"))
    return found


class _Line(logging.Formatter):
    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = record.__dict__["said"]
        if self._form == "json":
            return json.dumps(said)
        shown = " ".join(f"{name}={_word(value)}" for name, value in said.items() if name not in ("at", "event"))
        return f"{said['at']}  {said['event']:<17} {shown}".rstrip()


def _word(value: Any) -> str:
    text = str(value)
    if text.isprintable() and text and " " not in text and '"' not in text:
        return text
    # Escaped as in JSON: a name may hold whatever ends a line somewhere.
    return json.dumps(text, ensure_ascii=not text.isprintable())


class EventLog:
    """Writes events to a stream, stderr by default. now: the moment that an event bears."""

    def __init__(self, form: str = "text", stream: TextIO | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        # A logger of its own: what the application around it does with logging changes nothing here.
        self._logger = logging.Logger("oneroster.sync")  # noqa: LOG001
        handler = logging.StreamHandler(stream or sys.stderr)
        handler.setFormatter(_Line(form))
        self._logger.addHandler(handler)

    def tell(self, event: str, tenant: str | None = None, **fields: Any) -> None:
        """Write one event. Raises ValueError for a name or a field that is not in the table."""
        known = events().get(event)
        if known is None or set(fields) - set(known["fields"]):
            raise ValueError(f"no such event or field: {event} {sorted(fields)}")
        said = {"at": format_instant(self._now()), "event": event} | ({"tenant": tenant} if tenant is not None else {}) | fields
        self._logger.info(event, extra={"said": said})
