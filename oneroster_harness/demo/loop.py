"""One loop per vendor: serve, judge, sync by API and by CSV, sync again, compare with the truth.

Called by the demo's command. Any disagreement is counted, none is hidden.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oneroster_harness.demo.comparison import Compared, compare
from oneroster_harness.verbs import run, serving

VENDORS = ("powerschool", "infinite-campus", "classlink")
Tell = Callable[[str], None]


@dataclass(slots=True)
class VendorResult:
    """What one vendor's loop gave. api and csv: tables as compared; trouble: what else disagreed."""

    vendor: str
    base_url: str
    check: dict[str, Any] = field(default_factory=dict)
    bundle_check: dict[str, Any] = field(default_factory=dict)
    api: list[Compared] = field(default_factory=list)
    csv: list[Compared] = field(default_factory=list)
    requests: int = 0
    elapsed_s: float = 0.0
    databases: list[Path] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def differ(self) -> int:
        """Rows that differ from the truth, by API and by CSV."""
        return sum(found.differ for found in self.api + self.csv)

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return not self.differ and not self.trouble and not self.outcomes("failed") and bool(self.api and self.csv)

    def outcomes(self, kind: str) -> int:
        """Checks of the API by outcome: passed, failed, known or skipped."""
        known = {found["check"] for found in self.check["findings"] if found["known"]}
        fresh = {found["check"] for found in self.check["findings"] if not found["known"]}
        wanted = {
            "passed": lambda found: found["outcome"] == "pass",
            "failed": lambda found: found["outcome"] == "error" or (found["outcome"] == "fail" and found["id"] in fresh),
            "known": lambda found: found["outcome"] == "fail" and found["id"] in known - fresh,
            "skipped": lambda found: found["outcome"] == "skip",
        }[kind]
        return sum(map(wanted, self.check["checks"]))

    def document(self) -> dict[str, Any]:
        """The machine form."""
        return {
            "rows_served": sum(found.truth for found in self.api),
            "requests": self.requests,
            "passed": self.outcomes("passed"),
            "failed": self.outcomes("failed"),
            "known": self.outcomes("known"),
            "skipped": self.outcomes("skipped"),
            "landed_api": sum(found.landed for found in self.api),
            "landed_csv": sum(found.landed for found in self.csv),
            "differ": self.differ,
            "elapsed_s": round(self.elapsed_s, 2),
        }


def loop(folder: Path, *, students: int, seed: int, tell: Tell) -> list[VendorResult]:
    """Run the loop for the three vendors over one district; returns their results in order.

    folder: for the district, the bundles and the databases; files of an earlier loop are replaced.
    """
    tell(f"generate a district of {students:,} students")
    run(["generate", "springfield.district", "--students", str(students), "--seed", str(seed), "--force"], folder)
    vendors = [part for vendor in VENDORS for part in ("--vendor", vendor)]
    tell("serve it as three vendors")
    with serving(["springfield.district", *vendors], folder) as ready:
        return [_vendor(vendor, ready, folder, students, seed, tell) for vendor in VENDORS]


def _vendor(vendor: str, ready: dict[str, Any], folder: Path, students: int, seed: int, tell: Tell) -> VendorResult:
    started = time.perf_counter()
    provider = ready["providers"][vendor]
    found = VendorResult(vendor, provider["base_url"])
    address = ["--vendor", vendor, "--seed", str(seed)]
    sign_in = ["--token-url", provider["token_url"]] if provider["token_url"] else ["--auth", "oauth1"]
    secrets = {"ONEROSTER_CLIENT_ID": provider["client_id"], "ONEROSTER_CLIENT_SECRET": provider["client_secret"]}

    tell(f"{vendor}: judge the API")
    report = f"html:{vendor}-check.html"
    found.check = run(
        ["check", "api", provider["base_url"], *address, *sign_in, "--report", report], folder, secrets=secrets, accept=(0, 1)
    )
    found.requests += found.check["requests"]
    if found.check["verdict"] != "pass":
        found.trouble.append(f"the API's verdict is {found.check['verdict']}")

    tell(f"{vendor}: sync by API")
    by_api = _sync(found, [provider["base_url"], "--vendor", vendor, *sign_in], f"{vendor}-api.duckdb", folder, secrets)
    found.requests += by_api

    tell(f"{vendor}: write, judge and sync the CSV bundle")
    bundle = f"{vendor}.zip"
    run(["generate", bundle, "--students", str(students), *address, "--force"], folder)
    found.bundle_check = run(["check", "csv", bundle, *address], folder, accept=(0, 1))
    if found.bundle_check["verdict"] != "pass":
        found.trouble.append(f"the bundle's verdict is {found.bundle_check['verdict']}")
    _sync(found, [bundle], f"{vendor}-csv.duckdb", folder, {})

    tell(f"{vendor}: compare what landed with the truth")
    found.api = compare(folder / f"{vendor}-api.duckdb", ready, vendor, "api", folder)
    found.csv = compare(folder / f"{vendor}-csv.duckdb", ready, vendor, "csv", folder)
    found.elapsed_s = time.perf_counter() - started
    return found


def _sync(found: VendorResult, source: list[str], database: str, folder: Path, secrets: dict[str, str]) -> int:
    """Sync into a fresh database, then once more; returns the requests of both."""
    path = folder / database
    path.unlink(missing_ok=True)
    found.databases.append(path)
    first = run(["sync", "run", source[0], f"duckdb:///{database}", *source[1:], "--yes"], folder, secrets=secrets, accept=(0, 3, 4))
    if first["status"] != "applied":
        found.trouble.append(f"{database}: {first['status']}: {'; '.join(first['reasons'])}")
        return int(first["requests"])
    again = run(["sync", "run", source[0], f"duckdb:///{database}", *source[1:], "--yes"], folder, secrets=secrets, accept=(0, 3, 4))
    changed = sum(row[kind] for row in again["changes"].values() for kind in ("create", "update", "delete", "held"))
    if changed:
        found.trouble.append(f"{database}: a second sync changes {changed} rows")
    return int(first["requests"]) + int(again["requests"])
