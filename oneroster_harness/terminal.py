"""Terminal manners that all verbs share: options, JSON output, progress, constants of the release.

Called by the verbs' commands; never prints a result on stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from oneroster_harness.problems import (
    EXIT_CLEAN,
    EXIT_COULD_NOT_RUN,
    EXIT_FINDINGS,
    EXIT_HELD,
    EXIT_WRONG_USE,
    CannotRun,
)

__all__ = ["EXIT_CLEAN", "EXIT_COULD_NOT_RUN", "EXIT_FINDINGS", "EXIT_HELD", "EXIT_WRONG_USE"]

try:
    VERSION = version("oneroster-harness")
except PackageNotFoundError:
    VERSION = "0.0.0"
AS_OF = date(2026, 10, 1)
DEFAULT_SEED = 1
DEFAULT_STUDENTS = 1_000
SEVERITIES = ("error", "warning", "info")

F = TypeVar("F", bound=Callable[..., Any])


def today() -> date:
    """The day by the clock, in UTC: for what ends by the calendar, never for data."""
    return datetime.now(UTC).date()


def hints() -> Console:
    """The console for progress and hints: stderr."""
    return Console(stderr=True, highlight=False)


def progress() -> Progress:
    """A progress display on stderr; quiet when stderr is not a terminal."""
    console = hints()
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


def echo_json(document: Any, target: str | None) -> None:
    """Write the machine form to a path, or to stdout for `-`; None writes nothing.

    Raises CannotRun when the path cannot be written.
    """
    if target is None:
        return
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"
    if target == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"the JSON form cannot be written: {error.strerror}", where=target) from error


def echo_text(text: str, json_target: str | None) -> None:
    """Print a result for a person: on stdout, or on stderr when stdout holds JSON."""
    click.echo(text, err=json_target == "-")


class IsoDate(click.ParamType[date]):
    """A date option of the form YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the option's text."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is not a date of the form YYYY-MM-DD", param, ctx)


def json_option(function: F) -> F:
    """--json PATH, the machine form."""
    return click.option("--json", "json_target", metavar="PATH", help="Write the machine form; - is stdout")(
        function
    )


def seed_option(function: F) -> F:
    """--seed, the same bytes for the same number."""
    return click.option(
        "--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Seed of every draw"
    )(function)


def as_of_option(function: F) -> F:
    """--as-of, the day the data is seen from."""
    return click.option(
        "--as-of",
        type=IsoDate(),
        default=AS_OF.isoformat(),
        show_default=True,
        help="Day the data is seen from",
    )(function)


def spec_option(function: F) -> F:
    """--spec, the version of OneRoster."""
    return click.option(
        "--spec", type=click.Choice(["1.1", "1.2"]), default=None, help="OneRoster version, default 1.1"
    )(function)


def vendor_option(*, multiple: bool = False, default: str | None = None) -> Callable[[F], F]:
    """--vendor NAME|FILE, once or repeated."""

    def decorate(function: F) -> F:
        return click.option(
            "--vendor", "vendors" if multiple else "vendor", multiple=multiple, default=None if multiple else default,
            metavar="NAME|FILE", help="Vendor dialect" + (", repeatable" if multiple else ""),
        )(function)  # fmt: skip

    return decorate


def auth_options(function: F) -> F:
    """--auth, --token-url and --providers, for every verb that takes a provider's URL."""
    for option in (
        click.option(
            "--providers", "providers_file", metavar="FILE", help="Providers file, default providers.toml"
        ),
        click.option("--token-url", metavar="URL", help="OAuth 2 token endpoint, its query included"),
        click.option("--auth", type=click.Choice(["oauth2", "oauth1", "bearer"]), help="How to sign in"),
    ):
        function = option(function)
    return function


def fail_on_option(function: F) -> F:
    """--fail-on SEVERITY, the weakest finding that makes exit code 1."""
    return click.option(
        "--fail-on",
        type=click.Choice(SEVERITIES),
        default="error",
        show_default=True,
        help="Weakest severity that fails",
    )(function)
