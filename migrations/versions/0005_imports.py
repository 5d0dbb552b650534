"""Imports: an append-only record of each import and its files, and each row's import."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As in 0002: each append-only table with its unique columns.
APPEND_ONLY = {"imports": ("id", "job", "undoes"), "import_files": ("id",)}
SOURCED = ("policies", "claims", "ledger_entries")
REVISED = ("policy_revisions", "claim_revisions")


def upgrade() -> None:
    """Create both tables, and the columns for the import of each row."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    make_imports(is_sqlite)
    make_files(is_sqlite)
    protect_sqlite() if is_sqlite else protect_postgresql()
    # Plain ADD COLUMN: a batch operation would recreate the tables and drop their triggers. No
    # foreign key, because SQLite could not drop it again; imports are never deleted.
    for table in (*SOURCED, *REVISED):
        op.execute(f"ALTER TABLE {table} ADD COLUMN import_id INTEGER")
    for table in SOURCED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN import_row INTEGER")


def instant(is_sqlite: bool) -> sa.DateTime:
    """Return the column type of instants."""
    return sa.DateTime(timezone=not is_sqlite)


def free_text(is_sqlite: bool) -> sa.Text:
    """Return the column type of texts that sort by bytes."""
    return sa.Text() if is_sqlite else sa.Text(collation="C")


def make_imports(is_sqlite: bool) -> None:
    """Create the table of imports."""
    counts = ("created", "changed", "unchanged", "refused", "entries")
    amounts = ("paid", "outstanding", "recovered")
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("recorded_at", instant(is_sqlite), nullable=False),
        sa.Column("recorded_by", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("first_entry", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in amounts),
        sa.Column("job", sa.String(16), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.CheckConstraint("(undoes IS NULL) = (kind <> 'undo')", name=op.f("ck_imports_undoes")),
        sa.CheckConstraint(
            "created >= 0 AND changed >= 0 AND unchanged >= 0 AND refused >= 0",
            name=op.f("ck_imports_counts"),
        ),
        sa.ForeignKeyConstraint(
            ["undoes"], ["imports.id"], name=op.f("fk_imports_undoes"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("job", name=op.f("uq_imports_job")),
        sa.UniqueConstraint("undoes", name=op.f("uq_imports_undoes")),
    )


def make_files(is_sqlite: bool) -> None:
    """Create the table of the files of imports."""
    op.create_table(
        "import_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("contents", sa.String(32), nullable=False),
        sa.Column("file_name", free_text(is_sqlite), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("mapping", free_text(is_sqlite), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["imports.id"],
            name=op.f("fk_import_files_import_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_files")),
    )
    for column in ("import_id", "sha256"):
        op.create_index(op.f(f"ix_import_files_{column}"), "import_files", [column])


def protect_sqlite() -> None:
    """Refuse UPDATE, DELETE and INSERT OR REPLACE."""
    for table, unique_columns in APPEND_ONLY.items():
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        for column in unique_columns:
            op.execute(
                f"CREATE TRIGGER {table}_no_replace_{column} BEFORE INSERT ON {table} "
                f"WHEN NEW.{column} IS NOT NULL "
                f"AND EXISTS (SELECT 1 FROM {table} WHERE {column} = NEW.{column}) "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def protect_postgresql() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE, with the function of 0002."""
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Drop the columns and the tables."""
    for table in SOURCED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN import_row")
    for table in (*REVISED, *SOURCED):
        op.execute(f"ALTER TABLE {table} DROP COLUMN import_id")
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
