"""Rows into typed rows, or a refusal for each that cannot be taken; without a database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from flaskr.claims.models import Cause
from flaskr.claims.rules import EntryType, Movement
from flaskr.imports import cells
from flaskr.imports.layouts import Row, Table
from flaskr.imports.refusals import ImportRefused, Refusal
from flaskr.policies.models import LineOfBusiness
from flaskr.text import reference_key

T = TypeVar("T")


@dataclass(frozen=True)
class ClaimCost:
    """What one claim costs in all."""

    row: Row
    claim_reference: str
    claim_cost: Decimal


@dataclass(frozen=True)
class PolicyRow:
    """A policy of an older system."""

    row: Row
    policy_number: str
    line_of_business: LineOfBusiness
    policyholder: str
    inception_date: date
    expiry_date: date
    premium: Decimal
    deductible: Decimal
    sum_insured: Decimal | None
    cancelled_on: date | None
    recorded_at: datetime | None


@dataclass(frozen=True)
class ClaimRow:
    """A claim of an older system."""

    row: Row
    claim_reference: str
    policy_number: str | None
    cause: Cause | None
    loss_date: date | None
    reported_date: date | None
    description: str
    recorded_at: datetime | None


@dataclass(frozen=True)
class EntryRow:
    """A ledger entry of an older system."""

    row: Row
    claim_reference: str
    entry_type: EntryType
    transaction_date: date
    recorded_at: datetime
    movement: Movement
    entry_number: str | None
    recorded_date: date | None  # the local day of `recorded_at`, for comparison


def claim_cost(row: Row) -> ClaimCost:
    """Read a row of claim costs."""
    return ClaimCost(
        row,
        row.required("claim_reference", cells.reference),
        row.required("claim_cost", cells.amount_of_nought_or_more),
    )


def policy_row(row: Row) -> PolicyRow:
    """Read a row of policies."""
    return PolicyRow(
        row,
        policy_number=row.required("policy_number", cells.reference),
        line_of_business=row.required("line_of_business", cells.member(LineOfBusiness)),
        policyholder=row.optional("policyholder", cells.text) or "",
        inception_date=row.required("inception_date", cells.day),
        expiry_date=row.required("expiry_date", cells.day),
        premium=row.required("premium", cells.amount_of_nought_or_more),
        deductible=row.required("deductible", cells.amount_of_nought_or_more),
        sum_insured=row.optional("sum_insured", cells.amount_of_nought_or_more),
        cancelled_on=row.optional("cancelled_on", cells.day),
        recorded_at=row.optional("recorded_at", cells.instant),
    )


def claim_row(row: Row) -> ClaimRow:
    """Read a row of claims."""
    return ClaimRow(
        row,
        claim_reference=row.required("claim_reference", cells.reference),
        policy_number=row.optional("policy_number", cells.reference),
        cause=row.optional("cause", cells.member(Cause)),
        loss_date=row.optional("loss_date", cells.day),
        reported_date=row.optional("reported_date", cells.day),
        description=row.optional("description", cells.text) or "",
        recorded_at=row.optional("recorded_at", cells.instant),
    )


def entry_row(row: Row) -> EntryRow:
    """Read a row of the ledger."""
    return EntryRow(
        row,
        claim_reference=row.required("claim_reference", cells.reference),
        entry_type=row.required("entry_type", cells.member(EntryType)),
        transaction_date=row.required("transaction_date", cells.day),
        recorded_at=row.required("recorded_at", cells.instant),
        movement=Movement(
            row.required("paid", cells.amount),
            row.required("outstanding", cells.amount),
            row.required("recovered", cells.amount),
        ),
        entry_number=row.optional("entry_number", cells.reference),
        recorded_date=row.optional("recorded_date", cells.day),
    )


def checked(table: Table, read: Callable[[Row], T], unique: str) -> tuple[list[T], list[Refusal]]:
    """Return the rows of a table that can be read, and why the others cannot.

    What stands in the column `unique` stands there once, however its letters are cased.
    """
    typed: list[T] = []
    refusals: list[Refusal] = []
    first_seen: dict[str, int] = {}
    for row in table.rows:
        try:
            item = read(row)
            check_unique(row, getattr(item, unique), unique, first_seen)
        except ImportRefused as error:
            refusals.extend(error.refusals)
        else:
            typed.append(item)
    return typed, refusals


def check_unique(row: Row, name: str | None, column: str, first_seen: dict[str, int]) -> None:
    """Raise ImportRefused for what an earlier row has already."""
    if name is None:
        return
    earlier = first_seen.setdefault(reference_key(name), row.number)
    if earlier != row.number:
        raise row.refused(f"Row {earlier} has it already. Keep one of them.", column)


def raise_any(refusals: Iterable[Refusal]) -> None:
    """Raise ImportRefused when there is any refusal."""
    if found := tuple(refusals):
        raise ImportRefused(*found)
