"""Copies the rows of the book that files refer to into the staging database, from one snapshot."""

# ruff: noqa: S608 - statements are built from names that the code declares

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Integer, Select, and_, cast, func, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from flaskr.book.models import Book
from flaskr.book.sealing.queries import watermark_select
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_EDITS, Claim, LedgerEntry
from flaskr.exports.making.snapshot import Snapshot
from flaskr.exports.sql_statements import LIBPQ, compile_rows, compile_statement
from flaskr.facts.closed_lists import Contents, CostType, EntryType, ReasonCode, Status
from flaskr.import_records.models import Import
from flaskr.imports.dry_run.staging import Staging
from flaskr.imports.plan import STATE_COLUMNS
from flaskr.policies.models import POLICY_EDITS, Policy
from flaskr.values.calendar import stored_in_utc
from flaskr.values.column_types import MoneyType, UtcDateTime

_FEW_KEYS = 2_000  # looked up by key; for more keys the whole table is read
_KEYS_PER_QUERY = 500

_CLAIM_ROWS = select(
    Claim.id,
    Claim.claim_reference,
    Claim.claim_reference_key.label("claim_key"),
    *(getattr(Claim, name) for name in (*CLAIM_EDITS, *STATE_COLUMNS)),
    Claim.version,
    Claim.first_transaction_date,
    Claim.last_transaction_date,
    Claim.last_recorded_at,
    Claim.recorded_at,
    Claim.erased_at,
)
_POLICY_ROWS = select(
    Policy.id,
    Policy.policy_number,
    Policy.policy_number_key.label("policy_key"),
    *(getattr(Policy, name) for name in POLICY_EDITS),
    Policy.version,
    Policy.erased_at,
)
_ENTRY_ROWS = select(
    LedgerEntry.claim_id,
    LedgerEntry.entry_type,
    LedgerEntry.transaction_date,
    LedgerEntry.recorded_at,
    *(getattr(LedgerEntry, name) for name in BALANCES),
    LedgerEntry.id,
    LedgerEntry.cost_type,
    LedgerEntry.exceptions,
)
_FIRST_POSTED = select(Book.first_posted_at.label("at"))
# By the index of expenses alone, which needs the cost type as a literal.
_EXPENSE_ROWS = (
    select(
        LedgerEntry.claim_id,
        *(
            cast(func.sum(getattr(LedgerEntry, name)), BigInteger).label(f"{name}_of_expense")
            for name in BALANCES
        ),
    )
    .where(LedgerEntry.cost_type == literal_column(f"'{CostType.EXPENSE}'"))
    .group_by(LedgerEntry.claim_id)
)
# Claims of which the last entry is the undo's that declined them: it is the last of its instant.
_UNDONE_ROWS = (
    select(LedgerEntry.claim_id, Import.undoes.label("undone_import"))
    .join(
        Claim,
        and_(
            Claim.id == LedgerEntry.claim_id,
            Claim.last_recorded_at == LedgerEntry.recorded_at,
        ),
    )
    .join(Import, Import.id == LedgerEntry.import_id)
    .where(
        Claim.status == literal_column(f"'{Status.DECLINED}'"),
        LedgerEntry.entry_type == literal_column(f"'{EntryType.CLAIM_DECLINED}'"),
        LedgerEntry.reason_code == literal_column(f"'{ReasonCode.IMPORT_UNDONE}'"),
        Import.undoes.is_not(None),
    )
)
# What cells in doubt are compared with.
_KNOWN_CLAIMS = select(
    Claim.claim_reference_key.label("claim_key"),
    Claim.event_code,
    Claim.description,
    Claim.erased_at,
)
_KNOWN_POLICIES = select(
    Policy.policy_number_key.label("policy_key"), Policy.policyholder, Policy.erased_at
)
_BOOK_TABLES = {
    "book_claims": _CLAIM_ROWS,
    "book_policies": _POLICY_ROWS,
    "book_entries": _ENTRY_ROWS,
    "book_expenses": _EXPENSE_ROWS,
    "book_undone": _UNDONE_ROWS,
    "known_claims": _KNOWN_CLAIMS,
    "known_policies": _KNOWN_POLICIES,
}
# The book has the value of a column of row t.
_KNOWN_VALUES = {
    "claim_reference": "FROM known_claims k WHERE k.claim_key = t.claim_key",
    "event_code": "FROM known_claims k WHERE (k.claim_key, k.event_code) = "
    "(t.claim_key, t.event_code)",
    "description": "FROM known_claims k WHERE k.claim_key = t.claim_key "
    "AND (k.description = t.description OR k.erased_at IS NOT NULL)",
    "policy_number": "FROM known_policies k WHERE k.policy_key = t.policy_key",
    "policyholder": "FROM known_policies k WHERE k.policy_key = t.policy_key "
    "AND (k.policyholder = t.policyholder OR k.erased_at IS NOT NULL)",
}
_KEYS = {"claim_reference": "claim_key", "policy_number": "policy_key"}


def _columns_of_select(rows: Select[Any]) -> str:
    """Return the column definitions of a staging table for a select."""
    return ", ".join(f"{c.name} {_staged_type(c.type)}" for c in rows.selected_columns)


def _staged_type(kind: TypeEngine[Any]) -> str:
    """Return the staging database's type of a column of the book."""
    if isinstance(kind, UtcDateTime):
        return "TIMESTAMP"
    if isinstance(kind, Date):
        return "DATE"
    return "BIGINT" if isinstance(kind, Integer | MoneyType) else "VARCHAR"


