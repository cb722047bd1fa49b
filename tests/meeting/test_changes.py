"""What changes between bundles: every rule finds its planted fault, a normal day and a proper turn of the year raise nothing grave."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.changes.judging import judge_changes
from conformance.changes.rulebook import RULES
from conformance.changes.series import Member, members
from conformance.command import check
from conformance.report import Report
from data_gen.command import generate
from data_gen.generation import Recipe, write_clean
from oneroster_harness.terminal import AS_OF

Rows = list[dict[str, str]]
Tables = dict[str, Rows]
STUDENTS = 150


def read(folder: Path) -> Tables:
    """File -> rows of a bundle."""
    return {path.name: list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline=""))) for path in sorted(folder.glob("*.csv"))}


def write(folder: Path, tables: Tables) -> Path:
    """A bundle of these rows; a file without rows is left out."""
    folder.mkdir(parents=True)
    for name, rows in tables.items():
        if rows:
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
            folder.joinpath(name).write_bytes(text.getvalue().encode())
    return folder


def judged(*paths: Path) -> Report:
    """The report on bundles in their order."""
    return judge_changes([Member(path, path.name) for path in paths], target="test")


def roots(report: Report, *severities: str) -> set[str]:
    """Rules whose findings follow from no other."""
    return {one.check for one in report.findings if not one.cause_of and one.severity in (severities or ("error", "warning", "info"))}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A clean bundle of each version."""
    folder = tmp_path_factory.mktemp("old")
    for spec in ("1.1", "1.2"):
        write_clean(folder / spec / "old", Recipe(STUDENTS, 1, AS_OF, spec=spec))
    return {spec: folder / spec / "old" for spec in ("1.1", "1.2")}


def _rekey(name: str, tables: Tables, count: int) -> None:
    for row in tables[name][:count]:
        row["sourcedId"] = f"new-{row['sourcedId']}"


def _students(tables: Tables) -> Rows:
    return [row for row in tables["users.csv"] if row["role"] == "student"]


def _lose_a_school(tables: Tables) -> None:
    gone = next(row["sourcedId"] for row in tables["orgs.csv"] if row["type"] == "school")
    tables["orgs.csv"] = [row for row in tables["orgs.csv"] if row["sourcedId"] != gone]
    tables["users.csv"] = [row for row in tables["users.csv"] if not row["orgSourcedIds"].startswith(gone)]


def _empty_a_school(tables: Tables) -> None:
    school = tables["classes.csv"][0]["schoolSourcedId"]
    theirs = [row for row in tables["enrollments.csv"] if row["schoolSourcedId"] == school]
    gone = theirs[:: 6]
    tables["enrollments.csv"] = [row for row in tables["enrollments.csv"] if row not in gone]


def _set(name: str, column: str, value: Callable[[dict[str, str]], str], count: int = 0) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        for row in tables[name][: count or None]:
            row[column] = value(row)

    return change


def _drop_column(tables: Tables) -> None:
    for row in tables["users.csv"]:
        del row["sms"]


def _keep(name: str, wanted: Callable[[dict[str, str]], bool]) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables[name] = [row for row in tables[name] if wanted(row)]

    return change


def _empty_a_class(tables: Tables, most: int = 1_000) -> None:
    sizes: dict[str, int] = {}
    for row in tables["enrollments.csv"]:
        sizes[row["classSourcedId"]] = sizes.get(row["classSourcedId"], 0) + (row["role"] == "student")
    found = max(sizes, key=lambda one: (sizes[one], one))
    theirs = [row for row in tables["enrollments.csv"] if row["classSourcedId"] == found and row["role"] == "student"][:most]
    tables["enrollments.csv"] = [row for row in tables["enrollments.csv"] if row not in theirs]


def _shrink_a_class(tables: Tables) -> None:
    sizes: dict[str, int] = {}
    for row in tables["enrollments.csv"]:
        sizes[row["classSourcedId"]] = sizes.get(row["classSourcedId"], 0) + (row["role"] == "student")
    _empty_a_class(tables, max(sizes.values()) - 1)


def _another_person(tables: Tables) -> None:
    row = _students(tables)[0]
    row["givenName"], row["familyName"], row["identifier"] = row["familyName"], row["givenName"], "999"


def _promote_a_student(tables: Tables) -> None:
    _students(tables)[0]["role"] = "teacher"


