"""One bundle before it is written: which files it has, how they are spelt, and how they arrive.

Made by whoever writes a vendor's bundle (the generator, the server's courier), changed by habits one after the other,
carried out by composing.py; how a drop arrives is the courier's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from oneroster_standard.dialects.delivery import load_habits

MANIFEST = "manifest.csv"
ZIP_STEM = "oneroster"
STEPS = 4

Row = list[str]
RowChange = Callable[[str, Iterator[Row]], Iterator[Row]]
"""Changes the rows of a file, header first; called with the file's standard name."""


class HabitProblem(Exception):
    """A habit that cannot be carried out here: what was met, and what was expected."""

    def __init__(self, met: str, expected: str) -> None:
        super().__init__(f"{met}, expected {expected}")
        self.met, self.expected = met, expected


@dataclass(slots=True)
class Format:
    """How rows become bytes. quotes: needed, none or all. line_ends: used by turns."""

    delimiter: str = ","
    quotes: str = "needed"
    line_ends: tuple[str, ...] = ("\r\n",)
    encoding: str = "utf-8"
    mark: bytes = b""
    final_line_end: bool = True


@dataclass(slots=True)
class Arrival:
    """How a drop comes to lie where a client looks.

    in_place: an existing file is emptied and written again, not replaced. growing: in so many steps. broken_off: the
    upload whose end never comes. keeps_old: earlier drops stay. stale: made from the data of the drop before.
    """

    growing: bool = False
    in_place: bool = False
    temporary_name: bool = False
    broken_off: str = ""
    keeps_old: bool = False
    late: bool = False
    stale: bool = False


@dataclass(slots=True)
class Plan:
    """A drop. names: standard name -> name as delivered; a file that is not named is not delivered.

    folder: where the files lie inside the bundle. junk: more files, by their path in the bundle. header_changes come
    after row_changes, which find their columns by the standard's names.
    """

    moment: datetime
    form: str
    names: dict[str, str]
    format: Format = field(default_factory=Format)
    arrival: Arrival = field(default_factory=Arrival)
    row_changes: list[RowChange] = field(default_factory=list)
    header_changes: list[RowChange] = field(default_factory=list)
    folder: str = ""
    junk: dict[str, bytes] = field(default_factory=dict)
    zip_name: str = f"{ZIP_STEM}.zip"

    @property
    def date(self) -> str:
        """The day of the drop as file names bear it."""
        return f"{self.moment:%Y%m%d}"

    @property
    def is_verbatim(self) -> bool:
        """Whether the content of the bundle is the generated one, byte for byte."""
        untouched = not (self.row_changes or self.header_changes or self.folder or self.junk)
        return untouched and self.format == Format() and all(name == own for name, own in self.names.items())

    def each_row(self, file: str, change: Callable[[dict[str, str], int], None]) -> None:
        """Change every row of a file as a mapping from header to cell; the row's number counts from 1."""

        def changed(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
            for number, row in enumerate(rows, start=1):
                cells = dict(zip(header, row, strict=True))
                try:
                    change(cells, number)
                except KeyError as error:
                    raise _no_column(file, str(error.args[0])) from error
                yield list(cells.values())

        self.rows_of(file, changed)

    def rows_of(self, file: str, change: Callable[[Row, Iterator[Row]], Iterator[Row]]) -> None:
        """Change the rows of one file: called with its header and the rows below it, gives what stands there instead."""

        def changed(name: str, rows: Iterator[Row]) -> Iterator[Row]:
            if name != file:
                yield from rows
                return
            header = next(rows)
            yield header
            yield from change(header, rows)

        self.row_changes.append(changed)


def _no_column(file: str, name: str) -> HabitProblem:
    return HabitProblem(
        f"{file} of this version has no column {name}", "a habit that fits the version of the bundle"
    )


def place_of(file: str, header: Row, name: str) -> int:
    """Where a column stands.

    Raises HabitProblem when files of this version do not have it.
    """
    if name not in header:
        raise _no_column(file, name)
    return header.index(name)


Habit = Callable[[Plan, str], None]
"""What a habit does to a plan; the text is what was written after `=`, a file for instance."""
REGISTRY: dict[str, Habit] = {}


def habit(id: str) -> Callable[[Habit], Habit]:
    """Register a habit under its id in the catalogue, without the prefix `delivery.`."""

    def register(function: Habit) -> Habit:
        full = f"delivery.{id}"
        if full in REGISTRY:
            raise ValueError(f"habit {full} is registered twice")
        REGISTRY[full] = function
        return function

    return register


def apply(plan: Plan, texts: list[str]) -> None:
    """Apply habits, ID or ID=ARGUMENT, in the order of the catalogue.

    Raises HabitProblem for an argument that means nothing here.
    """
    order = {id: place for place, id in enumerate(load_habits())}
    for text in sorted(dict.fromkeys(texts), key=lambda found: order[found.partition("=")[0]]):
        id, _, argument = text.partition("=")
        REGISTRY[id](plan, argument)


def file_named(plan: Plan, argument: str, default: str) -> str:
    """The file that an argument names, by its standard name.

    Raises HabitProblem when the bundle has none of that name.
    """
    name = argument or default
    if name not in plan.names:
        raise HabitProblem(f"file {name!r}", f"one of {', '.join(plan.names)}")
    return name
