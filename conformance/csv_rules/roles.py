"""Rules about what 1.2 moved into files of its own: roles and profiles of users, and learning objectives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import polars as pl

from conformance.csv_files.reading import LINE
from conformance.csv_rules.facts import ID, BundleFacts, Finding, Skip, finding_of_rows
from conformance.csv_rules.references import uncertain_ids
from conformance.csv_rules.rulebook import bundle_rule

ROLES = "roles.csv"
ONLY = ("1.2",)
_OBJECTIVES = ("lineItemLearningObjectiveIds.csv", "resultLearningObjectiveIds.csv")


@bundle_rule(
    "csv.role-primary",
    severity="error",
    section="CSV binding 1.2, roles.csv",
    expected="one primary role for a user at an organisation",
    why="Which of the two decides what the person may see depends on the order of rows.",
    specs=ONLY,
)
def role_primary(facts: BundleFacts) -> Iterator[Finding]:
    """A user has at most one primary role at an organisation."""
    roles = facts.table(ROLES, "userSourcedId", "orgSourcedId", "roleType")
    primary = roles.filter(pl.col("roleType") == "primary").drop_nulls(["userSourcedId", "orgSourcedId"])
    # A row whose whole id is repeated is the fault of another rule.
    once = primary.filter(pl.col(ID).is_first_distinct() | pl.col(ID).is_null())
    with suppress(Skip):
        # Roles of nobody are told by the references.
        users = facts.table("users.csv", "sourcedId").select(ID).drop_nulls()
        once = once.join(users, left_on="userSourcedId", right_on=ID, how="semi")
    again = once.filter(~pl.struct("userSourcedId", "orgSourcedId").is_first_distinct())
    yield from finding_of_rows("csv.role-primary", again, ROLES, "roleType", "a second primary role at the organisation")


@bundle_rule(
    "csv.user-role",
    severity="warning",
    section="REST 1.2, users (at least one role); the CSV binding does not say it in words",
    expected="at least one row of roles.csv for each user",
    why="A person without a role is at no school and may see nothing.",
    specs=ONLY,
)
def user_role(facts: BundleFacts) -> Iterator[Finding]:
    """Every user has a role."""
    users = facts.table("users.csv", "sourcedId")
    roles = facts.table(ROLES, "userSourcedId")
    held = roles.select(pl.col("userSourcedId").alias(ID)).drop_nulls()
    bare = users.select(LINE, ID).drop_nulls().unique(subset=ID, keep="first").join(held, on=ID, how="anti")
    for finding in finding_of_rows("csv.user-role", bare, "users.csv", "sourcedId", "a user without a role"):
        yield _after_lost_roles(facts, finding)


def _after_lost_roles(facts: BundleFacts, finding: Finding) -> Finding:
    """Roles that point to nobody are told by the references, and may be the very ones that are missed here.

    Where the users' own ids are at fault, the references follow from that, and so does this.
    """
    users = facts.table("users.csv", "sourcedId").select(ID).drop_nulls()
    held = facts.table(ROLES, "userSourcedId").select(pl.col("userSourcedId").alias(ID)).drop_nulls()
    if finding.count <= held.join(users, on=ID, how="anti").height:
        finding.cause_of = uncertain_ids(facts, "users.csv")[1] or "csv.reference"
    return finding


@bundle_rule(
    "csv.primary-org",
    severity="warning",
    section="CSV binding 1.2, users.csv (asked by importers; the text does not say it)",
    expected="an organisation at which the user has a role",
    why="The person is shown at a school where nothing can be done.",
    specs=ONLY,
)
def primary_org(facts: BundleFacts) -> Iterator[Finding]:
    """A user's primary organisation is one of those of the user's roles."""
    users = facts.table("users.csv", "sourcedId", "primaryOrgSourcedId")
    roles = facts.table(ROLES, "userSourcedId", "orgSourcedId")
    pairs = roles.select(pl.col("userSourcedId").alias(ID), pl.col("orgSourcedId").alias("primaryOrgSourcedId")).drop_nulls()
    known = facts.table("orgs.csv", "sourcedId").select(pl.col(ID).alias("primaryOrgSourcedId"))
    judged = users.select(LINE, ID, "primaryOrgSourcedId").drop_nulls().unique(subset=ID, keep="first")
    # A user without any role, and an organisation that does not exist, are the faults of other rules.
    judged = judged.join(pairs.select(ID), on=ID, how="semi").join(known, on="primaryOrgSourcedId", how="semi")
    sound = roles.join(known, left_on="orgSourcedId", right_on="primaryOrgSourcedId", how="anti")
    judged = judged.join(sound.select(pl.col("userSourcedId").alias(ID)), on=ID, how="anti")
    strange = judged.join(pairs, on=[ID, "primaryOrgSourcedId"], how="anti")
    message = "an organisation at which the user has no role"
    for finding in finding_of_rows("csv.primary-org", strange, "users.csv", "primaryOrgSourcedId", message):
        yield _after_lost_roles(facts, finding)


@bundle_rule(
    "csv.profile-owner",
    severity="warning",
    section="CSV binding 1.2, roles.csv",
    expected="a profile of the same user",
    why="The role is carried out with somebody else's account.",
    specs=ONLY,
)
def profile_owner(facts: BundleFacts) -> Iterator[Finding]:
    """The profile of a role belongs to the role's user."""
    roles = facts.table(ROLES, "userSourcedId", "userProfileSourcedId")
    profiles = facts.table("userProfiles.csv", "sourcedId", "userSourcedId")
    owners = profiles.select(pl.col(ID).alias("profile"), pl.col("userSourcedId").alias("owner")).drop_nulls()
    users = facts.table("users.csv", "sourcedId").select(ID).drop_nulls()
    # An owner who does not exist is the fault of the profile.
    owners = owners.unique(subset="profile", keep="first").join(users, left_on="owner", right_on=ID, how="semi")
    joined = roles.select(LINE, "userSourcedId", "userProfileSourcedId").join(
        owners, left_on="userProfileSourcedId", right_on="profile", how="inner"
    )
    known = joined.join(users, left_on="userSourcedId", right_on=ID, how="semi")
    strange = known.filter(pl.col("userSourcedId") != pl.col("owner"))
    yield from finding_of_rows("csv.profile-owner", strange, ROLES, "userProfileSourcedId", "the profile of another user")