def _swap_schools(tables: Tables) -> None:
    schools = [row["sourcedId"] for row in tables["orgs.csv"] if row["type"] == "school"]
    for row in tables["users.csv"]:
        if row["orgSourcedIds"] == schools[0]:
            row["orgSourcedIds"] = schools[1]


def _move_a_session(first: str, last: str) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        tables["academicSessions.csv"][-1] |= {"startDate": first, "endDate": last}

    return change


def _double(tables: Tables) -> None:
    tables["users.csv"] += [
        row | {"sourcedId": f"x{row['sourcedId']}", "familyName": "Elsewhere", "identifier": f"x{row['identifier']}", "email": "", "username": f"x{row['username']}"}
        for row in tables["users.csv"]
    ]  # fmt: skip


def _parent_at_itself(tables: Tables) -> None:
    schools = [row for row in tables["orgs.csv"] if row["type"] == "school"]
    schools[1]["parentSourcedId"] = schools[0]["sourcedId"]


PLANTED: list[tuple[str, str, Callable[[Tables], object]]] = [
    ("change.mass-removal", "error", _keep("users.csv", lambda row: row["sourcedId"][-1] not in "12")),
    ("change.mass-removal", "error", _keep("users.csv", lambda row: row["role"] != "teacher")),
    ("change.mass-removal", "error", _empty_a_school),
    ("change.mass-creation", "warning", _double),
    ("change.school-gone", "error", _lose_a_school),
    ("change.class-emptied", "error", _empty_a_class),
    ("change.class-shrunk", "warning", _shrink_a_class),
    ("change.file-gone", "error", _keep("enrollments.csv", lambda row: False)),
    ("change.columns", "error", _drop_column),
    ("change.column-emptied", "error", _set("users.csv", "email", lambda row: "")),
    ("change.field-en-masse", "error", _set("users.csv", "username", lambda row: f"d.{row['username']}")),
    ("change.field-en-masse", "warning", _set("classes.csv", "location", lambda row: f"Room {row['location']}")),
    ("change.field-en-masse", "warning", _set("users.csv", "grades", lambda row: f"G{row['grades']}" if row["grades"] else "")),
    ("change.rekeyed", "error", lambda tables: _rekey("users.csv", tables, 10_000)),
    ("change.rekeyed", "warning", lambda tables: _rekey("enrollments.csv", tables, 3)),
    ("change.rekeyed", "warning", lambda tables: _rekey("courses.csv", tables, 1)),
    ("change.id-reused", "error", _another_person),
    ("change.role-flipped", "error", _promote_a_student),
    ("change.role-flipped", "error", _set("enrollments.csv", "role", lambda row: "teacher" if row["role"] == "student" else row["role"], 5)),
    ("change.school-flipped", "error", _swap_schools),
    ("change.org-moved", "warning", _parent_at_itself),
    ("change.session-moved", "info", _move_a_session("2027-01-13", "2027-06-14")),
    ("change.session-moved", "warning", _move_a_session("2027-02-13", "2027-07-14")),
    ("change.session-moved", "error", _move_a_session("2028-01-13", "2028-06-14")),
]  # fmt: skip


ALONGSIDE = {"change.school-flipped": ("change.field-en-masse",)}
"""A school whose people are all at another one is also a column that changed in very many rows."""


@pytest.mark.parametrize(("rule", "severity", "plant"), PLANTED, ids=[f"{number}-{rule}-{severity}" for number, (rule, severity, _) in enumerate(PLANTED)])
def test_a_planted_change_is_found_with_its_severity(rule: str, severity: str, plant: Callable[[Tables], object], old: dict[str, Path], tmp_path: Path) -> None:
    tables = read(old["1.1"])
    plant(tables)
    report = judged(old["1.1"], write(tmp_path / "new", tables))
    found = [one for one in report.findings if one.check == rule]
    assert severity in {one.severity for one in found}, report.findings
    assert roots(report, "error", "warning") <= {rule, *ALONGSIDE.get(rule, ())}
    assert all(one.where["file"] and one.where["bundle"] in ("old", "new") for one in found)
    assert all(one.expected and one.remedy and one.section for one in report.findings)


