"""The seals of the book's commits, and an index to find the events of one request.

A book with rows is sealed by one seal, over everything that it has.
"""

import sqlalchemy as sa
from alembic import op

from flaskr.book.sealing.services import seal_commit

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HIGHEST_IDS = (
    "policies",
    "claims",
    "ledger_entries",
    "policy_revisions",
    "claim_revisions",
    "imports",
    "import_files",
    "closings",
    "live_declarations",
)


def protect(table: str) -> None:
    """Make a table append-only, as 0007 does."""
    if op.get_bind().dialect.name == "postgresql":
        for name, event, each in (
            ("no_change", "UPDATE OR DELETE", "ROW"),
            ("no_truncate", "TRUNCATE", "STATEMENT"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace_id BEFORE INSERT ON {table} WHEN NEW.id IS NOT NULL "
        f"AND EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}"
    )


def upgrade() -> None:
    """Create the table, and seal what the book has."""
    integers = (sa.Column(name, sa.Integer(), nullable=False) for name in HIGHEST_IDS)
    op.create_table(
        "seals",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *integers,
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals")),
    )
    protect("seals")
    op.create_index(op.f("ix_audit_events_request_id"), "audit_events", ["request_id"])
    connection = op.get_bind().connection.driver_connection
    rows = " UNION ALL ".join(f"SELECT max(id) AS id FROM {name}" for name in HIGHEST_IDS)
    if connection.execute(f"SELECT max(id) FROM ({rows}) AS ids").fetchone()[0]:
        seal_commit(connection)


def downgrade() -> None:
    """Drop the seals."""
    op.drop_index(op.f("ix_audit_events_request_id"), "audit_events")
    op.drop_table("seals")
