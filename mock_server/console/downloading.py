"""Bundles to take away: what a vendor's export would hold on the district's day.

Called by the pages. The bytes are those that `oneroster generate` writes for that vendor, version and day.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_server.application import Site
    from mock_server.vendor import Vendor


def bundle_of(site: Site, vendor: Vendor, spec: str) -> bytes:
    """The ZIP of a vendor's bundle in a version."""
    (point,) = entry_points(group="oneroster.districts", name="bundle")
    with tempfile.TemporaryDirectory(prefix="oneroster-bundle-") as name:
        folder = Path(name)
        store = site.calendar.stores(folder, [vendor.name])[vendor.name] if site.calendar.day else vendor.store.path
        out = folder / "bundle.zip"
        point.load()(store, out, version=spec)
        return out.read_bytes()
