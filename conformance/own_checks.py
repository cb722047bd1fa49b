"""Records for a team's own roster checks under pytest: of a bundle or of a provider, entity by entity.

Called by the pytest plugin's fixture. Reads only, and keeps nothing beyond the test run.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Protocol

from conformance.api_judge import DEFAULT_BUDGET, version_of
from conformance.csv_files.version import open_any
from conformance.probe import Probe
from conformance.services import services_of
from conformance.sign_in import NotSignedIn, SignIn
from conformance.survey import Survey
from oneroster_harness.problems import CannotRun
from oneroster_harness.providers import Endpoint
from oneroster_standard.standard import load

Records = list[dict[str, Any]]


class Source(Protocol):
    """Where records come from."""

    def trouble(self, entity: str) -> str:
        """Why an entity cannot be read, empty when it can."""

    def records(self, entity: str) -> Records:
        """All records of an entity; empty when it cannot be read."""


class BundleSource:
    """A folder or a ZIP."""

    def __init__(self, path: Path) -> None:
        self._package = open_any(path)
        self._read: dict[str, Records] = {}

    def trouble(self, entity: str) -> str:
        """Why a file cannot be read."""
        if self._package.trouble is not None:
            return "the archive cannot be read"
        return "" if f"{entity}.csv" in self._package.members else f"{entity}.csv is not in the bundle"

    def records(self, entity: str) -> Records:
        """Rows of a file by column."""
        if self.trouble(entity):
            return []
        if entity not in self._read:
            with self._package.open(f"{entity}.csv") as stream:
                text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", errors="replace")
                self._read[entity] = [dict(row) for row in csv.DictReader(text)]
        return self._read[entity]


class ApiSource:
    """A provider; each collection is read once, when it is first asked for. Raises CannotRun when it gives no token."""

    def __init__(self, endpoint: Endpoint) -> None:
        spec = version_of(endpoint)
        standard = load(spec)
        services = services_of(endpoint.url, standard)
        probe = Probe(services.roots["rostering"], budget=DEFAULT_BUDGET, services=services)
        sign_in = SignIn(endpoint, probe, spec)
        try:
            sign_in.start()
        except NotSignedIn as refused:
            raise CannotRun(f"the provider gives no token: {refused}", "200 and a token", "the token endpoint") from refused
        self._survey = Survey(probe, sign_in, standard)
        self._known = standard.collections

    def trouble(self, entity: str) -> str:
        """Why a collection cannot be read."""
        return self._survey.read(entity).trouble if entity in self._known else f"{entity} is no collection of this version"

    def records(self, entity: str) -> Records:
        """Records as they were sent."""
        return list(self._survey.read(entity).records) if not self.trouble(entity) else []
