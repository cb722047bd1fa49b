"""A mock as tests hold it, wherever it runs: its providers, its switches, its journal, the truth.

Called by tests through the fixtures. Never imports the server itself, so that it is cheap to import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server.asked import JournalView


class MockProblem(Exception):
    """The mock could not be started, or refused a change; the text says why and what is valid."""


@dataclass(frozen=True, slots=True)
class MockProvider:
    """How a client reaches one vendor's provider; what the vendor does not accept is None.

    base_urls: version -> service root (1.1), or service -> service root (1.2).
    """

    vendor: str
    base_url: str
    auth: tuple[str, ...]
    client_id: str
    client_secret: str = field(repr=False)
    token_url: str | None = None
    bearer: str | None = field(default=None, repr=False)
    base_urls: Mapping[str, Any] = field(default_factory=dict)


class MockHandle(ABC):
    """A mock that answers.

    providers: vendor -> MockProvider, in the order they are served. ready: the ready file's document.
    """

    def __init__(self, ready: Mapping[str, Any]) -> None:
        self.ready = ready
        self.providers = {
            vendor: MockProvider(
                vendor=vendor, base_url=found["base_url"], auth=tuple(found["auth"]), client_id=found["client_id"],
                client_secret=found["client_secret"], token_url=found["token_url"], bearer=found["bearer"],
                base_urls=found["base_urls"],
            )
            for vendor, found in ready["providers"].items()
        }  # fmt: skip

    @abstractmethod
    def admin(self, method: str, path: str, document: Any = None) -> Any:
        """Call the admin API and return its JSON.

        path: below the admin URL, beginning with a slash. Raises MockProblem with the server's own words.
        """

    @property
    def journal(self) -> JournalView:
        """What was asked since the last reset: `journal.asked("/users", page=3).twice()`, `.entries()`, `.counts()`."""
        return JournalView(lambda: self.admin("GET", "/journal"))

    def provider(self, vendor: str = "reference") -> MockProvider:
        """One vendor's provider.

        Raises MockProblem listing the vendors that are served.
        """
        if vendor not in self.providers:
            raise MockProblem(f"vendor {vendor!r} is not served; served: {', '.join(self.providers)}")
        return self.providers[vendor]

    def other_district(self, vendor: str = "reference") -> MockProvider:
        """The same provider with the credential of another district: it gets tokens, which open nothing here."""
        issued = self.admin("PUT", f"/vendors/{vendor}/credentials", {"action": "other-district"})["issued"]
        return replace(self.provider(vendor), **issued)

    def set_quirks(self, vendor: str, quirks: Sequence[str]) -> None:
        """Turn on exactly these quirks of a vendor, beside no other.

        Raises MockProblem for an unknown id.
        """
        self.admin("PUT", f"/vendors/{vendor}/quirks", {"quirks": list(quirks)})

    def add_quirks(self, vendor: str, quirks: Sequence[str]) -> None:
        """Turn these quirks on beside those that the vendor shows already.

        Raises MockProblem for an unknown id.
        """
        shown: list[str] = self.admin("GET", f"/vendors/{vendor}/quirks")["quirks"]
        self.set_quirks(vendor, [*shown, *(found for found in quirks if found not in shown)])

    def withhold(self, vendor: str, settings: Sequence[str]) -> None:
        """Withhold exactly these settings of a vendor.

        Raises MockProblem for an unknown setting.
        """
        self.admin("PUT", f"/vendors/{vendor}/settings", {"withheld": list(settings)})

    def set_limits(self, vendor: str, **limits: Any) -> None:
        """Limit what one credential may ask: rate="300/minute", interval_ms=200, status=429, retry="seconds".

        Keys that are not given stay. Raises MockProblem for a wrong one.
        """
        self.admin("PUT", f"/vendors/{vendor}/settings", {"limits": limits})

    def set_faults(self, vendor: str, faults: Sequence[str | Mapping[str, Any]]) -> None:
        """Let exactly these things go wrong, such as "fault.server-error@page=2,times=1"; see `oneroster faults`.

        Raises MockProblem for an unknown one.
        """
        self.admin("PUT", f"/vendors/{vendor}/faults", {"faults": list(faults)})

    def faults(self, vendor: str) -> list[dict[str, Any]]:
        """The faults that are on, each with how many requests it fitted and how often it struck."""
        found: list[dict[str, Any]] = self.admin("GET", f"/vendors/{vendor}/faults")["faults"]
        return found

    def truth(
        self, vendor: str, entity: str, channel: str = "api", spec: str | None = None
    ) -> list[dict[str, Any]]:
        """Rows that a perfect consumer of a vendor would hold, keys as in the entity's CSV file.

        spec: 1.1 or 1.2, None for the first one that the vendor serves.
        """
        version = f"&spec={spec}" if spec else ""
        found = self.admin("GET", f"/vendors/{vendor}/truth/{entity}?channel={channel}{version}")
        rows: list[dict[str, Any]] = found["rows"]
        return rows

    def advance(self, days: int = 1) -> dict[str, Any]:
        """Let days pass; returns the day, its date and how many records changed, per vendor and collection."""
        found: dict[str, Any] = self.admin("POST", "/advance", {"days": days})
        return found

    def reset(self) -> None:
        """Go back to the state that the mock was started with."""
        self.admin("POST", "/reset")
