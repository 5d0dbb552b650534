"""The triggers that keep tables append-only, and whether the database still has them."""

import sqlite3
from typing import Any

from sqlalchemy import Connection

_UNIQUE = {  # of each append-only table, what INSERT OR REPLACE could replace a row by
    "ledger_entries": ("id", "reverses"),
    "policy_revisions": ("id",),
    "claim_revisions": ("id",),
    "imports": ("id", "job", "undoes"),
    "import_files": ("id",),
    "live_declarations": ("id",),
    "closings": ("id", "closed_through"),
    "seals": ("id",),
    "audit_events": ("id",),
    "entry_texts": ("entry_id",),  # a text can be erased, of import_files a name too
    "event_texts": ("event_id",),
}
_SQLITE = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
# A trigger may be switched off; the function that it calls is compared by what it says.
_POSTGRESQL = """
    SELECT tgname, prosrc FROM pg_trigger
    JOIN pg_proc ON pg_proc.oid = tgfoid JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
        AND relnamespace = current_schema()::regnamespace
"""
_REFUSES = ("RAISE(ABORT", "RAISE EXCEPTION")


def missing_triggers(connection: Connection) -> list[str]:
    """Return the names of triggers that are missing, switched off, or no longer refuse."""
    is_sqlite = isinstance(connection.connection.driver_connection, sqlite3.Connection)
    rows: Any = connection.exec_driver_sql(_SQLITE if is_sqlite else _POSTGRESQL)
    refusing = {name for name, text in rows if any(each in text for each in _REFUSES)}
    return [name for name in _expected_triggers(is_sqlite) if name not in refusing]


def _expected_triggers(is_sqlite: bool) -> list[str]:
    """Return the names of the triggers that the migrations make."""
    if not is_sqlite:
        return [f"{table}_{name}" for table in _UNIQUE for name in ("no_change", "no_truncate")]
    return [
        f"{table}_{name}"
        for table, unique in _UNIQUE.items()
        for name in ("no_update", "no_delete", *(f"no_replace_{column}" for column in unique))
    ]