def test_the_same_bundle_again_changes_nothing(old: dict[str, Path]) -> None:
    for spec, path in old.items():
        report = judged(path, path)
        assert report.findings == [] and report.verdict == "pass", spec
        (step,) = report.changes
        assert all(not any(found[kind] for kind in ("created", "changed", "removed", "rekeyed")) for found in step["files"].values())
        assert sum(found["unchanged"] for found in step["files"].values()) == sum(map(len, read(path).values())) - len(read(path)["manifest.csv"])


def test_new_ids_of_everything_are_one_fault_and_not_a_mass_removal(old: dict[str, Path], tmp_path: Path) -> None:
    text = {path.name: path.read_text("utf-8") for path in old["1.1"].glob("*.csv")}
    ids = sorted({row["sourcedId"] for rows in read(old["1.1"]).values() for row in rows if row.get("sourcedId")}, key=len, reverse=True)
    tables = read(old["1.1"])
    known = set(ids)
    for rows in tables.values():
        for row in rows:
            for column, value in row.items():
                if column.endswith(("sourcedId", "SourcedId", "SourcedIds")) and value:
                    row[column] = ",".join(f"k-{one}" if one in known else one for one in value.split(","))
    report = judged(old["1.1"], write(tmp_path / "new", tables))
    assert "change.rekeyed" in roots(report, "error") and text
    assert roots(report, "error", "warning") <= {"change.rekeyed", "change.mass-creation", "change.mass-removal"}
    rekeyed = {name for name, found in report.changes[0]["files"].items() if found["rekeyed"]}
    assert {"orgs", "academicSessions", "courses", "users", "classes", "enrollments"} <= rekeyed


def test_roles_of_1p2_that_flip_are_found(old: dict[str, Path], tmp_path: Path) -> None:
    tables = read(old["1.2"])
    student = next(row for row in tables["roles.csv"] if row["role"] == "student")
    student["role"] = "teacher"
    report = judged(old["1.2"], write(tmp_path / "new", tables))
    assert roots(report, "error") == {"change.role-flipped"}


def test_another_version_a_file_more_and_another_way_of_writing_are_told(old: dict[str, Path], tmp_path: Path) -> None:
    assert "change.version" in roots(judged(old["1.1"], old["1.2"]), "error")
    shutil.copytree(old["1.1"], tmp_path / "new")
    users = tmp_path / "new" / "users.csv"
    users.write_bytes(users.read_text("utf-8").encode("utf-16"))
    (tmp_path / "new" / "orgs.csv").write_bytes((tmp_path / "new" / "orgs.csv").read_bytes().replace(b"\r\n", b"\n"))
    report = judged(old["1.1"], tmp_path / "new")
    assert {(one.check, one.severity, one.where["file"]) for one in report.findings} == {
        ("change.encoding", "warning", "users.csv"), ("change.encoding", "info", "orgs.csv"),
    }  # fmt: skip
    tables = read(old["1.1"])
    tables["results.csv"] = []
    assert roots(judged(write(tmp_path / "less", tables), old["1.1"])) == {"change.file-new"}


