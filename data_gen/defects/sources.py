"""Where defects come from: deviations met in the field, by the number that quirks and defects share.

Read by the catalogue. A source that is no number stands for itself.
"""

from __future__ import annotations

DEVIATIONS = {
    "D86": "local grade codes (Infinite Campus K4, PowerSchool plain numbers)",
    "D88": "case and spelling of tokens",
    "D90": "odd text in names",
    "D91": "padded values (PowerSchool)",
    "D93": "passwords in files",
    "D97": "ids of another school or year (PowerSchool terms)",
    "D100": "one person in several records (PowerSchool staff of two schools)",
    "D101": "references to records that are not sent",
    "D102": "a record as its own parent (PowerSchool export)",
    "D105": "spelling of userIds (ClassLink)",
    "D110": "roles outside the list",
    "D114": "people without a name or address (Skyward, PowerSchool, Infinite Campus)",
    "D116": "shared or dirty addresses",
    "D121": "schools under another type",
    "D124": "no session of type schoolYear",
    "D125": "odd dates of sessions",
    "D136": "subjects as free text (ClassLink)",
    "D137": "none or several primary teachers",
    "D139": "roles of enrollments beyond the list (PowerSchool export)",
    "D140": "end dates read in two ways (PowerSchool)",
    "D142": "dropped students still active",
    "D143": "students who leave and return (PowerSchool)",
    "D145": "schools of enrollments missing or wrong",
    "D165": "no manifest (PowerSchool exports by single jobs)",
    "D166": "a manifest at odds with its files",
    "D167": "files in a folder of the archive (archives made by hand)",
    "D168": "other file names (Infinite Campus date tails)",
    "D169": "other header names and orders (PowerSchool, cut at 30 characters)",
    "D170": "delimiter and quote switches (Infinite Campus, PowerSchool)",
    "D171": "encodings other than plain UTF-8",
    "D172": "line ends and line breaks in cells",
    "D173": "lists in a cell (PowerSchool and Infinite Campus extracts)",
    "D174": "status filled in bulk or blank in delta",
    "D176": "extra columns",
    "D177": "other words for true and false",
    "D178": "date forms of spreadsheets",
    "D179": "files that went through a spreadsheet",
    "D180": "files of different moments (one export job per file)",
    "D181": "files picked up while they are being sent",
    "D182": "old files beside new ones",
    "D183": "rows dropped on the way (ClassLink)",
    "D184": "files with a header only",
    "D185": "archives that are more, or other, than a bundle",
}


def source_text(source: str) -> str:
    """A source with its numbers explained; KeyError for a number that is not in the table."""
    return "; ".join(
        f"{part}, {DEVIATIONS[part]}" if part[:1] == "D" and part[1:].isdigit() else part
        for part in (source.split(", ") if source.startswith("D") else [source])
    )
