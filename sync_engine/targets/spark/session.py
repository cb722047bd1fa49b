"""One transaction on a warehouse: the statements of every target, run by Spark over the tables of a draft.

Called through the Spark target. A statement that changes rows writes new folders of Parquet and swaps them in the draft;
nothing is visible before the draft is committed. What the statements say is told elsewhere, once for all engines.
"""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from sqlglot import exp

from oneroster_harness.problems import CannotRun
from sync_engine.landing import Table
from sync_engine.policy import Policy
from sync_engine.snapshot import Snapshot, schema
from sync_engine.sql_text import literal, quoted
from sync_engine.targets.dialects import ROW_JSON, parsed, written
from sync_engine.targets.session import Session
from sync_engine.targets.spark.files import Files
from sync_engine.targets.spark.warehouse import OWN, Draft, Stored, Warehouse, tenant_of

FEW_PARTS = 16
"""A table that rows are only added to is written together again when a tenant's folders are so many."""
_ROWS = "_oneroster_rows"

States = dict[tuple[str, ...], tuple[int, str]]
"""Parts of a table -> number of rows and sum of their hashes."""


class SparkSession(Session):
    """Statements over a draft.

    spark: a PySpark session of its own, whose views nobody else sees. desk: where files lie that pass between Spark and this
    process; the workers must reach it. states: what was worked out of parts before.
    """

    text_type = "VARCHAR"

    def __init__(self, spark: Any, warehouse: Warehouse, desk: Files, states: States) -> None:
        self.spark = spark
        self.draft = Draft(warehouse)
        self.files = warehouse.files
        self._shown: dict[str, Stored] = {}
        self._staged: dict[Path, str] = {}
        self._desk, self._drawer = desk, f"{OWN}/desk/{uuid.uuid4().hex}"
        self._laid, self._states = 0, states

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; rows come back for a SELECT."""
        tree = parsed(sql)
        if isinstance(tree, exp.Query) and not _is_recursive(tree):
            return [tuple(row) for row in self._select(tree, values).collect()]
        if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.this, exp.Schema):
            self._create(tree.this)
        elif isinstance(tree, exp.Insert):
            self._insert(tree, values)
        elif isinstance(tree, exp.Delete):
            self._delete(tree, values)
        else:
            raise refused(f"{type(tree).__name__.lower()} statements with what this one asks for")
        return []

    def _select(self, tree: exp.Expr, values: Sequence[Any]) -> Any:
        self._show(tree)
        return self.spark.sql(written(tree, "spark"), args=list(values) or None)

    def _show(self, tree: exp.Expr) -> None:
        """Give Spark the tables that a statement names, as they stand in the draft."""
        for name in {found.name for found in tree.find_all(exp.Table)}:
            stored = self.draft.tables.get(name)
            if stored is not None and self._shown.get(name) != stored:
                self.frame(name).createOrReplaceTempView(name)
                self._shown[name] = stored

    def frame(self, name: str, tenant: str | None = None) -> Any:
        """The rows of a table, or those of one tenant, as a Spark frame."""
        stored = self.draft.tables[name]
        parts = stored.parts if tenant is None else stored.of(tenant)
        if not parts:
            return self.spark.createDataFrame([], stored.schema)
        reader = self.spark.read.schema(stored.schema).option("basePath", self.files.url(name))
        return reader.parquet(*map(self.files.url, parts)).select(*[f"`{column}`" for column in stored.names])

    def _create(self, declared: exp.Schema) -> None:
        name = declared.this.name
        if name in self.draft.tables:
            return
        columns = [
            (one.name, one.args["kind"].sql(dialect="spark")) for one in declared.expressions if isinstance(one, exp.ColumnDef)
        ]
        keys = [key.name for one in declared.expressions if isinstance(one, exp.PrimaryKey) for key in one.expressions]
        if "tenant" not in dict(columns):
            raise refused("tables without a tenant")
        self.draft.set(name, Stored(tuple(columns), tuple(keys)))

    def _insert(self, tree: exp.Insert, values: Sequence[Any]) -> None:
        into = tree.this
        name = into.this.name if isinstance(into, exp.Schema) else into.name
        stored = self.draft.tables[name]
        given = [one.name for one in into.expressions] if isinstance(into, exp.Schema) else list(stored.names)
        if isinstance(tree.expression, exp.Values):
            kinds, rows = dict(stored.columns), [values[at : at + len(given)] for at in range(0, len(values), len(given))]
            tenants = {str(row[given.index("tenant")]) for row in rows}
            frame = self.spark.createDataFrame(list(map(tuple, rows)), ", ".join(f"`{one}` {kinds[one]}" for one in given))
        else:
            cell = tree.expression.expressions[given.index("tenant")]
            tenants = {str(value) for mark, value in _given(tree.expression, values) if mark is cell}
            frame = self._select(tree.expression, values).toDF(*given)
        if len(tenants) != 1:
            raise refused("adding rows of several tenants at once")
        tenant, conflict = tenants.pop(), tree.args.get("conflict")
        if conflict is None:
            self._add(name, tenant, self.write(name, tenant, frame))
            return
        replaced = {one.this.name for one in conflict.expressions}
        keys = [one.this.name if isinstance(one, exp.Ordered) else one.name for one in conflict.args["conflict_keys"]]
        if replaced | set(keys) != set(stored.names):
            raise refused("replacing some cells of a row")
        self.replace(name, tenant, frame, keys)

    def _add(self, name: str, tenant: str, found: tuple[str, ...]) -> None:
        self.draft.swap(name, (), found)
        old = self.draft.tables[name].of(tenant)
        if len(old) > FEW_PARTS:
            self.draft.swap(name, old, self.write(name, tenant, self.frame(name, tenant).coalesce(1)))

    def replace(self, name: str, tenant: str, frame: Any, keys: Sequence[str]) -> None:
        """Put a tenant's rows into a table in place of those that have the same key: a new snapshot of all its rows."""
        stored = self.draft.tables[name]
        old, listed = stored.of(tenant), [f"`{one}`" for one in stored.names]
        if old:
            kept = self.frame(name, tenant).join(frame.select(*[f"`{key}`" for key in keys]), list(keys), "left_anti")
            frame = kept.select(*listed).unionAll(frame.select(*listed))
        self.draft.swap(name, old, self.write(name, tenant, frame))

    def _delete(self, tree: exp.Delete, values: Sequence[Any]) -> None:
        name, where = tree.this.name, tree.args["where"].this
        stays = f"NOT coalesce(({where.sql(dialect='duckdb')}), false)"
        for tenant in sorted(self._tenants_of(name, where, values)):
            old = self.draft.tables[name].of(tenant)
            self._show(tree)
            self.frame(name, tenant).createOrReplaceTempView(_ROWS)
            if self._on_rows(f"SELECT 1 FROM {_ROWS} WHERE NOT ({stays}) LIMIT 1", values).collect():
                self.draft.swap(name, old, self.write(name, tenant, self._on_rows(f"SELECT * FROM {_ROWS} WHERE {stays}", values)))

    def _on_rows(self, sql: str, values: Sequence[Any]) -> Any:
        return self.spark.sql(written(sql, "spark"), args=list(values) or None)

    def _tenants_of(self, name: str, where: exp.Expr, values: Sequence[Any]) -> set[str]:
        """Whose rows a condition can hold for: one tenant's, when it says so."""
        there = {tenant_of(part) for part in self.draft.tables[name].parts}
        conditions = list(where.flatten()) if isinstance(where, exp.And) else [where]
        for mark, value in _given(where, values):
            if any(isinstance(one, exp.EQ) and one.left.name == "tenant" and one.right is mark for one in conditions):
                return there & {str(value)}
        return there

    def write(self, name: str, tenant: str, frame: Any) -> tuple[str, ...]:
        """Write a tenant's rows of a table into a new folder; returns it as a part, none for no rows."""
        if not tenant.strip():
            raise CannotRun("the tenant has no name", "a name", "--tenant", id="sync.not-on-spark")
        sql, kinds = importlib.import_module("pyspark.sql"), dict(self.draft.tables[name].columns)
        place, seen = self.draft.place(name, tenant), sql.Observation()
        cells = [f"CAST(`{one}` AS {kinds[one]}) AS `{one}`" for one in frame.columns if one != "tenant"]
        frame.selectExpr(*cells).observe(seen, sql.functions.expr("count(*) AS rows")).write.parquet(self.files.url(place))
        if not seen.get["rows"]:
            self.files.remove(place)
            return ()
        return (place,)

    def columns(self, name: str) -> set[str]:
        """Column names of a table of the warehouse."""
        stored = self.draft.tables.get(name)
        return set(stored.names) if stored else set()

    def row_hash(self, columns: Sequence[str]) -> str:
        """Spark's own 64-bit hash, widened so that it can be summed."""
        return f"CAST({fingerprint(columns)} AS DECIMAL(38, 0))"

    def row_json(self, alias: str, columns: Sequence[str]) -> str:
        """A struct as JSON."""
        cells = ", ".join(f"{literal(name)}, {alias}.{quoted(name)}" for name in columns)
        return f"{ROW_JSON}({cells})"

    def text_hash(self, expression: str) -> str:
        """The first 64 bits of the MD5."""
        return f"CAST(conv(substr(md5({expression}), 1, 16), 16, 10) AS DECIMAL(38, 0))"

    def lock(self, tables: Iterable[Table]) -> None:
        """Nobody is kept away: of two runs that began on one version, the one that commits second is refused."""

    def state_of(self, table: Table, tenant: str) -> tuple[int, str]:
        """Worked out once per snapshot, which never changes."""
        parts = self.draft.tables[table.name].of(tenant)
        if not parts:
            return 0, ""
        if parts not in self._states:
            self._states[parts] = super().state_of(table, tenant)
        return self._states[parts]

    def lay(self, file: Path, columns: Mapping[str, str]) -> Any:
        """A Parquet file of this machine as a Spark frame. columns: name -> Spark type; Spark need not look for them."""
        self._laid += 1
        declared = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
        return self.spark.read.schema(declared).parquet(self._desk.lift(file, f"{self._drawer}/{self._laid}.parquet"))

    def staged(self, table: Table, file: Path, marks: Sequence[str] = ()) -> str:
        """Parquet is read in place, or from a copy that the workers reach; once per file."""
        if file not in self._staged:
            name = f"_staged_{table.name}_{len(self._staged)}"
            self.lay(file, kinds_of(table) | dict.fromkeys(marks, "STRING")).createOrReplaceTempView(name)
            self._staged[file] = name
        return quoted(self._staged[file])

    def put(self, table: Table, tenant: str, file: Path, marks: Sequence[str] = ()) -> None:
        """A new snapshot of the tenant's rows: the old ones that stay, and the file's."""
        rows = f"SELECT ? AS {quoted('tenant')}, {', '.join(map(quoted, table.content))} FROM {self.staged(table, file, marks)}"
        self.replace(table.name, tenant, self._select(parsed(rows), (tenant,)), ("tenant", "sourcedId"))

    def export(self, table: Table, tenant: str, folder: Path) -> list[Path]:
        """Files as Spark splits them."""
        if not self.exists(table):
            return []
        rows = self.frame(table.name, tenant).select(*[f"`{name}`" for name in table.content])
        return self.bring(rows, {**schema(table), "_state": pl.String}, folder / f"{table.name}.target")

    def export_rows(self, sql: str, values: Sequence[Any], schema: Mapping[str, Any], stem: Path) -> list[Path]:
        """Files as Spark splits them."""
        return self.bring(self._select(parsed(sql), values), schema, stem)

    def bring(self, frame: Any, schema: Mapping[str, Any], stem: Path) -> list[Path]:
        """Write a frame as Parquet files of this machine. schema: Polars types, for a frame without rows."""
        self._laid += 1
        place = f"{self._drawer}/{self._laid}"
        frame.write.parquet(self._desk.url(place))
        found = self._desk.bring(place, stem.with_name(f"{stem.name}.{self._laid}"))
        if not found:
            found = [stem.with_name(f"{stem.name}.none.parquet")]
            pl.DataFrame(schema=dict(schema)).write_parquet(found[0])
        return found

    def compare(self, snapshot: Snapshot, tables: Sequence[Table], tenant: str, policy: Policy) -> None:
        """The comparison runs in Spark; what changed, and numbers of the rest, come to this machine."""
        from sync_engine.targets.spark.comparing import compare

        compare(self, snapshot, tables, tenant, policy)

    def tidy(self) -> None:
        """Remove what lay on the desk of this session."""
        self._desk.remove(self._drawer)


def fingerprint(columns: Sequence[str]) -> str:
    """Spark's 64-bit hash of a row. It passes over nulls, so each cell is followed by whether it is one."""
    return f"xxhash64({', '.join(f'{quoted(name)}, {quoted(name)} IS NULL' for name in columns)})"


def kinds_of(table: Table) -> dict[str, str]:
    """Spark types of a table's content."""
    return {name: "ARRAY<STRING>" if table.is_list(name) else "STRING" for name in table.content}


def refused(what: str) -> CannotRun:
    """What a Spark target does not do."""
    return CannotRun(
        f"a Spark target does not do {what}", "a duckdb:// or postgresql:// target for this verb", "TARGET",
        "docs/scaling.md tells which verbs work on Spark", "sync.not-on-spark",
    )  # fmt: skip


def _given(tree: exp.Expr, values: Sequence[Any]) -> list[tuple[exp.Expr, Any]]:
    """The marks of a statement, in the order in which they are written, with their values."""
    return list(zip(tree.find_all(exp.Placeholder, bfs=False), values, strict=True))


def _is_recursive(tree: exp.Expr) -> bool:
    return any(found.args.get("recursive") for found in tree.find_all(exp.With))
