"""What changed between a source and a target, as one SQL text for every engine.

Called by the difference, which gives it to DuckDB as it stands, and by the Spark target, which has SQLGlot write it in
Spark's dialect. Names no engine, no file and no table of its own: the four relations that it reads are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sync_engine.facets import facets
from sync_engine.landing import Table
from sync_engine.policy import Policy, Stages
from sync_engine.snapshot import EntityRead
from sync_engine.sql_text import literal, quoted

CREATE, UPDATE, DELETE, ABSENT, BACK, STAGE = "create", "update", "delete", "absent", "back", "stage"
"""create: new. update: other content. delete: told by the source. absent: missing from a whole read. back: there again
after it had gone. stage: gone for longer."""

Fingerprint = Callable[[Sequence[str]], str]
"""SQL of one number over these columns of a row, as an engine makes it. Equal numbers of one engine and version mean equal
cells, nulls and their places included; numbers of two engines are never compared."""


@dataclass(frozen=True, slots=True)
class Relations:
    """What to select from, as SQL: a table's name, or a SELECT in brackets.

    source and target: `table.content`. aside: the sourcedIds that the read set aside. gone: what the target remembers of
    rows that are gone (entity, sourcedId, reads, days).
    """

    source: str = "source"
    target: str = "target"
    aside: str = "aside"
    gone: str = "gone"

    def narrowed(self, keys: str) -> Relations:
        """The same with only the rows of some keys."""
        def within(relation: str) -> str:
            return f'(SELECT * FROM {relation} AS every WHERE "sourcedId" IN (SELECT "sourcedId" FROM {keys} AS wanted))'

        return Relations(within(self.source), within(self.target), self.aside, self.gone)


def spoken_of(table: Table, read: EntityRead, target: str, owners: str) -> str:
    """The rows of a target that a read speaks of: all, or those of the owners whose records changed.

    owners: a relation of what was read of the table of these owners.
    """
    if not read.within:
        return target
    owner = next(one.header for one in table.columns if one.references == f"{read.within}.csv" and not one.is_list)
    return f'(SELECT * FROM {target} AS all_owned WHERE {quoted(owner)} IN (SELECT "sourcedId" FROM {owners} AS owners))'


def candidates(table: Table, relations: Relations, fingerprint: Fingerprint, known: str = "") -> str:
    """SQL of the sourcedIds that a whole read may change: other fingerprints on the two sides, or gone already.

    A superset of what changes, found without carrying whole rows through the join. known: a relation of the target's rows
    that has their `fingerprint` already, of the same engine and version, beside `sourcedId` and `_state`.
    """
    mark = fingerprint(table.content)
    target = known or f'(SELECT "sourcedId", "_state", {mark} AS fingerprint FROM {relations.target} AS every_old)'
    return (
        'SELECT coalesce(s."sourcedId", t."sourcedId") AS "sourcedId"'
        f' FROM (SELECT "sourcedId", {mark} AS fingerprint FROM {relations.source} AS every_new) AS s'
        f' FULL JOIN {target} AS t ON s."sourcedId" = t."sourcedId"'
        " WHERE s.fingerprint IS DISTINCT FROM t.fingerprint OR t.\"_state\" <> 'present'"
    )


def changes(table: Table, read: EntityRead, policy: Policy, relations: Relations) -> str:
    """SQL of the change table: kind, from_source, the content as it will be, and what of its identity changes.

    A row that went away is marked (`status` tobedeleted, `_state` missing, inactive or archived) and never erased.
    """
    stages, sticky = policy.stages, policy.pins.fields.get(table.name, ())
    differs = " OR ".join(f"{_new(name)} IS DISTINCT FROM {_old(name)}" for name in table.headers if name not in sticky)
    if read.is_delta and not read.since:
        next_stage, keeps, join = "NULL", f"kind = '{DELETE}'", "LEFT JOIN"
        kind = _delta_kind(differs)
    else:
        next_stage, keeps, join = _next_stage(stages) if read.complete else "NULL", f"{_new('sourcedId')} IS NULL", "FULL JOIN"
        if read.since and not read.within:
            # What an API tells of a change is the whole row, and what it does not tell stays.
            join = "LEFT JOIN"
        kind = _whole_kind(differs, next_stage)
    cells = [_cell(name, read, keeps, is_sticky=name in sticky) for name in table.headers]
    state = (
        f"CASE WHEN kind = '{ABSENT}' THEN 'missing' WHEN kind = '{DELETE}' THEN 'inactive' WHEN kind = '{STAGE}' THEN next_stage"
        f" WHEN {_new('_state')} <> 'present' THEN coalesce({_old('_state')}, {_new('_state')}) ELSE {_new('_state')} END"
    )
    pairs = ", ".join(f"s.{quoted(name)} AS {_new(name)}, t.{quoted(name)} AS {_old(name)}" for name in table.content)
    return (
        f"SELECT kind, {_new('sourcedId')} IS NOT NULL AS from_source, {', '.join(cells)}, {state} AS \"_state\","
        f" {_identity(table, sticky)} AS identity"
        f" FROM (SELECT staged.*, {kind} AS kind FROM (SELECT paired.*, CAST({next_stage} AS VARCHAR) AS next_stage"
        f" FROM (SELECT {pairs}, a.\"sourcedId\" IS NOT NULL AS is_aside, g.reads AS gone_reads, g.days AS gone_days"
        f" FROM {relations.source} AS s {join} {relations.target} AS t ON s.\"sourcedId\" = t.\"sourcedId\""
        f" LEFT JOIN {relations.aside} AS a ON a.\"sourcedId\" = t.\"sourcedId\""
        f" LEFT JOIN {relations.gone} AS g ON g.entity = {literal(table.name)} AND g.\"sourcedId\" = t.\"sourcedId\""
        ") AS paired) AS staged) AS judged WHERE kind IS NOT NULL"
    )


def _new(name: str) -> str:
    return quoted(f"new_{name}")


def _old(name: str) -> str:
    return quoted(f"old_{name}")


def _delta_kind(differs: str) -> str:
    """A delta's removal need not repeat the row, so only the mark counts, and nothing is ever absent."""
    return (
        f"CASE WHEN {_new('_state')} <> 'present' THEN CASE WHEN {_old('_state')} = 'present' THEN '{DELETE}' END"
        f" WHEN {_old('sourcedId')} IS NULL THEN '{CREATE}' WHEN {_old('_state')} <> 'present' THEN '{BACK}'"
        f" WHEN {differs} THEN '{UPDATE}' END"
    )


