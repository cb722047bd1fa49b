"""Bad days: which faults strike on which day, and how a bundle is damaged.

Read by the runner. The table is hardships.toml; what a fault does is the mock's affair.
"""

from __future__ import annotations

import tomllib
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DAMAGED = "users.csv"


@dataclass(frozen=True, slots=True)
class Hardship:
    """One bad day. passing: one more try brings everything. told: a client sees an error. damage: of a bundle."""

    day: int
    passing: bool
    what: str
    told: bool = False
    faults: tuple[str, ...] = ()
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Hardships:
    """All bad days. page_cap: records per page at most, on all days."""

    page_cap: int
    api: dict[int, Hardship]
    bundle: dict[int, Hardship]

    def on(self, channel: str, day: int, last: int) -> Hardship | None:
        """What goes wrong on a day; the first and the last one are good."""
        return (self.api if channel == "api" else self.bundle).get(day) if 0 < day < last else None


@cache
def load_hardships() -> Hardships:
    """The shipped table."""
    raw = tomllib.loads(Path(__file__).with_name("hardships.toml").read_text("utf-8"))
    api, bundle = (
        {
            int(row["day"]): Hardship(
                int(row["day"]), row["kind"] == "passing", row["what"], bool(row.get("told", False)), tuple(row.get("faults", ())),
                row.get("damage", ""),
            )
            for row in raw[name]
        }
        for name in ("api", "bundle")
    )  # fmt: skip
    return Hardships(int(raw["page_cap"]), api, bundle)


def damaged(bundle: Path, damage: str, out: Path) -> bool:
    """Write a damaged copy of a ZIP; False when the bundle has nothing that it could be damaged in.

    cut: the second half is missing. emptied: users.csv has only its header.
    """
    if damage == "cut":
        whole = bundle.read_bytes()
        out.write_bytes(whole[: len(whole) // 2])
        return True
    with zipfile.ZipFile(bundle) as source:
        if DAMAGED not in source.namelist():
            return False
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                body = source.read(name)
                target.writestr(name, body.partition(b"\n")[0] + b"\n" if name == DAMAGED else body)
    return True
