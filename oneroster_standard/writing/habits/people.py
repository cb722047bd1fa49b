"""Habits of rows about people: ids, usernames, who is in which file."""

from __future__ import annotations

from collections.abc import Iterator

from oneroster_standard.writing.plan import Plan, Row, habit, place_of

EVERY = 25
"""One row in so many shows a habit that an export has now and then."""


@habit("snapshot-skew")
def snapshot_skew(plan: Plan, _argument: str) -> None:
    """The last student of users.csv is not there yet, and enrolled already."""

    def changed(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
        role = place_of("users.csv", header, "role")
        held: list[Row] = []
        for row in rows:
            # Rows wait until another student shows that theirs was not the last one.
            if row[role] == "student":
                yield from held
                held = [row]
            elif held:
                held.append(row)
            else:
                yield row
        yield from held[1:]

    plan.rows_of("users.csv", changed)


@habit("rows-unprocessed")
def rows_unprocessed(plan: Plan, _argument: str) -> None:
    """A row without a given name, which the vendor's own import drops."""

    def changed(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
        model: Row = []
        role = place_of("users.csv", header, "role")
        for row in rows:
            model = row if row[role] == "student" else model
            yield row
        if model:
            cells = dict(zip(header, model, strict=True))
            own = f"{cells['sourcedId']}-unprocessed"
            blank = dict.fromkeys(
                ("givenName", "email", "userIds", "identifier", "agentSourcedIds", "sms", "phone"), ""
            )
            cells |= {**blank, "sourcedId": own, "username": own.lower()}
            yield list(cells.values())

    plan.rows_of("users.csv", changed)


@habit("guardian-ids")
def guardian_ids(plan: Plan, _argument: str) -> None:
    """Agents bear s and a number, whatever the guardians' own ids are."""

    def change(cells: dict[str, str], number: int) -> None:
        if cells["agentSourcedIds"]:
            cells["agentSourcedIds"] = ",".join(
                f"s{800_000 + number}{place}" for place in range(cells["agentSourcedIds"].count(",") + 1)
            )

    plan.each_row("users.csv", change)


@habit("user-ids-blank")
def user_ids_blank(plan: Plan, _argument: str) -> None:
    """{State Student Number: },{Student ID:123}."""

    def change(cells: dict[str, str], _number: int) -> None:
        if cells["role"] == "student":
            cells["userIds"] = f"{{State Student Number: }},{{Student ID:{cells['identifier']}}}"

    plan.each_row("users.csv", change)


@habit("username-marks")
def username_marks(plan: Plan, _argument: str) -> None:
    """## and ~~ before some usernames."""

    def change(cells: dict[str, str], number: int) -> None:
        if number % EVERY in (1, 2):
            cells["username"] = ("##" if number % EVERY == 1 else "~~") + cells["username"]

    plan.each_row("users.csv", change)


@habit("aide-enrollment")
def aide_enrollment(plan: Plan, _argument: str) -> None:
    """The first teacher of the file is enrolled as an aide."""

    def changed(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
        role, primary = place_of("enrollments.csv", header, "role"), place_of("enrollments.csv", header, "primary")
        is_done = False
        for row in rows:
            if not is_done and row[role] == "teacher":
                row = [*row]
                row[role], row[primary] = "aide", "false"
                is_done = True
            yield row

    plan.rows_of("enrollments.csv", changed)
