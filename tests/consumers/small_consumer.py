"""A whole consumer in a page: reads every collection by API, or a bundle, and keeps CSV files; with one bad habit on request.

Run as a command, once a day: `small_consumer.py FOLDER [HABIT]`. Test support; written like a team would write it, from the
standard's tables and nothing of ours but them.
"""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import requests

from oneroster_standard.standard import CsvFile, load

TAKEN = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
PAGE, TRIES = 100, 4
Row = dict[str, str]


class ReadFailed(Exception):
    """A page could not be read."""


class Api:
    """The provider of this run."""

    def __init__(self, habit: str) -> None:
        self.habit = habit
        self.session = requests.Session()
        answer = self.session.post(
            os.environ["ONEROSTER_TOKEN_URL"], data={"grant_type": "client_credentials", "scope": SCOPE}, timeout=30,
            auth=(os.environ["ONEROSTER_CLIENT_ID"], os.environ["ONEROSTER_CLIENT_SECRET"]),
        )  # fmt: skip
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def rows(self, file: CsvFile) -> Iterator[Row]:
        """Rows of a collection as CSV has them."""
        offset = total = 0
        while not total or offset < total:
            page = self.page(file.entity, offset)
            records = page.json()[file.entity]
            total = int(page.headers["X-Total-Count"])
            yield from (flat(file, record) for record in records)
            if self.habit == "first-page" or not records:
                break
            offset += PAGE if self.habit == "own-step" else len(records)
        if self.habit not in ("first-page", "own-step") and offset < total:
            raise ReadFailed(file.entity)

    def page(self, entity: str, offset: int) -> requests.Response:
        """One page; tried again when the provider fails."""
        for _ in range(1 if self.habit in ("empties", "gives-up") else TRIES):
            answer = self.session.get(
                f"{os.environ['ONEROSTER_BASE_URL']}/{entity}", params={"limit": PAGE, "offset": offset}, timeout=30
            )
            if answer.status_code == 200:
                return answer
        raise ReadFailed(entity)


def flat(file: CsvFile, record: dict[str, Any]) -> Row:
    """A record of the API as a row of CSV."""
    return {column.header: text_of(record.get(column.property)) for column in file.columns}


def text_of(value: Any) -> str:
    """A value as a cell."""
    if isinstance(value, list):
        return ",".join(text_of(item) for item in value)
    if isinstance(value, dict):
        return str(value["sourcedId"]) if "sourcedId" in value else f"{{{value['type']}:{value['identifier']}}}"
    return "" if value is None else str(value)


def bundle_rows(archive: zipfile.ZipFile, file: CsvFile) -> Iterator[Row]:
    """Rows of a file of a bundle."""
    with archive.open(file.name) as stream:
        yield from csv.DictReader(io.TextIOWrapper(stream, "utf-8", newline=""))


def read_all(habit: str) -> dict[str, list[Row]]:
    """Everything that this run's source holds, by entity; what a delta does not hold is not there."""
    files = load("1.1").csv_files
    if not os.environ["ONEROSTER_BUNDLE"]:
        api = Api(habit)
        return {name: list(rows_or_nothing(api, files[f"{name}.csv"])) for name in TAKEN}
    with zipfile.ZipFile(os.environ["ONEROSTER_BUNDLE"]) as archive:
        there = [name for name in TAKEN if f"{name}.csv" in archive.namelist()]
        return {name: list(bundle_rows(archive, files[f"{name}.csv"])) for name in there}


def rows_or_nothing(api: Api, file: CsvFile) -> list[Row]:
    """The rows; with the habit of emptying, those of a failed read are none."""
    try:
        return list(api.rows(file))
    except (ReadFailed, KeyError):
        if api.habit != "empties":
            raise
        return []


