"""Who is what and at which school, in one bundle of either version.

Called by the rules about changes.
"""

from __future__ import annotations

import polars as pl

from conformance.changes.snapshots import HOME, Snapshot, token
from conformance.csv_rules.facts import ID

STUDENT, STAFF, OTHER = "student", "staff", "other"
_STAFF = ("teacher", "administrator", "aide", "proctor", "counselor", "districtAdministrator", "principal", "siteAdministrator", "systemAdministrator")


def _kind(column: str) -> pl.Expr:
    staff = [token(one) for one in _STAFF]
    return (
        pl.when(pl.col(column) == token(STUDENT)).then(pl.lit(STUDENT))
        .when(pl.col(column).is_in(staff)).then(pl.lit(STAFF)).otherwise(pl.lit(OTHER)).alias("as")
    )  # fmt: skip


def roles_of(snapshot: Snapshot) -> pl.DataFrame | None:
    """ID and `as`, one row for each kind that a user is; None where the bundle does not say."""
    name, user = ("users.csv", ID) if snapshot.standard.version == "1.1" else ("roles.csv", "userSourcedId")
    table = snapshot.read(name)
    if table is None or "role" not in table.columns or user not in table.frame.columns:
        return None
    return table.live.select(pl.col(user).alias(ID), _kind("role")).drop_nulls().unique()


def homes(snapshot: Snapshot) -> pl.DataFrame | None:
    """ID and `home`, the first organisation of each user; None where the bundle does not say."""
    table = snapshot.read("users.csv")
    column = f"{HOME} orgSourcedIds" if snapshot.standard.version == "1.1" else "primaryOrgSourcedId"
    if table is not None and column in table.frame.columns:
        return table.live.select(ID, pl.col(column).alias("home")).drop_nulls()
    return None
