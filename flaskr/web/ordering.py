"""The order of a list: by a column or by recording, empty ones last, and every tie by id."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class ByBytes(GenericFunction[str]):
    """A text column compared by bytes, as SQLite does, whatever the database's collation."""

    name = "by_bytes"
    inherit_cache = True


@compiles(ByBytes)
def write_plainly(element: ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    """Write the column alone: SQLite sorts by bytes."""
    return compiler.process(element.clauses, **options)


@compiles(ByBytes, "postgresql")
def write_collated(element: ByBytes, compiler: SQLCompiler, **options: Any) -> str:
    """Write the column with the collation that goes by bytes."""
    return f'({compiler.process(element.clauses, **options)}) COLLATE "C"'


def by_bytes(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a text column of a closed list as it is to be sorted by."""
    return ByBytes(column, type_=column.type)


@dataclass(frozen=True)
class RowPlace:
    """Where a row stands in an order: its id, and its value in the column of the order."""

    row_id: int
    value: Any = None


@dataclass(frozen=True)
class SortOrder:
    """By a column, or without one by recording; empty values come last, rising or falling."""

    column: ColumnElement[Any] | None = None
    is_falling: bool = True

    def clauses(self, key: Any, backwards: bool = False) -> list[ColumnElement[Any]]:
        """Return what to order by, ending in the key; `backwards` gives the reverse exactly."""
        falls = self.is_falling is not backwards
        by_key = key.desc() if falls else key.asc()
        if self.column is None:
            return [by_key]
        by_column = self.column.desc() if falls else self.column.asc()
        return [by_column.nulls_first() if backwards else by_column.nulls_last(), by_key]

    def beyond(self, key: Any, place: RowPlace, backwards: bool = False) -> ColumnElement[bool]:
        """Return the condition that a row comes after a place, or before it."""
        falls = self.is_falling is not backwards
        tied = key < place.row_id if falls else key > place.row_id
        if self.column is None:
            return tied
        empty = self.column.is_(None)
        if place.value is None:
            return or_(~empty, tied) if backwards else and_(empty, tied)
        further = self.column < place.value if falls else self.column > place.value
        later = or_(further, and_(self.column == place.value, tied))
        return later if backwards else or_(later, empty)


NEWEST_FIRST = SortOrder()
