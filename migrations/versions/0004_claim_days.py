"""Indexes on the loss date and the reported date, by which lists are filtered and sorted."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DAYS = ("loss_date", "reported_date")


def upgrade() -> None:
    """Create the indexes."""
    for day in DAYS:
        op.create_index(op.f(f"ix_claims_{day}_id"), "claims", [day, "id"], unique=False)


def downgrade() -> None:
    """Drop the indexes."""
    for day in reversed(DAYS):
        op.drop_index(op.f(f"ix_claims_{day}_id"), table_name="claims")
