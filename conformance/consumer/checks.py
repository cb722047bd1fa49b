"""The checks of a consumer: what each asks, how grave it is, and which findings follow from which.

Read by the comparison, the judge, the catalogue and the documentation.
"""

from __future__ import annotations

from dataclasses import dataclass

PAGING = "REST 1.1, pagination"
STATUS = "OneRoster 1.1, status and tobedeleted"
OURS = "the consumer's own affair; no section"


@dataclass(frozen=True, slots=True)
class ConsumerCheck:
    """One check. unasked: why it was not exercised when it was not."""

    id: str
    title: str
    severity: str
    section: str
    why: str
    remedy: str
    unasked: str = "no day was compared"


_ALL = (
    ConsumerCheck(
        "consumer.runs", "The consumer's command ends with an accepted exit code on a day without a fault.", "error", OURS,
        "A run that fails on a good day lands nothing.", "run the command by hand with --keep, and read its log", "nothing was run",
    ),
    ConsumerCheck(
        "consumer.lands", "What the consumer landed can be read, with a table for each entity that it takes.", "error", OURS,
        "Rows that cannot be found cannot be judged.", "correct `landed`, [table] or [take] in the adapter",
    ),
    ConsumerCheck(
        "consumer.columns", "Each landed table has the columns that the standard requires.", "warning", "CSV 1.1, required fields",
        "A field that is not taken is lost to the application.", "land the column, rename it in [columns], or list it in [ignore]",
    ),
    ConsumerCheck(
        "consumer.one-row-per-key", "A record is one row, however often it was read.", "error", "OneRoster 1.1, sourcedId",
        "A consumer that appends counts a student once per night.", "upsert by sourcedId, within the entity and the tenant",
    ),
    ConsumerCheck(
        "consumer.all-pages", "Pages after the first one are read.", "error", PAGING,
        "Everybody behind the first page is missing, and no error tells it.",
        "go on until a page is empty, or until as many records were received as X-Total-Count says",
        "no collection was longer than a page, or no day came by API",
    ),
    ConsumerCheck(
        "consumer.steps-by-received", "The next page begins where the last one ended, also when the provider caps the page.", "error",
        PAGING, "A client that adds its own page size to the offset skips what the provider cut off.",
        "add the number of records received to the offset, or follow the next link",
        "no collection was longer than a page, or no day came by API",
    ),
    ConsumerCheck(
        "consumer.failed-read-keeps-rows", "A read that fails or cannot be believed takes no row away.", "error",
        "OneRoster 1.1, absence in a full read", "One bad night of the provider empties the classes.",
        "remove rows only after every page of every collection was read and the numbers agree", "no read was made to fail",
    ),
    ConsumerCheck(
        "consumer.failure-told", "A run whose read failed does not end as if all was well.", "warning", OURS,
        "Nobody looks after a sync that says that it succeeded.", "end with another exit code", "no read was made to fail",
    ),
    ConsumerCheck(
        "consumer.passing-fault", "A fault that passes (a server error, 429) is outlived by trying again.", "warning", "RFC 9110 15.6; RFC 6585 4",
        "One server error in some thousand requests fails every night's run.", "repeat a page a few times, and wait as Retry-After says",
        "no passing fault struck",
    ),
    ConsumerCheck(
        "consumer.tobedeleted-honoured", "A record that is told as tobedeleted no longer counts.", "error", STATUS,
        "A student who left keeps an account and stays on the list.", "retire the row when its status is tobedeleted",
        "no record was told as tobedeleted",
    ),
    ConsumerCheck(
        "consumer.absent-retired", "A record that a full read no longer holds no longer counts.", "error", STATUS,
        "Bulk bundles and some vendors' APIs tell of a deletion by absence only.",
        "after a read that was complete, retire what it did not hold", "no record vanished",
    ),
    ConsumerCheck(
        "consumer.retired-in-time", "A record is retired on the day that it goes.", "error", STATUS,
        "Until then the account is open.", "retire at once, or give grace_days in the adapter", "no record went",
    ),
    ConsumerCheck(
        "consumer.wrongly-retired", "A record that is still there still counts.", "error", STATUS,
        "A child loses access and work.", "retire only what is told as tobedeleted, or is absent from a complete read",
    ),
    ConsumerCheck(
        "consumer.restored", "A record that comes back under its key counts again.", "error", STATUS,
        "A mistake of the office that was mended stays a mistake.", "let an active record make a retired row active",
        "no record came back",
    ),
    ConsumerCheck(
        "consumer.id-case", "Keys that differ in case only are two records.", "error", "OneRoster 1.1, sourcedId is case-sensitive",
        "One of two children vanishes, or takes the other's place.", "compare keys byte by byte; mind the database's collation",
        "no two keys of the district differ in case only (see the dialect's ids: case-twins)",
    ),
    ConsumerCheck(
        "consumer.dates-keep-their-day", "A date stays the day that it was.", "error", "OneRoster 1.1, date format",
        "Birthdays and first school days are off by one.", "keep dates as dates; never turn them into an instant of a time zone",
        "no date was landed",
    ),
    ConsumerCheck(
        "consumer.updates-applied", "A change of a record reaches its row.", "error", "OneRoster 1.1, dateLastModified",
        "The row keeps the old class, name or school.", "compare every field, not the key alone", "no record changed",
    ),
    ConsumerCheck(
        "consumer.rows-missing", "Every record that counts is landed.", "error", OURS, "People and classes are missing.",
        "look for a filter, a limit, or a record that could not be read",
    ),
    ConsumerCheck(
        "consumer.rows-extra", "Nothing is landed that the provider never had.", "error", OURS, "Accounts without a person.",
        "look for rows of another tenant, or keys that are changed on the way",
    ),
    ConsumerCheck(
        "consumer.values", "Every landed value is the record's.", "error", OURS, "The application works with wrong facts.",
        "compare the field in the adapter's folder (--keep) with the provider; a field that is changed on purpose belongs into [ignore]",
    ),
)  # fmt: skip
CHECKS = {check.id: check for check in _ALL}

_LATER = (
    "consumer.tobedeleted-honoured", "consumer.absent-retired", "consumer.retired-in-time", "consumer.updates-applied", "consumer.values",
    "consumer.rows-extra", "consumer.restored", "consumer.wrongly-retired", "consumer.rows-missing",
)  # fmt: skip
CONSEQUENCES: dict[str, tuple[str, ...]] = {
    "consumer.runs": tuple(found for found in CHECKS if found != "consumer.runs"),
    "consumer.lands": _LATER,
    # Records move to other places from day to day: what was read the day before may lie in a gap today.
    "consumer.all-pages": (*_LATER, "consumer.failed-read-keeps-rows"),
    "consumer.steps-by-received": (*_LATER, "consumer.failed-read-keeps-rows"),
    "consumer.one-row-per-key": _LATER,
    "consumer.failed-read-keeps-rows": ("consumer.failure-told", "consumer.passing-fault"),
    "consumer.id-case": ("consumer.values", "consumer.updates-applied", "consumer.rows-extra", "consumer.wrongly-retired"),
}
"""Root -> what follows from it when both are found for one vendor and channel."""
