"""The ledger of an older system as it was; cost types, texts beside entries, closed periods.

The tables of claims and of the ledger are made anew, because SQLite cannot change a check. No row's
content changes, except that the free-text reasons move to `entry_texts`, where they can be erased.
"""

import sqlalchemy as sa
from alembic import op

from flaskr.errors import SchemaError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AMOUNTS = ("paid", "outstanding", "recovered")
TEXTS = ("reason", "payee", "payee_reference", "note")
# As in 0002: each append-only table with its unique columns.
APPEND_ONLY = {
    "ledger_entries": ("id", "reverses"),
    "live_declarations": ("id",),
    "closings": ("id", "closed_through"),
}
TYPES = "'RESERVE_OPEN', 'RESERVE_CHANGE', 'PAYMENT', 'PAYMENT_REVERSAL', 'REPAYMENT', 'RECOVERY_SUBROGATION', 'RECOVERY_SALVAGE', 'RECOVERY_DEDUCTIBLE', 'RECOVERY_REVERSAL', 'RESERVE_CLOSE', 'CLAIM_DECLINED', 'RESERVE_REOPEN', 'IMPORT_OPENING', 'ADJUSTMENT'"
TYPES_BEFORE = TYPES.replace(" 'REPAYMENT',", "")
STATUSES = "'open', 'reopened', 'closed', 'declined'"
RESERVE_ONLY = "paid = 0 AND recovered = 0"
# The checks that both forms of the ledger have.
COMMON_CHECKS = {
    "reverses": "(entry_type IN ('PAYMENT_REVERSAL', 'RECOVERY_REVERSAL') AND reverses IS NOT NULL) OR entry_type = 'ADJUSTMENT' OR (entry_type NOT IN ('PAYMENT_REVERSAL', 'RECOVERY_REVERSAL') AND reverses IS NULL)",
    "settled": "(status_after IN ('closed', 'declined') AND outstanding_after = 0 AND closed_date_after IS NOT NULL) OR (status_after NOT IN ('closed', 'declined') AND closed_date_after IS NULL)",
    "signs_import_opening": "entry_type NOT IN ('IMPORT_OPENING') OR (paid >= 0 AND outstanding >= 0 AND recovered >= 0)",
    "signs_recovery_reversal": "entry_type NOT IN ('RECOVERY_REVERSAL') OR (paid = 0 AND outstanding = 0 AND recovered < 0)",
    "signs_recovery": "entry_type NOT IN ('RECOVERY_SUBROGATION', 'RECOVERY_SALVAGE', 'RECOVERY_DEDUCTIBLE') OR (paid = 0 AND outstanding = 0 AND recovered > 0)",
    "signs_reserve_change": f"entry_type NOT IN ('RESERVE_CHANGE') OR ({RESERVE_ONLY})",
    "signs_reserve_close": f"entry_type NOT IN ('RESERVE_CLOSE') OR ({RESERVE_ONLY} AND outstanding <= 0 AND status_after = 'closed')",
    "signs_reserve_open": f"entry_type NOT IN ('RESERVE_OPEN', 'RESERVE_REOPEN') OR ({RESERVE_ONLY} AND outstanding >= 0)",
    "status_after": f"status_after IN ({STATUSES})",
    "largest_entry": "paid BETWEEN -99999999999999 AND 99999999999999 AND outstanding BETWEEN -99999999999999 AND 99999999999999 AND recovered BETWEEN -99999999999999 AND 99999999999999",
}
CHECKS = {
    **COMMON_CHECKS,
    "entry_type": f"entry_type IN ({TYPES})",
    "balances": "paid_after >= 0 AND outstanding_after >= 0 AND recovered_after >= 0",
    "signs_claim_declined": f"entry_type NOT IN ('CLAIM_DECLINED') OR ({RESERVE_ONLY} AND outstanding <= 0 AND status_after = 'declined')",
    "signs_payment": "entry_type NOT IN ('PAYMENT') OR (paid > 0 AND recovered = 0 AND (exceptions IS NOT NULL OR (outstanding <= 0 AND outstanding >= -paid)))",
    "signs_payment_reversal": "entry_type NOT IN ('PAYMENT_REVERSAL') OR (paid < 0 AND recovered = 0)",
    "signs_repayment": "entry_type NOT IN ('REPAYMENT') OR (paid < 0 AND outstanding = 0 AND recovered = 0)",
    "cost_type": "cost_type IN ('indemnity', 'expense')",
    "reason_code": "reason_code IS NULL OR reason_code IN ('customer_withdrew', 'not_covered', 'below_deductible', 'new_information', 'booked_twice', 'wrong_claim', 'wrong_amount', 'late_document', 'recovered', 'other', 'migrated', 'import_undone', 'import_sent_again')",
    "exceptions": "exceptions IS NULL OR imported_at IS NOT NULL",
    "booked": "(paid_booked IS NULL AND outstanding_booked IS NULL AND recovered_booked IS NULL AND status_booked IS NULL AND closed_date_booked IS NULL) OR (imported_at IS NOT NULL AND paid_booked IS NOT NULL AND outstanding_booked IS NOT NULL AND recovered_booked IS NOT NULL AND status_booked IS NOT NULL)",
    "status_booked": f"status_booked IS NULL OR status_booked IN ({STATUSES})",
}
CHECKS_BEFORE = {
    **COMMON_CHECKS,
    "entry_type": f"entry_type IN ({TYPES_BEFORE})",
    "balances": "paid_after >= 0 AND outstanding_after >= 0 AND recovered_after >= 0 AND recovered_after <= paid_after",
    "signs_claim_declined": f"entry_type NOT IN ('CLAIM_DECLINED') OR ({RESERVE_ONLY} AND outstanding <= 0 AND paid_after = 0 AND status_after = 'declined')",
    "signs_payment": "entry_type NOT IN ('PAYMENT') OR (paid > 0 AND outstanding <= 0 AND outstanding >= -paid AND recovered = 0)",
    "signs_payment_reversal": "entry_type NOT IN ('PAYMENT_REVERSAL') OR (paid < 0 AND outstanding >= 0 AND recovered = 0)",
    "reason": "entry_type <> 'RESERVE_REOPEN' OR reason IS NOT NULL",
}
CLAIM_CHECKS_COMMON = {
    "status": f"status IN ({STATUSES})",
    "dates": "reported_date IS NULL OR loss_date <= reported_date",
}
CLAIM_CHECKS = {
    **CLAIM_CHECKS_COMMON,
    "balances": "paid >= 0 AND outstanding >= 0 AND recovered >= 0",
    "last_entry": "(last_transaction_date IS NULL) = (last_recorded_at IS NULL) AND (last_transaction_date IS NULL) = (first_transaction_date IS NULL)",
}
CLAIM_CHECKS_BEFORE = {
    **CLAIM_CHECKS_COMMON,
    "balances": "paid >= 0 AND outstanding >= 0 AND recovered >= 0 AND recovered <= paid",
}
LAST_ENTRY_BEFORE = "(last_transaction_date IS NULL) = (last_recorded_at IS NULL)"
FIRST_DAY = "(SELECT min(e.transaction_date) FROM ledger_entries e WHERE e.claim_id = claims.id)"

