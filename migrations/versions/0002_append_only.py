"""Append-only: triggers that refuse changes to ledger and revisions, from raw SQL too."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Each table with its unique columns. SQLite's INSERT OR REPLACE deletes a conflicting row without
# firing the delete trigger, so a trigger refuses the conflicting insert.
APPEND_ONLY = {
    "ledger_entries": ("id", "reverses"),
    "claim_revisions": ("id",),
    "policy_revisions": ("id",),
}

POSTGRESQL_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def protect_sqlite(table: str, unique_columns: tuple[str, ...]) -> None:
    """Refuse UPDATE, DELETE and INSERT OR REPLACE on one table."""
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


def protect_postgresql(table: str) -> None:
    """Refuse UPDATE, DELETE and TRUNCATE on one table."""
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def upgrade() -> None:
    """Create the triggers."""
    if op.get_bind().dialect.name == "sqlite":
        for table, unique_columns in APPEND_ONLY.items():
            protect_sqlite(table, unique_columns)
        return
    op.execute(POSTGRESQL_FUNCTION)
    for table in APPEND_ONLY:
        protect_postgresql(table)


def downgrade() -> None:
    """Drop the triggers."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, unique_columns in APPEND_ONLY.items():
        names = [*(f"no_replace_{column}" for column in unique_columns), "no_update", "no_delete"]
        for name in names if is_sqlite else ("no_change", "no_truncate"):
            op.execute(f"DROP TRIGGER {table}_{name}" + ("" if is_sqlite else f" ON {table}"))
    if not is_sqlite:
        op.execute("DROP FUNCTION refuse_change()")
