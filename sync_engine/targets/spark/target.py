"""A warehouse as a target: Spark is started when it is first asked, and every transaction gets a session of its own.

Called through `open_target`. PySpark and Java are needed only from here on.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oneroster_harness.problems import CannotRun
from sync_engine.targets.session import Session
from sync_engine.targets.spark.address import SparkAddress
from sync_engine.targets.spark.files import Files, HadoopFiles, LocalFiles
from sync_engine.targets.spark.session import SparkSession, States
from sync_engine.targets.spark.warehouse import Warehouse


class SparkTarget:
    """A warehouse of Spark. shown: the URL as it may be printed."""

    def __init__(self, shown: str, address: SparkAddress) -> None:
        self.address = shown
        self._spark_address = address
        self._states: States = {}

    def is_there(self) -> bool:
        """Whether a run has made a version there."""
        folder = self._spark_address.folder
        if folder is not None:
            return Warehouse(LocalFiles(folder), self.address).is_there()
        with self._failing() as spark:
            return self._warehouse(spark).is_there()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """The version that stands now; what later runs do is not seen."""
        with self._failing() as spark, self._session(spark, self._warehouse(spark)) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A draft that stands at the end of the block, or never."""
        with self._failing() as spark:
            warehouse = self._warehouse(spark)
            warehouse.clean()
            with self._session(spark, warehouse) as session:
                warehouse.claim()
                yield session
                session.draft.commit()

    @contextmanager
    def _session(self, spark: Any, warehouse: Warehouse) -> Iterator[SparkSession]:
        """A session whose desk is the warehouse, which a cluster's workers reach, or else a folder that ends with it."""
        with tempfile.TemporaryDirectory(prefix="oneroster-spark-") as folder:
            desk = LocalFiles(Path(folder)) if self._spark_address.is_local else warehouse.files
            session = SparkSession(spark.newSession(), warehouse, desk, self._states)
            try:
                yield session
            finally:
                session.tidy()

    def _warehouse(self, spark: Any) -> Warehouse:
        folder = self._spark_address.folder
        files: Files = LocalFiles(folder) if folder is not None else HadoopFiles(self._spark_address.warehouse, spark)
        return Warehouse(files, self.address)

    @contextmanager
    def _failing(self) -> Iterator[Any]:
        """Spark, with its failures as problems that show no row."""
        sql, errors, gateway = self._drivers()
        builder = sql.SparkSession.builder.appName("oneroster").master(self._spark_address.master)
        for name, value in self._spark_address.settings.items():
            builder = builder.config(name, value)
        try:
            spark = builder.getOrCreate()
        except (errors.PySparkException, gateway.Py4JError, OSError) as error:
            raise CannotRun(
                f"Spark did not start ({type(error).__name__})", "Java 17 or later with the module jdk.incubator.vector, and a master that answers",
                self.address, "apt-get install openjdk-17-jre-headless; see docs/scaling.md", "sync.target-not-opened",
            ) from error  # fmt: skip
        spark.sparkContext.setLogLevel("OFF")
        try:
            yield spark
        except (errors.PySparkException, gateway.Py4JError, OSError) as error:
            raise CannotRun(
                f"the target failed ({type(error).__name__}); nothing was kept", "all changes or none", self.address,
                "see Spark's own log, the warehouse's free space and its rights", "sync.target-failed",
            ) from error  # fmt: skip

    def _drivers(self) -> tuple[Any, Any, Any]:
        try:
            # By name: the extra is not part of every installation, and has no types that another one could be checked with.
            names = ("pyspark.sql", "pyspark.errors", "py4j.protocol")
            sql, errors, gateway = (importlib.import_module(name) for name in names)
        except ImportError as error:
            raise CannotRun(
                "PySpark is not installed", "PySpark 4", self.address, "pip install 'oneroster-harness[spark]'", "sync.no-driver"
            ) from error
        return sql, errors, gateway