class BookRows:
    """Copies rows of the book into a staging database."""

    def __init__(self, staging: Staging, snapshot: Snapshot, dialect: str) -> None:
        self.staging, self.snapshot = staging, snapshot
        self.dialect: Any = sqlite.dialect() if dialect == "sqlite" else LIBPQ
        for table, rows in _BOOK_TABLES.items():
            staging.run(f"CREATE TABLE {table} ({_columns_of_select(rows)})")

    def watermark(self) -> dict[str, Any]:
        """Return the book's watermark in this snapshot."""
        return self.snapshot.row(compile_statement(watermark_select(), self.dialect))

    def first_posted_at(self) -> datetime | None:
        """Return when the book posted its own first entry; None when it has posted none."""
        row: Any = self.snapshot.row(compile_statement(_FIRST_POSTED, self.dialect))
        return stored_in_utc(row["at"])

    def copy_claims(self, keys: str) -> None:
        """Copy the claims whose keys are in column k of the select `keys`."""
        self._copy("book_claims", _CLAIM_ROWS, Claim.claim_reference_key, "claim_key", keys)

    def copy_policies(self, keys: str) -> None:
        """Copy the policies whose keys are in column k of the select `keys`."""
        self._copy("book_policies", _POLICY_ROWS, Policy.policy_number_key, "policy_key", keys)

    def copy_policies_of_claims(self) -> None:
        """Copy the policies of the copied claims that are not copied yet."""
        keys = (
            "SELECT policy_id AS k FROM book_claims ANTI JOIN book_policies p ON p.id = policy_id"
        )
        self._copy("book_policies", _POLICY_ROWS, Policy.id, "id", keys)

    def copy_entries(self) -> None:
        """Copy the ledgers of the copied claims."""
        keys = "SELECT id AS k FROM book_claims WHERE last_transaction_date IS NOT NULL"
        self._copy("book_entries", _ENTRY_ROWS, LedgerEntry.claim_id, "claim_id", keys)

    def copy_expenses(self, keys: str) -> None:
        """Copy what of claims' balances is expense; column k of the select `keys` has their ids."""
        self._copy("book_expenses", _EXPENSE_ROWS, LedgerEntry.claim_id, "claim_id", keys)

    def copy_undone(self, keys: str) -> None:
        """Copy which claims an undo has declined; column k of the select `keys` has their ids."""
        self._copy("book_undone", _UNDONE_ROWS, LedgerEntry.claim_id, "claim_id", keys)

    def copy_known(self, rows: str, has_claims: bool, has_policies: bool) -> None:
        """Copy what the book has under the keys of the rows of a select `rows`."""
        if has_claims:
            keys = f"SELECT claim_key AS k FROM ({rows})"
            self._copy("known_claims", _KNOWN_CLAIMS, Claim.claim_reference_key, "claim_key", keys)
        if has_policies:
            keys = f"SELECT policy_key AS k FROM ({rows})"
            self._copy(
                "known_policies", _KNOWN_POLICIES, Policy.policy_number_key, "policy_key", keys
            )

    def _copy(self, table: str, rows: Any, column: Any, name: str, keys: str) -> None:
        """Append the rows that have one of the keys to a table of the staging database."""
        self.staging.run(
            "CREATE OR REPLACE TEMP TABLE keys AS "
            f"SELECT DISTINCT k FROM ({keys}) WHERE k IS NOT NULL"
        )
        if self.staging.one("SELECT count(*) FROM keys") > _FEW_KEYS:
            has_key = f"WHERE batch.{name} IN (SELECT k FROM keys)"
            self.staging.add_streamed(table, self.read(rows), has_key)
            return
        wanted = [key for (key,) in self.staging.run("SELECT k FROM keys ORDER BY k").fetchall()]
        for start in range(0, len(wanted), _KEYS_PER_QUERY):
            batch = wanted[start : start + _KEYS_PER_QUERY]
            self.staging.add_all(table, self.read(rows.where(column.in_(batch))))

    def read(self, rows: Any) -> Any:
        """Yield the batches of a select."""
        return self.snapshot.batches(compile_rows(rows, self.dialect))


def settle_doubts(staging: Staging, book: BookRows, at: int, contents: Contents) -> None:
    """Decide on the cells in doubt of a file: right if the book has them, else read or refused.

    They come back as nothing to change when the book has their value as it is.
    """
    fields = staging.run("SELECT DISTINCT field FROM doubts WHERE file = $at", at=at).fetchall()
    if not fields:
        return
    rows = f"SELECT t.* FROM {contents} t WHERE row IN (SELECT row FROM doubts WHERE file = {at})"
    book.copy_known(rows, contents is not Contents.POLICIES, contents is not Contents.LEDGER)
    for (field,) in fields:
        known = _KNOWN_VALUES.get(field, "FROM known_claims WHERE FALSE")
        unknown = (
            f"FROM doubts d JOIN {contents} t USING (row) "
            f"WHERE d.file = $at AND d.field = $field AND NOT EXISTS ({known})"
        )
        staging.run(
            f"INSERT INTO faults SELECT d.file, d.row, d.field, d.value, d.text {unknown} "
            "AND d.instead IS NULL",
            at=at,
            field=field,
        )
        key = f", {_KEYS[field]} = d.instead_key" if field in _KEYS else ""
        staging.run(
            f"UPDATE {contents} SET {field} = d.instead{key} FROM ("
            f"SELECT d.row, d.instead, d.instead_key {unknown} AND d.instead IS NOT NULL) d "
            f"WHERE {contents}.row = d.row",
            at=at,
            field=field,
        )
