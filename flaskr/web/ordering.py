"""The order of a list: by a column or by recording, empty values last, ties by id."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _ByBytes(GenericFunction[str]):
    """A text column compared by bytes, as SQLite does, regardless of the database's collation."""

    name = "by_bytes"
    inherit_cache = True


@compiles(_ByBytes)
def _compile_plain(element: _ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    """Compile to the column alone: SQLite sorts by bytes."""
    return compiler.process(element.clauses, **options)


@compiles(_ByBytes, "postgresql")
def _compile_collated(element: _ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    """Compile to the column with the collation that sorts by bytes."""
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


def by_bytes(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the sort expression of a closed list's column: by the bytes of its values."""
    return _ByBytes(column, type_=column.type)


@dataclass(frozen=True)
class RowPosition:
    """A row's position in an order: its id, and its value in the sorted column."""

    row_id: int
    value: Any = None


@dataclass(frozen=True)
class SortOrder:
    """Sort by a column, or without one by recording; empty values come last either way."""

    column: ColumnElement[Any] | None = None
    is_descending: bool = True

    def clauses(self, key: Any, backwards: bool = False) -> list[ColumnElement[Any]]:
        """Return the ORDER BY clauses, the key last; `backwards` gives the exact reverse."""
        is_descending = self.is_descending is not backwards
        by_key = key.desc() if is_descending else key.asc()
        if self.column is None:
            return [by_key]
        by_column = self.column.desc() if is_descending else self.column.asc()
        return [by_column.nulls_first() if backwards else by_column.nulls_last(), by_key]

    def beyond(
        self, key: Any, position: RowPosition, backwards: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition that a row comes after a position, or before it (`backwards`)."""
        is_descending = self.is_descending is not backwards
        tied = key < position.row_id if is_descending else key > position.row_id
        if self.column is None:
            return tied
        empty = self.column.is_(None)
        if position.value is None:
            return or_(~empty, tied) if backwards else and_(empty, tied)
        value = position.value
        further = self.column < value if is_descending else self.column > value
        later = or_(further, and_(self.column == value, tied))
        return later if backwards else or_(later, empty)


NEWEST_FIRST = SortOrder()
