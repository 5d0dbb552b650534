"""Seal a commit: one function for all who write to the book, last before they commit."""

# ruff: noqa: S608 - statements are built from names that the code declares

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from flaskr.book.sealing.lines import FIRST_DIGEST, SEALED_TABLES, VERSION, TableLines
from flaskr.database.transactions import has_locked_ledger
from flaskr.extensions import db

_HIGHEST = ", ".join(f"(SELECT max(id) FROM {table})" for table in SEALED_TABLES)
_STATE = (
    f"SELECT s.id, s.digest, {', '.join(f's.{table}' for table in SEALED_TABLES)}, {_HIGHEST} "
    "FROM (SELECT max(id) AS id FROM seals) AS last LEFT JOIN seals s ON s.id = last.id"
)
_COLUMNS = ("id", "version", *SEALED_TABLES, "digest")
_INSERT = f"INSERT INTO seals ({', '.join(_COLUMNS)}) VALUES ({{}})"


@event.listens_for(db.session, "before_commit")
def _seal_session(session: Session) -> None:
    """Seal what a session is about to commit, if it has locked the ledger."""
    if has_locked_ledger() and not session.in_nested_transaction():
        session.flush()
        seal_commit(session.connection().connection.driver_connection)


def seal_commit(connection: Any) -> None:
    """Add the seal of what a transaction has recorded, also if that is no new row.

    Takes the driver's connection, with the ledger locked. Nothing may be recorded after it.
    """
    last_id, last_digest, *ids = connection.execute(_STATE).fetchone()
    before, highest = ids[: len(SEALED_TABLES)], ids[len(SEALED_TABLES) :]
    sealed = {table: before_id or 0 for table, before_id in zip(SEALED_TABLES, before, strict=True)}
    now = {table: new_id or 0 for table, new_id in zip(SEALED_TABLES, highest, strict=True)}
    lines = {
        table: TableLines(connection, table, sealed[table], now[table])
        for table in SEALED_TABLES
        if now[table] > sealed[table]
    }
    seal_id = (last_id or 0) + 1
    digest = digest_of(seal_id, last_digest or FIRST_DIGEST, now, lines)
    is_sqlite = isinstance(connection, sqlite3.Connection)
    marks = ", ".join(["?" if is_sqlite else "%s"] * len(_COLUMNS))
    connection.execute(_INSERT.format(marks), (seal_id, VERSION, *now.values(), digest))


def digest_of(
    seal_id: int, before: str, highest: Mapping[str, int], lines: Mapping[str, TableLines]
) -> str:
    """Return the digest of a seal: SHA-256 over its head and the lines of what came since.

    The head is a line with the version, the seal's id, the digest before it and the highest id of
    each table. `lines` has the tables with rows since, each under a line with its name.
    """
    sha256 = hashlib.sha256()

    def add(texts: Sequence[str]) -> None:
        sha256.update("\n".join([*texts, ""]).encode())

    add([json.dumps([VERSION, seal_id, before, highest], separators=(",", ":"))])
    for table, rows in lines.items():
        add([table])
        for some in rows.take(highest[table]):
            add(some)
    return sha256.hexdigest()
