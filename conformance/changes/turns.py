"""What of a change is the turn of a term or a year: sessions that are over and what went with them, leavers, promotion, closed schools.

Called by the rules, which do not take for an accident what is explained here. Sees no calendar: only what the two bundles say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from conformance.changes.comparing import FileChange, Pair
from conformance.changes.people import STUDENT, homes, roles_of
from conformance.changes.snapshots import FIRST, LAST, LIST, YEAR, token
from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID

SESSIONS, CLASSES, USERS, ORGS, ENROLLMENTS, ROLES = (
    "academicSessions.csv", "classes.csv", "users.csv", "orgs.csv", "enrollments.csv", "roles.csv",
)  # fmt: skip
COHORT = 0.8
"""Share of a grade's students who leave together when the grade is over."""
NO_ID = pl.DataFrame(schema={ID: pl.UInt64})


@dataclass(slots=True)
class Turn:
    """ended: sessions that are over; gone: removed records that went with them, by file; leavers: of the last grade."""

    ended: pl.DataFrame = field(default_factory=lambda: NO_ID)
    begun: pl.DataFrame = field(default_factory=lambda: NO_ID)
    leavers: pl.DataFrame = field(default_factory=lambda: NO_ID)
    closed: pl.DataFrame = field(default_factory=lambda: NO_ID)
    gone: dict[str, pl.DataFrame] = field(default_factory=dict)
    come: dict[str, pl.DataFrame] = field(default_factory=dict)
    promoted: int = 0

    @property
    def is_year(self) -> bool:
        """Whether the bundles lie on two sides of a change of year or term."""
        return bool(self.ended.height or self.promoted or self.leavers.height)

    def unexplained(self, change: FileChange) -> pl.DataFrame:
        """Removed records that no turn explains."""
        known = self.gone.get(change.name)
        return change.removed if known is None else change.removed.join(known, on=ID, how="anti")

    def unexpected(self, change: FileChange) -> pl.DataFrame:
        """Created records that no turn explains."""
        known = self.come.get(change.name)
        return change.created if known is None else change.created.join(known, on=ID, how="anti")


def turn_of(pair: Pair, day: date | None = None) -> Turn:
    """Find out what the turn of a term or year explains. day: of the newer bundle, where a delta tells it."""
    found = Turn(ended=_ended(pair), begun=_begun(pair), closed=_closed(pair), promoted=_promoted(pair))
    if found.ended.height or found.begun.height or _is_over(pair, day):
        found.leavers = _leavers(pair)
    found.gone = {SESSIONS: found.ended, ORGS: found.closed, USERS: found.leavers}
    found.gone[CLASSES] = _classes_of(pair, found.ended)
    found.gone[ROLES] = _roles_of_adults(pair, found.leavers)
    _follow(pair, found.gone)
    found.come = {SESSIONS: found.begun, CLASSES: _new_classes(pair)}
    _come_along(pair, found.come)
    return found


def _ended(pair: Pair) -> pl.DataFrame:
    """Removed sessions after whose end another one begins: the year goes on without them."""
    change = pair.files.get(SESSIONS)
    if change is None or LAST not in change.removed.columns or FIRST not in change.after.columns:
        return NO_ID
    latest = change.after[FIRST].max()
    return change.removed.filter(pl.col(LAST) < pl.lit(latest, dtype=pl.Date)).select(ID) if latest is not None else NO_ID


def _begun(pair: Pair) -> pl.DataFrame:
    """New sessions of a later school year than any before, or that begin after all of the old ones of their year began."""
    change = pair.files.get(SESSIONS)
    if change is None or FIRST not in change.created.columns or FIRST not in change.before.columns:
        return NO_ID
    first = change.before[FIRST].min()
    later = pl.col(FIRST) > pl.lit(first, dtype=pl.Date)
    return change.created.filter(later).select(ID) if first is not None else NO_ID


def _is_over(pair: Pair, day: date | None) -> bool:
    """Whether the old year is over: sessions of two years stand side by side, or the day lies behind its last one."""
    change = pair.files.get(SESSIONS)
    if change is None:
        return False
    years = change.after[YEAR].drop_nulls().n_unique() if YEAR in change.after.columns else 0
    last = change.before[LAST].max() if LAST in change.before.columns else None
    return years > 1 or (day is not None and isinstance(last, date) and day > last)


def _classes_of(pair: Pair, ended: pl.DataFrame) -> pl.DataFrame:
    """Removed classes all of whose terms are over."""
    change = pair.files.get(CLASSES)
    if change is None or not ended.height or "termSourcedIds" not in change.old.items:
        return NO_ID
    terms = change.old.items["termSourcedIds"].join(change.removed.select(LINE, ID), on=LINE, how="inner")
    going = terms.filter(~pl.col(LIST).is_in(ended[ID].implode())).select(ID)
    return terms.select(ID).unique().join(going, on=ID, how="anti")


