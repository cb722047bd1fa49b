"""Schools and the school year: types, orgs of people, the year that a session names."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at, reference_ids

SECTION = "REST 1.1, data model"


@check(
    "data.school-type", severity="warning", section=SECTION,
    why="/schools lists orgs of type school only: with another type a consumer sees a district without schools.",
    remedy="read /orgs and take the types that classes name, or ask the district to type its schools",
)  # fmt: skip
def classes_lie_in_schools(run: Run) -> Iterator[Notice]:
    """The school of a class is an org of type school."""
    orgs, classes = run.collection("orgs"), run.collection("classes")
    kinds = {
        str(orgs.by_id[found].get("type"))
        for record in classes.records for found in reference_ids(record, "school") if found in orgs.by_id
    }  # fmt: skip
    if not kinds:
        raise Skip("no class names a school that is there")
    # A token in another case is the vocabulary's affair.
    if not any(kind.lower() == "school" for kind in kinds):
        yield at(orgs.pages[0], "no class lies in an org of type school", pointer="/orgs/*/type", expected="school", observed=", ".join(sorted(kinds)))


@check(
    "data.orgs-repeated", severity="warning", section=SECTION, why="A school that is named twice is counted twice.", remedy="take orgs as a set",
)  # fmt: skip
def a_user_names_an_org_once(run: Run) -> Iterator[Notice]:
    """A user's orgs name each org once."""
    users = run.collection("users")
    doubled = [record for record in users.records if len(set(named := reference_ids(record, "orgs"))) < len(named)]
    if doubled:
        yield at(users.pages[0], "a user names one org twice", pointer="/users/*/orgs", expected="each org once", observed="one twice", count=len(doubled))


@check(
    "data.school-year-ends", severity="warning", section=SECTION,
    why="schoolYear is the year in which the school year ends: one that names the start is archived a year early.",
    remedy="derive the year from the end date in the consumer; report it to the vendor",
)  # fmt: skip
def the_school_year_is_named_by_its_end(run: Run) -> Iterator[Notice]:
    """A session of type schoolYear names the year in which it ends."""
    sessions = run.collection("academicSessions")
    years = [record for record in sessions.records if record.get("type") == "schoolYear"]
    dated = [record for record in years if str(record.get("endDate", ""))[:4].isdigit() and str(record.get("schoolYear", "")).isdigit()]
    if not dated:
        raise Skip("no session of type schoolYear tells its year and its end")
    # The end does not count: a calendar year may be written to the first of January.
    wrong = [record for record in dated if int(record["schoolYear"]) < int(str(record["endDate"])[:4]) - str(record["endDate"])[4:].startswith("-01-01")]
    if wrong:
        yield at(sessions.pages[0], "schoolYear is not the year in which the session ends", pointer="/academicSessions/*/schoolYear",
                 expected="the year of endDate", observed="an earlier year", count=len(wrong))  # fmt: skip
