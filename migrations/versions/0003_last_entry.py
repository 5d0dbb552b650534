"""Store the dates of a claim's last entry on the claim, for as-at queries without the ledger."""

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

    Plain ADD COLUMN: on SQLite a batch operation would recreate the table that the ledger refers to.
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
    """Drop the columns and their check."""
    op.execute("ALTER TABLE claims DROP COLUMN last_recorded_at")
    op.execute("ALTER TABLE claims DROP COLUMN last_transaction_date")
