"""Any shape, any seed: a generated district is realistic, and follows the figures that its shape claims to follow."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_gen.districts import district
from data_gen.pools import kinds
from data_gen.records import MAKERS, MAKERS_1P2, records
from data_gen.shape import District
from data_gen.shapes.model import Shape, made, preset
from data_gen.shapes.reading import laid_over, preset_names
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF
from tests.data_gen.realism import RULES, Records, breaches, by_id, keys

SMALL = {"one-class": 24, "one-school": 300, "small-district": 1_000, "city": 3_000, "new-york-city": 2_500, "state": 6_000}
SHARES = st.integers(0, 100)


def of_shape(shape: Shape, students: int, seed: int) -> District:
    return district(students=students, seed=seed, as_of=AS_OF, shape=shape)


def records_of(found: District) -> Records:
    return {name: list(records(found, name)) for name in MAKERS}


@pytest.fixture(scope="module")
def city() -> Records:
    return records_of(of_shape(preset("city"), 6_000, 11))


@pytest.mark.parametrize("name", preset_names())
def test_a_district_of_every_preset_is_realistic(name: str) -> None:
    assert breaches(records_of(of_shape(preset(name), SMALL[name], 5))) == {}


LEVELS = st.fixed_dictionaries(
    {
        "school_size": st.integers(8, 400),
        "section_size": st.integers(2, 40),
        "section_spread": st.integers(0, 1),
        "periods": st.integers(8, 11),
        "teacher_load": st.integers(1, 5),
        "students_per_aide": st.integers(20, 500),
        "mixing_percent": st.integers(0, 99),
        "co_taught_every": st.integers(0, 9),
        "dual_percent": SHARES,
        "new_school": st.booleans(),
    }
)
SHAPES = st.fixed_dictionaries(
    {
        "level": st.fixed_dictionaries({"elementary": LEVELS, "middle": LEVELS, "high": LEVELS}),
        "places": st.one_of(
            st.fixed_dictionaries({"closed_schools": st.integers(0, 3)}),
            st.fixed_dictionaries({"districts": st.integers(1, 6), "state": st.just(True)}),
        ),
        "grades": st.dictionaries(st.sampled_from(("KG", "03", "07", "09", "12")), st.integers(1, 20_000)),
        "people": st.fixed_dictionaries(
            {
                name: SHARES
                for name in (
                    "siblings_percent", "second_guardian_percent", "state_id_percent", "teacher_parents_percent", "substitutes_percent",
                    "late_percent", "gone_percent",
                )
            }
        ),
        "names": st.dictionaries(st.sampled_from(sorted(kinds())), st.integers(0, 60)),
        "subject": st.fixed_dictionaries({"Summer Bridge": st.fixed_dictionaries({"percent": SHARES})}),
    }
)  # fmt: skip


# Shrinking a district costs minutes; the failing shape and seed are told as they are.
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(st.sampled_from(("small-district", "city", "state")), SHAPES, st.integers(1, 260), st.integers(0, 1 << 32))
def test_a_district_of_any_shape_and_seed_is_realistic(base: str, changes: dict[str, Any], students: int, seed: int) -> None:
    shape = made("any", laid_over(preset(base).document, changes))
    found = of_shape(shape, students, seed)
    told = records_of(found)
    assert breaches(told) == {}
    assert sum(user["role"] == "student" for user in told["users"]) == students
    for name in MAKERS_1P2:
        assert all(record["sourcedId"] for record in records(found, name, "1.2"))


def test_each_rule_sees_a_fault_that_is_planted() -> None:
    def planted(plant: Any) -> set[str]:
        told = records_of(of_shape(preset("small-district"), 60, 3))
        plant(told)
        return set(breaches(told))

    def seat(told: Records, role: str) -> dict[str, Any]:
        return next(found for found in told["enrollments"] if found["role"] == role)

    def move_period(told: Records) -> None:
        first, second = told["classes"][:2]
        second["periods"], second["location"] = first["periods"], first["location"]

    def drop_parent(told: Records) -> None:
        del by_id(told, "academicSessions")["ses-2027-t1"]["parent"]
        del by_id(told, "orgs")["org-s0001"]["parent"]

    def no_guardian(told: Records) -> None:
        next(user for user in told["users"] if user["role"] == "student")["agents"] = []

    caught = [
        (lambda told: told["resources"].clear(), "orphans"),
        (lambda told: told["users"].reverse(), "unordered"),
        (move_period, "people_at_two_places"),
        (move_period, "rooms_with_two_classes"),
        (lambda told: seat(told, "student").update(beginDate="2020-01-01"), "wrong_seats"),
        (lambda told: seat(told, "teacher").update(primary="false"), "wrong_classes"),
        (drop_parent, "wrong_sessions"),
        (drop_parent, "wrong_orgs"),
        (no_guardian, "wrong_families"),
        (lambda told: told["demographics"].pop(), "wrong_sums"),
    ]
    assert {name for _, name in caught} == {rule.__name__ for rule in RULES}
    for plant, name in caught:
        assert name in planted(plant), name


def test_a_city_has_everything_that_a_large_district_has(city: Records) -> None:
    users, classes, sessions = by_id(city, "users"), by_id(city, "classes"), by_id(city, "academicSessions")
    assert Counter(found["type"] for found in sessions.values()) == {"schoolYear": 1, "semester": 2, "term": 5, "gradingPeriod": 5}
    assert Counter(len(found["terms"]) for found in classes.values()).keys() == {1, 2, 4}
    assert {found["classType"] for found in classes.values()} == {"homeroom", "scheduled"}
    assert {found["periods"][0] for found in classes.values()} >= {"HR", "1", "8"}
    assert any(sessions[found["terms"][0]["sourcedId"]]["title"] == "Summer Term" for found in classes.values())
    empty = {found["sourcedId"] for found in city["orgs"]} - {found["school"]["sourcedId"] for found in classes.values()}
    assert sum("closed" in by_id(city, "orgs")[key]["name"] for key in empty) == 2
    for role in ("student", "teacher"):
        assert any(len(user["orgs"]) == 2 for user in users.values() if user["role"] == role), role
    kinds_of = Counter(found["user"]["sourcedId"][8] for found in city["enrollments"] if found["role"] == "teacher")
    assert kinds_of.keys() == {"h", "s", "c", "u"}
    grades = {found["school"]["sourcedId"]: set() for found in classes.values()}
    for found in classes.values():
        grades[found["school"]["sourcedId"]].update(found["grades"])
    assert Counter(map(len, grades.values())).keys() == {2, 3, 4, 6} or Counter(map(len, grades.values())).keys() == {3, 4, 6}
    electives = {found["course"]["sourcedId"] for found in classes.values() if found["subjects"] == ["Fall Elective"]}
    assert len(electives) >= 4


def test_students_of_one_section_choose_different_electives(city: Records) -> None:
    classes = by_id(city, "classes")
    taken: dict[str, dict[str, str]] = {}
    for found in city["enrollments"]:
        own = classes[found["class"]["sourcedId"]]
        taken.setdefault(found["user"]["sourcedId"], {})[own["subjects"][0]] = own["sourcedId"]
    by_english: dict[str, set[str]] = {}
    for found in taken.values():
        if "Fall Elective" in found and "English" in found:
            by_english.setdefault(found["English"], set()).add(found["Fall Elective"])
    assert max(map(len, by_english.values())) >= 2


def test_a_student_of_two_districts_belongs_to_both() -> None:
    told = records_of(of_shape(preset("state"), 12_000, 2))
    orgs = by_id(told, "orgs")
    districts = [{orgs[org]["parent"]["sourcedId"] for org in keys(user["orgs"])} for user in told["users"] if user["role"] == "student"]
    assert Counter(map(len, districts))[2] > 5


def test_a_teacher_who_is_a_guardian_is_told_by_the_identifier(city: Records) -> None:
    teachers = {user["identifier"]: user for user in city["users"] if user["role"] == "teacher"}
    guardians = [user for user in city["users"] if user["sourcedId"].startswith("gdn") and "userIds" in user]
    for guardian in guardians:
        (known,) = guardian["userIds"]
        own = teachers[known["identifier"]]
        assert known["type"] == "Staff" and own["familyName"] == guardian["familyName"] and own["givenName"] == guardian["givenName"]
    assert abs(len(guardians) - len(teachers) * preset("city").people.teacher_parents_percent / 100) <= 1
    states = [user for user in city["users"] if len(user.get("userIds", [])) == 2]
    assert 0.9 < len(states) / 6_000 < 0.94


def test_names_of_every_kind_occur_and_some_differ_by_their_unicode_form_alone() -> None:
    told = records_of(of_shape(preset("small-district"), 20_000, 1))["users"]
    families = {user["familyName"] for user in told}
    for kind in kinds().values():
        assert families & set(kind.family), kind.name
    names = {(user["givenName"], user["familyName"]) for user in told}
    normal = {tuple(unicodedata.normalize("NFC", part) for part in name) for name in names}
    assert len(normal) < len(names)
    assert any(unicodedata.bidirectional(name[0]) in ("R", "AL") for name in families) and max(map(len, families)) > 40


def share(told: Records, name: str) -> float:
    found = told["demographics"]
    return sum(record[name] == "true" for record in found) / len(found)


def test_demographics_follow_the_published_shares(city: Records) -> None:
    """NCES, Digest of Education Statistics 2023, table 216.30: public schools, 2022-23, percent of students."""
    told = records_of(of_shape(preset("small-district"), 30_000, 4))["demographics"]
    one_race = [found for found in told if found["hispanicOrLatinoEthnicity"] == "false" and found["demographicRaceTwoOrMoreRaces"] == "false"]
    published = {
        "white": 44.8, "blackOrAfricanAmerican": 15.0, "asian": 5.5, "americanIndianOrAlaskaNative": 0.9,
        "nativeHawaiianOrOtherPacificIslander": 0.4,
    }  # fmt: skip
    for name, percent in published.items():
        assert abs(100 * sum(found[name] == "true" for found in one_race) / len(told) - percent) < 1, name
    assert abs(100 * share({"demographics": told}, "hispanicOrLatinoEthnicity") - 28.5) < 1
    several = [found for found in told if found["demographicRaceTwoOrMoreRaces"] == "true" and found["hispanicOrLatinoEthnicity"] == "false"]
    assert abs(100 * len(several) / len(told) - 5.0) < 1
    assert abs(100 * sum(found["sex"] == "female" for found in told) / len(told) - 48.7) < 1


def test_grades_follow_the_published_enrollment() -> None:
    """NCES, Digest of Education Statistics 2013, table 203.45: public enrollment by grade, fall 2010."""
    published = {"KG": 3_682_092, "05": 3_717_521, "09": 4_007_857, "12": 3_471_888}
    everyone = 48_086_962
    found = of_shape(preset("small-district"), 100_000, 1)
    counts = Counter[str]()
    for cohort in found.cohorts:
        counts[f"{cohort.grade:02d}" if cohort.grade else "KG"] += cohort.count
    for grade, students in published.items():
        assert abs(counts[grade] / 100_000 - students / everyone) < 0.0005


def test_classes_are_as_large_as_published() -> None:
    """NCES, NTPS 2015-16, table 7: self-contained 21.2 in primary schools, departmentalized 26.8 in middle and 26.0 in high schools."""
    found = of_shape(preset("city"), 60_000, 1)
    published = (21.2, 26.8, 26.0)
    for place, mean in enumerate(published):
        cohorts = [cohort for cohort in found.cohorts if cohort.school.level == place]
        assert abs(sum(cohort.count for cohort in cohorts) / sum(cohort.groups for cohort in cohorts) - mean) < 1


def test_brothers_and_sisters_of_one_grade_are_twins() -> None:
    shape = made("twins", laid_over(preset("one-class").document, {"people": {"siblings_percent": 100}}))
    told = records_of(of_shape(shape, 30, 1))
    births = by_id(told, "demographics")
    homes: dict[str, set[str]] = {}
    for user in told["users"]:
        if user["role"] == "student":
            homes.setdefault(user["agents"][0]["sourcedId"], set()).add(births[user["sourcedId"]]["birthDate"])
    assert len(homes) == 15 and all(len(days) == 1 for days in homes.values())


def test_a_shape_of_more_schools_than_keys_are_for_is_refused() -> None:
    shape = made("tiny", laid_over(preset("small-district").document, {"level": {"elementary": {"school_size": 1}}}))
    with pytest.raises(UsageProblem, match="schools"):
        of_shape(shape, 40_000, 1)


def test_a_shape_is_kept_in_the_store_so_that_its_days_can_be_told(tmp_path: Path) -> None:
    from data_gen.districts import advance, build

    shape = made("own", laid_over(preset("city").document, {"level": {"middle": {"section_size": 20}}}))
    store = build(tmp_path / "own.district", students=120, seed=2, as_of=AS_OF, shape=shape)
    assert any(advance(store, start=0, stop=3, views=[("reference", (), "1.1")]))
