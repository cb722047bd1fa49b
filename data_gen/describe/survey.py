"""What is in a district: counts, sizes, loads, calendar, relations, oddities. Numbers and shapes only, never a value.

Called by `oneroster describe`. Keeps ids, of each table once, and nothing else of a row.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import mean, median
from typing import Any

from data_gen.anonymise.columns import known_columns
from data_gen.describe.reading import Row, is_store, tables
from oneroster_standard.standard import VERSIONS, load

OTHER = "other"
SHAPES_SHOWN = 4
STEPS = 20
BLANK = "(blank)"
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")


def _vocabulary(name: str) -> frozenset[str]:
    return frozenset(token for version in VERSIONS for token in load(version).enumerations.get(name, ()))


_ROLES, _GRADES, _SESSIONS = _vocabulary("roleType"), _vocabulary("gradeCode"), _vocabulary("sessionType")


def _known(token: str, vocabulary: frozenset[str]) -> str:
    return token if token in vocabulary else OTHER if token else BLANK


def shape_of(id: str) -> str:
    """The shape of an id: runs of letters and digits with their length, other ASCII signs as they are."""
    text = _DIGITS.sub(lambda met: f"\0{len(met[0])}", id)
    text = _LETTERS.sub(lambda met: f"\1{len(met[0])}", text)
    text = "".join(sign if sign.isascii() else "?" for sign in text)
    return re.sub(r"[\0\1](\d+)", lambda met: ("9" if met[0][0] == "\0" else "a") * min(int(met[1]), 24), text)


@dataclass
class Survey:
    """Everything that was counted. Ids are kept to count by; none of them is told."""

    rows: Counter[str] = field(default_factory=Counter)
    misfits: Counter[str] = field(default_factory=Counter)
    retired: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    doubled: Counter[str] = field(default_factory=Counter)
    shapes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    references: dict[tuple[str, str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    schools: dict[str, int] = field(default_factory=dict)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    grades: dict[str, str] = field(default_factory=dict)
    orgs_of: dict[str, list[str]] = field(default_factory=dict)
    mailless: Counter[str] = field(default_factory=Counter)
    mail_hashes: Counter[int] = field(default_factory=Counter)
    students_of: Counter[str] = field(default_factory=Counter)
    classes_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taught_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    primaries: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    mailless_ids: list[str] = field(default_factory=list)

    def take(self, file: str, number: int, row: Row) -> None:
        """Count one row."""
        self.rows[file] += 1
        id = row.get("sourcedId", "")
        if id:
            self.doubled[file] += id in self.ids[file]
            self.ids[file].add(id)
            self.shapes[file][shape_of(id)] += 1
        for header, column in known_columns(file).items():
            cell = row.get(header, "")
            if column.references and cell:
                for item in cell.split(",") if column.is_list else [cell]:
                    self.references[file, header, column.references][item.strip()] += 1
        if row.get("status") == "tobedeleted":
            self.retired[file] += 1
            return
        kept = getattr(self, f"_{file.removesuffix('.csv')}", None)
        if kept is not None:
            kept(id, number, row)

    def _orgs(self, id: str, number: int, row: Row) -> None:
        if row.get("type") == "school":
            self.schools[id] = number

    def _academicSessions(self, id: str, number: int, row: Row) -> None:
        self.sessions.append(
            {"row": number, "type": _known(row.get("type", ""), _SESSIONS), "start": _day(row.get("startDate", "")),
             "end": _day(row.get("endDate", ""))}
        )  # fmt: skip

    def _users(self, id: str, number: int, row: Row) -> None:
        if row.get("role"):
            self.roles[id] = _known(row["role"], _ROLES)
        else:
            self.roles.setdefault(id, BLANK)
        self.grades[id] = _known(row.get("grades", "").split(",")[0].strip(), _GRADES)
        # roles.csv of 1.2 may have been read before.
        met = self.orgs_of.setdefault(id, [])
        met.extend(org.strip() for org in row.get("orgSourcedIds", "").split(",") if org.strip())
        mail = row.get("email", "").lower()
        if mail:
            self.mail_hashes[hash(mail)] += 1
        else:
            self.mailless_ids.append(id)

    def _roles(self, id: str, number: int, row: Row) -> None:
        user = row.get("userSourcedId", "")
        if row.get("roleType", "primary") == "primary" or self.roles.get(user, BLANK) == BLANK:
            self.roles[user] = _known(row.get("role", ""), _ROLES)
        if org := row.get("orgSourcedId"):
            self.orgs_of.setdefault(user, [])
            if org not in self.orgs_of[user]:
                self.orgs_of[user].append(org)

    def _enrollments(self, id: str, number: int, row: Row) -> None:
        group, user, role = row.get("classSourcedId", ""), row.get("userSourcedId", ""), row.get("role", "")
        if role == "student":
            self.students_of[group] += group not in self.classes_of[user]
            self.classes_of[user].add(group)
        elif role == "teacher":
            self.taught_by[user].add(group)
            if row.get("primary") == "true":
                self.primaries[group].add(user)

    def document(self, path: Path) -> dict[str, Any]:
        """The machine form."""
        students = {id for id, role in self.roles.items() if role == "student"}
        classes = self.ids["classes.csv"]
        taught: Counter[str] = Counter(group for groups in self.taught_by.values() for group in groups)
        return {
            "path": str(path),
            "kind": "store" if is_store(path) else "bundle",
            "rows": dict(self.rows),
            "misfits": dict(self.misfits),
            "retired": {file: count for file, count in self.retired.items() if count},
            "people": dict(sorted(Counter(self.roles.values()).items())),
            "grades": dict(sorted(Counter(self.grades.get(id, BLANK) for id in students).items(), key=_grade_order)),
            "schools": self._school_table(students),
            "class_sizes": _spread([self.students_of[group] for group in sorted(classes)]),
            "teacher_loads": _spread([len(self.taught_by[user]) for user in sorted(self.taught_by)]),
            "sessions": sorted(self.sessions, key=lambda found: (found["start"], _backwards(found["end"]), found["row"])),
            "relations": self._relations(),
            "oddities": {
                "classes without students": sum(self.students_of[group] == 0 for group in classes),
                "classes without a teacher": sum(taught[group] == 0 for group in classes),
                "classes with several primary teachers": sum(len(users) > 1 for users in self.primaries.values()),
                "students without a class": sum(not self.classes_of.get(id) for id in students),
                "students of several schools": sum(len(set(self.orgs_of.get(id, ())) & set(self.schools)) > 1 for id in students),
                "people without an organisation": sum(not orgs for orgs in self.orgs_of.values()),
                "people without an e-mail address": len(self.mailless_ids),
                "students without an e-mail address": sum(id in students for id in self.mailless_ids),
                "people who share an e-mail address": sum(count for count in self.mail_hashes.values() if count > 1),
                "rows that repeat a sourcedId": sum(self.doubled.values()),
                "rows that do not fit their header": sum(self.misfits.values()),
            },
            "id_shapes": {
                file: [{"shape": shape, "count": count} for shape, count in found.most_common(SHAPES_SHOWN)]
                for file, found in sorted(self.shapes.items())
            },
        }  # fmt: skip

    def _school_table(self, students: set[str]) -> list[dict[str, Any]]:
        found: dict[str, Counter[str]] = {school: Counter() for school in self.schools}
        for id in students:
            for org in self.orgs_of.get(id, ()):
                if org in found:
                    found[org][self.grades.get(id, BLANK)] += 1
        return [
            {"row": self.schools[school], "students": counts.total(), "grades": dict(sorted(counts.items(), key=_grade_order))}
            for school, counts in found.items()
        ]

    def _relations(self) -> list[dict[str, Any]]:
        out = []
        for (file, column, target), met in sorted(self.references.items()):
            total = met.total()
            resolved = sum(count for id, count in met.items() if id in self.ids[target])
            out.append(
                {"file": file, "column": column, "target": target, "references": total, "resolved": resolved,
                 "share": round(resolved / total, 6)}
            )  # fmt: skip
        return out


def survey(path: Path) -> dict[str, Any]:
    """Look at a bundle or a store. Raises CannotRun when it is neither, or cannot be read."""
    found = Survey()
    for table in tables(path, lambda file: found.misfits.update([file])):
        found.rows[table.file] += 0
        for number, row in table.rows:
            found.take(table.file, number, row)
    return found.document(path)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return ""


def _backwards(day: str) -> int:
    """Of sessions that begin together the longest comes first."""
    return -date.fromisoformat(day).toordinal() if day else 0


def _grade_order(item: tuple[str, int]) -> tuple[int, str]:
    order = ["IT", "PR", "PK", "TK", "KG"]
    return (order.index(item[0]) if item[0] in order else len(order) + (item[0] in (OTHER, BLANK)), item[0])


def _spread(numbers: list[int]) -> dict[str, Any]:
    """Least, middle, mean and most of some numbers, and how many there are of each, in at most twenty steps."""
    if not numbers:
        return {"count": 0, "min": 0, "median": 0, "mean": 0, "max": 0, "histogram": []}
    least = min(numbers)
    step = max(1, -(-(max(numbers) - least + 1) // STEPS))
    bins = Counter((number - least) // step for number in numbers)
    return {
        "count": len(numbers), "min": least, "median": median(numbers), "mean": round(mean(numbers), 2), "max": max(numbers),
        "histogram": [
            {"from": least + place * step, "to": least + place * step + step - 1, "count": bins[place]} for place in range(max(bins) + 1)
        ],
    }  # fmt: skip
