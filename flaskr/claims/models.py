"""The tables of claims, of their ledger, and of their earlier facts."""

from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskr.claims.ledger.constraints import CLAIM_CHECKS, LEDGER_CHECKS
from flaskr.claims.ledger.rules import Movement, State
from flaskr.extensions import Base
from flaskr.facts.closed_lists import Cause, Coverage, EntryType, Status
from flaskr.import_records.models import ImportSource
from flaskr.policies.models import Policy
from flaskr.values.column_types import (
    FreeText,
    Instant,
    Money,
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
    last_transaction_date: Mapped[date | None]  # this and the next: null without entries
    last_recorded_at: Mapped[Instant | None]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]  # of the facts: each edit adds one
    form_token: Mapped[str | None] = mapped_column(String(32), unique=True)

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


class LedgerEntry(ImportSource, Base):
    """One movement on a claim, never edited or deleted: a further entry corrects a mistake."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        *LEDGER_CHECKS,
        Index(None, "claim_id", "recorded_at"),
        Index(None, "claim_id", "transaction_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(Claim.id, ondelete="RESTRICT"))
    entry_type: Mapped[EntryType] = mapped_column(closed_list(EntryType))
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
    reason: Mapped[FreeText | None]
    reverses: Mapped[int | None] = mapped_column(
        ForeignKey("ledger_entries.id", ondelete="RESTRICT"), unique=True
    )

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


class ClaimRevision(ClaimFacts, Base):
    """A claim's facts as they were until `replaced_at`; never edited or deleted."""

    __tablename__ = "claim_revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    claim_id: Mapped[int] = mapped_column(ForeignKey(Claim.id, ondelete="RESTRICT"), index=True)
    replaced_at: Mapped[Instant]
    replaced_by: Mapped[str] = mapped_column(String(64))
    description_changed: Mapped[bool]
    import_id: Mapped[int | None]
