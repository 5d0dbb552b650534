"""Users with their sessions and tokens, and the append-only audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TRAIL = "audit_events"
OF_USERS = ("sign_in_attempts", "password_links", "tokens", "sessions", "users")


def upgrade() -> None:
    """Create the tables, and make the trail append-only."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    make_users(is_sqlite)
    make_sessions(is_sqlite)
    make_tokens(is_sqlite)
    make_links(is_sqlite)
    make_attempts(is_sqlite)
    make_trail(is_sqlite)
    protect_sqlite() if is_sqlite else protect_postgresql()


def instant(is_sqlite: bool) -> sa.DateTime:
    """Return the column type of instants."""
    return sa.DateTime(timezone=not is_sqlite)


def free_text(is_sqlite: bool) -> sa.Text:
    """Return the column type of texts that sort by bytes."""
    return sa.Text() if is_sqlite else sa.Text(collation="C")


def own(table: str, *unique: str) -> list[sa.schema.SchemaItem]:
    """Return a table's key and unique constraints."""
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_{table}_{name}")) for name in unique),
    ]


def user_of(table: str) -> list[sa.schema.SchemaItem]:
    """Return the foreign key to the user of a row."""
    name = op.f(f"fk_{table}_user_id")
    return [
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="RESTRICT"),
    ]


def make_users(is_sqlite: bool) -> None:
    """Create the table of users."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(64), nullable=False),
        sa.Column("email_key", sa.String(192), nullable=False),
        sa.Column("name", free_text(is_sqlite), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("made_at", instant(is_sqlite), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *own("users", "email_key"),
    )


def make_sessions(is_sqlite: bool) -> None:
    """Create the table of browser sessions."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        *user_of("sessions"),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("made_at", instant(is_sqlite), nullable=False),
        sa.Column("last_used_at", instant(is_sqlite), nullable=False),
        sa.Column("ended_at", instant(is_sqlite), nullable=True),
        sa.Column("address", free_text(is_sqlite), nullable=False),
        sa.Column("program", free_text(is_sqlite), nullable=False),
        *own("sessions", "name", "token_digest"),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"])


def make_tokens(is_sqlite: bool) -> None:
    """Create the table of access tokens."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        *user_of("tokens"),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("label", free_text(is_sqlite), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("made_at", instant(is_sqlite), nullable=False),
        sa.Column("expires_at", instant(is_sqlite), nullable=False),
        sa.Column("last_used_at", instant(is_sqlite), nullable=True),
        sa.Column("revoked_at", instant(is_sqlite), nullable=True),
        *own("tokens", "name", "token_digest"),
    )
    op.create_index(op.f("ix_tokens_user_id"), "tokens", ["user_id"])


def make_links(is_sqlite: bool) -> None:
    """Create the table of links that set a password."""
    op.create_table(
        "password_links",
        sa.Column("id", sa.Integer(), nullable=False),
        *user_of("password_links"),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("expires_at", instant(is_sqlite), nullable=False),
        *own("password_links", "user_id", "token_digest"),
    )


def make_attempts(is_sqlite: bool) -> None:
    """Create the table of failed sign-ins."""
    table = "sign_in_attempts"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("made_at", instant(is_sqlite), nullable=False),
        sa.Column("user_digest", sa.String(64), nullable=False),
        sa.Column("address_digest", sa.String(64), nullable=False),
        *own(table),
    )
    op.create_index(op.f(f"ix_{table}_made_at"), table, ["made_at"])
    for name in ("user_digest", "address_digest"):
        op.create_index(op.f(f"ix_{table}_{name}_made_at"), table, [name, "made_at"])


def make_trail(is_sqlite: bool) -> None:
    """Create the table of audit events."""
    op.create_table(
        TRAIL,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recorded_at", instant(is_sqlite), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject_kind", sa.String(32), nullable=False),
        sa.Column("subject", free_text(is_sqlite), nullable=False),
        sa.Column("through", free_text(is_sqlite), nullable=False),
        sa.Column("address", free_text(is_sqlite), nullable=False),
        sa.Column("request_id", sa.String(32), nullable=False),
        sa.Column("before", free_text(is_sqlite), nullable=True),
        sa.Column("after", free_text(is_sqlite), nullable=True),
        *own(TRAIL),
    )
    columns = ["subject_kind", "subject", "id"]
    op.create_index(op.f(f"ix_{TRAIL}_{'_'.join(columns)}"), TRAIL, columns)
    op.create_index(op.f(f"ix_{TRAIL}_actor_id"), TRAIL, ["actor", "id"])


def protect_sqlite() -> None:
    """Refuse UPDATE, DELETE and INSERT OR REPLACE."""
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TRAIL}_no_{change.lower()} BEFORE {change} ON {TRAIL} "
            f"BEGIN SELECT RAISE(ABORT, '{TRAIL} is append-only'); END"
        )
    op.execute(
        f"CREATE TRIGGER {TRAIL}_no_replace_id BEFORE INSERT ON {TRAIL} WHEN NEW.id IS NOT NULL "
        f"AND EXISTS (SELECT 1 FROM {TRAIL} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{TRAIL} is append-only'); END"
    )


def protect_postgresql() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE, with the function of 0002."""
    op.execute(
        f"CREATE TRIGGER {TRAIL}_no_change BEFORE UPDATE OR DELETE ON {TRAIL} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {TRAIL}_no_truncate BEFORE TRUNCATE ON {TRAIL} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in (TRAIL, *OF_USERS):
        op.drop_table(table)
