"""How vendors deliver files: the catalogue of delivery habits, and each vendor's form, schedule and own habits.

Called by the generator and the server (which perform them), the suite (which knows them) and the documentation. Facts only.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from oneroster_standard.dialects import Deviation, Dialect, DialectProblem, Fact, QuirkFacts, _fact, _read

HOOK = "delivery"
FORMS = ("folder", "zip")
UNSCHEDULED = "off"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One vendor's way to deliver. form: folder or zip. schedule: text of the mock's calendar, `off` for none.

    in_bundles: habits that every bundle of the vendor shows, also one that nobody delivers.
    """

    form: Fact
    schedule: Fact
    habits: tuple[Deviation, ...]
    in_bundles: frozenset[str] = frozenset()

    @property
    def written_habits(self) -> tuple[str, ...]:
        """Ids of the habits that any bundle of the vendor shows: of writing, on, and documented or captured as such."""
        return tuple(found.quirk for found in self.habits if found.quirk in self.in_bundles)

    @property
    def default_habits(self) -> tuple[str, ...]:
        """Ids of the habits that are on unless someone turns them off."""
        return tuple(found.quirk for found in self.habits if found.on)


@cache
def load_habits() -> dict[str, QuirkFacts]:
    """All delivery habits by id, in the order of the catalogue file; their hook is `delivery`."""
    raw = tomllib.loads(files("oneroster_standard.dialects").joinpath("habits.toml").read_text("utf-8"))
    return {
        row["id"]: QuirkFacts(
            id=row["id"], title=row["title"], description=row["description"], deviation=row.get("deviation", ""),
            source=row["source"], confidence=dict(row["confidence"]), trips=tuple(row["trips"]), hook=row["hook"],
        )
        for row in raw["quirk"]
    }  # fmt: skip


def _one(where: str, raw: dict[str, object], key: str, fallback: str) -> Fact:
    row = raw.get(key)
    return _fact(where, row, key) if isinstance(row, dict) else Fact(fallback, "guess", "")


@cache
def load_delivery(name_or_path: str) -> Delivery:
    """The `[delivery]` table of a dialect; one without it delivers a folder, without a schedule or habits.

    Raises DialectProblem naming the file and what is wrong.
    """
    where, document = _read(name_or_path)
    raw = document.get("delivery", {})
    try:
        found = Delivery(
            form=_one(where, raw, "form", "folder"),
            schedule=_one(where, raw, "schedule", UNSCHEDULED),
            habits=tuple(
                Deviation(
                    row["habit"], bool(row.get("on", True)), _fact(where, row, "habit").basis,
                    row.get("source", ""), (), row.get("note", ""),
                )
                for row in raw.get("habit", ())
            ),
            in_bundles=frozenset(row["habit"] for row in raw.get("habit", ()) if row.get("in_bundles", False)),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise DialectProblem(f"{where}: [delivery] {type(error).__name__} at {error}") from error
    if found.form.value not in FORMS:
        raise DialectProblem(f"{where}: form {found.form.value!r}; expected {' or '.join(FORMS)}")
    strange = [one.quirk for one in found.habits if one.quirk not in load_habits()]
    if strange:
        raise DialectProblem(f"{where}: unknown habit {strange[0]!r}; expected an id of `oneroster quirks`")
    return found


def tripped_by_habits(dialect: Dialect) -> frozenset[str]:
    """Checks that a vendor's own habits must trip in a bundle that it delivers."""
    known = load_habits()
    return frozenset(
        check for habit in load_delivery(dialect.place).default_habits for check in known[habit].trips
    )