def test_a_bundle_that_cannot_be_read_is_a_finding_and_a_cut_file_is_not_a_removal(old: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    report = judged(old["1.1"], broken)
    assert roots(report) == {"change.readable"} and report.verdict == "fail"
    shutil.copytree(old["1.1"], tmp_path / "new")
    (tmp_path / "new" / "users.csv").write_bytes(b"no header\r\nat all\r\n")
    assert roots(judged(old["1.1"], tmp_path / "new")) == {"change.file-unreadable"}


def test_a_file_that_becomes_a_delta_is_found(old: dict[str, Path], tmp_path: Path) -> None:
    tables = read(old["1.1"])
    for row in tables["manifest.csv"]:
        row["value"] = "delta" if row["propertyName"] == "file.users" else row["value"]
    new = write(tmp_path / "new", tables)
    found = [one for one in judged(old["1.1"], new).findings if one.check == "change.mode"]
    assert [(one.where["file"], one.severity) for one in found] == [("users.csv", "error")]


def test_a_bundle_of_deltas_only_has_not_changed_the_mode_of_a_file(old: dict[str, Path], tmp_path: Path) -> None:
    tables = read(old["1.1"])
    for row in tables["manifest.csv"]:
        row["value"] = "delta" if row["value"] == "bulk" else row["value"]
    assert "change.mode" not in roots(judged(old["1.1"], write(tmp_path / "new", tables)))


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean series: day 0, and four later days beside it."""
    out = tmp_path_factory.mktemp("days") / "d"
    done = CliRunner().invoke(generate, [str(out), "--students", str(STUDENTS), "--days", "4"])
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
@pytest.mark.parametrize("vendor", ["reference", "powerschool"])
def test_normal_days_raise_nothing_in_either_version(spec: str, vendor: str, tmp_path: Path) -> None:
    if (spec, vendor) == ("1.2", "powerschool"):
        pytest.skip("powerschool does not serve 1.2")
    out = tmp_path / "d.zip"
    assert CliRunner().invoke(generate, [str(out), "--students", "90", "--days", "6", "--spec", spec, "--vendor", vendor, "--seed", "5"]).exit_code == 0
    report = judge_changes(members([tmp_path / "d.days"]), target="days")
    assert roots(report, "error", "warning") == set()
    assert len(report.changes) == 6
    assert {found.outcome for found in report.outcomes} <= {"pass", "fail"}


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_the_turn_of_the_year_is_large_and_only_a_remark(spec: str, tmp_path: Path) -> None:
    out = tmp_path / "d"
    done = CliRunner().invoke(generate, [str(out), "--students", "150", "--days", "60", "--every", "6", "--as-of", "2027-06-08", "--spec", spec])
    assert done.exit_code == 0, done.output
    report = judge_changes(members([tmp_path / "d.days"]), target="days")
    assert roots(report, "error") == set()
    assert "change.rollover" in roots(report, "info")
    assert max(found["removed"] for step in report.changes for found in step["files"].values()) > 80


DELTA: list[tuple[str, Callable[[Tables, Tables], object]]] = [
    ("delta.missing-tombstone", lambda delta, full: full["users.csv"].pop(5)),
    ("delta.missing-change", lambda delta, full: full["users.csv"][5].update(phone="555-0199")),
    ("delta.differs", lambda delta, full: _sent(delta, full).update(phone="555-0198")),
    ("delta.deleted-stays", lambda delta, full: _sent(delta, full).update(status="tobedeleted")),
    ("delta.unknown-tombstone", lambda delta, full: _sent(delta, full).update(sourcedId="nobody", status="tobedeleted")),
    ("delta.needless-row", lambda delta, full: _sent(delta, full)),
    ("stamp.idle", lambda delta, full: _sent(delta, full)),
    ("stamp.backwards", lambda delta, full: _sent(delta, full, "2020-01-01T00:00:00.000Z")),
    ("stamp.stale", lambda delta, full: _changed(delta, full)),
]  # fmt: skip
STAMP = "2026-10-02T05:00:00.000Z"


def _sent(delta: Tables, full: Tables, stamp: str = "2026-11-02T05:00:00.000Z") -> dict[str, str]:
    """A row of the delta that repeats one of the full bundle."""
    row = full["users.csv"][5] | {"status": "active", "dateLastModified": stamp}
    delta["users.csv"] = [*delta.get("users.csv", []), row]
    return row


def _changed(delta: Tables, full: Tables) -> None:
    full["users.csv"][5]["phone"] = "555-0197"
    _sent(delta, full, STAMP)


@pytest.mark.parametrize(("rule", "plant"), DELTA, ids=[rule for rule, _ in DELTA])
def test_a_delta_that_does_not_lead_from_bulk_to_bulk_is_found(rule: str, plant: Callable[[Tables, Tables], object], old: dict[str, Path], tmp_path: Path) -> None:
    base = read(old["1.1"])
    manifest = [row | {"value": row["value"].replace("bulk", "delta")} for row in base["manifest.csv"]]
    first: Tables = {"manifest.csv": manifest}
    _sent(first, base, STAMP) if rule.startswith("stamp") else _sent(first, base)["sourcedId"]
    second: Tables = {"manifest.csv": manifest}
    full = {name: [dict(row) for row in rows] for name, rows in base.items()}
    plant(second, full)
    second["orgs.csv"] = second.get("orgs.csv", [])
    paths = [old["1.1"], write(tmp_path / "delta-1", first), write(tmp_path / "full-1", base), write(tmp_path / "delta-2", second), write(tmp_path / "full-2", full)]
    if rule in ("delta.needless-row",):
        paths = [paths[0], *paths[3:]]
    found = judge_changes(
        [Member(path, path.name, path.name.startswith("delta")) for path in paths], target="test"
    )
    assert [one.where["bundle"] for one in found.findings if one.check == rule], [one.check for one in found.findings]


def test_whoever_was_deleted_and_comes_back_is_told_and_as_somebody_else_it_is_a_warning(old: dict[str, Path], tmp_path: Path) -> None:
    base = read(old["1.1"])
    child = next(row for row in base["users.csv"] if row["role"] == "student")
    without = {**base, "users.csv": [row for row in base["users.csv"] if row is not child]}
    other = {**base, "users.csv": [row | {"givenName": "Ann", "familyName": "Other"} if row is child else row for row in base["users.csv"]]}
    paths = [old["1.1"], write(tmp_path / "a", without), write(tmp_path / "b", base), write(tmp_path / "c", without), write(tmp_path / "d", other),
             write(tmp_path / "e", without)]  # fmt: skip
    assert "change.came-back" in roots(judged(*paths[:3]), "info")
    report = judged(*paths)
    assert roots(report, "warning") == {"change.id-returns", "change.flickers"}


def test_every_rule_was_seen_failing_here() -> None:
    planted = {rule for rule, _, _ in PLANTED} | {rule for rule, _ in DELTA}
    elsewhere = {"change.version", "change.file-new", "change.encoding", "change.readable", "change.file-unreadable", "change.mode", "change.rollover",
                 "change.came-back", "change.id-returns", "change.flickers"}  # fmt: skip
    assert planted | elsewhere == set(RULES)


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
def test_each_defect_of_a_series_is_found_on_its_day_by_the_rule_that_it_names(spec: str, tmp_path: Path) -> None:
    wanted = ["half-empty@day=5", "class-emptied=2@day=1", "id-reused=2@day=2", "enrollment-rekeyed=4@day=3", "section-renumbered=3@day=4"]
    more = [part for text in wanted for part in ("--defect", f"series.{text}")]
    done = CliRunner().invoke(generate, [str(tmp_path / "d"), "--students", "60", "--days", "5", "--spec", spec, *more])
    assert done.exit_code == 0, done.output
    report = judge_changes(members([tmp_path / "d.days"]), target="days")
    for entry in json.loads(tmp_path.joinpath("answer-key.json").read_text())["defects"]:
        found = [one for one in report.findings if one.check == entry["rule"] and one.where["file"] == entry["file"]]
        assert [one for one in found if f"day-00{entry['day']}/full" in {sample.get("bundle") for sample in one.samples}] or entry["rule"] == "change.mass-removal", entry
        assert found, entry
    assert not {one.check for one in report.findings if one.check.startswith("delta.") and not one.cause_of}


def test_the_command_tells_counts_and_keeps_every_value_to_itself(old: dict[str, Path], tmp_path: Path) -> None:
    tables = read(old["1.1"])
    for row in tables["users.csv"][:40]:
        row |= {"familyName": "Zzyzxson", "email": "zzyzx@example.org", "phone": "555-0142"}
    new = write(tmp_path / "new", tables)
    formats = ("html", "markdown", "sarif", "junit", "text", "json")
    more = [part for name in formats for part in ("--report", f"{name}:{tmp_path / name}")]
    done = CliRunner().invoke(check, ["change", str(old["1.1"]), str(new), *more])
    assert done.exit_code == 1, done.output
    for text in (done.output, *((tmp_path / name).read_text("utf-8") for name in formats)):
        assert "zzyzx" not in text.lower() and "555-0142" not in text
    document = json.loads((tmp_path / "json").read_text("utf-8"))
    users = document["changes"][0]["files"]["users"]
    assert users["changed"] == 40 and users["fields"]["familyName"] == 40 and users["schools"]
    assert "familyName" in (tmp_path / "html").read_text("utf-8") and "| users |" in (tmp_path / "markdown").read_text("utf-8")


def test_a_folder_of_days_is_judged_bundle_by_bundle_and_step_by_step(days: Path) -> None:
    done = CliRunner().invoke(check, ["csv", f"{days}.days", "--json", "-"])
    document = json.loads(done.stdout)
    assert done.exit_code == 0 and document["verdict"] == "pass"
    ids = {one["id"] for one in document["checks"]}
    assert "csv.reference" in ids and set(RULES) <= ids
    assert len(document["changes"]) == 4


def test_one_bundle_is_nothing_to_compare(old: dict[str, Path]) -> None:
    done = CliRunner().invoke(check, ["change", str(old["1.1"])])
    assert done.exit_code == 2 or done.exception is not None
