"""The guards: which changes of a plan wait for a person, and why.

Called by the plan, entity by entity in the order of the standard's tables. Marks rows of the scratch's `changed_ENTITY` with the
holds that they wait for; never changes what a row says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from sync_engine.all_new import make_writable
from sync_engine.difference import ABSENT, BACK, CREATE, DELETE, UPDATE, changed, source_of, target_of
from sync_engine.facets import facets
from sync_engine.holds import Hold, hold_id
from sync_engine.landing import CORE, Table
from sync_engine.past import DATED
from sync_engine.policy import Policy
from sync_engine.snapshot import EntityRead, Snapshot
from sync_engine.sql_text import literal, quoted
from sync_engine.terms import ended_sessions, first_seats, waiting_classes

_GOING = f"kind IN ('{DELETE}', '{ABSENT}')"
_FREE = "len(holds) = 0"


@dataclass(frozen=True, slots=True)
class Guard:
    """What is needed to judge: the limits, the day, and what the scratch holds of earlier runs (`gone`, `became`)."""

    policy: Policy
    day: date
    snapshot: Snapshot
    ended_classes: Callable[[], str]

    def judge_coming(self, table: Table) -> list[Hold]:
        """Hold new and changed rows that one entity may not bring by itself."""
        return [*_Changes(self, table).judge(), *self._creations(table)]

    def judge_going(self, table: Table) -> list[Hold]:
        """Hold removals that one entity may not do by itself, the widest hold first.

        Comes after everything that is coming: a row that is back but waits is still gone.
        """
        return list(_Removals(self, table, self.snapshot.entities[table.name]).judge())

    def _creations(self, table: Table) -> Iterator[Hold]:
        """Very many new rows beside those that are there: a second set of everything."""
        db, name = self.snapshot.scratch.db, table.name
        empty, first = "", ""
        if name == "enrollments" and "classes" in self.snapshot.entities and self.snapshot.entities["classes"].was_read:
            # The first seats of a class that has stood there without any are no second set: a new year begins.
            empty = f' AND coalesce("classSourcedId", \'\') NOT IN ({waiting_classes()})'
            first = f' AND m."sourcedId" NOT IN ({first_seats()})'
        counted = f"kind = '{CREATE}'{empty}"
        created = _one(db, f"SELECT count(*) FROM {changed(name)} WHERE {counted}")
        present = _one(db, f"SELECT coalesce(sum(_rows), 0) FROM {target_of(name)} WHERE _state = 'present'")
        made = _one(
            db, f"SELECT count(DISTINCT m.\"sourcedId\") FROM made AS m ANTI JOIN gone AS g ON g.entity = m.entity"
            f" AND g.\"sourcedId\" = m.\"sourcedId\" WHERE m.entity = {literal(name)}{first}"
        )  # fmt: skip
        limit, before = self.policy.limit("create", "district", name), max(present - made, 0)
        if created and before and limit.is_passed(created + made, before):
            why = f"{created:,} rows would be created beside {present:,} ({_most(limit.percent, limit.count)})"
            if made:
                why = f"{created:,} more rows, {created + made:,} within {self.policy.window_days} days, would be created beside {before:,} ({_most(limit.percent, limit.count)})"
            yield from mark(db, Hold(name, "create", "district", "", created, why), counted)


class _Removals:
    """Rows of one entity that go away."""

    def __init__(self, guard: Guard, table: Table, read: EntityRead) -> None:
        self._guard, self._table, self._read = guard, table, read
        self._db, self._name = guard.snapshot.scratch.db, table.name

    def judge(self) -> Iterator[Hold]:
        going = _one(self._db, f"SELECT count(*) FROM {changed(self._name)} WHERE {_GOING}")
        if not going:
            return
        yield from self._unproven()
        yield from self._frozen()
        yield from self._outside_terms()
        self._weigh()
        district = list(self._district())
        yield from district
        if not district:
            for scope in ("school", "role", "class"):
                yield from self._groups(scope)

    def _unproven(self) -> Iterator[Hold]:
        if self._read.complete:
            return
        where = f"kind = '{ABSENT}'"
        absent = _one(self._db, f"SELECT count(*) FROM {changed(self._name)} WHERE {where}")
        why = f"{absent:,} absent rows are kept, since the source was not read whole"
        yield from mark(self._db, Hold(self._name, "remove", "unproven", "", absent, why, False), where)

    def _frozen(self) -> Iterator[Hold]:
        freeze = self._guard.policy.freeze(self._guard.day)
        if freeze is None:
            return
        where = f"{_GOING} AND {_FREE}"
        rows = _one(self._db, f"SELECT count(*) FROM {changed(self._name)} WHERE {where}")
        why = f"{rows:,} rows would be removed in the freeze from {freeze.first} to {freeze.last}"
        yield from mark(self._db, Hold(self._name, "remove", "freeze", "", rows, why), where)

    def _outside_terms(self) -> Iterator[Hold]:
        """An absent row of a term that the source does not speak of is unknown, not gone."""
        terms = self._guard.snapshot.entities.get("academicSessions")
        if self._name not in ("classes", "enrollments") or terms is None or not terms.was_read or (terms.is_delta and not terms.since):
            return
        covered = f"SELECT \"sourcedId\" FROM {source_of('academicSessions')} WHERE _state = 'present'"
        if terms.since:
            # Of what did not change the source speaks still.
            told = f"SELECT \"sourcedId\" FROM {source_of('academicSessions')}"
            covered += f" UNION ALL SELECT \"sourcedId\" FROM {target_of('academicSessions')} WHERE _state = 'present' AND \"sourcedId\" NOT IN ({told})"
        uncovered = (
            f'SELECT "sourcedId" FROM {target_of("classes")} AS c WHERE len(c."termSourcedIds") > 0'
            f' AND NOT list_has_any(c."termSourcedIds", (SELECT coalesce(list("sourcedId"), []) FROM ({covered})))'
            f' AND "sourcedId" NOT IN ({self._guard.ended_classes()})'
        )
        key = "sourcedId" if self._name == "classes" else "classSourcedId"
        where = f"kind = '{ABSENT}' AND {_FREE} AND {quoted(key)} IN ({uncovered})"
        rows = _one(self._db, f"SELECT count(*) FROM {changed(self._name)} WHERE {where}")
        why = f"{rows:,} rows would be removed of terms that the source does not cover"
        yield from mark(self._db, Hold(self._name, "remove", "term", "", rows, why), where)

    def _weigh(self) -> None:
        """Put together which rows count, by their groups: present ones, and those that went away in the window."""
        places = facets(self._table).places
        cells = "".join(f", {_groups_of(self._table, scope)} AS {quoted(scope)}" for scope in places)
        ended = self._ended()
        back = f"coalesce(c.kind = '{BACK}' AND len(c.holds) = 0, false)"
        self._db.execute(
            f'CREATE OR REPLACE TABLE weighed AS SELECT t."sourcedId" AS id, t._rows{cells},'
            f" c.kind IS NOT NULL AND c.{_GOING} AND len(c.holds) = 0 AS going, coalesce(c.kind = '{ABSENT}', false) AS absent,"
            f" t._state <> 'present' AND NOT {back} AS gone"
            f" FROM {target_of(self._name)} AS t LEFT JOIN {changed(self._name)} AS c"
            ' ON c."sourcedId" = t."sourcedId"'
            f" LEFT JOIN gone AS g ON g.entity = {literal(self._name)} AND g.\"sourcedId\" = t.\"sourcedId\""
            f" WHERE (t._state = 'present' OR {back} OR g.counts){ended}"
        )

    def _ended(self) -> str:
        """A condition that leaves out rows of ended terms: they may all go, unless they came there just now."""
        if self._name not in DATED:
            return ""
        key = {"academicSessions": "sourcedId", "classes": "sourcedId"}.get(self._name, "classSourcedId")
        ended = self._guard.ended_classes()
        if self._name == "academicSessions":
            ended = ended_sessions(self._guard.snapshot, ended)
        touched = f'SELECT "sourcedId" FROM touched WHERE entity = {literal(self._name)}'
        return (
            f" AND NOT (coalesce(t.{quoted(key)}, '') IN ({ended})"
            f' AND t."sourcedId" NOT IN ({touched}))'
        )

    def _district(self) -> Iterator[Hold]:
        going, moved, of, present, absent = self._db.execute(
            f"SELECT {_rows('going')}, {_rows('going OR gone')}, {_rows()}, {_rows('NOT gone')}, {_rows('going AND absent')} FROM weighed"
        ).fetchone() or (0, 0, 0, 0, 0)
        if not going:
            return
        limit = self._guard.policy.limit("remove", "district", self._name)
        if absent == present and self._name in CORE:
            why = f"none of the {present:,} present rows is in the source"
        elif limit.is_passed(moved, of):
            why = _removed(going, moved, of, limit.percent, limit.count, self._guard.policy.window_days)
        else:
            return
        hold = Hold(self._name, "remove", "district", "", going, why)
        yield from mark(self._db, hold, self._weighed_rows("going"))

    def _groups(self, scope: str) -> Iterator[Hold]:
        if scope not in facets(self._table).places:
            return
        limit = self._guard.policy.limit("remove", scope, self._name)
        free = f'id IN (SELECT "sourcedId" FROM {changed(self._name)} WHERE {_FREE})'
        found = self._db.execute(
            f"SELECT key, {_rows(f'going AND {free}')}, {_rows(f'(going AND {free}) OR gone')}, {_rows()}"
            f" FROM (SELECT *, unnest({quoted(scope)}) AS key FROM weighed)"
            f" WHERE key NOT IN ({self._groups_that_go(scope)}) GROUP BY key ORDER BY key"
        ).fetchall()
        for key, going, moved, of in found:
            if going and limit.is_passed(moved, of):
                why = _removed(going, moved, of, limit.percent, limit.count, self._guard.policy.window_days)
                where = self._weighed_rows(f"going AND list_contains({quoted(scope)}, {literal(key)})")
                if scope == "class":
                    where = f"{where} AND {_FREE}"
                yield from mark(self._db, Hold(self._name, "remove", scope, key, going, why), where)

    def _groups_that_go(self, scope: str) -> str:
        """A school or a class that itself goes away, unheld, takes its rows along; wider limits still stand."""
        entity = {"school": "orgs", "class": "classes"}.get(scope, "")
        if entity not in self._guard.snapshot.entities or not self._guard.snapshot.entities[entity].was_read:
            return "SELECT NULL WHERE false"
        return f'SELECT "sourcedId" FROM {changed(entity)} WHERE {_GOING} AND {_FREE}'

    def _weighed_rows(self, where: str) -> str:
        return f'{_GOING} AND "sourcedId" IN (SELECT id FROM weighed WHERE {where})'


class _Changes:
    """Rows of one entity that stay and become somebody or something else."""

    def __init__(self, guard: Guard, table: Table) -> None:
        self._guard, self._table = guard, table
        self._db, self._name = guard.snapshot.scratch.db, table.name

    def judge(self) -> Iterator[Hold]:
        if not _one(self._db, f"SELECT count(*) FROM {changed(self._name)} WHERE identity <> ''"):
            return
        for what in facets(self._table).identity:
            self._weigh(what)
            district = list(self._judged(what, "district", "['']"))
            yield from district
            if not district and "school" in facets(self._table).places:
                yield from self._judged(what, "school", quoted("school"))

    def _weigh(self, what: str) -> None:
        school = ""
        if "school" in facets(self._table).places:
            school = f", {_groups_of(self._table, 'school')} AS school"
        now = f"coalesce(list_contains(string_split(c.identity, ','), '{what}'), false)"
        self._db.execute(
            f'CREATE OR REPLACE TABLE weighed AS SELECT t."sourcedId" AS id, t._rows{school}, {now} AS moving,'
            f" b.\"sourcedId\" IS NOT NULL AS moved FROM {target_of(self._name)} AS t"
            f' LEFT JOIN {changed(self._name)} AS c ON c."sourcedId" = t."sourcedId"'
            f" LEFT JOIN (SELECT DISTINCT \"sourcedId\" FROM became WHERE entity = {literal(self._name)}"
            f" AND list_contains(string_split(identity, ','), '{what}')) AS b ON b.\"sourcedId\" = t.\"sourcedId\""
            f" WHERE t._state = 'present' OR {now}"
        )

    def _judged(self, what: str, scope: str, groups: str) -> Iterator[Hold]:
        limit = self._guard.policy.limit("change", scope, self._name)
        found = self._db.execute(
            f"SELECT key, {_rows('moving')}, {_rows('moving OR moved')}, {_rows()}"
            f" FROM (SELECT *, unnest({groups}) AS key FROM weighed) GROUP BY key ORDER BY key"
        ).fetchall()
        for key, moving, moved, of in found:
            if not (moving and limit.is_passed(moved, of)):
                continue
            share = f"{100 * moved / of:.1f} %, {_most(limit.percent, limit.count)}"
            why = f"the {what} of {moving:,} of {of:,} rows would change ({share})"
            if moved != moving:
                why = f"the {what} of {moving:,} more, {moved:,} of {of:,} rows within {self._guard.policy.window_days} days, would change ({share})"
            ids = f"SELECT id FROM weighed WHERE moving AND list_contains({groups}, {literal(key)})"
            hold = Hold(self._name, "change", scope, f"{what}/{key}" if key else what, moving, why)
            yield from mark(self._db, hold, f'"sourcedId" IN ({ids})')


def mark(db: duckdb.DuckDBPyConnection, hold: Hold, where: str) -> Iterator[Hold]:
    """Let the rows of a condition wait for a hold; yields the hold if there are such rows."""
    if not hold.rows:
        return
    make_writable(db, hold.entity)
    db.execute(
        f"UPDATE {changed(hold.entity)} SET holds = list_append(holds, {literal(hold.id)}) WHERE {where}"
    )
    yield hold


def hold_reused(snapshot: Snapshot, table: Table, policy: Policy, demographics: bool) -> list[Hold]:
    """Hold each key of users that seems to have passed to another person: another name, and another age or role."""
    db, name = snapshot.scratch.db, table.name
    births = (
        f"EXISTS (SELECT 1 FROM {changed('demographics')} AS d WHERE d.\"sourcedId\" = c.\"sourcedId\""
        " AND list_contains(string_split(d.identity, ','), 'births'))" if demographics else "false"
    )  # fmt: skip
    both = " AND ".join(
        f"lower(trim(t.{quoted(column)})) <> lower(trim(c.{quoted(column)}))" for column in ("givenName", "familyName")
    )
    age = f"abs({_grade(table, 'c')} - {_grade(table, 't')}) >= {policy.reused_grades}"
    role = "lower(t.\"role\") <> lower(c.\"role\")" if "role" in table.headers else "false"
    found = db.execute(
        f'SELECT c."sourcedId", coalesce({age}, false), coalesce({role}, false), {births} AS birth FROM {changed(name)} AS c'
        f' JOIN {target_of(name)} AS t ON t."sourcedId" = c."sourcedId"'
        f" WHERE c.kind IN ('{UPDATE}', '{BACK}') AND {both}"
        f" AND (coalesce({age}, false) OR coalesce({role}, false) OR birth) ORDER BY 1"
    ).fetchall()
    holds: list[Hold] = []
    for key, *signs in found:
        why = [text for text, sign in zip(("grade", "role", "birth date"), signs, strict=True) if sign]
        # The key may be a person's; a short hash of it names the row well enough.
        mark_key = hold_id(name, "reused", "key", str(key))[1:]
        told = f"a key (hash {mark_key}) bears another name and another {' and '.join(why)}; it may have passed to another person"
        holds += mark(db, Hold(name, "reused", "key", mark_key, 1, told), f'"sourcedId" = {literal(key)}')
    return holds


def _grade(table: Table, alias: str) -> str:
    """SQL of a grade as a number; what has no number of its own is near kindergarten, anything else is unknown."""
    cell = f'{alias}."grades"' + ("[1]" if table.is_list("grades") else "")
    return (
        f"CASE WHEN {cell} IN ('IT', 'PR', 'PK', 'TK') THEN -1 WHEN {cell} = 'KG' THEN 0"
        f" ELSE try_cast({cell} AS INTEGER) END"
    )


def _groups_of(table: Table, scope: str) -> str:
    """SQL of the groups of a target's row, as a list without repeats and blanks."""
    lists = [
        f"coalesce(t.{quoted(column)}, [])" if table.is_list(column) else f"[t.{quoted(column)}]"
        for column in facets(table).places[scope]
    ]
    joined = lists[0] if len(lists) == 1 else f"list_concat({', '.join(lists)})"
    return f"list_filter(list_distinct({joined}), lambda x: x IS NOT NULL)"


def _removed(going: int, moved: int, of: int, percent: float, count: int | None, window_days: int) -> str:
    share = f"{100 * moved / of:.1f} %, {_most(percent, count)}"
    if moved == going:
        return f"{going:,} of {of:,} rows would be removed ({share})"
    return f"{going:,} more rows would be removed, {moved:,} of {of:,} within {window_days} days ({share})"


def _most(percent: float, count: int | None) -> str:
    return f"at most {percent:g} %" + (f" and {count:,} rows" if count is not None else "")


def _rows(where: str = "true") -> str:
    """SQL of how many rows of the target are meant; a row of the scratch may stand for several."""
    return f"coalesce(sum(_rows) FILTER ({where}), 0)"


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int((db.execute(sql).fetchone() or (0,))[0])
