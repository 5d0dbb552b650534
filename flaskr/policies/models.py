"""The tables of policies and of their earlier facts."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from flaskr.extensions import Base
from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.import_records.models import ImportSource
from flaskr.policies.cover import covers
from flaskr.values.column_types import (
    FreeText,
    Instant,
    Money,
    Reference,
    ReferenceKey,
    closed_list,
)


class PolicyFacts:
    """The facts of a policy that can be edited; their earlier values are kept in revisions."""

    line_of_business: Mapped[LineOfBusiness] = mapped_column(closed_list(LineOfBusiness))
    inception_date: Mapped[date]  # the first day of cover
    expiry_date: Mapped[date]  # the first day without cover
    premium: Mapped[Money]
    deductible: Mapped[Money]
    sum_insured: Mapped[Money | None]
    cancelled_on: Mapped[date | None]  # the first day without cover, when earlier than the expiry


POLICY_FACTS = tuple(PolicyFacts.__annotations__)
POLICY_EDITS = (*POLICY_FACTS, "policyholder")


class Policy(PolicyFacts, ImportSource, Base):
    """One policy; it covers the half-open period from inception to expiry or cancellation."""

    __tablename__ = "policies"
    __table_args__ = (
        CheckConstraint("inception_date < expiry_date", name="period"),
        CheckConstraint("premium >= 0 AND deductible >= 0", name="amounts"),
        CheckConstraint("sum_insured IS NULL OR sum_insured >= 0", name="sum_insured"),
        CheckConstraint(
            "cancelled_on IS NULL"
            " OR (cancelled_on >= inception_date AND cancelled_on < expiry_date)",
            name="cancelled_within_period",
        ),
        CheckConstraint("erased_at IS NULL OR policyholder = ''", name="erased"),
        Index(None, "import_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_number: Mapped[Reference]
    policy_number_key: Mapped[ReferenceKey]
    policyholder: Mapped[FreeText]
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]  # of the facts: each edit adds one
    form_token: Mapped[str | None] = mapped_column(String(32), unique=True)
    erased_at: Mapped[Instant | None]  # since then the policyholder stays empty

    def covers(self, loss_date: date) -> bool:
        """Whether the policy covers a loss on that day."""
        return covers(self, loss_date)


class PolicyRevision(PolicyFacts, Base):
    """A policy's facts as they were until `replaced_at`; never edited or deleted."""

    __tablename__ = "policy_revisions"
    __table_args__ = (Index(None, "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey(Policy.id, ondelete="RESTRICT"), index=True)
    replaced_at: Mapped[Instant]
    replaced_by: Mapped[str] = mapped_column(String(64))
    policyholder_changed: Mapped[bool]
    import_id: Mapped[int | None]
