"""Second factors, marks of what was erased, and what the trail must not keep for good.

The reasons that people give for files with names go beside the trail from now on, where they can be
erased, as the names of imported files can; refusals of whoever is not signed in are only counted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Each table with the text that the mark says was erased.
MARKED = {"policies": "policyholder", "claims": "description"}
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF {only_erases} THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'a text of % can only be erased', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
# Of each table, what an UPDATE may do: nothing but empty its text.
ONLY_ERASES = {
    "event_texts": "NEW.event_id = OLD.event_id AND NEW.reason IS NULL",
    "import_files": " AND ".join(
        [
            "NEW.file_name = ''",
            *(
                f"NEW.{name} = OLD.{name}"
                for name in ("id", "import_id", "contents", "sha256", "size_bytes", "row_count")
            ),
            "NEW.mapping = OLD.mapping",
            "coalesce(NEW.titles_digest, '') = coalesce(OLD.titles_digest, '')",
        ]
    ),
}


def is_sqlite() -> bool:
    """Whether the migration runs on SQLite."""
    return op.get_bind().dialect.name == "sqlite"


def instant() -> sa.DateTime:
    """Return the type of instants."""
    return sa.DateTime(timezone=not is_sqlite())


def sorted_text() -> sa.Text:
    """Return a text type that both databases sort by bytes."""
    return sa.Text() if is_sqlite() else sa.Text(collation="C")


def key_of(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    """Return the primary key of a table."""
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def refer(table: str, name: str, other: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key to the id of another table."""
    key = op.f(f"fk_{table}_{name}")
    return sa.ForeignKeyConstraint([name], [f"{other}.id"], name=key, ondelete="RESTRICT")


def make_second_factors() -> None:
    """Create the tables of second factors and of recovery codes."""
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("made_at", instant(), nullable=False),
        sa.Column("confirmed_at", instant(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        key_of("second_factors", "user_id"),
        refer("second_factors", "user_id", "users"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        key_of("recovery_codes", "id"),
        refer("recovery_codes", "user_id", "users"),
        sa.UniqueConstraint(
            "user_id", "code_digest", name=op.f("uq_recovery_codes_user_id_code_digest")
        ),
    )


def make_texts_of_events() -> None:
    """Create the tables of the reasons beside the trail, and of counted refusals."""
    op.create_table(
        "event_texts",
        sa.Column("event_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("reason", sorted_text(), nullable=True),
        key_of("event_texts", "event_id"),
        refer("event_texts", "event_id", "audit_events"),
    )
    op.create_table(
        "refusal_counts",
        sa.Column("minute", instant(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("page", sorted_text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        key_of("refusal_counts", "minute", "status", "page"),
    )


def mark_erased(table: str, text: str) -> None:
    """Add the mark, with which a text must be empty, and set it where a name was erased before.

    Only an erasure empties a name, so a nameless policy whose name was ever changed was erased. A
    claim's description may have been emptied by an edit: there the trail tells.
    """
    check = f"CONSTRAINT ck_{table}_erased CHECK (erased_at IS NULL OR {text} = '')"
    kind = "DATETIME" if is_sqlite() else "TIMESTAMP WITH TIME ZONE"
    add = "" if is_sqlite() else ", ADD "
    op.execute(f"ALTER TABLE {table} ADD COLUMN erased_at {kind}{add or ' '}{check}")
    if table == "policies":
        when = (
            "SELECT max(replaced_at) FROM policy_revisions r "
            "WHERE r.policy_id = policies.id AND r.policyholder_changed"
        )
    else:
        when = (
            "SELECT max(recorded_at) FROM audit_events WHERE action = 'person_erased' "
            "AND subject_kind = 'claim' AND subject = claims.claim_reference"
        )
    op.execute(
        f"UPDATE {table} SET erased_at = ({when}) WHERE {text} = '' AND ({when}) IS NOT NULL"
    )


def protect(table: str, key: str) -> None:
    """Let a text become empty, and refuse every other change of a table."""
    if is_sqlite():
        refuse = f"BEGIN SELECT RAISE(ABORT, 'a text of {table} can only be erased'); END"
        for name, event in {
            "no_update": f"UPDATE ON {table} WHEN NOT ({ONLY_ERASES[table]})",
            "no_delete": f"DELETE ON {table}",
            f"no_replace_{key}": f"INSERT ON {table} WHEN NEW.{key} IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})",
        }.items():
            op.execute(f"CREATE TRIGGER {table}_{name} BEFORE {event} {refuse}")
        return
    function = f"refuse_change_of_{table}"
    op.execute(FUNCTION.format(name=function, only_erases=ONLY_ERASES[table]))
    ask_before_changes(table, function)


def ask_before_changes(table: str, function: str) -> None:
    """Have a function decide about every change of a table; PostgreSQL only."""
    for name, event, each in (
        ("no_change", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {function}()"
        )


def protect_all(table: str) -> None:
    """Refuse every change of a table, as before."""
    if not is_sqlite():
        ask_before_changes(table, "refuse_change")
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}"
        )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace_id BEFORE INSERT ON {table} "
        f"WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}"
    )


def unprotect(table: str, key: str) -> None:
    """Drop the triggers of a table."""
    names = ("no_update", "no_delete", f"no_replace_{key}")
    for name in names if is_sqlite() else ("no_change", "no_truncate"):
        op.execute(f"DROP TRIGGER {table}_{name}" + ("" if is_sqlite() else f" ON {table}"))


def upgrade() -> None:
    """Create the tables and the marks, and let the names of imported files be erased."""
    make_second_factors()
    make_texts_of_events()
    for table, text in MARKED.items():
        mark_erased(table, text)
    unprotect("import_files", "id")
    protect("import_files", "id")
    protect("event_texts", "event_id")


def downgrade() -> None:
    """Drop the tables and the marks."""
    unprotect("import_files", "id")
    protect_all("import_files")
    for table in ("recovery_codes", "second_factors", "event_texts", "refusal_counts"):
        op.drop_table(table)
    if not is_sqlite():
        for table in ONLY_ERASES:
            op.execute(f"DROP FUNCTION refuse_change_of_{table}()")
    for table in MARKED:
        op.drop_column(table, "erased_at")