def kept(path: Path) -> list[Row]:
    """What an earlier run wrote."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def land(path: Path, file: CsvFile, rows: list[Row], habit: str, *, is_delta: bool) -> None:
    """Bring a table up to the day."""
    before = kept(path)
    if not rows and before and habit != "empties" and not is_delta:
        raise ReadFailed(file.entity)
    if habit == "appends":
        write(path, file, before + [row for row in rows if row["status"] != "tobedeleted"])
        return
    held = {key_of(row, habit): row for row in before} if is_delta or habit == "drops-tombstones" else {}
    if habit == "late":
        # What was told the day before goes today.
        for key in gone_before(path, [row["sourcedId"] for row in rows if row["status"] == "tobedeleted"]):
            held.pop(key, None)
    for row in rows:
        if row["status"] != "tobedeleted":
            held[key_of(row, habit)] = shifted(file, row) if habit == "shifts-dates" else row
        elif habit not in ("drops-tombstones", "late"):
            held.pop(key_of(row, habit), None)
    write(path, file, list(spoilt(file, habit, held, before).values()))


def gone_before(path: Path, told: list[str]) -> list[str]:
    """Keys that were told as gone on an earlier day; those of today are noted."""
    notes = path.with_suffix(".gone")
    earlier = notes.read_text("utf-8").split() if notes.exists() else []
    notes.write_text("\n".join([*earlier, *told]), "utf-8")
    return earlier


def spoilt(file: CsvFile, habit: str, held: dict[str, Row], before: list[Row]) -> dict[str, Row]:
    """The rows with what the habit does to them."""
    earlier = {row["sourcedId"]: row for row in before}
    key = min(held, default="")
    if habit == "never-updates":
        return {name: earlier.get(name, row) for name, row in held.items()}
    if habit == "other-values" and file.entity == "classes":
        return {name: row | {"title": row["title"].upper() + "!"} for name, row in held.items()}
    if habit == "invents" and file.entity == "orgs":
        return held | {"made-up": held[key] | {"sourcedId": "made-up"}}
    if habit == "skips-one" or (habit == "forgets" and before):
        return {name: row for name, row in held.items() if name != key}
    if habit == "never-again":
        known = set(gone_before(file_notes(file), [name for name in earlier if name not in held]))
        return {name: row for name, row in held.items() if name not in known}
    return held


def file_notes(file: CsvFile) -> Path:
    """Where what went is noted."""
    return Path(os.environ["ONEROSTER_FOLDER"], f"{file.entity}.notes")


def key_of(row: Row, habit: str) -> str:
    """What a row is known by."""
    return row["sourcedId"].lower() if habit == "folds-case" else row["sourcedId"]


def shifted(file: CsvFile, row: Row) -> Row:
    """A row whose dates went through a time zone west of Greenwich."""
    dates = [column.header for column in file.columns if column.format == "date" and row[column.header]]
    return row | {name: (date.fromisoformat(row[name]) - timedelta(days=1)).isoformat() for name in dates}


def write(path: Path, file: CsvFile, rows: list[Row]) -> None:
    """A table as CSV; under names of its own on request."""
    habit = sys.argv[2] if len(sys.argv) > 2 else ""
    headers = [name for name in file.headers if not (habit == "loses-a-field" and name == "title")]
    if habit == "own-names" and file.entity == "users":
        write_people(path.with_name("people.csv"), file, rows)
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headers, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def write_people(path: Path, file: CsvFile, rows: list[Row]) -> None:
    """Users under names of their own, with one more that has left and no phones."""
    left = dict.fromkeys(file.headers, "") | {"sourcedId": "somebody", "left_on": "2026-09-01"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["person_key", *file.headers[1:], "left_on"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "person_key": row["sourcedId"], "phone": ""} for row in [*rows, left])


def landed(facts: dict[str, str]) -> dict[str, list[Row]]:
    """What lies in the folder, for an adapter that asks a function."""
    return {name: kept(Path(facts["folder"], "landed", f"{name}.csv")) for name in TAKEN}


def to_sqlite(folder: Path) -> None:
    """The tables once more as a database."""
    with closing(sqlite3.connect(folder.with_name("rows.db"))) as database:
        for name in TAKEN:
            rows = kept(folder / f"{name}.csv")
            heads = load("1.1").csv_files[f"{name}.csv"].headers
            database.execute(f'DROP TABLE IF EXISTS "{name}"')
            quoted = ", ".join(f'"{head}"' for head in heads)
            database.execute(f'CREATE TABLE "{name}" ({quoted})')
            database.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(heads))})', [tuple(row.values()) for row in rows])
        database.commit()


def main(folder: Path, habit: str) -> int:
    """One run."""
    if habit == "fails" and os.environ["ONEROSTER_DAY"] == "2":
        return 7
    folder = folder.with_name("elsewhere") if habit == "lands-elsewhere" else folder
    folder.mkdir(exist_ok=True)
    files = load("1.1").csv_files
    is_delta = os.environ["ONEROSTER_BUNDLE_KIND"] == "delta"
    try:
        found = read_all(habit)
        for name, rows in found.items():
            land(folder / f"{name}.csv", files[f"{name}.csv"], rows, habit, is_delta=is_delta)
    except (ReadFailed, KeyError, zipfile.BadZipFile) as error:
        print(f"could not be read: {type(error).__name__}", file=sys.stderr)
        return 1
    if habit == "sqlite":
        to_sqlite(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
