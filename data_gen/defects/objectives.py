"""Defects of the gradebook's files of 1.2: score scales, learning objectives and their links."""

from __future__ import annotations

from data_gen.defects.draft import Draft, Fields
from data_gen.defects.people import NOBODY
from data_gen.defects.registry import ONLY_1P2, cell_defect

SCALES = "scoreScales.csv"
OF_ITEMS = "lineItemLearningObjectiveIds.csv"
OF_RESULTS = "resultLearningObjectiveIds.csv"
TABLES = "1.2 CSV tables"


@cell_defect(
    "scoreScales.bad-values", trips="csv.user-ids-form", file=SCALES, column="scoreScaleValue",
    source=f"{TABLES}, scoreScales.csv", specs=ONLY_1P2,
)  # fmt: skip
def bad_values(cell: str, row: Fields, draft: Draft) -> str | None:
    """The values of a score scale are written without braces."""
    return cell.replace("{", "").replace("}", "") if "{" in cell else None


@cell_defect("scoreScales.unknown-class", trips="csv.reference", file=SCALES, column="classSourcedId", source="D101", specs=ONLY_1P2)
def scale_of_no_class(cell: str, row: Fields, draft: Draft) -> str | None:
    """A score scale belongs to a class that is not in the file."""
    return NOBODY


@cell_defect(
    "scoreScales.blank-type", trips="csv.required-value", file=SCALES, column="type", source=f"{TABLES}, scoreScales.csv", specs=ONLY_1P2
)
def blank_type(cell: str, row: Fields, draft: Draft) -> str | None:
    """A score scale does not say of what type it is."""
    return ""


@cell_defect(
    "lineItemScoreScales.unknown-scale", trips="csv.reference", file="lineItemScoreScales.csv", column="scoreScaleSourcedId",
    source="D101", specs=ONLY_1P2,
)  # fmt: skip
def unknown_scale(cell: str, row: Fields, draft: Draft) -> str | None:
    """A line item is scored by a scale that is not in the file."""
    return NOBODY


@cell_defect(
    "lineItemScoreScales.duplicate-id", trips="csv.unique-id", file="lineItemScoreScales.csv", column="sourcedId", source="D100",
    specs=ONLY_1P2,
)  # fmt: skip
def duplicate_item_scale(cell: str, row: Fields, draft: Draft) -> str | None:
    """Two links of line items to score scales share one id."""
    first = draft.sheet("lineItemScoreScales.csv").fields(2)["sourcedId"]
    return first if cell != first else None


@cell_defect(
    "resultScoreScales.unknown-result", trips="csv.reference", file="resultScoreScales.csv", column="resultSourcedId",
    source="D101", specs=ONLY_1P2,
)  # fmt: skip
def unknown_result(cell: str, row: Fields, draft: Draft) -> str | None:
    """A score scale is given to a result that is not in the file."""
    return NOBODY


@cell_defect(
    "lineItemLearningObjectiveIds.bad-source", trips="csv.enumeration", file=OF_ITEMS, column="source",
    source=f"{TABLES}, enumerations", specs=ONLY_1P2,
)  # fmt: skip
def bad_source(cell: str, row: Fields, draft: Draft) -> str | None:
    """A learning objective comes from a source that the vocabulary lacks, without the mark of an extension."""
    return "state-standards"


@cell_defect(
    "lineItemLearningObjectiveIds.not-a-uuid", trips="csv.objective-id", file=OF_ITEMS, column="learningObjectiveId",
    source=f"{TABLES}, learning objectives", specs=ONLY_1P2,
)  # fmt: skip
def not_a_uuid(cell: str, row: Fields, draft: Draft) -> str | None:
    """A learning objective of CASE is named by a code of the state."""
    return "MATH.3.NF.1" if row["source"] == "case" else None


@cell_defect(
    "resultLearningObjectiveIds.unknown-result", trips="csv.reference", file=OF_RESULTS, column="resultSourcedId", source="D101",
    specs=ONLY_1P2,
)  # fmt: skip
def objective_of_no_result(cell: str, row: Fields, draft: Draft) -> str | None:
    """A learning objective is reached in a result that is not in the file."""
    return NOBODY


@cell_defect(
    "resultLearningObjectiveIds.bad-score", trips="csv.number", file=OF_RESULTS, column="score", source=f"{TABLES}, formats",
    specs=ONLY_1P2,
)  # fmt: skip
def bad_objective_score(cell: str, row: Fields, draft: Draft) -> str | None:
    """The score of a learning objective is a word."""
    return "mastered" if cell else None


@cell_defect(
    "results.bad-flag", trips="csv.boolean", file="results.csv", column="late", source="D177", specs=ONLY_1P2
)
def bad_flag(cell: str, row: Fields, draft: Draft) -> str | None:
    """Whether a result is late is written as a digit."""
    return "1" if cell == "true" else "0" if cell == "false" else None


@cell_defect(
    "results.other-class", trips="csv.result-class", file="results.csv", column="classSourcedId",
    source=f"{TABLES}, results.csv (asked by importers)", specs=ONLY_1P2,
)  # fmt: skip
def other_class(cell: str, row: Fields, draft: Draft) -> str | None:
    """A result names another class than its line item."""
    classes = draft.sheet("classes.csv")
    every = (classes.fields(number)["sourcedId"] for number in range(2, len(classes.lines) + 1))
    return next((found for found in every if found != cell), None) if cell else None


@cell_defect("categories.bad-weight", trips="csv.number", file="categories.csv", column="weight", source=f"{TABLES}, formats", specs=ONLY_1P2)
def bad_weight(cell: str, row: Fields, draft: Draft) -> str | None:
    """The weight of a category is a fraction."""
    return f"{int(cell) / 100}" if cell.isdigit() else None


@cell_defect(
    "lineItems.unknown-session", trips="csv.reference", file="lineItems.csv", column="academicSessionSourcedId", source="D97",
    specs=ONLY_1P2,
)  # fmt: skip
def unknown_session(cell: str, row: Fields, draft: Draft) -> str | None:
    """A line item falls into a session that is not in the file."""
    return NOBODY


@cell_defect(
    "lineItems.unknown-school", trips="csv.reference", file="lineItems.csv", column="schoolSourcedId", source="D145", specs=ONLY_1P2
)
def unknown_school(cell: str, row: Fields, draft: Draft) -> str | None:
    """A line item is given at a school that is not in the file."""
    return NOBODY