TEXT_FUNCTION = """
CREATE FUNCTION refuse_text_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF {only_erases} THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'a text of % can only be erased', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


class CannotMigrate(SchemaError):
    """The rows do not fit into the other schema, or were not copied exactly."""


def is_sqlite() -> bool:
    """Whether the migration runs on SQLite."""
    return op.get_bind().dialect.name == "sqlite"


def sorted_text(length=None):
    """Return a text type that both databases sort by bytes."""
    kind = sa.String if length else sa.Text
    return kind(length) if is_sqlite() else kind(length, collation="C")


def instant() -> sa.DateTime:
    """Return the type of instants."""
    return sa.DateTime(timezone=not is_sqlite())


def column(name: str, kind, null: bool = False, **options) -> sa.Column:
    """Return a column."""
    return sa.Column(name, kind, nullable=null, **options)


def ledger_columns(is_new: bool) -> list[sa.Column]:
    """Return the columns of the ledger, of this revision or of the one before."""
    cost_type = column("cost_type", sa.String(32), server_default="indemnity")
    added = [
        column("reason_code", sa.String(32), True),
        column("exceptions", sa.String(200), True),
        *(column(f"{name}_booked", sa.BigInteger(), True) for name in AMOUNTS),
        column("status_booked", sa.String(32), True),
        column("closed_date_booked", sa.Date(), True),
    ]
    return [
        column("id", sa.Integer()),
        column("claim_id", sa.Integer()),
        column("entry_type", sa.String(32)),
        *([cost_type] if is_new else []),
        column("transaction_date", sa.Date()),
        column("recorded_at", instant()),
        column("imported_at", instant(), True),
        column("recorded_by", sa.String(64)),
        *(column(name, sa.BigInteger()) for name in AMOUNTS),
        *(column(f"{name}_after", sa.BigInteger()) for name in AMOUNTS),
        column("status_after", sa.String(32)),
        column("closed_date_after", sa.Date(), True),
        *(added if is_new else [column("reason", sorted_text(), True)]),
        column("reverses", sa.Integer(), True),
        column("import_id", sa.Integer(), True),
        column("import_row", sa.Integer(), True),
    ]


def claim_columns(is_new: bool) -> list[sa.Column]:
    """Return the columns of claims, of this revision or of the one before.

    Before, the check of the last entry is the column's: so 0003 can drop both on the way down.
    """
    check = sa.CheckConstraint(LAST_ENTRY_BEFORE, name=op.f("ck_claims_last_entry"))
    last = sa.Column("last_recorded_at", instant(), *([] if is_new else [check]), nullable=True)
    return [
        column("id", sa.Integer()),
        column("claim_reference", sorted_text(64)),
        column("claim_reference_key", sorted_text(192)),
        column("description", sorted_text()),
        column("status", sa.String(32)),
        *(column(name, sa.BigInteger()) for name in AMOUNTS),
        column("closed_date", sa.Date(), True),
        column("recorded_at", instant()),
        column("recorded_by", sa.String(64)),
        column("version", sa.Integer()),
        column("form_token", sa.String(32), True),
        column("policy_id", sa.Integer(), True),
        column("cause", sa.String(32), True),
        column("loss_date", sa.Date(), True),
        column("reported_date", sa.Date(), True),
        *([column("event_code", sorted_text(64), True)] if is_new else []),
        *([column("first_transaction_date", sa.Date(), True)] if is_new else []),
        column("last_transaction_date", sa.Date(), True),
        last,
        column("import_id", sa.Integer(), True),
        column("import_row", sa.Integer(), True),
    ]


def keys_of(table: str, checks: dict[str, str], unique: tuple[str, ...], foreign: dict[str, str]):
    """Return the constraints of a table."""
    return [
        *(sa.CheckConstraint(sql, name=op.f(f"ck_{table}_{name}")) for name, sql in checks.items()),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"), ondelete="RESTRICT"
            )
            for name, other in foreign.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(sa.UniqueConstraint(name, name=op.f(f"uq_{table}_{name}")) for name in unique),
    ]


def make_anew(table: str, columns: list[sa.Column], keys: list, copied: dict[str, str]) -> None:
    """Make a table anew and copy its rows; `copied` has the SQL of columns that are not the same.

    Raises CannotMigrate unless the copy has the same rows, ids and amounts.
    """
    new = f"{table}_anew"
    # On PostgreSQL the keys follow when the old table is gone, for their names are in use.
    op.create_table(new, *columns, *(keys if is_sqlite() else []))
    names = [each.name for each in columns]
    values = ", ".join(copied.get(name, name) for name in names)
    op.execute(f"INSERT INTO {new} ({', '.join(names)}) SELECT {values} FROM {table} ORDER BY id")
    compare(f"the rows of {table}", sums_of(new), sums_of(table))
    if not is_sqlite():
        op.execute(f"ALTER SEQUENCE {table}_id_seq OWNED BY {new}.id")
        op.execute(f"ALTER TABLE {new} ALTER COLUMN id SET DEFAULT nextval('{table}_id_seq')")
    drop_old(table)
    op.rename_table(new, table)
    if not is_sqlite():
        add_keys(table, keys)


def drop_old(table: str) -> None:
    """Drop a table that was made anew; of the ledger's reasons nothing stays in the old place.

    SQLite overwrites what it deletes only where it is told to: pages of indexes have no reasons.
    """
    if not is_sqlite() or table != "ledger_entries":
        op.drop_table(table)
        return
    for clock in ("recorded_at", "transaction_date"):
        op.drop_index(op.f(f"ix_{table}_claim_id_{clock}"), table_name=table)
    was_on = op.get_bind().exec_driver_sql("PRAGMA secure_delete").scalar()
    op.execute("PRAGMA secure_delete=ON")
    op.drop_table(table)
    op.execute(f"PRAGMA secure_delete={was_on}")


def give_memory() -> None:
    """Let indexes be built, and the rows looked up that refer to each other, in memory."""
    # SQLite's connection is closed after the migration; PostgreSQL ends it with the transaction.
    op.execute(
        "PRAGMA cache_size=-262144" if is_sqlite() else "SET LOCAL maintenance_work_mem = '256MB'"
    )


def sums_of(table: str) -> str:
    """Return the SQL of what a copy must have in common with the table."""
    amounts = [*AMOUNTS, *(f"{name}_after" for name in AMOUNTS)] if "ledger" in table else AMOUNTS
    sums = ", ".join(f"sum({name})" for name in amounts)
    return f"SELECT count(*), sum(CAST(id AS BIGINT)), {sums} FROM {table}"


def compare(what: str, new: str, old: str) -> None:
    """Raise CannotMigrate unless two selects give the same row."""
    rows = [tuple(op.get_bind().exec_driver_sql(sql).one()) for sql in (new, old)]
    if rows[0] != rows[1]:
        raise CannotMigrate(f"The copy differs from {what}: {rows[0]} and {rows[1]}.")


def add_keys(table: str, keys: list) -> None:
    """Add the constraints of a table with one pass over its rows; PostgreSQL only."""
    clauses = []
    for key in keys:
        name = f"ADD CONSTRAINT {key.name}"
        if isinstance(key, sa.CheckConstraint):
            clauses.append(f"{name} CHECK ({key.sqltext})")
        elif isinstance(key, sa.PrimaryKeyConstraint):
            clauses.insert(0, f"{name} PRIMARY KEY (id)")
        elif isinstance(key, sa.UniqueConstraint):
            clauses.append(f"{name} UNIQUE ({key._pending_colargs[0]})")
        else:
            other = key.elements[0].target_fullname.replace(".", " (") + ")"
            clauses.append(
                f"{name} FOREIGN KEY ({key.column_keys[0]}) REFERENCES {other} ON DELETE RESTRICT"
            )
    op.execute(f"ALTER TABLE {table} {', '.join(clauses)}")


def make_ledger(is_new: bool, copied: dict[str, str]) -> None:
    """Make the ledger anew, with its indexes and triggers."""
    table, checks = "ledger_entries", CHECKS if is_new else CHECKS_BEFORE
    keys = keys_of(table, checks, ("reverses",), {"claim_id": "claims", "reverses": table})
    make_anew(table, ledger_columns(is_new), keys, copied)
    for clock in ("recorded_at", "transaction_date"):
        op.create_index(op.f(f"ix_{table}_claim_id_{clock}"), table, ["claim_id", clock])
    if is_new:
        op.execute(
            f"CREATE INDEX ix_{table}_expense ON {table} (claim_id) WHERE cost_type = 'expense'"
        )
    protect(table)


def make_claims(is_new: bool) -> None:
    """Make the table of claims anew, with its indexes.

    On PostgreSQL to add a day to every row would take longer, and leave the rows of before as dead.
    """
    if not is_sqlite():
        for table in ("claim_revisions", "ledger_entries"):  # the ledger is made anew next
            op.drop_constraint(op.f(f"fk_{table}_claim_id"), table)
    checks = CLAIM_CHECKS if is_new else CLAIM_CHECKS_BEFORE
    keys = keys_of(
        "claims", checks, ("form_token", "claim_reference_key"), {"policy_id": "policies"}
    )
    added = {"event_code": "NULL", "first_transaction_date": FIRST_DAY} if is_new else {}
    make_anew("claims", claim_columns(is_new), keys, added)
    names = ("policy_id", "status", "loss_date", "reported_date")
    for name in (*names, *(["event_code"] if is_new else [])):
        op.create_index(op.f(f"ix_claims_{name}_id"), "claims", [name, "id"])
    if not is_sqlite():
        refer("claim_revisions", "claim_id", "claims")


def refer(table: str, name: str, other: str) -> None:
    """Add a foreign key; PostgreSQL only."""
    key = op.f(f"fk_{table}_{name}")
    op.create_foreign_key(key, table, other, [name], ["id"], ondelete="RESTRICT")


def make_texts() -> None:
    """Create the table of texts, and move the reasons into it."""
    op.create_table(
        "entry_texts",
        column("entry_id", sa.Integer(), autoincrement=False),
        *(column(name, sorted_text(), True) for name in TEXTS),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_entry_texts")),
        *(
            [
                sa.ForeignKeyConstraint(
                    ["entry_id"],
                    ["ledger_entries.id"],
                    name=op.f("fk_entry_texts_entry_id"),
                    ondelete="RESTRICT",
                )
            ]
            if is_sqlite()
            else []
        ),
    )
    op.execute(
        "INSERT INTO entry_texts (entry_id, reason) "
        "SELECT id, reason FROM ledger_entries WHERE reason IS NOT NULL ORDER BY id"
    )
    compare(
        "the reasons",
        "SELECT count(*) FROM entry_texts",
        "SELECT count(*) FROM ledger_entries e JOIN entry_texts t ON t.entry_id = e.id "
        "WHERE t.reason = e.reason",
    )
    compare(
        "the reasons",
        "SELECT count(*) FROM entry_texts",
        "SELECT count(reason) FROM ledger_entries",
    )


def protect_texts() -> None:
    """Let a text become null, and refuse every other change of `entry_texts`."""
    if is_sqlite():
        same = [f"(NEW.{name} IS NULL OR NEW.{name} IS OLD.{name})" for name in TEXTS]
        refuse = "BEGIN SELECT RAISE(ABORT, 'a text of entry_texts can only be erased'); END"
        for name, event in {
            "no_update": f"UPDATE ON entry_texts WHEN NOT (NEW.entry_id = OLD.entry_id AND {' AND '.join(same)})",
            "no_delete": "DELETE ON entry_texts",
            "no_replace_entry_id": "INSERT ON entry_texts WHEN EXISTS (SELECT 1 FROM entry_texts WHERE entry_id = NEW.entry_id)",
        }.items():
            op.execute(f"CREATE TRIGGER entry_texts_{name} BEFORE {event} {refuse}")
        return
    same = [f"(NEW.{name} IS NULL OR NEW.{name} IS NOT DISTINCT FROM OLD.{name})" for name in TEXTS]
    only_erases = " AND ".join(["NEW.entry_id = OLD.entry_id", *same])
    op.execute(TEXT_FUNCTION.format(only_erases=only_erases))
    for name, event, each in (
        ("no_change", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER entry_texts_{name} BEFORE {event} ON entry_texts "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_text_change()"
        )


def protect(table: str) -> None:
    """Make a table append-only."""
    if not is_sqlite():
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refuse}"
        )
    for name in APPEND_ONLY[table]:
        op.execute(
            f"CREATE TRIGGER {table}_no_replace_{name} BEFORE INSERT ON {table} "
            f"WHEN NEW.{name} IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE {name} = NEW.{name}) {refuse}"
        )


def make_periods() -> None:
    """Create the tables of the declaration that the book is live, and of closed periods."""
    recorded = (column("recorded_at", instant()), column("recorded_by", sa.String(64)))
    op.create_table(
        "live_declarations",
        column("id", sa.Integer(), autoincrement=False),
        *recorded,
        sa.CheckConstraint("id = 1", name=op.f("ck_live_declarations_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_declarations")),
    )
    recorded = (column("recorded_at", instant()), column("recorded_by", sa.String(64)))
    op.create_table(
        "closings",
        column("id", sa.Integer()),
        column("closed_through", sa.Date()),
        *recorded,
        *(column(name, sa.Integer()) for name in ("policies", "claims", "entries")),
        *(column(name, sa.BigInteger()) for name in ("premium", *AMOUNTS)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
        sa.UniqueConstraint("closed_through", name=op.f("uq_closings_closed_through")),
    )
    for table in ("live_declarations", "closings"):
        protect(table)


def upgrade() -> None:
    """Make the ledger and the claims anew, and move the reasons beside the ledger."""
    give_memory()
    if not is_sqlite():
        op.execute("LOCK TABLE claims, ledger_entries IN ACCESS EXCLUSIVE MODE")
    make_claims(is_new=True)
    make_texts()
    make_ledger(True, {"cost_type": "'indemnity'", **nulls(ledger_columns(True))})
    if not is_sqlite():
        refer("entry_texts", "entry_id", "ledger_entries")
    protect_texts()
    op.add_column("claim_revisions", column("event_code", sorted_text(64), True))
    op.add_column("imports", column("reason_code", sa.String(32), True))
    op.add_column("imports", column("claims_left_out", sa.Integer(), True))
    # An upgraded book takes its first entry that no migration brought.
    op.add_column("book", column("first_posted_at", instant(), True))
    op.execute(
        "UPDATE book SET first_posted_at = (SELECT recorded_at FROM ledger_entries "
        "WHERE imported_at IS NULL ORDER BY id LIMIT 1)"
    )
    make_periods()
    count_anew()


def count_anew() -> None:
    """Give the database statistics of the tables that were made anew, unless they are empty."""
    if op.get_bind().exec_driver_sql("SELECT 1 FROM claims LIMIT 1").first():
        for table in ("claims", "ledger_entries"):
            op.execute(f"ANALYZE {table}")


def nulls(columns: list[sa.Column]) -> dict[str, str]:
    """Return NULL for the columns that only this revision has, with the type on PostgreSQL."""
    before = {each.name for each in ledger_columns(False)}
    added = [each for each in columns if each.name not in before and each.nullable]
    dialect = op.get_bind().dialect
    return {each.name: f"CAST(NULL AS {each.type.compile(dialect)})" for each in added}


def check_fits_before() -> None:
    """Raise CannotMigrate if there are entries that the revision before cannot hold."""
    newer = (
        "entry_type = 'REPAYMENT' OR cost_type <> 'indemnity' OR exceptions IS NOT NULL "
        "OR status_booked IS NOT NULL OR recovered_after > paid_after "
        "OR (entry_type = 'CLAIM_DECLINED' AND paid_after <> 0) "
        "OR (entry_type = 'PAYMENT_REVERSAL' AND outstanding < 0)"
    )
    count = op.get_bind().exec_driver_sql(f"SELECT count(*) FROM ledger_entries WHERE {newer}")
    if rows := count.scalar():
        raise CannotMigrate(
            f"{rows} ledger entries cannot be kept by the version before: repayments, expenses, "
            "recoveries above what is paid, or history of an older system. Restore a backup instead."
        )


def downgrade() -> None:
    """Move the reasons back into the ledger, and drop what this revision added."""
    check_fits_before()
    give_memory()
    if not is_sqlite():
        op.execute("LOCK TABLE claims, ledger_entries IN ACCESS EXCLUSIVE MODE")
        op.execute("ALTER TABLE entry_texts DROP CONSTRAINT fk_entry_texts_entry_id")
    code = "CASE WHEN entry_type = 'RESERVE_REOPEN' THEN coalesce(reason_code, 'other') END"
    text = "(SELECT t.reason FROM entry_texts t WHERE t.entry_id = ledger_entries.id)"
    make_claims(is_new=False)
    make_ledger(False, {"reason": f"coalesce({text}, {code})"})
    compare(
        "the reasons",
        "SELECT count(*) FROM ledger_entries e JOIN entry_texts t ON t.entry_id = e.id "
        "WHERE t.reason = e.reason",
        "SELECT count(reason) FROM entry_texts",
    )
    op.drop_column("claim_revisions", "event_code")
    op.drop_column("imports", "claims_left_out")
    op.drop_column("imports", "reason_code")
    op.drop_column("book", "first_posted_at")
    for table in ("closings", "live_declarations", "entry_texts"):
        op.drop_table(table)
    if not is_sqlite():
        op.execute("DROP FUNCTION refuse_text_change()")
    count_anew()
