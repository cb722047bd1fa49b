"""Whose provider this is, guessed by its host name, its path and its token URL.

Called at the start of a diagnosis; the patterns are those of the vendors' files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from fnmatch import fnmatch
from urllib.parse import urlsplit

from oneroster_standard.dialects import SHIPPED, load_dialect

BY_HOST, BY_PATH, BY_TOKEN_PATH = 0.7, 0.6, 0.3
REFERENCE = "reference"
_PLACE = re.compile(r"\\\{[^}]*\\\}")


@dataclass(frozen=True, slots=True)
class Guess:
    """A vendor, how sure it is, and what speaks for it. path_is_known: the path is one of its service roots."""

    vendor: str | None
    confidence: float
    signs: tuple[str, ...]
    path_is_known: bool


def _fits(template: str, path: str) -> bool:
    pattern = _PLACE.sub("[^/]+", re.escape(template.rstrip("/")))
    return re.fullmatch(pattern, path.rstrip("/")) is not None


def guess_vendor(url: str, token_url: str | None) -> Guess:
    """The vendor that most speaks for; None when nothing does."""
    parts = urlsplit(url)
    token_path = urlsplit(token_url or "").path
    best = Guess(None, 0.0, (), False)
    for name in SHIPPED:
        dialect = load_dialect(name)
        signs: list[str] = []
        doubt = 1.0
        if any(fnmatch(parts.hostname or "", host.value) for host in dialect.hosts):
            signs, doubt = [*signs, "its host name"], doubt * (1 - BY_HOST)
        known = any(_fits(root.value, parts.path) for root in dialect.roots if not (root.needs_host and not signs))
        if known:
            signs, doubt = [*signs, "its path"], doubt * (1 - BY_PATH)
        if token_path and any(token_path == fact.value for fact in dialect.token_paths):
            signs, doubt = [*signs, "its token URL"], doubt * (1 - BY_TOKEN_PATH)
        if 1 - doubt > best.confidence:
            best = Guess(name, 1 - doubt, tuple(signs), known)
    return best


def other_addresses(url: str, vendor: str | None) -> list[str]:
    """Service roots that may be meant instead, on the same origin: the nearest ones first."""
    parts = urlsplit(url)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    found: list[str] = []
    steps = path.split("/")
    for length in range(len(steps), 0, -1):
        stem = "/".join(steps[:length])
        if length < len(steps) and stem.endswith(("/v1p1", "/v1p2")):
            found.append(stem)
        found += [f"{stem}/v1p1", f"{stem}/oneroster/v1p1", f"{stem}/ims/oneroster/v1p1"]
    roots = [
        root.value
        for name in ([vendor] if vendor else []) + [name for name in SHIPPED if name != vendor]
        for root in load_dialect(name).paths("1.1")
        if "{" not in root.value and not root.needs_host
    ]
    known = {one for one in (*found, *roots) if one.rstrip("/") != path}
    # A known root that the address only goes on from comes first, then what is spelt most alike.
    ordered = sorted(known, key=lambda one: (not (one in roots and path.startswith(one)), -SequenceMatcher(None, path, one, autojunk=False).ratio(), one))
    return [origin + one for one in ordered]


def token_addresses(url: str, token_url: str, vendor: str | None) -> list[str]:
    """Token URLs that may be meant instead, on the origin of the one that was given."""
    parts = urlsplit(token_url or url)
    origin = f"{parts.scheme}://{parts.netloc}"
    names = ([vendor] if vendor else []) + [name for name in SHIPPED if name != vendor]
    found = [fact.value for name in names for fact in load_dialect(name).token_paths]
    return [origin + one for one in dict.fromkeys(found) if one != parts.path]
