"""Students and guardians as columns: the large part of the users, rendered many at once.

Called by people.py. Families share a name and their guardians; what an absent value leaves out of a row is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from data_gen.columns import Lines, Numbers, Template, Text, chunks, counted, digits, texts
from data_gen.naming import Naming
from data_gen.pools import plain
from data_gen.references import Stamps
from data_gen.seating import Seating
from data_gen.shape import GRADES, District
from data_gen.staffing import TeacherParents
from oneroster_standard.bundle_writer import csv_bytes
from oneroster_standard.store import SEPARATOR

CHUNK = 1024
STUDENT_DOMAIN = "students.example.org"
FAMILY_DOMAIN = "families.example.com"
LONGEST_LOGIN = 20
"""Letters of one name in a user name at most."""
_STUDENT_ROW: tuple[bytes | str, ...] = (
    b'{"sourcedId":"stu-', "number", b'","status":"active","dateLastModified":"', "modified", b'","username":"', "username",
    b'","userIds":[{"type":"SIS","identifier":"9', "number", b'"}', "state", b'],"enabledUser":"', "enabled", b'","givenName":"', "given",
    b'","familyName":"', "family", b'"', "middle", b',"role":"student","identifier":"9', "number", b'"', "email",
    b',"agents":[{"href":"\x01/users/gdn-', "home", b'a","sourcedId":"gdn-', "home", b'a","type":"user"}', "second",
    b'],"orgs":[{"href":"\x01/orgs/', "school", b'","sourcedId":"', "school", b'","type":"org"}', "visited", b'],"grades":["', "grade",
    b'"]}', SEPARATOR,
)  # fmt: skip
_STUDENT_LINE: tuple[bytes | str, ...] = (
    b"stu-", "number", b",,,", "enabled", b",", "visited", b",student,", "username", b",", "ids", b",", "given",
    b",", "family", b",", "middle", b",9", "number", b",", "email", b",,,", "second", b",", "grade", b",\r\n",
)  # fmt: skip
_GUARDIAN_ROW: tuple[bytes | str, ...] = (
    b'{"sourcedId":"gdn-', "home", "letter", b'","status":"active","dateLastModified":"', "modified", b'","username":"',
    "username", b'"', "staff", b',"enabledUser":"true","givenName":"', "given", b'","familyName":"', "family", b'","role":"', "role", b'"',
    "email", b',"sms":"(206) 555-01', "phone", b'","phone":"(206) 555-01', "phone",
    b'","agents":[{"href":"\x01/users/stu-', "home", b'","sourcedId":"stu-', "home", b'","type":"user"}', "second",
    b'],"orgs":[{"href":"\x01/orgs/', "school", b'","sourcedId":"', "school", b'","type":"org"}', "other", b"]}", SEPARATOR,
)  # fmt: skip
_GUARDIAN_LINE: tuple[bytes | str, ...] = (
    b"gdn-", "home", "letter", b",,,true,", "other", b",", "role", b",", "username", b",", "staff", b",", "given", b",", "family",
    b",,,", "email", b",(206) 555-01", "phone", b",(206) 555-01", "phone", b",", "second", b",,\r\n",
)  # fmt: skip
_TRUE_FALSE, _LETTERS, _ROLES, _GRADES = texts(["false", "true"]), texts(["a", "b"]), texts(["parent", "guardian"]), texts(GRADES)
Values = dict[str, Text]
Mask = NDArray[np.bool_]


def has_second_guardian(district: District, homes: Numbers) -> Mask:
    """Whether households have two guardians."""
    return district.draws.array("guardians/second", homes, 100) < district.shape.people.second_guardian_percent


def _beside(*parts: Text | bytes, where: Mask) -> Text:
    """Texts and constants side by side in the rows of where, nothing in the others."""
    count = len(where)
    blocks = [
        part.matrix if isinstance(part, Text) else np.broadcast_to(np.frombuffer(part, np.uint8), (count, len(part)))
        for part in parts
    ]
    found = np.concatenate(blocks, axis=1)
    found[~where] = 0
    return Text(found, True)


def _json_cell(text: str) -> str:
    return orjson.dumps(text)[1:-1].decode()


def _csv_cell(text: str) -> str:
    return csv_bytes([[text, ""]])[:-3].decode()


@dataclass(frozen=True)
class Families:
    """The families of a district, said in one form; is_csv: as cells of a file, otherwise as JSON."""

    district: District
    is_csv: bool

    def _names(self, found: Sequence[str]) -> Text:
        return texts(list(map(_csv_cell if self.is_csv else _json_cell, found)))

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.district.draws, self.district.pools, self.district.shape)

    @cached_property
    def _given(self) -> Text:
        return self._names(self._naming.given)

    @cached_property
    def _family(self) -> Text:
        return self._names(self._naming.family)

    @cached_property
    def _parents(self) -> TeacherParents:
        return TeacherParents(self.district)

    @cached_property
    def _schools(self) -> Text:
        return texts(["", *(school.sourced_id for school in self.district.schools)])

    @cached_property
    def _logins(self) -> dict[str, Text]:
        """Parts of user names by place among the names."""
        given, family = ([plain(name)[:LONGEST_LOGIN] for name in names] for names in (self._naming.given, self._naming.family))
        return {
            "initial": texts([name[:1] for name in given]), "given": texts(given), "family": texts(family),
            "short": texts([name[:12] for name in family]),
        }  # fmt: skip

    def _email(self, username: Text, domain: str, where: Mask) -> Text:
        start, end = (b"", b"") if self.is_csv else (b',"email":"', b'"')
        return _beside(start, username, f"@{domain}".encode() + end, where=where)

    def _school_of(self, students: Numbers) -> Numbers:
        return self.district.schools_of(students)

    def students(self, numbers: Numbers) -> Values:
        """Columns of some students, but for their stamps."""
        draws, naming = self.district.draws, self._naming
        homes = numbers % self.district.households
        kinds, boys = naming.household_kinds(homes), ~self.district.girls_of(numbers)
        given, family = naming.given_places("students/given", numbers, kinds, boys), naming.household_families(homes)
        every = np.ones(len(numbers), bool)
        username = _beside(
            self._logins["initial"].take(given), self._logins["short"].take(family), counted(numbers, 4), where=every
        )  # fmt: skip
        middle = self._given.take(naming.given_places("students/middle", numbers, kinds, boys))
        people = self.district.shape.people
        has_middle = draws.array("students/has-middle", numbers, 100) < people.middle_name_percent
        has_mail = draws.array("students/no-mail", numbers, 100) >= people.student_without_mail_percent
        enabled = (draws.array("students/disabled", numbers, 100) >= people.disabled_percent) | (numbers == 0)
        return {
            "number": digits(numbers, 7), **self._ids_of(numbers), "username": username, "given": self._given.take(given),
            "family": self._family.take(family), "enabled": _TRUE_FALSE.take(enabled.astype(np.int64)),
            "middle": _beside(middle, where=has_middle) if self.is_csv
            else _beside(b',"middleName":"', middle, b'"', where=has_middle),
            "email": self._email(username, STUDENT_DOMAIN, has_mail),
            "home": digits(homes, 7), "second": self._guardians_of(homes),
            **self._orgs_of(numbers),
            "grade": _GRADES.take(self.district.grades_of(numbers)),
        }  # fmt: skip

    def _ids_of(self, numbers: Numbers) -> Values:
        """The userIds of students beside the first: in a file all of them as `ids`, in JSON the second one as `state`."""
        percent = self.district.shape.people.state_id_percent
        has_both = self.district.draws.array("students/state-id", numbers, 100) < percent
        number = digits(numbers, 7)
        if not self.is_csv:
            return {"state": _beside(b',{"type":"State","identifier":"S99', number, b'"}', where=has_both)}
        quote, every = _beside(b'"', where=has_both), np.ones(len(numbers), bool)
        return {"ids": _beside(quote, b"{SIS:9", number, b"}", _beside(b",{State:S99", number, b"}", where=has_both), quote, where=every)}

    def _staff_of(self, homes: Numbers, second: Numbers) -> Text:
        """The userIds of guardians who teach here: the identifier that they bear as teachers."""
        teacher = np.where(second == 1, -1, self._parents.teachers_of(homes))
        number, where = digits(np.maximum(teacher, 0), 6), teacher >= 0
        if self.is_csv:
            return _beside(b"{Staff:81", number, b"}", where=where)
        return _beside(b',"userIds":[{"type":"Staff","identifier":"81', number, b'"}]', where=where)

    @cached_property
    def _seating(self) -> Seating:
        return Seating(self.district)

    def _orgs_of(self, numbers: Numbers) -> Values:
        """The schools of students: in a file both as `visited`, in JSON the second one."""
        school = self._schools.take(self._school_of(numbers))
        if not self._seating.has_visits:
            return {"school": school, "visited": school if self.is_csv else self._schools.take(np.zeros(len(numbers), np.int64))}
        elsewhere = self._seating.visited(numbers)
        other, both = self._schools.take(elsewhere), elsewhere > 0
        if self.is_csv:
            return {"visited": self._listed(school, other, both)}
        found = _beside(b',{"href":"\x01/orgs/', other, b'","sourcedId":"', other, b'","type":"org"}', where=both)
        return {"school": school, "visited": found}

    def _guardians_of(self, homes: Numbers) -> Text:
        """The agents of a student: in a file all of them, in JSON what comes after the first."""
        both = has_second_guardian(self.district, homes)
        home = digits(homes, 7)
        if not self.is_csv:
            return _beside(
                b',{"href":"\x01/users/gdn-', home, b'b","sourcedId":"gdn-', home, b'b","type":"user"}', where=both
            )
        quote = _beside(b'"', where=both)
        every = np.ones(len(homes), bool)
        return _beside(quote, b"gdn-", home, b"a", _beside(b",gdn-", home, b"b", where=both), quote, where=every)

    def guardians(self, homes: Numbers, second: Numbers) -> Values:
        """Columns of some guardians, but for their stamps; second: 1 for the second one of a home."""
        draws, households = self.district.draws, self.district.households
        index = homes * 2 + second
        given, family = self._naming.guardian_given(homes, second), self._naming.household_families(homes)
        every = np.ones(len(homes), bool)
        username = _beside(
            self._logins["given"].take(given), b".", self._logins["family"].take(family), b".", counted(index, 1),
            where=every,
        )  # fmt: skip
        younger = homes + households
        sibling = younger < self.district.students
        younger = np.where(sibling, younger, homes)
        own, their = self._school_of(homes), self._school_of(younger)
        first, last = np.minimum(own, their), np.maximum(own, their)
        values: Values = {
            "home": digits(homes, 7), "letter": _LETTERS.take(second), "username": username, "staff": self._staff_of(homes, second),
            "given": self._given.take(given), "family": self._family.take(family),
            "role": _ROLES.take((draws.array("guardians/kind", index, 8) == 0).astype(np.int64)),
            "email": self._email(username, FAMILY_DOMAIN, draws.array("guardians/no-mail", index, 100) >= self.district.shape.people.guardian_without_mail_percent),
            "phone": digits(draws.array("guardians/phone", index, 100), 2), "school": self._schools.take(first),
        }  # fmt: skip
        student, school = digits(younger, 7), self._schools.take(last)
        if self.is_csv:
            values["second"] = self._listed(_beside(b"stu-", digits(homes, 7), where=every), _beside(b"stu-", student, where=every), sibling)
            values["other"] = self._listed(values["school"], school, first != last)
        else:
            values["second"] = _beside(
                b',{"href":"\x01/users/stu-', student, b'","sourcedId":"stu-', student, b'","type":"user"}', where=sibling
            )
            values["other"] = _beside(
                b',{"href":"\x01/orgs/', school, b'","sourcedId":"', school, b'","type":"org"}', where=first != last
            )
        return values

    def _listed(self, first: Text, second: Text, both: Mask) -> Text:
        """A cell of one or two items."""
        quote = _beside(b'"', where=both)
        return _beside(quote, first, _beside(b",", second, where=both), quote, where=np.ones(len(both), bool))


def _filled(
    template: tuple[bytes | str, ...], blocks: Iterator[Values], stamps: Callable[[Numbers], Text] | None
) -> Iterator[Lines]:
    made: Template | None = None
    start = 0
    for values in blocks:
        count = len(next(iter(values.values())).matrix)
        if stamps is not None:
            values["modified"] = stamps(np.arange(start, start + count))
        if made is None:
            made = Template(template, {name: text.width for name, text in values.items()}, 2 * CHUNK)
        yield made.fill(values)
        start += count


def _student_values(families: Families) -> Iterator[Values]:
    for block in chunks(families.district.students, CHUNK):
        yield families.students(np.arange(block.start, block.stop, dtype=np.int64))


def _guardian_values(families: Families) -> Iterator[Values]:
    district = families.district
    for block in chunks(min(district.households, district.students), CHUNK):
        homes = np.arange(block.start, block.stop, dtype=np.int64)
        both = has_second_guardian(district, homes)
        place = np.repeat(homes, 1 + both)
        second = np.zeros(len(place), np.int64)
        second[1:] = place[1:] == place[:-1]
        yield families.guardians(place, second)


def guardian_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of guardians in order of sourcedId, each with its separator."""
    values = _guardian_values(Families(district, is_csv=False))
    return _filled(_GUARDIAN_ROW, values, lambda numbers: stamps.column("users/guardians", numbers))


def student_rows(district: District, stamps: Stamps) -> Iterator[Lines]:
    """Rendered records of students in order of sourcedId, each with its separator."""
    values = _student_values(Families(district, is_csv=False))
    return _filled(_STUDENT_ROW, values, lambda numbers: stamps.column("users/students", numbers))


def guardian_lines(district: District) -> Iterator[Lines]:
    """Rows of guardians in users.csv of 1.1."""
    return _filled(_GUARDIAN_LINE, _guardian_values(Families(district, is_csv=True)), None)


def student_lines(district: District) -> Iterator[Lines]:
    """Rows of students in users.csv of 1.1."""
    return _filled(_STUDENT_LINE, _student_values(Families(district, is_csv=True)), None)
