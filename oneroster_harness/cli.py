"""`oneroster`: the front door. Verbs are found by entry point and loaded when they are called.

Prints problems as aligned lines on stderr with their exit code; never a traceback for a user's mistake.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from oneroster_harness.problems import EXIT_COULD_NOT_RUN, EXIT_WRONG_USE, Problem, nearest
from oneroster_harness.terminal import VERSION

GROUP = "oneroster.verbs"
EPILOG = """
\b
Examples:
  oneroster demo --students 200
  oneroster check csv district.zip
"""


class Verbs(click.Group):
    """A group whose commands come from entry points."""

    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all verbs."""
        return sorted(self._points())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb; None when it is unknown."""
        point = self._points().get(cmd_name)
        if point is None:
            return None
        command = point.load()
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the verb; a wrong one offers the nearest."""
        if args and not args[0].startswith("-") and args[0] not in self._points():
            raise click.UsageError(f"unknown verb {args[0]!r}; {nearest(args[0], self._points())}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line per verb."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            rows.append((name, command.get_short_help_str(80) if command else ""))
        with formatter.section("Verbs"):
            formatter.write_dl(rows)


@click.group(cls=Verbs, epilog=EPILOG)
@click.version_option(VERSION, prog_name="oneroster")
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error")
def front(debug: bool) -> None:
    """Mock OneRoster providers, judge any provider or bundle, and sync rosters into a database."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = front.main(args=given, prog_name="oneroster", standalone_mode=False)
    except Problem as problem:
        click.echo("\n".join(problem.lines()), err=True)
        code = problem.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        code = EXIT_WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_COULD_NOT_RUN
    except Exception as error:
        if "--debug" in given:
            raise
        click.echo(f"a fault of oneroster itself: {type(error).__name__}", err=True)
        click.echo("  try        run `oneroster --debug ...` again and report what it prints", err=True)
        code = EXIT_COULD_NOT_RUN
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
