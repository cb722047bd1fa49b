"""One alignment from reading to keeping: rows, catalogue, review, decisions.

Called by `sync courses`. Everything that is kept is kept in one transaction.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oneroster_harness.problems import CannotRun, UsageProblem
from sync_engine.courses import catalogue as catalogues
from sync_engine.courses import mappings, offerings, review
from sync_engine.courses.alignment import Aligned, Alignment
from sync_engine.courses.catalogue import Entry
from sync_engine.courses.codes import code_key
from sync_engine.courses.mappings import OURSELVES
from sync_engine.courses.report import Report
from sync_engine.live_rows import require_landed
from sync_engine.targets.session import Session, Target


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked. who and at: of the decisions of this run."""

    tenant: str
    catalogue: Path | None
    mappings: Path | None
    accept: Path | None
    who: str
    at: str
    dry_run: bool


def align(target: Target, order: Order) -> Report:
    """Align a tenant's courses and keep what is decided.

    Raises CannotRun when nothing has landed, UsageProblem for files that cannot be understood.
    """
    known = catalogues.load(order.catalogue) if order.catalogue else None
    given = _given(order.mappings, known) if order.mappings else {}
    decisions = review.read(order.accept) if order.accept else []
    if order.accept and known is None:
        raise UsageProblem("decisions need the catalogue that they choose from", "--catalogue FILE", "--accept")
    with target.reading() as session:
        require_landed(session, "classes", order.tenant, target.address)
    with target.reading() if order.dry_run else target.writing() as session:
        found = offerings.read(session, order.tenant)
        kept = mappings.current(session, order.tenant)
        aligned = Alignment(found, kept, known, given).all()
        decided, stale = _decided(order, aligned, decisions, known or {}, kept)
        decided += [_mapping(order, one, one.target, one.status, one.reason, OURSELVES, kept) for one in aligned if one.is_new]
        if not order.dry_run:
            _keep(session, decided)
    if decided:
        kept = kept | {mapping.course: mapping for mapping in decided}
        settled = {one.offering.id: one for one in aligned if one.is_new}
        aligned = [settled.get(one.offering.id, one) for one in Alignment(found, kept, known, given).all()]
    asked = review.questions(order.tenant, aligned)
    return Report(
        target.address, order.tenant, None if known is None else len(known), aligned, asked, len(decided), stale,
        order.dry_run,
    )  # fmt: skip


def _keep(session: Session, decided: Sequence[mappings.Mapping]) -> None:
    if decided:
        mappings.keep(session, decided)


def _decided(
    order: Order, aligned: Sequence[Aligned], decisions: Sequence[review.Decision], known: Mapping[str, Entry],
    kept: Mapping[str, mappings.Mapping],
) -> tuple[list[mappings.Mapping], int]:  # fmt: skip
    """What a person decided, and how many decisions no longer meet their question."""
    asked = {question.key: question for question in review.questions(order.tenant, aligned)}
    found: list[mappings.Mapping] = []
    stale = 0
    for decision in decisions:
        question = asked.get(decision.key)
        if question is None:
            stale += 1
            continue
        target, kind = review.target_of(decision, question, known, str(order.accept))
        why = decision.why or f"decided in a review: {question.first.reason}"
        found += [_mapping(order, one, target, kind, why, order.who, kept) for one in question.members]
    return found, stale


def _mapping(
    order: Order, one: Aligned, target: str, kind: str, reason: str, who: str, kept: Mapping[str, mappings.Mapping]
) -> mappings.Mapping:
    offering = one.offering
    number = kept[offering.id].number + 1 if offering.id in kept else 1
    return mappings.Mapping(
        order.tenant, offering.id, number, offering.code, offering.title, target, kind, reason, who, order.at
    )


def _given(path: Path, known: Mapping[str, Entry] | None) -> dict[str, str]:
    """A file of mappings that are decided elsewhere: columns code and target."""
    try:
        rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    except OSError as error:
        raise CannotRun(f"the mappings cannot be read: {error.strerror}", "a .csv file", str(path)) from error
    except (ValueError, csv.Error) as error:
        raise UsageProblem("the mappings cannot be understood", "CSV with code,target in UTF-8", str(path)) from error
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 2):
        key, target = code_key(row.get("code")), (row.get("target") or "").strip()
        where = f"{path}, row {number}"
        if not key or not target:
            raise UsageProblem("a mapping lacks its code or its target", "code,target", where)
        if found.get(key, target) != target:
            raise UsageProblem("one code has two targets", "each code once", where)
        if known is not None and target not in known:
            raise UsageProblem("the target is not in the catalogue", "a code as the catalogue writes it", where)
        found[key] = target
    return found