def _follow(pair: Pair, gone: dict[str, pl.DataFrame]) -> None:
    """Removed records that point to a record that is explained: an enrollment goes with its class, a result with its line item."""
    for _ in range(4):
        for name, change in (pair.files | pair.missing).items():
            met = [gone[name]] if name in gone else []
            for column in change.new.reading.spec.columns:
                source = ID if column.header == "sourcedId" else column.header
                known = gone.get(column.references)
                if known is None or not known.height or source not in change.removed.columns or column.is_list:
                    continue
                met.append(change.removed.join(known, left_on=source, right_on=ID, how="semi").select(ID))
            if met:
                gone[name] = pl.concat(met).unique()


def _closed(pair: Pair) -> pl.DataFrame:
    """Removed schools most of whose people are at another school now."""
    change = pair.files.get(ORGS)
    if change is None or not change.removed.height:
        return NO_ID
    before, after = homes(pair.old), homes(pair.new)
    if before is None or after is None:
        return NO_ID
    theirs = before.join(change.removed.select(pl.col(ID).alias("home")), on="home", how="semi")
    staying = theirs.join(after, on=ID, how="semi").group_by("home").agg(pl.len().alias("stay"))
    counted = theirs.group_by("home").agg(pl.len().alias("of")).join(staying, on="home")
    return counted.filter(pl.col("stay") * 2 >= pl.col("of")).select(pl.col("home").alias(ID))


def _promoted(pair: Pair) -> int:
    """Students in another grade, when most are: a grade that was known before, else the grades were only spelt anew."""
    change = pair.files.get(USERS)
    if change is None or "grades" not in change.columns:
        return 0
    known = change.before["grades"].unique()
    moved = change.differing("grades").filter(pl.col("grades").is_in(known.implode()) & (pl.col("grades") != token("")))
    graded = change.before.filter(pl.col("grades") != token("")).height
    return moved.height if moved.height * 2 >= graded > 0 else 0


def _leavers(pair: Pair) -> pl.DataFrame:
    """Removed students of a grade that left nearly as a whole, and the adults who left with them."""
    change = pair.files.get(USERS)
    if change is None or not change.removed.height or "grades" not in change.columns:
        return NO_ID
    students = roles_of(pair.old)
    if students is None:
        return NO_ID
    theirs = change.before.filter(pl.col("grades") != token("")).join(students.filter(pl.col("as") == STUDENT), on=ID, how="semi")
    grades = theirs.group_by("grades").agg(pl.len().alias("of"))
    left = change.removed.join(theirs.select(ID), on=ID, how="semi")
    counted = left.group_by("grades").agg(pl.len().alias("left")).join(grades, on="grades")
    whole = counted.filter(pl.col("left") >= COHORT * pl.col("of"))
    leavers = left.join(whole, on="grades", how="semi").select(ID)
    adults = change.removed.select(ID).join(_adults_of(change, leavers), on=ID, how="semi")
    return pl.concat([leavers, adults]).unique()


def _adults_of(change: FileChange, leavers: pl.DataFrame) -> pl.DataFrame:
    """People who are named by a leaver, or who name leavers."""
    items = change.old.items.get("agentSourcedIds")
    if items is None or not leavers.height:
        return NO_ID
    lines = change.before.select(LINE, ID)
    named = items.join(lines.join(leavers, on=ID, how="semi"), on=LINE, how="semi").select(pl.col(LIST).alias(ID))
    naming = items.join(leavers.rename({ID: LIST}), on=LIST, how="semi").join(lines, on=LINE, how="inner").select(ID)
    return pl.concat([named, naming]).unique()


def _roles_of_adults(pair: Pair, leavers: pl.DataFrame) -> pl.DataFrame:
    """Removed roles of people who stay and had a leaver at that school."""
    roles, users = pair.files.get(ROLES), pair.files.get(USERS)
    if roles is None or users is None or not leavers.height:
        return NO_ID
    return roles.removed.join(_adults_of(users, leavers), left_on="userSourcedId", right_on=ID, how="semi").select(ID)


def _new_classes(pair: Pair) -> pl.DataFrame:
    """New classes of terms in which there was no class before."""
    change = pair.files.get(CLASSES)
    if change is None or "termSourcedIds" not in change.new.items or "termSourcedIds" not in change.old.items:
        return NO_ID
    old = change.old.items["termSourcedIds"].select(LIST).unique()
    terms = change.new.items["termSourcedIds"].join(change.created.select(LINE, ID), on=LINE, how="inner")
    return terms.join(old, on=LIST, how="anti").select(ID).unique()


def _come_along(pair: Pair, come: dict[str, pl.DataFrame]) -> None:
    """New records of classes that had nobody before: a schedule that is loaded."""
    change = pair.files.get(ENROLLMENTS)
    if change is None or "classSourcedId" not in change.columns:
        return
    seated = change.before.select("classSourcedId").unique()
    come[ENROLLMENTS] = change.created.join(seated, on="classSourcedId", how="anti").select(ID)
