"""What a consumer landed: rows of a folder of CSV files, of a database, or of a function, under the standard's headers.

Called after each run. Reads only; a table that is not there is told apart from an empty one.
"""

from __future__ import annotations

import csv
import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.consumer.adapter import Adapter, entity_names
from conformance.consumer.cells import Cell, cell_of
from oneroster_harness.problems import UsageProblem
from oneroster_standard.standard import CsvFile, load

KEY = "sourcedId"
Raw = Mapping[str, Any]


class NotLanded(Exception):
    """What was landed cannot be read at all; the text says why, without a value of anybody."""


@dataclass(slots=True)
class Landed:
    """One landed entity. active: rows that count, by key; doubled: keys that have several; inactive: keys that are marked.

    headers: columns that were landed. nameless: rows without a key.
    """

    active: dict[str, dict[str, Cell]] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    headers: frozenset[str] = frozenset()
    nameless: int = 0


def read_landed(adapter: Adapter, facts: Mapping[str, str]) -> dict[str, Landed]:
    """Every landed entity by its name.

    facts: the words of the day, which `landed` may name. Raises NotLanded, or UsageProblem when the adapter's `landed` is no place.
    """
    place = filled(adapter.landed, facts)
    if place.startswith("csv:"):
        found = _from_folder(Path(place.removeprefix("csv:")), adapter)
    elif place.startswith("python:"):
        found = _from_function(place.removeprefix("python:"), adapter, facts)
    elif "://" in place:
        found = _from_database(place, adapter)
    else:
        raise UsageProblem("the adapter's `landed` is no place", "csv:FOLDER, a database URL or python:MODULE:FUNCTION", place)
    files = load("1.1").csv_files
    return {entity: _landed(files[f"{entity}.csv"], adapter, rows) for entity, rows in found.items()}


def filled(text: str, facts: Mapping[str, str]) -> str:
    """A text with the facts in the place of their names in braces."""
    for name, value in facts.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _landed(file: CsvFile, adapter: Adapter, rows: Iterable[Raw]) -> Landed:
    found = Landed()
    renamed = adapter.headers(file.entity)
    columns = {column.header: column for column in file.columns}
    headers: set[str] = set()
    for raw in rows:
        own = {renamed.get(name, name): value for name, value in raw.items()}
        cells = {name: cell_of(columns[name], value) for name, value in own.items() if name in columns}
        headers |= cells.keys()
        key = cells.get(KEY)
        if not isinstance(key, str):
            found.nameless += 1
        elif adapter.inactive.says(raw.get(adapter.inactive.column, own.get(adapter.inactive.column))):
            found.inactive.add(key)
        elif key in found.active:
            found.doubled.add(key)
        else:
            found.active[key] = cells
    found.inactive -= found.active.keys()
    found.headers = frozenset(headers)
    return found


def _from_folder(folder: Path, adapter: Adapter) -> dict[str, list[Raw]]:
    if not folder.is_dir():
        raise NotLanded("there is no folder")
    found: dict[str, list[Raw]] = {}
    for entity in entity_names():
        path = folder / f"{adapter.table(entity)}.csv"
        if path.exists():
            try:
                with path.open(encoding="utf-8-sig", newline="") as stream:
                    found[entity] = [dict(row) for row in csv.DictReader(stream)]
            except (OSError, UnicodeDecodeError, csv.Error) as error:
                raise NotLanded(f"{path.name} cannot be read as CSV in UTF-8 ({type(error).__name__})") from error
    return found


def _from_function(name: str, adapter: Adapter, facts: Mapping[str, str]) -> dict[str, list[Raw]]:
    module, _, function = name.partition(":")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        call = getattr(importlib.import_module(module), function or "landed")
    except (ImportError, AttributeError) as error:
        raise UsageProblem("the adapter's function cannot be found", "python:MODULE:FUNCTION, importable from here", name) from error
    try:
        told: dict[str, list[Raw]] = {str(table): [dict(row) for row in rows] for table, rows in call(dict(facts)).items()}
    except Exception as error:
        # It may fail in any way, and its text could hold a person's value.
        raise NotLanded(f"the function failed ({type(error).__name__})") from error
    return {entity: told[adapter.table(entity)] for entity in entity_names() if adapter.table(entity) in told}


def _from_database(url: str, adapter: Adapter) -> dict[str, list[Raw]]:
    if url.startswith("duckdb:"):
        return _from_duckdb(Path(url.partition("://")[2].removeprefix("/")), adapter)
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            with engine.connect() as connection:
                tables = set(inspect(connection).get_table_names())
                quote = engine.dialect.identifier_preparer.quote_identifier
                return {
                    entity: [dict(row) for row in connection.exec_driver_sql(f"SELECT * FROM {quote(adapter.table(entity))}").mappings()]
                    for entity in entity_names() if adapter.table(entity) in tables
                }  # fmt: skip
        finally:
            engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        raise NotLanded(f"the database cannot be read ({type(error).__name__})") from error


def _from_duckdb(path: Path, adapter: Adapter) -> dict[str, list[Raw]]:
    import duckdb

    if not path.exists():
        raise NotLanded("there is no database file")
    try:
        with duckdb.connect(str(path), read_only=True) as db:
            tables = {row[0] for row in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
            found: dict[str, list[Raw]] = {}
            for entity in entity_names():
                if adapter.table(entity) in tables:
                    name = adapter.table(entity).replace('"', '""')
                    rows = db.execute(f'SELECT * FROM "{name}"')
                    heads = [str(head[0]) for head in rows.description or ()]
                    found[entity] = [dict(zip(heads, row, strict=True)) for row in rows.fetchall()]
            return found
    except duckdb.Error as error:
        raise NotLanded(f"the database cannot be read ({type(error).__name__})") from error
