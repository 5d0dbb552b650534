"""The book: policies, claims, the ledger, and the history of facts."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def sorted_text(length=None):
    """Return a text type that both databases sort by bytes."""
    kind = sa.String if length else sa.Text
    return kind(length).with_variant(kind(length, collation="C"), "postgresql")


def make_book() -> None:
    """Insert the row of the book's currency and time zone, from the settings."""
    book = sa.table("book", *map(sa.column, ("id", "currency", "time_zone", "made_at")))
    book.c.made_at.type = sa.DateTime(timezone=True)
    config = current_app.config
    row = {"currency": config["BOOK_CURRENCY"], "time_zone": config["BOOK_TIME_ZONE"]}
    op.bulk_insert(book, [{"id": 1, **row, "made_at": datetime.now(UTC)}])


def upgrade() -> None:
    """Bring the schema to this revision."""
    op.create_table(
        "book",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_book_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_number", sorted_text(64), nullable=False),
        sa.Column("policy_number_key", sorted_text(192), nullable=False),
        sa.Column("policyholder", sorted_text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_token", sa.String(length=32), nullable=True),
        sa.Column("line_of_business", sa.String(length=32), nullable=False),
        sa.Column("inception_date", sa.Date(), nullable=False),
        sa.Column("expiry_date", sa.Date(), nullable=False),
        sa.Column("premium", sa.BigInteger(), nullable=False),
        sa.Column("deductible", sa.BigInteger(), nullable=False),
        sa.Column("sum_insured", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "cancelled_on IS NULL OR (cancelled_on >= inception_date AND cancelled_on < expiry_date)",
            name=op.f("ck_policies_cancelled_within_period"),
        ),
        sa.CheckConstraint("inception_date < expiry_date", name=op.f("ck_policies_period")),
        sa.CheckConstraint("premium >= 0 AND deductible >= 0", name=op.f("ck_policies_amounts")),
        sa.CheckConstraint(
            "sum_insured IS NULL OR sum_insured >= 0", name=op.f("ck_policies_sum_insured")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        sa.UniqueConstraint("form_token", name=op.f("uq_policies_form_token")),
        sa.UniqueConstraint("policy_number_key", name=op.f("uq_policies_policy_number_key")),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_reference", sorted_text(64), nullable=False),
        sa.Column("claim_reference_key", sorted_text(192), nullable=False),
        sa.Column("description", sorted_text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("closed_date", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form_token", sa.String(length=32), nullable=True),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.Column("loss_date", sa.Date(), nullable=True),
        sa.Column("reported_date", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'reopened', 'closed', 'declined')", name=op.f("ck_claims_status")
        ),
        sa.CheckConstraint(
            "paid >= 0 AND outstanding >= 0 AND recovered >= 0 AND recovered <= paid",
            name=op.f("ck_claims_balances"),
        ),
        sa.CheckConstraint(
            "reported_date IS NULL OR loss_date <= reported_date", name=op.f("ck_claims_dates")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policies.id"], name=op.f("fk_claims_policy_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
        sa.UniqueConstraint("form_token", name=op.f("uq_claims_form_token")),
        sa.UniqueConstraint("claim_reference_key", name=op.f("uq_claims_claim_reference_key")),
    )
    op.create_index(op.f("ix_claims_policy_id_id"), "claims", ["policy_id", "id"], unique=False)
    op.create_index(op.f("ix_claims_status_id"), "claims", ["status", "id"], unique=False)
    op.create_table(
        "policy_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_by", sa.String(length=64), nullable=False),
        sa.Column("policyholder_changed", sa.Boolean(), nullable=False),
        sa.Column("line_of_business", sa.String(length=32), nullable=False),
        sa.Column("inception_date", sa.Date(), nullable=False),
        sa.Column("expiry_date", sa.Date(), nullable=False),
        sa.Column("premium", sa.BigInteger(), nullable=False),
        sa.Column("deductible", sa.BigInteger(), nullable=False),
        sa.Column("sum_insured", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policies.id"],
            name=op.f("fk_policy_revisions_policy_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_revisions")),
    )
    op.create_index(
        op.f("ix_policy_revisions_policy_id"), "policy_revisions", ["policy_id"], unique=False
    )
    op.create_table(
        "claim_revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_by", sa.String(length=64), nullable=False),
        sa.Column("description_changed", sa.Boolean(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.Column("loss_date", sa.Date(), nullable=True),
        sa.Column("reported_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["claim_id"],
            ["claims.id"],
            name=op.f("fk_claim_revisions_claim_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policies.id"],
            name=op.f("fk_claim_revisions_policy_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_revisions")),
    )
    op.create_index(
        op.f("ix_claim_revisions_claim_id"), "claim_revisions", ["claim_id"], unique=False
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("entry_type", sa.String(length=32), nullable=False),
        sa.Column("transaction_date", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.String(length=64), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("paid_after", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_after", sa.BigInteger(), nullable=False),
        sa.Column("recovered_after", sa.BigInteger(), nullable=False),
        sa.Column("status_after", sa.String(length=32), nullable=False),
        sa.Column("closed_date_after", sa.Date(), nullable=True),
        sa.Column("reason", sorted_text(), nullable=True),
        sa.Column("reverses", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(entry_type IN ('PAYMENT_REVERSAL', 'RECOVERY_REVERSAL') AND reverses IS NOT NULL) OR entry_type = 'ADJUSTMENT' OR (entry_type NOT IN ('PAYMENT_REVERSAL', 'RECOVERY_REVERSAL') AND reverses IS NULL)",
            name=op.f("ck_ledger_entries_reverses"),
        ),
        sa.CheckConstraint(
            "(status_after IN ('closed', 'declined') AND outstanding_after = 0 AND closed_date_after IS NOT NULL) OR (status_after NOT IN ('closed', 'declined') AND closed_date_after IS NULL)",
            name=op.f("ck_ledger_entries_settled"),
        ),
        sa.CheckConstraint(
            "entry_type <> 'RESERVE_REOPEN' OR reason IS NOT NULL",
            name=op.f("ck_ledger_entries_reason"),
        ),
        sa.CheckConstraint(
            "entry_type IN ('RESERVE_OPEN', 'RESERVE_CHANGE', 'PAYMENT', 'PAYMENT_REVERSAL', 'RECOVERY_SUBROGATION', 'RECOVERY_SALVAGE', 'RECOVERY_DEDUCTIBLE', 'RECOVERY_REVERSAL', 'RESERVE_CLOSE', 'CLAIM_DECLINED', 'RESERVE_REOPEN', 'IMPORT_OPENING', 'ADJUSTMENT')",
            name=op.f("ck_ledger_entries_entry_type"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('CLAIM_DECLINED') OR (paid = 0 AND recovered = 0 AND outstanding <= 0 AND paid_after = 0 AND status_after = 'declined')",
            name=op.f("ck_ledger_entries_signs_claim_declined"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('IMPORT_OPENING') OR (paid >= 0 AND outstanding >= 0 AND recovered >= 0)",
            name=op.f("ck_ledger_entries_signs_import_opening"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('PAYMENT') OR (paid > 0 AND outstanding <= 0 AND outstanding >= -paid AND recovered = 0)",
            name=op.f("ck_ledger_entries_signs_payment"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('PAYMENT_REVERSAL') OR (paid < 0 AND outstanding >= 0 AND recovered = 0)",
            name=op.f("ck_ledger_entries_signs_payment_reversal"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('RECOVERY_REVERSAL') OR (paid = 0 AND outstanding = 0 AND recovered < 0)",
            name=op.f("ck_ledger_entries_signs_recovery_reversal"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('RECOVERY_SUBROGATION', 'RECOVERY_SALVAGE', 'RECOVERY_DEDUCTIBLE') OR (paid = 0 AND outstanding = 0 AND recovered > 0)",
            name=op.f("ck_ledger_entries_signs_recovery"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('RESERVE_CHANGE') OR (paid = 0 AND recovered = 0)",
            name=op.f("ck_ledger_entries_signs_reserve_change"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('RESERVE_CLOSE') OR (paid = 0 AND recovered = 0 AND outstanding <= 0 AND status_after = 'closed')",
            name=op.f("ck_ledger_entries_signs_reserve_close"),
        ),
        sa.CheckConstraint(
            "entry_type NOT IN ('RESERVE_OPEN', 'RESERVE_REOPEN') OR (paid = 0 AND recovered = 0 AND outstanding >= 0)",
            name=op.f("ck_ledger_entries_signs_reserve_open"),
        ),
        sa.CheckConstraint(
            "status_after IN ('open', 'reopened', 'closed', 'declined')",
            name=op.f("ck_ledger_entries_status_after"),
        ),
        sa.CheckConstraint(
            "paid BETWEEN -99999999999999 AND 99999999999999 AND outstanding BETWEEN -99999999999999 AND 99999999999999 AND recovered BETWEEN -99999999999999 AND 99999999999999",
            name=op.f("ck_ledger_entries_largest_entry"),
        ),
        sa.CheckConstraint(
            "paid_after >= 0 AND outstanding_after >= 0 AND recovered_after >= 0 AND recovered_after <= paid_after",
            name=op.f("ck_ledger_entries_balances"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"],
            ["claims.id"],
            name=op.f("fk_ledger_entries_claim_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reverses"],
            ["ledger_entries.id"],
            name=op.f("fk_ledger_entries_reverses"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_entries_reverses")),
    )
    op.create_index(
        op.f("ix_ledger_entries_claim_id_recorded_at"),
        "ledger_entries",
        ["claim_id", "recorded_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_ledger_entries_claim_id_transaction_date"),
        "ledger_entries",
        ["claim_id", "transaction_date"],
        unique=False,
    )
    make_book()


def downgrade() -> None:
    """Drop the schema."""
    op.drop_index(op.f("ix_ledger_entries_claim_id_transaction_date"), table_name="ledger_entries")
    op.drop_index(op.f("ix_ledger_entries_claim_id_recorded_at"), table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_index(op.f("ix_claim_revisions_claim_id"), table_name="claim_revisions")
    op.drop_table("claim_revisions")
    op.drop_index(op.f("ix_policy_revisions_policy_id"), table_name="policy_revisions")
    op.drop_table("policy_revisions")
    op.drop_index(op.f("ix_claims_status_id"), table_name="claims")
    op.drop_index(op.f("ix_claims_policy_id_id"), table_name="claims")
    op.drop_table("claims")
    op.drop_table("policies")
    op.drop_table("counters")
    op.drop_table("book")
