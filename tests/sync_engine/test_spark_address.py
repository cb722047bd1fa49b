"""What a spark:// address says, and which ones are refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from oneroster_harness.problems import UsageProblem
from sync_engine.targets.spark.address import read_address


@pytest.mark.parametrize(
    ("url", "master", "warehouse"),
    [
        ("spark:////data/roster", "local[*]", "/data/roster"),
        ("spark:///roster", "local[*]", str(Path("roster").absolute())),
        ("spark:////data/roster?master=local[2]", "local[2]", "/data/roster"),
        ("spark://head:7077/data/roster", "spark://head:7077", "/data/roster"),
        ("spark://head/data/roster", "spark://head:7077", "/data/roster"),
        ("spark://head:7077?warehouse=s3a://bucket/roster", "spark://head:7077", "s3a://bucket/roster"),
        ("spark:///?master=yarn&warehouse=hdfs://name/roster", "yarn", "hdfs://name/roster"),
    ],
)
def test_an_address_names_a_master_and_a_warehouse(url: str, master: str, warehouse: str) -> None:
    found = read_address(make_url(url))
    assert (found.master, found.warehouse) == (master, warehouse)
    assert found.is_local == master.startswith("local")


def test_a_setting_of_spark_may_be_given_and_replaces_ours() -> None:
    found = read_address(make_url("spark:////data/roster?spark.driver.memory=8g&spark.executor.cores=4"))
    assert (found.settings["spark.driver.memory"], found.settings["spark.executor.cores"]) == ("8g", "4")
    assert found.settings["spark.ui.enabled"] == "false"


@pytest.mark.parametrize(
    ("url", "met"),
    [
        ("spark://", "no warehouse"), ("spark://head:7077", "no warehouse"), ("spark://me:pw@head:7077/data", "no user"),
        ("spark:////data?spark.hadoop.fs.s3a.secret.key=x", "a secret"), ("spark:////data?cores=4", "unknown setting"),
        ("spark:////data/[x]", "patterns"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_work_is_refused(url: str, met: str) -> None:
    with pytest.raises(UsageProblem, match=met):
        read_address(make_url(url))
