"""Indexes to find the rows that an import created or edited, and the titles that a file had."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WITH_IMPORTS = ("policies", "claims", "policy_revisions", "claim_revisions")
DIGEST = "ix_import_files_titles_digest"


def index_of(table: str) -> str:
    """Return the name of a table's index by import."""
    return f"ix_{table}_import_id_id"


def upgrade() -> None:
    """Create the indexes, and the column, which is null for the files of before."""
    for table in WITH_IMPORTS:
        op.create_index(index_of(table), table, ["import_id", "id"])
    op.add_column("import_files", sa.Column("titles_digest", sa.String(64), nullable=True))
    op.create_index(DIGEST, "import_files", ["titles_digest"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index(DIGEST, "import_files")
    op.drop_column("import_files", "titles_digest")
    for table in WITH_IMPORTS:
        op.drop_index(index_of(table), table)
