"""The versions of a warehouse: which Parquet folders make which table, and the one step that makes a run visible.

Called by the Spark target; `current` serves whoever reads the landed tables without us. A version is one small file whose
name is its number; the highest number is what stands. Its folders are never changed, only left behind.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from oneroster_harness.problems import CannotRun
from sync_engine.targets.spark.files import Files

OWN = "_oneroster"
VERSIONS = f"{OWN}/versions"
KEPT = 3
"""So many versions stay whole for readers that began before a run ended."""
_FORMAT = 1
_SIGNS = frozenset("\"#%'*/:=?\\{}[]^ .")
_README = """A roster that `oneroster sync` has landed. The file of the highest number in versions/ says which folders make which
table; everything else is of earlier runs, or of one under way.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One table. columns: name and Spark type. key: as it was declared. parts: folders of Parquet, one tenant each."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(name for name, _ in self.columns)

    @property
    def schema(self) -> str:
        """The columns as Spark declares them."""
        return ", ".join(f"`{name}` {kind}" for name, kind in self.columns)

    def of(self, tenant: str) -> tuple[str, ...]:
        """The parts of one tenant."""
        return tuple(part for part in self.parts if tenant_of(part) == tenant)


@dataclass(frozen=True, slots=True)
class Version:
    """What stands in a warehouse."""

    number: int = 0
    tables: Mapping[str, Stored] = field(default_factory=dict)


def tenant_of(part: str) -> str:
    """Whose rows a part holds: TABLE/tenant=NAME/FOLDER, as Spark writes and reads a partition."""
    return unquote(part.split("/")[1].removeprefix("tenant="))


def _folder_of(tenant: str) -> str:
    """What a file system or Spark would take for a sign is written in percent, all else as it stands."""
    return "tenant=" + "".join(f"%{ord(one):02X}" if one in _SIGNS or ord(one) < 32 or ord(one) == 127 else one for one in tenant)


class Warehouse:
    """The tables behind one folder."""

    def __init__(self, files: Files, address: str) -> None:
        self.files = files
        self._address = address

    def current(self) -> Version:
        """The version that stands; an empty one for a folder without any.

        Raises CannotRun for a folder of somebody else and for a version that cannot be read.
        """
        numbers = self._numbers()
        if numbers:
            return self._read(numbers[-1])
        names = self.files.names("")
        if names and OWN not in names:
            raise CannotRun(
                "the warehouse holds files that no sync made", "an empty folder, or one of a sync", self._address,
                "choose another folder", "sync.foreign-table",
            )  # fmt: skip
        return Version()

    def claim(self) -> None:
        """Say whose folder this is before anything else is written there."""
        self.files.create(f"{OWN}/README", _README)

    def is_there(self) -> bool:
        """Whether any version stands."""
        return bool(self._numbers())

    def _numbers(self) -> list[int]:
        found = [name.removesuffix(".json") for name in self.files.names(VERSIONS) if name.endswith(".json")]
        return sorted(int(name) for name in found if name.isdigit())

    def _read(self, number: int) -> Version:
        try:
            said = json.loads(self.files.read(_file(number)))
            if said["format"] != _FORMAT:
                raise ValueError
            tables = {
                str(name): Stored(
                    tuple((str(column), str(kind)) for column, kind in one["columns"]), tuple(one["key"]), tuple(one["parts"])
                )
                for name, one in said["tables"].items()
            }
        except (KeyError, TypeError, ValueError) as error:
            raise CannotRun(
                "the warehouse's newest version cannot be read", f"format {_FORMAT}", f"{self._address}, {_file(number)}",
                "a newer release made it, or something else wrote there", "sync.foreign-table",
            ) from error  # fmt: skip
        return Version(number, tables)

    def commit(self, version: Version) -> None:
        """Make the next version stand, at one instant.

        Raises CannotRun when another run made one meanwhile; then nothing of this one is visible.
        """
        document = {
            "format": _FORMAT,
            "tables": {
                name: {"columns": one.columns, "key": one.key, "parts": one.parts} for name, one in sorted(version.tables.items())
            },
        }  # fmt: skip
        if not self.files.create(_file(version.number), json.dumps(document, indent=1) + "\n"):
            raise CannotRun(
                "another run changed the target meanwhile; nothing of this one was kept", "one run at a time", self._address,
                "run again", "sync.target-failed",
            )  # fmt: skip

    def clean(self) -> None:
        """Remove what no kept version speaks of: folders of older runs, and of runs that ended before their commit."""
        numbers = self._numbers()
        if len(numbers) <= KEPT:
            return
        kept = [self._read(number) for number in numbers[-KEPT:]]
        wanted = {part for version in kept for table in version.tables.values() for part in table.parts}
        oldest = numbers[-KEPT]
        for folder in self._folders():
            # A run under way writes under the number that it hopes for, which is never so old.
            written = int(folder.rpartition("/")[2].partition("-")[0])
            if written < oldest and folder not in wanted:
                self.files.remove(folder)
        for number in numbers[:-KEPT]:
            self.files.remove(_file(number))

    def _folders(self) -> Iterator[str]:
        for table in self.files.names(""):
            if table != OWN and not table.startswith("."):
                for tenant in self.files.names(table):
                    for name in self.files.names(f"{table}/{tenant}"):
                        if name.partition("-")[0].isdigit():
                            yield f"{table}/{tenant}/{name}"


def _file(number: int) -> str:
    return f"{VERSIONS}/{number:08d}.json"


class Draft:
    """The next version as it grows inside one transaction: folders are written beside, the tables that stand stay as they are."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.version = warehouse.current()
        self.stood = self.version.number
        self._mark = uuid.uuid4().hex[:8]
        self._made = 0

    @property
    def tables(self) -> Mapping[str, Stored]:
        """The tables as they would be."""
        return self.version.tables

    def place(self, table: str, tenant: str) -> str:
        """A new folder for a tenant's rows of a table."""
        self._made += 1
        return f"{table}/{_folder_of(tenant)}/{self.stood + 1:08d}-{self._mark}-{self._made}"

    def set(self, name: str, table: Stored) -> None:
        """Declare or replace a table."""
        self.version = Version(self.stood + 1, {**self.version.tables, name: table})

    def swap(self, name: str, out: tuple[str, ...], put: tuple[str, ...]) -> None:
        """Replace some parts of a table by others."""
        table = self.version.tables[name]
        self.set(name, replace(table, parts=(*(part for part in table.parts if part not in out), *put)))

    def commit(self) -> None:
        """Make it stand, when anything changed."""
        if self.version.number != self.stood:
            self._warehouse.commit(self.version)
