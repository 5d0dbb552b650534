"""When a claim's last entry was, kept on the claim: a cut after it need not look at the ledger."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FILL = """
UPDATE claims SET (last_transaction_date, last_recorded_at) = (
    SELECT transaction_date, recorded_at FROM ledger_entries WHERE claim_id = claims.id
    ORDER BY transaction_date DESC, id DESC LIMIT 1
)
"""


def upgrade() -> None:
    """Add the columns and fill them from the ledger.

    By plain ADD COLUMN: on SQLite a batch operation would make the table anew, under the feet of
    its ledger.
    """
    instant = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    op.execute("ALTER TABLE claims ADD COLUMN last_transaction_date DATE")
    op.execute(
        f"ALTER TABLE claims ADD COLUMN last_recorded_at {instant} "
        "CONSTRAINT ck_claims_last_entry "
        "CHECK ((last_transaction_date IS NULL) = (last_recorded_at IS NULL))"
    )
    op.execute(FILL)


def downgrade() -> None:
    """Drop the columns, and the check with the one that it came with."""
    op.execute("ALTER TABLE claims DROP COLUMN last_recorded_at")
    op.execute("ALTER TABLE claims DROP COLUMN last_transaction_date")
