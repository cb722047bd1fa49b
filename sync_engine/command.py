"""`oneroster sync`: the group of its verbs; each lives in a file of its own under `commands/`.

Called by the front door. Whatever changes data shows its plan first; a hold is never approved by --yes.
"""

from __future__ import annotations

import click

from sync_engine.commands.accounts_verb import accounts
from sync_engine.commands.aliases_verb import aliases
from sync_engine.commands.apply_verb import apply
from sync_engine.commands.audit_verb import audit
from sync_engine.commands.courses_verb import courses
from sync_engine.commands.history_verb import history
from sync_engine.commands.match_verb import match
from sync_engine.commands.plan_verb import plan
from sync_engine.commands.quarantine_verb import quarantine
from sync_engine.commands.run_verb import run
from sync_engine.commands.status_verb import status
from sync_engine.commands.undo_verb import undo
from sync_engine.commands.visible_verb import visible
from sync_engine.commands.watch_verb import watch


@click.group(epilog="""
\b
Examples:
  oneroster sync run district.zip duckdb:///roster.duckdb --yes
  oneroster sync plan https://sis.example.org/ims/oneroster/v1p1 postgresql://app@db/roster -o plan.json
""")  # fmt: skip
def sync() -> None:
    """Land a provider's or a bundle's roster in a database, planned first and applied whole."""


for _verb in (
    plan,
    apply,
    run,
    status,
    history,
    quarantine,
    audit,
    courses,
    accounts,
    undo,
    match,
    aliases,
    visible,
    watch,
):
    sync.add_command(_verb)
