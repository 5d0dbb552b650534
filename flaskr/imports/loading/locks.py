"""What a loading locks before it looks: in the book's one order, so that nobody waits in a ring."""

# ruff: noqa: S608 - statements are put together from names that the code declares

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from flaskr.archive.bulk.connections import take_ledger_lock
from flaskr.imports.plan import plan_batches

_AT_ONCE = 10_000


def lock_what_changes(connection: Any, plan: Path) -> None:
    """Lock the book's imports, the claims that change, their policies, and the ledger.

    SQLite needs none of it: the transaction has the whole book since it began.
    """
    if isinstance(connection, sqlite3.Connection):
        return
    connection.execute("SELECT id FROM book FOR UPDATE")
    _lock(connection, "claims", _ids(plan, "claims_changed", "id"), "UPDATE")
    edited = _ids(plan, "policies_changed", "id")
    named = _ids(plan, "claims_created", "policy_id") | _ids(plan, "claims_changed", "policy_id")
    _lock(connection, "policies", edited | named, "UPDATE" if edited else "KEY SHARE")
    take_ledger_lock(connection)


def _lock(connection: Any, table: str, wanted: Iterable[int], mode: str) -> None:
    """Lock rows of a table in the order of their ids."""
    in_order = sorted(wanted)
    for start in range(0, len(in_order), _AT_ONCE):
        some = in_order[start : start + _AT_ONCE]
        connection.execute(
            f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR {mode}",
            (some,),
        )


def _ids(plan: Path, name: str, column: str) -> set[int]:
    """Return the ids that stand in a column of a plan."""
    found: set[int] = set()
    for batch in plan_batches(plan, name):
        found.update(pc.unique(batch.column(column).drop_null()).to_pylist())
    return found
