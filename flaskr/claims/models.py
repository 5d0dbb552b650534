"""The tables of claims, of their ledger, and of their earlier facts."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskr.claims.ledger.balances import Movement
from flaskr.claims.ledger.constraints import CLAIM_CHECKS, LEDGER_CHECKS
from flaskr.claims.ledger.rules import State
from flaskr.extensions import Base
from flaskr.facts.closed_lists import (
    Cause,
    CostType,
    Coverage,
    EntryException,
    EntryType,
    ReasonCode,
    Status,
)
from flaskr.import_records.models import ImportSource
from flaskr.policies.models import Policy
from flaskr.values.column_types import (
    FreeText,
    Instant,
    Money,
    OptionalCode,
    Reference,
    ReferenceKey,
    closed_list,
)


class ClaimFacts:
    """The facts of a claim that can be edited; their earlier values are kept in revisions."""

    policy_id: Mapped[int | None] = mapped_column(ForeignKey(Policy.id, ondelete="RESTRICT"))
    cause: Mapped[Cause | None] = mapped_column(closed_list(Cause))
    loss_date: Mapped[date | None]
    reported_date: Mapped[date | None]
    event_code: Mapped[OptionalCode]  # the occurrence behind many claims, such as a storm


CLAIM_FACTS = tuple(ClaimFacts.__annotations__)
CLAIM_EDITS = (*CLAIM_FACTS, "description")


class Claim(ClaimFacts, ImportSource, Base):
    """One loss, with a copy of the state and the instants of its last ledger entry.

    Lists filter and sort by the copy, and as-at queries use it for claims without later entries.
    """

    __tablename__ = "claims"
    __table_args__ = (
        *CLAIM_CHECKS,
        Index(None, "policy_id", "id"),
        Index(None, "status", "id"),
        Index(None, "loss_date", "id"),
        Index(None, "reported_date", "id"),
        Index(None, "event_code", "id"),
        Index(None, "import_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_reference: Mapped[Reference]
    claim_reference_key: Mapped[ReferenceKey]
    description: Mapped[FreeText]
    status: Mapped[Status] = mapped_column(closed_list(Status))
    paid: Mapped[Money]
    outstanding: Mapped[Money]
    recovered: Mapped[Money]
    closed_date: Mapped[date | None]
    first_transaction_date: Mapped[date | None]  # the least day of any entry
    last_transaction_date: Mapped[date | None]  # the greatest; all three are null without entries
    last_recorded_at: Mapped[Instant | None]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]  # of the facts: each edit adds one
    form_token: Mapped[str | None] = mapped_column(String(32), unique=True)
    erased_at: Mapped[Instant | None]  # since then its texts, and those of its entries, stay empty

    policy: Mapped[Policy | None] = relationship(lazy="raise_on_sql")

    @hybrid_property
    def claim_cost(self):
        """Paid plus outstanding: incurred."""
        return self.paid + self.outstanding

    @property
    def state(self) -> State:
        """The balances, status and closed date after the last entry."""
        return State(self.paid, self.outstanding, self.recovered, self.status, self.closed_date)

    @property
    def coverage(self) -> Coverage:
        """The coverage by the facts as they are now."""
        return coverage_of(self.policy, self.loss_date)


def coverage_of(policy: Policy | None, loss_date: date | None) -> Coverage:
    """Return whether the policy covers the loss date; unverified without either of them."""
    if policy is None or loss_date is None:
        return Coverage.UNVERIFIED
    return Coverage.IN_FORCE if policy.covers(loss_date) else Coverage.NOT_IN_FORCE


_IS_EXPENSE = text("cost_type = 'expense'")


class LedgerEntry(ImportSource, Base):
    """One movement on a claim, never edited or deleted: a further entry corrects a mistake."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        *LEDGER_CHECKS,
        Index(None, "claim_id", "recorded_at"),
        Index(None, "claim_id", "transaction_date"),
        # What is not expense is indemnity: see `queries.balances_by_type`.
        Index(
            "ix_ledger_entries_expense",
            "claim_id",
            sqlite_where=_IS_EXPENSE,
            postgresql_where=_IS_EXPENSE,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(Claim.id, ondelete="RESTRICT"))
    entry_type: Mapped[EntryType] = mapped_column(closed_list(EntryType))
    cost_type: Mapped[CostType] = mapped_column(
        closed_list(CostType), server_default=CostType.INDEMNITY.value
    )
    transaction_date: Mapped[date]
    recorded_at: Mapped[Instant]
    imported_at: Mapped[Instant | None]  # by migrations: recorded_at is the old system's
    recorded_by: Mapped[str] = mapped_column(String(64))
    paid: Mapped[Money]  # signed deltas
    outstanding: Mapped[Money]
    recovered: Mapped[Money]
    # The state after this entry, so that as-at queries read one entry and add nothing up.
    paid_after: Mapped[Money]
    outstanding_after: Mapped[Money]
    recovered_after: Mapped[Money]
    status_after: Mapped[Status] = mapped_column(closed_list(Status))
    closed_date_after: Mapped[date | None]
    reason_code: Mapped[ReasonCode | None] = mapped_column(closed_list(ReasonCode))
    reverses: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_entries.id", ondelete="RESTRICT"), unique=True
    )
    exceptions: Mapped[str | None] = mapped_column(String(200))  # names, separated by spaces
    # The state after this entry in the order of (transaction_date, id), where a claim that was
    # migrated has entries whose days are not in the order of recording.
    paid_booked: Mapped[Money | None]
    outstanding_booked: Mapped[Money | None]
    recovered_booked: Mapped[Money | None]
    status_booked: Mapped[Status | None] = mapped_column(closed_list(Status))
    closed_date_booked: Mapped[date | None]

    texts: Mapped["EntryTexts | None"] = relationship(lazy="raise_on_sql")

    @property
    def movement(self) -> Movement:
        """The signed deltas."""
        return Movement(self.paid, self.outstanding, self.recovered)

    @property
    def state(self) -> State:
        """The state of the claim after this entry."""
        return State(
            self.paid_after,
            self.outstanding_after,
            self.recovered_after,
            self.status_after,
            self.closed_date_after,
        )

    @property
    def broken_rules(self) -> list[EntryException]:
        """The rules of how people work that a migrated entry breaks."""
        return [EntryException(name) for name in (self.exceptions or "").split()]


class EntryTexts(Base):
    """The texts of a ledger entry that may name people: each can be erased, and not changed."""

    __tablename__ = "entry_texts"

    entry_id: Mapped[int] = mapped_column(
        ForeignKey(LedgerEntry.id, ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    reason: Mapped[FreeText | None]
    payee: Mapped[FreeText | None]
    payee_reference: Mapped[FreeText | None]  # the number of the invoice
    note: Mapped[FreeText | None]


ENTRY_TEXTS = tuple(name for name in EntryTexts.__annotations__ if name != "entry_id")


class ClaimRevision(ClaimFacts, Base):
    """A claim's facts as they were until `replaced_at`; never edited or deleted."""

    __tablename__ = "claim_revisions"
    __table_args__ = (Index(None, "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(Claim.id, ondelete="RESTRICT"), index=True)
    replaced_at: Mapped[Instant]
    replaced_by: Mapped[str] = mapped_column(String(64))
    description_changed: Mapped[bool]
    import_id: Mapped[int | None]
