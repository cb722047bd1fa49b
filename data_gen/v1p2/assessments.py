"""Assessments of 1.2: a screening in two subjects for grades 3 to 8 and 11 each fall, with parts, and its results.

Called by records.py. There is no CSV file for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from data_gen.people import student_id
from data_gen.references import Stamps
from data_gen.school_year import sessions
from data_gen.shape import GRADES, District
from data_gen.v1p2.mapping import CHUNK, Record
from data_gen.v1p2.objectives import objective_sets, scored
from oneroster_standard.marks import refer

TESTED = (3, 4, 5, 6, 7, 8, 11)
TESTS = (
    ("English Language Arts", 1, ("Reading", "Writing")),
    ("Mathematics", 2, ("Number and Operations", "Geometry and Data")),
)
LOWEST, HIGHEST = 2000.0, 2800.0


def item_id(grade: int, test: int, part: int) -> str:
    """Key of an assessment line item; part 0 is the test as a whole."""
    return f"asl-{grade:02d}{test}{part}"


def assessment_line_items(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of assessmentLineItems in order of sourcedId: each test before its parts."""
    here = {cohort.grade for cohort in district.cohorts if cohort.count}
    for grade in TESTED:
        for test, (name, subject, parts) in enumerate(TESTS):
            for part, title in enumerate((name, *parts)):
                if grade not in here:
                    continue
                record: Record = {
                    "sourcedId": item_id(grade, test, part),
                    "status": "active",
                    "dateLastModified": stamps.of("assessmentLineItems", [grade * 100 + test * 10 + part])[0],
                    "title": f"Fall Screening, Grade {GRADES[grade]}: {title}",
                }
                if part:
                    whole = item_id(grade, test, 0)
                    record["parentAssessmentLineItem"] = refer("1.2", "assessmentLineItem", whole)
                else:
                    record["description"] = f"Screening in {name}"
                record["resultValueMin"], record["resultValueMax"] = LOWEST, HIGHEST
                if part:
                    record["learningObjectiveSet"] = objective_sets(subject, grade, part)
                yield record


def assessment_results(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of assessmentResults in order of sourcedId: one test a student, by the student's number, with its parts."""
    held = sessions(district)[0].start + timedelta(days=28)
    for start in range(0, district.students, CHUNK):
        numbers = range(start, min(start + CHUNK, district.students))
        scores = district.draws.below("assessments/score", numbers, int(HIGHEST - LOWEST) - 99)
        lost = district.draws.chance("assessments/exempt", numbers, 2)
        keys = [number * 10 + part for number in numbers for part in range(3)]
        modified = stamps.of("assessmentResults", keys)
        for place, number in enumerate(numbers):
            grade = district.cohort_of(number).grade
            if grade not in TESTED:
                continue
            test = number % len(TESTS)
            for part in range(3):
                record: Record = {
                    "sourcedId": f"asr-{number:07d}-{part}",
                    "status": "active",
                    "dateLastModified": modified[place * 3 + part],
                    "assessmentLineItem": refer("1.2", "assessmentLineItem", item_id(grade, test, part)),
                    "student": refer("1.2", "user", student_id(number)),
                }
                score = LOWEST + scores[place] + (number * (part + 3) % 50 + 50 if part else 50)
                if not lost[place]:
                    record["score"] = score
                record["scoreDate"] = held.isoformat()
                if not lost[place] and not part:
                    record["scorePercentile"] = round(100 * (score - LOWEST) / (HIGHEST - LOWEST), 1)
                record["scoreStatus"] = "exempt" if lost[place] else "fully graded"
                if part and not lost[place] and number % 5 == 0:
                    sets = objective_sets(TESTS[test][1], grade, part)
                    level = "met" if score > (LOWEST + HIGHEST) / 2 else "not met"
                    record["learningObjectiveSet"] = scored(sets, score, level)
                yield record
