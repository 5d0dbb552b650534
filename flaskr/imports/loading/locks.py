"""The locks of a loading, in the order that all writers use, so that none deadlocks."""

# ruff: noqa: S608 - statements are put together from names that the code declares

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from flaskr.archive.bulk.connections import take_ledger_lock
from flaskr.database.transactions import IMPORT_LOCK
from flaskr.imports.plan import plan_batches

_IDS_PER_QUERY = 10_000


def lock_planned_rows(connection: Any, plan: Path) -> None:
    """Lock the book's imports, the claims that change, their policies, and the ledger.

    SQLite needs no row locks: its write transaction locks the whole database.
    """
    if isinstance(connection, sqlite3.Connection):
        return
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (IMPORT_LOCK,))  # one at a time
    _lock(connection, "claims", _ids(plan, "claims_changed", "id"), "UPDATE")
    edited = _ids(plan, "policies_changed", "id")
    referenced = _ids(plan, "claims_created", "policy_id") | _ids(
        plan, "claims_changed", "policy_id"
    )
    _lock(connection, "policies", edited | referenced, "UPDATE" if edited else "KEY SHARE")
    take_ledger_lock(connection)


def _lock(connection: Any, table: str, ids: Iterable[int], mode: str) -> None:
    """Lock rows of a table in the order of their ids."""
    in_order = sorted(ids)
    for start in range(0, len(in_order), _IDS_PER_QUERY):
        batch = in_order[start : start + _IDS_PER_QUERY]
        connection.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR {mode}",
            (batch,),
        )


def _ids(plan: Path, name: str, column: str) -> set[int]:
    """Return the distinct ids in a column of a plan."""
    ids: set[int] = set()
    for batch in plan_batches(plan, name):
        ids.update(pc.unique(batch.column(column).drop_null()).to_pylist())
    return ids
