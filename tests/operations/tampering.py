"""Changes to a book by raw SQL, as somebody could make who switches off what forbids them."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import Boolean, Date, Integer, Table, text
from sqlalchemy.exc import DBAPIError

from flaskr.extensions import Base, db
from flaskr.settings import BOOK_FILE
from flaskr.values.column_types import MoneyType, UtcDateTime

APPEND_ONLY = (
    "ledger_entries",
    "policy_revisions",
    "claim_revisions",
    "imports",
    "import_files",
    "closings",
    "live_declarations",
    "seals",
)
KINDS = ("changed", "emptied", "deleted", "added", "reordered")
# Of claims and policies: facts and what the ledger says. A row of theirs is never deleted alone.
CHANGED_ONLY = ("claims", "policies")
NOT_SEALED = {
    "claims": {"description", "form_token", "erased_at", "id"},
    "policies": {"policyholder", "form_token", "erased_at", "id"},
    "import_files": {"file_name", "mapping", "titles_digest"},  # names may be a person's
}


@dataclass(frozen=True)
class Tampering:
    """One kind of change to one row of a table."""

    table: str
    kind: str
    row: int  # how many rows come before it
    column: int  # which of the columns that can be noticed

    def statements(self) -> list[str]:
        """The SQL of the change."""
        table: Table = Base.metadata.tables[self.table]
        key = f"(SELECT id FROM {self.table} ORDER BY id LIMIT 1 OFFSET {self.row})"
        if self.kind == "deleted":
            return [f"DELETE FROM {self.table} WHERE id = {key}"]
        if self.kind == "reordered":
            return self._swapped()
        if self.kind == "added":
            return [self._copied(table, key)]
        columns = [each for each in table.columns if each.name not in self._unsealed()]
        column = columns[self.column % len(columns)]
        row = f"id = {key}"
        if self.kind == "emptied":
            row += f" AND {column.name} IS NOT NULL"
        value = "NULL" if self.kind == "emptied" else _other_value(column)
        return [f"UPDATE {self.table} SET {column.name} = {value} WHERE {row}"]

    def _unsealed(self) -> set[str]:
        return NOT_SEALED.get(self.table, set()) | {"id"}

    def _swapped(self) -> list[str]:
        """Two neighbours change their ids."""
        rows = f"SELECT id FROM {self.table} ORDER BY id LIMIT 1 OFFSET"
        first, second = f"({rows} {self.row})", f"({rows} {self.row + 1})"
        ids = f"CREATE TEMP TABLE swapped AS SELECT {first} AS a, {second} AS b"
        a, b = "(SELECT a FROM swapped)", "(SELECT b FROM swapped)"
        move = f"UPDATE {self.table} SET id ="
        return [
            ids,
            f"{move} 1000000 WHERE id = {a}",
            f"{move} {a} WHERE id = {b}",
            f"{move} {b} WHERE id = 1000000",
        ]

    def _copied(self, table: Table, key: str) -> str:
        """A copy of the row with the next id, without what must be unique."""
        unique = {"reverses", "job", "undoes"}
        values = {each.name: each.name for each in table.columns}
        values |= {name: "NULL" for name in values if name in unique}
        values["id"] = f"(SELECT max(id) + 1 FROM {self.table})"
        if "closed_through" in values:
            values["closed_through"] = "'1999-12-31'"
        names = ", ".join(values)
        return (
            f"INSERT INTO {self.table} ({names}) SELECT {', '.join(values.values())} "
            f"FROM {self.table} WHERE id = {key}"
        )


def _other_value(column) -> str:
    """The SQL of another value of a column's type."""
    name, kind = column.name, column.type
    if isinstance(kind, Boolean):
        return f"NOT {name}"
    if isinstance(kind, Date):
        return f"CASE WHEN {name} = '2024-02-03' THEN '2024-02-04' ELSE '2024-02-03' END"
    if isinstance(kind, UtcDateTime):
        return "'2024-02-03 01:02:03.000004'"
    if isinstance(kind, Integer | MoneyType):
        return f"coalesce({name}, 0) + 1"
    if enums := getattr(kind, "enums", None):
        return f"CASE WHEN {name} = '{enums[0]}' THEN '{enums[1]}' ELSE '{enums[0]}' END"
    if name == "digest":
        return f"'f' || substr({name}, 1, 62) || 'e'"
    return f"coalesce({name}, '') || 'x'"


class Refused(Exception):
    """The database itself refused the change, or there was no such row."""


@contextmanager
def tampered(app: Flask, pristine: Path, tampering: Tampering) -> Iterator[None]:
    """Make the change, with all triggers there again afterwards, and take it back at the end."""
    if db.engine.dialect.name == "sqlite":
        _tamper_sqlite(Path(app.instance_path) / BOOK_FILE, pristine, tampering)
        yield
        db.session.remove()
        return
    try:
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        changed = [db.session.execute(text(sql)).rowcount for sql in tampering.statements()]
        db.session.execute(text("SET LOCAL session_replication_role = origin"))
    except DBAPIError as error:
        db.session.rollback()
        raise Refused from error
    if 0 in changed[-1:]:
        db.session.rollback()
        raise Refused
    yield
    db.session.rollback()


def _tamper_sqlite(path: Path, pristine: Path, tampering: Tampering) -> None:
    """Put a changed copy of the book in place of it."""
    db.session.remove()
    db.engine.dispose()
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.copy(pristine, path)
    with sqlite3.connect(path, isolation_level=None) as book:
        triggers = book.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in (stored := triggers.fetchall()):
            book.execute(f"DROP TRIGGER {name}")
        try:
            changed = [book.execute(sql).rowcount for sql in tampering.statements()]
        except sqlite3.Error as error:
            raise Refused from error
        for _, sql in stored:
            book.execute(sql)
    book.close()
    if changed[-1] == 0:
        raise Refused
