"""What a spark:// URL says: which master, which warehouse, which settings.

Called when a target is opened. Starts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from oneroster_harness.problems import UsageProblem

EXPECTED = (
    "spark:///relative, spark:////absolute (Spark in this process), spark://host:7077/absolute, or"
    " spark:///?master=yarn&warehouse=hdfs://host/folder"
)
_LOCAL_SETTINGS = {
    "spark.driver.memory": "2g", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8",
}  # fmt: skip
_SECRET = ("password", "secret", "token", "credential", "access.key")


@dataclass(frozen=True, slots=True)
class SparkAddress:
    """Where a roster lands. master: as Spark writes it. warehouse: a folder, or a URL that every worker can reach.

    settings: configuration of Spark.
    """

    master: str
    warehouse: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Whether Spark runs in this process."""
        return self.master.startswith("local")

    @property
    def folder(self) -> Path | None:
        """The warehouse as a folder of this machine; None for one that Hadoop's file systems reach."""
        return None if "://" in self.warehouse or self.warehouse.startswith("file:") else Path(self.warehouse)


def read_address(url: URL) -> SparkAddress:
    """A database URL as an address; relative folders are made absolute here.

    Raises UsageProblem for one without a warehouse, and for settings that are unknown or hold a secret.
    """
    asked = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    if url.username or url.password:
        raise UsageProblem("Spark has no user in its address", EXPECTED, "TARGET", "set credentials in spark-defaults.conf")
    master = asked.pop("master", "") or (f"spark://{url.host}:{url.port or 7077}" if url.host else "local[*]")
    folder = url.database or ""
    if folder and url.host and not folder.startswith("/"):
        folder = f"/{folder}"  # a cluster's workers share no current folder, so there is no relative one
    warehouse = asked.pop("warehouse", "") or (str(Path(folder).absolute()) if folder else "")
    if not warehouse:
        raise UsageProblem("the target names no warehouse", EXPECTED, "TARGET", "a folder as path, or warehouse=URL")
    if set(warehouse) & set("*?[]{}\\"):
        raise UsageProblem("Spark reads * ? [ ] { } \\ in a path as patterns", "a folder without them", "TARGET, the warehouse")
    for name in asked:
        if any(word in name.lower() for word in _SECRET):
            raise UsageProblem(
                "a secret stands in the target's address", "settings without secrets", f"TARGET, {name}", "spark-defaults.conf"
            )
        if not name.startswith("spark."):
            raise UsageProblem(f"unknown setting {name!r}", "master, warehouse, or a name that begins with spark.", "TARGET")
    own = {"spark.sql.session.timeZone": "UTC", "spark.ui.showConsoleProgress": "false"}
    if master.startswith("local"):
        own |= _LOCAL_SETTINGS
    return SparkAddress(master, warehouse, own | asked)
