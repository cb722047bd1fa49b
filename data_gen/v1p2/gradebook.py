"""Categories with weights, line items and results of 1.2: school and session, letters, flags, learning objectives.

Called by records.py. Scores, dates and states are those of the 1.1 records.
"""

from __future__ import annotations

from collections.abc import Iterator

from data_gen.gradebook import categories, line_items
from data_gen.references import Stamps
from data_gen.result_rows import results
from data_gen.shape import District
from data_gen.v1p2.mapping import Record, chunks, finish, mapped, resolver
from data_gen.v1p2.objectives import objective_sets, scored
from data_gen.v1p2.score_scales import has_scale, letter_of, scale_id
from oneroster_standard.marks import refer
from oneroster_standard.standard import load

WEIGHTS = (20.0, 20.0, 30.0, 20.0, 10.0)
"""Weight of each category in percent."""
FLAGS = ("inProgress", "incomplete", "late", "missing")


def categories_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of categories in order of sourcedId."""
    found = mapped("categories", categories(district, stamps), resolver(district))
    for record, weight in zip(found, WEIGHTS, strict=True):
        yield {**record, "weight": weight}


def _objectives_of(district: District, class_number: int, item: int) -> list[Record]:
    """Every third line item that is graded by letters is aligned."""
    if not has_scale(class_number) or (class_number // 20 + item) % 3:
        return []
    group, subject = divmod(class_number, district.shape.stride)
    grade = district.cohort_of_group(group).grade
    return objective_sets(subject, grade, class_number // 20 + item)


def line_items_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of lineItems in order of sourcedId."""
    order = load("1.2").classes["lineItem"].property_names
    for record in mapped("lineItems", line_items(district, stamps), resolver(district)):
        number, item = int(record["sourcedId"][4:11]), int(record["sourcedId"][12:])
        if has_scale(number):
            record["scoreScale"] = refer("1.2", "scoreScale", scale_id(number))
        record["learningObjectiveSet"] = _objectives_of(district, number, item)
        yield finish(order, record)


def results_1p2(district: District, stamps: Stamps) -> Iterator[Record]:
    """Records of results in order of sourcedId."""
    look, order = resolver(district), load("1.2").classes["result"].property_names
    for batch in chunks(mapped("results", results(district, stamps), look)):
        numbers = [int(record["sourcedId"][4:].replace("-", "")) for record in batch]
        late = district.draws.chance("results/late", numbers, 6)
        for record, number, is_late in zip(batch, numbers, late, strict=True):
            class_number = int(record["class"]["sourcedId"][4:])
            item = int(record["lineItem"]["sourcedId"][12:])
            if has_scale(class_number):
                record["scoreScale"] = refer("1.2", "scoreScale", scale_id(class_number))
                record["textScore"] = letter_of(record["score"])
            objectives = _objectives_of(district, class_number, item)
            record["learningObjectiveSet"] = scored(objectives, record["score"], letter_of(record["score"]))
            is_open = record["scoreStatus"] == "submitted"
            if is_late or is_open or number % 4 == 0:
                told = (is_open, is_open and is_late, is_late, False)
                record.update((flag, "true" if on else "false") for flag, on in zip(FLAGS, told, strict=True))
            yield finish(order, record)