def _whole_kind(differs: str, next_stage: str) -> str:
    stage = f"WHEN next_stage IS NOT NULL THEN '{STAGE}'" if next_stage != "NULL" else "WHEN false THEN NULL"
    return (
        f"CASE WHEN {_new('sourcedId')} IS NULL THEN CASE WHEN is_aside THEN NULL"
        f" WHEN {_old('_state')} = 'present' THEN '{ABSENT}' {stage} END"
        f" WHEN {_old('sourcedId')} IS NULL THEN '{CREATE}'"
        f" WHEN {_new('_state')} <> 'present' AND {_old('_state')} = 'present' THEN '{DELETE}'"
        f" WHEN {_new('_state')} <> 'present' THEN CASE {stage} WHEN {differs} THEN '{UPDATE}' END"
        f" WHEN {_old('_state')} <> 'present' THEN '{BACK}' WHEN {differs} THEN '{UPDATE}' END"
    )


def _cell(name: str, read: EntityRead, keeps: str, *, is_sticky: bool) -> str:
    """One column of a changed row; a row that went away keeps its last known content, a pinned column what it holds."""
    column = quoted(name)
    if is_sticky:
        return f"CASE WHEN {_old('sourcedId')} IS NULL THEN {_new(name)} ELSE {_old(name)} END AS {column}"
    kept = _old(name)
    if name == "status":
        kept = "'tobedeleted'"
    elif name == "dateLastModified" and read.is_delta:
        kept = f"coalesce({_new(name)}, {_old(name)})"
    return f"CASE WHEN {keeps} THEN {kept} ELSE {_new(name)} END AS {column}"


def _next_stage(stages: Stages) -> str:
    """SQL of the stage that a row which is gone goes to now, NULL when it stays. What was told counts as inactive."""
    def due(reads: int, days: int) -> str:
        return f"gone_reads >= {reads} AND gone_days >= {days}"

    return (
        f"CASE WHEN {_old('_state')} = 'missing' AND ({_new('sourcedId')} IS NOT NULL OR"
        f" ({due(stages.inactive_reads, stages.inactive_days)})) THEN 'inactive'"
        f" WHEN {_old('_state')} = 'inactive' AND {due(stages.archived_reads, stages.archived_days)} THEN 'archived' END"
    )


def _identity(table: Table, sticky: Collection[str]) -> str:
    """SQL of what an update changes about who or what a row is, words joined by commas; empty for nothing."""
    found: list[str] = []
    for name, columns in facets(table).identity.items():
        tests = [f"({_is_another(table, column)})" for column in columns if column not in sticky]
        if tests:
            found.append(f"CASE WHEN {' OR '.join(tests)} THEN '{name}' END")
    if not found:
        return "''"
    told = f"kind IN ('{DELETE}', '{STAGE}') AND {_new('sourcedId')} IS NOT NULL"
    return f"CASE WHEN kind IN ('{UPDATE}', '{BACK}') OR ({told}) THEN concat_ws(',', {', '.join(found)}) ELSE '' END"


def _is_another(table: Table, name: str) -> str:
    """A value that is filled in or withheld says nothing about identity; case and blanks do not either."""
    both = f"{_old(name)} IS NOT NULL AND {_new(name)} IS NOT NULL"
    if table.is_list(name):
        return f"{both} AND NOT list_has_any({_old(name)}, {_new(name)})"
    return f"{both} AND lower(trim({_old(name)})) <> lower(trim({_new(name)}))"