@bundle_rule(
    "csv.result-class",
    severity="warning",
    section="CSV binding 1.2, results.csv (asked by importers; the text does not say it)",
    expected="the class of the line item",
    why="The result is shown in a class that never gave the work.",
    specs=ONLY,
)
def result_class(facts: BundleFacts) -> Iterator[Finding]:
    """The class of a result is the class of its line item."""
    results = facts.table("results.csv", "lineItemSourcedId", "classSourcedId")
    items = facts.table("lineItems.csv", "sourcedId", "classSourcedId")
    classes = facts.table("classes.csv", "sourcedId").select(pl.col(ID).alias("class")).drop_nulls()
    homes = items.select(pl.col(ID).alias("item"), pl.col("classSourcedId").alias("home")).drop_nulls()
    homes = homes.unique(subset="item", keep="first").join(classes, left_on="home", right_on="class", how="semi")
    joined = results.select(LINE, "lineItemSourcedId", "classSourcedId").join(
        homes, left_on="lineItemSourcedId", right_on="item", how="inner"
    )
    known = joined.join(classes, left_on="classSourcedId", right_on="class", how="semi")
    strange = known.filter(pl.col("classSourcedId") != pl.col("home"))
    yield from finding_of_rows("csv.result-class", strange, "results.csv", "classSourcedId", "another class than that of the line item")


@bundle_rule(
    "csv.objective-id",
    severity="error",
    section="CSV binding 1.2, learning objectives (ids of CASE)",
    expected="urn:uuid: and a UUID where the source is case",
    why="An objective is looked up at its CASE service by this id.",
    specs=ONLY,
)
def objective_id(facts: BundleFacts) -> Iterator[Finding]:
    """Learning objectives of CASE are named by a UUID."""
    judged = False
    for name in _OBJECTIVES:
        try:
            table = facts.table(name, "source", "learningObjectiveId")
        except Skip:
            continue
        judged = True
        wrong = table.filter((pl.col("source") == "case") & ~pl.col("learningObjectiveId"))
        yield from finding_of_rows("csv.objective-id", wrong, name, "learningObjectiveId", "an id that is no UUID")
    if not judged:
        raise Skip("no file of learning objectives was read")
