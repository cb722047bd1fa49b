"""Running a consumer once: its command with the facts of the day, its credential in the environment.

Called by the judge. What the command prints goes into a log in the consumer's folder and nowhere else.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.consumer.adapter import Adapter
from conformance.consumer.landed import filled
from conformance.consumer.school import own_environment
from oneroster_harness.problems import CannotRun

LOG = "consumer.log"
TIMED_OUT = -1
FACTS = ("base_url", "token_url", "vendor", "bundle", "bundle_kind", "day", "date", "folder", "database_url")


def facts_of(adapter: Adapter, provider: Mapping[str, Any], *, vendor: str, folder: Path, day: int, date: str) -> dict[str, str]:
    """The facts of a day by their names in the adapter; the bundle is added by the caller."""
    facts = {
        "base_url": str(provider["base_url"]), "token_url": provider["token_url"] or "", "vendor": vendor, "bundle": "", "bundle_kind": "",
        "day": str(day), "date": date, "folder": str(folder),
    }  # fmt: skip
    return {**facts, "database_url": filled(adapter.landed, facts)}


def run_once(adapter: Adapter, channel: str, facts: Mapping[str, str], provider: Mapping[str, Any]) -> int:
    """Run the consumer's command; returns its exit code, TIMED_OUT when it took too long, 0 without a command.

    Raises CannotRun when the command cannot be started at all.
    """
    words = adapter.commands.get(channel)
    if words is None:
        return 0
    environment = own_environment() | {f"ONEROSTER_{name.upper()}": value for name, value in facts.items()}
    environment |= {
        f"ONEROSTER_{name.upper()}": str(provider[key])
        for name, key in (("client_id", "client_id"), ("client_secret", "client_secret"), ("token", "bearer"))
        if provider.get(key)
    }
    with Path(facts["folder"], LOG).open("ab") as log:
        try:
            done = subprocess.run(
                [filled(word, facts) for word in words], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                check=False, timeout=adapter.timeout_s,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return TIMED_OUT
        except OSError as error:
            raise CannotRun(
                f"the consumer's command cannot be started ({error.strerror})", "a program that is found", f"command.{channel}",
                "give its whole path",
            ) from error  # fmt: skip
    return done.returncode
