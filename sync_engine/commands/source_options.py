"""Options that say how a source is read and guarded.

Called by the verbs that read a source. Turns what was typed into a source, a target and limits; reads nothing itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from oneroster_harness.terminal import IsoDate, auth_options, json_option, spec_option, vendor_option
from sync_engine.reading import Source, SourceOptions, open_source
from sync_engine.sources.connection import CONNECTIONS, NO_HOOKS, Patience
from sync_engine.sources.sftp import SETTLE_S
from sync_engine.targets.opening import open_target
from sync_engine.targets.session import Target

_PATIENCE = Patience()


def source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how a source is read and guarded; both `plan` and `run` take them."""
    for option in (
        json_option,
        click.option("--connections", type=click.IntRange(1, 16), default=CONNECTIONS, show_default=True,
                     help="Pages of an API fetched at once"),
        click.option("--tries", type=click.IntRange(min=1), default=_PATIENCE.tries, show_default=True,
                     help="Tries per request of an API"),
        click.option("--retry-wait", type=click.FloatRange(min=0), default=_PATIENCE.first_wait_s,
                     show_default=True, help="Seconds before the second try; doubles each time"),
        click.option("--settle", type=click.FloatRange(min=0), default=SETTLE_S, show_default=True,
                     help="Seconds in which an upload by SFTP must not have grown"),
        click.option("--delete-floor", type=click.IntRange(min=0),
                     help="So many rows of an entity may always go, default 5"),
        click.option("--max-delete-count", type=click.IntRange(min=0),
                     help="Hold an entity's removals above this many rows, default no such limit"),
        click.option("--max-delete-percent", type=click.FloatRange(0, 100),
                     help="Hold an entity's removals above this share of its rows, default 10"),
        click.option("--policy", "policy_file", type=click.Path(path_type=Path), metavar="FILE",
                     help="Limits, freezes, stages and pins as TOML; default the shipped ones"),
        click.option("--as-of", type=IsoDate(), metavar="DATE",
                     help="Day that windows, terms and stages are counted from, default today"),
        click.option("--tenant", default="default", show_default=True, help="Whose rows these are in the target"),
        click.option("--source-name", metavar="NAME", help="Name of this source where several fill one tenant; it removes and changes only its own rows"),
        click.option("--without-manifest", is_flag=True, help="Take the files of a bundle without manifest.csv as bulk files"),
        vendor_option(),
        spec_option,
        auth_options,
    ):  # fmt: skip
        function = option(function)
    return function


def opened(source: str, target: str, options: dict[str, Any]) -> tuple[Source, Target]:
    """The source and the target behind the arguments; nothing is read yet."""
    patience = Patience(tries=options["tries"], first_wait_s=options["retry_wait"])
    asked = SourceOptions(
        options["auth"], options["token_url"], options["providers_file"], options["spec"], options["vendor"], patience,
        options["connections"], options["settle"], options.get("hooks") or NO_HOOKS,
        bool(options.get("without_manifest")),
    )  # fmt: skip
    goal = open_target(target)
    return open_source(source, asked, os.environ), goal
