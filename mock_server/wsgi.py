"""The WSGI entry of a worker process: reads its configuration and opens the providers.

Loaded by granian in the worker that serving.py starts; the configuration's place stands in the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from mock_server.application import Site, create_app
from mock_server.calendar import Calendar
from mock_server.delivery.admin_routes import add_delivery
from mock_server.journal import Journal
from mock_server.request_log import SharedLog
from mock_server.sharing import Sharing
from mock_server.state import SharedState
from mock_server.vendor import Vendor
from oneroster_standard.dialects import load_dialect
from oneroster_standard.store import Store

CONFIG_VARIABLE = "ONEROSTER_MOCK_CONFIG"


def site_of(config: Mapping[str, Any], folder: Path) -> Site:
    """Open every vendor of a configuration.

    folder: where the shared state and the vendors' renderings are kept; every worker of a server is given the same one, and
    the caller removes it.
    config: {"admin_token", "base": the district of day 0, "vendors": [{"dialect", "store", "quirks": [...], "withheld": [...],
    "faults": [...]}]}.
    """
    vendors: dict[str, Vendor] = {}
    state = SharedState(folder)
    for row in config["vendors"]:
        dialect = load_dialect(row["dialect"])
        vendor = Vendor(
            dialect,
            Store.open(Path(row["store"])),
            folder / f"worker-{os.getpid()}" / f"{dialect.name}.rendered",
            state,
            row["quirks"],
            row["withheld"],
            row.get("faults", ()),
        )
        vendors[vendor.name] = vendor
    shown = {name: (row["dialect"], row["quirks"]) for name, row in zip(vendors, config["vendors"], strict=True)}
    calendar = Calendar(state, vendors, Path(config["base"]), shown)
    journal = journal_of(vendors.values(), folder)
    return Site(vendors, config["admin_token"], journal, Sharing(vendors, state), calendar)


def journal_of(vendors: Iterable[Vendor], folder: Path) -> Journal:
    """The journal of all workers, which knows the field names of every version that the vendors serve."""
    classes = [kind for vendor in vendors for found in vendor.providers.values() for kind in found.standard.classes.values()]
    return Journal(frozenset(name for kind in classes for name in kind.property_names), log=SharedLog(folder))


def load() -> Flask:
    """The application of this worker."""
    # The command's stdout holds one JSON line for its caller; whatever a worker prints goes to stderr.
    os.dup2(2, 1)
    path = Path(os.environ[CONFIG_VARIABLE])
    # The command's folder: removed when the command ends, also if this worker is killed.
    config = json.loads(path.read_text("utf-8"))
    site = site_of(config, path.parent)
    return add_delivery(create_app(site), config, site, path.parent / "days")
