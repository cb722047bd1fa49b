"""The standard as typed tables: classes, enumerations, operations, CSV files, manifest.

Called wherever a field, a path or a column is needed; the rows live in tables/*.toml.
Never fetches anything and never holds a fact of its own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

VERSIONS = ("1.1", "1.2")
SERVICES = ("rostering", "gradebook", "resources")
"""Services in the order of the documents; 1.1 serves them under one root, 1.2 under one root each."""

VIEWS: dict[str, tuple[str, str, str]] = {
    "schools": ("orgs", "type", "school"),
    "students": ("users", "role", "student"),
    "teachers": ("users", "role", "teacher"),
    "terms": ("academicSessions", "type", "term"),
    "gradingPeriods": ("academicSessions", "type", "gradingPeriod"),
}
"""Typed views of 1.1: path segment -> (collection, property, value)."""
_VIEWS_1P2 = {**VIEWS, "students": ("users", "roles.role", "student"), "teachers": ("users", "roles.role", "teacher")}


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a class: its type, how often it occurs, and how sure we are of it."""

    name: str
    type: str
    cardinality: str
    basis: str

    @property
    def required(self) -> bool:
        """Whether at least one value must be present on output."""
        return self.cardinality.startswith("1")

    @property
    def is_list(self) -> bool:
        """Whether the JSON value is an array."""
        return self.cardinality.endswith("*")

    @property
    def kind(self) -> str:
        """The type without its target: string, guid, date, enum, guidref, object ..."""
        return (
            self.type.partition(":")[0]
            if ":" in self.type
            else ("object" if self.type == "userId" else self.type)
        )

    @property
    def target(self) -> str:
        """The enumeration, referenced class or object class; empty for plain types."""
        return "userId" if self.type == "userId" else self.type.partition(":")[2]


@dataclass(frozen=True, slots=True)
class EntityClass:
    """One class of the data model; collection and single are None for nested objects."""

    name: str
    service: str
    collection: str | None
    single: str | None
    properties: tuple[Property, ...]

    @property
    def property_names(self) -> tuple[str, ...]:
        """Names in the order of the table."""
        return tuple(found.name for found in self.properties)

    def property(self, name: str) -> Property:
        """Return the property of that name; KeyError when the class has none."""
        for found in self.properties:
            if found.name == name:
                return found
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Operation:
    """One REST operation: where it lies, what it returns, which scopes open it."""

    service: str
    method: str
    path: str
    name: str
    kind: str
    entity: str
    payload_key: str
    view: str
    success: int
    scopes: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the path's placeholders, left to right."""
        return tuple(
            part[1:-1] for part in self.path.split("/") if part.startswith("{")
        )


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """One column of a CSV file. required is yes, no or delta (only in delta files)."""

    header: str
    format: str
    required: str
    enumeration: str
    references: str

    @property
    def is_list(self) -> bool:
        """Whether a cell holds a comma-separated list."""
        return self.format.startswith("list of ")

    @property
    def item_format(self) -> str:
        """Format of one item of the cell."""
        return self.format.removeprefix("list of ")

    @property
    def property(self) -> str:
        """JSON property that holds the same fact: userSourcedId -> user, orgSourcedIds -> orgs."""
        if self.header.endswith("SourcedIds"):
            return self.header.removesuffix("SourcedIds") + "s"
        if self.header.endswith("SourcedId"):
            return self.header.removesuffix("SourcedId")
        return self.header


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file of a bundle: its columns in order, and the files that a bulk set of it needs."""

    name: str
    columns: tuple[CsvColumn, ...]
    requires: tuple[str, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """Header names in the order of the standard."""
        return tuple(column.header for column in self.columns)

    @property
    def entity(self) -> str:
        """File name without its extension; for most files the collection's name."""
        return self.name.removesuffix(".csv")

    def column(self, header: str) -> CsvColumn:
        """Return the column of that header; KeyError when the file has none."""
        for found in self.columns:
            if found.header == header:
                return found
        raise KeyError(header)


@dataclass(frozen=True, slots=True)
class ManifestProperty:
    """One row of manifest.csv; values is empty for free text."""

    name: str
    required: bool
    values: tuple[str, ...]


@dataclass(frozen=True)
class Standard:
    """All tables of one version of OneRoster."""

    version: str
    enumerations: dict[str, tuple[str, ...]]
    extensible: tuple[str, ...]
    recommended: tuple[str, ...]
    legacy: dict[str, tuple[str, ...]]
    classes: dict[str, EntityClass]
    operations: tuple[Operation, ...]
    csv_files: dict[str, CsvFile]
    manifest: tuple[ManifestProperty, ...]

    @cached_property
    def collections(self) -> dict[str, EntityClass]:
        """Classes that have a collection, by the collection's key."""
        return {
            found.collection: found
            for found in self.classes.values()
            if found.collection and found.single
        }

    @property
    def views(self) -> dict[str, tuple[str, str, str]]:
        """Typed views: path segment -> (collection, dotted path of a property, value that one of its values must have)."""
        return VIEWS if self.version == "1.1" else _VIEWS_1P2

    def collection(self, key: str) -> EntityClass:
        """Return the class behind a collection key such as users; KeyError when there is none."""
        return self.collections[key]

    def operation(self, name: str) -> Operation:
        """Return the operation of that name, such as getAllUsers; KeyError when there is none."""
        for found in self.operations:
            if found.name == name:
                return found
        raise KeyError(name)


def _operation(cells: list[Any]) -> Operation:
    values: tuple[Any, ...] = (*cells[:-1], tuple(cells[-1]))
    return Operation(*values)


def _parse(raw: dict[str, Any]) -> Standard:
    classes = {
        row["name"]: EntityClass(
            name=row["name"],
            service=row["service"],
            collection=row.get("collection"),
            single=row.get("single"),
            properties=tuple(Property(*cells) for cells in row["properties"]),
        )
        for row in raw["class"]
    }
    return Standard(
        version=raw["version"],
        enumerations={
            name: tuple(tokens) for name, tokens in raw["enumerations"].items()
        },
        extensible=tuple(raw["vocabulary"]["extensible"]),
        recommended=tuple(raw["vocabulary"]["recommended"]),
        legacy={
            name: tuple(tokens) for name, tokens in raw["vocabulary"]["legacy"].items()
        },
        classes=classes,
        operations=tuple(map(_operation, raw["operations"]["rows"])),
        csv_files={
            row["file"]: CsvFile(
                name=row["file"],
                columns=tuple(CsvColumn(*cells) for cells in row["columns"]),
                requires=tuple(row.get("requires", ())),
            )
            for row in raw["csv"]
        },
        manifest=tuple(
            ManifestProperty(name, required, tuple(values))
            for name, required, values in raw["manifest"]["rows"]
        ),
    )


@cache
def load(version: str = "1.1") -> Standard:
    """Return the tables of one version.

    Raises ValueError for a version that is not in VERSIONS.
    """
    if version not in VERSIONS:
        raise ValueError(
            f"unknown OneRoster version {version!r}; expected one of {', '.join(VERSIONS)}"
        )
    text = (
        files(__package__)
        .joinpath("tables", f"v{version.replace('.', 'p')}.toml")
        .read_text("utf-8")
    )
    return _parse(tomllib.loads(text))
