"""Actions of the console's forms: faults, credentials, days and drops, done by the same functions as the admin API's.

Called by the pages; whatever is wrong in a form is told in words and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server import credentials_admin
from mock_server.calendar import MOST_DAYS
from mock_server.faults.grammar import read_text

if TYPE_CHECKING:
    from mock_server.application import Site
    from mock_server.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """A form that cannot be carried out; the text is for its reader."""

    text: str


def set_faults(vendor: Vendor, text: str) -> None:
    """Turn on exactly the faults of a text, one per line as on the command line.

    Raises Problem for a line that is no fault.
    """
    vendor.faults.order([read_text(line.strip()) for line in text.splitlines() if line.strip()])


def change_credentials(vendor: Vendor, form: Mapping[str, str]) -> Mapping[str, str] | None:
    """Carry out an action on a credential; returns what was issued."""
    document: dict[str, Any] = {"action": form.get("action", "")}
    if form.get("client_id"):
        document["client_id"] = form["client_id"]
    if form.get("action") == "rotate":
        document["overlap_s"] = _number(form.get("overlap_s", ""), "the overlap in seconds", 0, 10**8)
    answer, status = credentials_admin.change(vendor, document)
    if status != 200:
        raise Refused(str(answer["error"]))
    issued: Mapping[str, str] | None = answer.get("issued")
    return issued


def pass_days(site: Site, text: str) -> dict[str, Any]:
    """Let days pass; raises Problem where the district has none to tell."""
    return site.calendar.advance(_number(text, "the days", 1, MOST_DAYS))


def _number(text: str, what: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Refused(f"{what} are a whole number from {least} to {most:,}")
    return int(text)
