"""The tables and columns of an archive, from the models."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Date, Enum, String, Table, Text

from flaskr.claims.ledger.balances import BALANCES
from flaskr.extensions import Base
from flaskr.values.column_types import MoneyType, UtcDateTime

# In the order of loading (referenced tables first), with the amounts that have control totals.
TABLE_TOTALS = {
    "imports": BALANCES,
    "import_files": (),
    "policies": ("premium",),
    "claims": BALANCES,
    "policy_revisions": (),
    "claim_revisions": (),
    "ledger_entries": BALANCES,
    "entry_texts": (),
    "live_declarations": (),
    "closings": ("premium", *BALANCES),
    "counters": (),
    "seals": (),
}
_LEFT_OUT = ("form_token",)  # identifies a form submitted from a browser
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_BIGINT = 2**63 - 1


class StoredType(StrEnum):
    """The type of a column's values; flaskr.archive.stored_rows has the Arrow type of each."""

    NUMBER = "number"
    FLAG = "flag"
    MONEY = "money"
    DAY = "day"
    INSTANT = "instant"
    TEXT = "text"


@dataclass(frozen=True)
class ArchiveColumn:
    """One column; `most` is the largest number or text length, `words` a closed list."""

    name: str
    stored: StoredType
    is_nullable: bool
    most: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArchiveTable:
    """One table of an archive; `key` is the column that orders the rows."""

    name: str
    key: str
    columns: tuple[ArchiveColumn, ...]
    totals: tuple[str, ...]

    @property
    def member(self) -> str:
        """The name of the table's file in the archive."""
        return f"{self.name}.parquet"


def archive_tables() -> tuple[ArchiveTable, ...]:
    """Return the book's tables in the order of loading."""
    known = Base.metadata.tables
    return tuple(_archive_table(known[name], sums) for name, sums in TABLE_TOTALS.items())


def archived_columns(table: Table) -> list[Column[object]]:
    """Return the columns of a table that go into an archive."""
    return [column for column in table.columns if column.name not in _LEFT_OUT]


def _archive_table(table: Table, totals: tuple[str, ...]) -> ArchiveTable:
    """Return the archive's declaration of a table."""
    (key,) = table.primary_key.columns
    columns = tuple(map(_archive_column, archived_columns(table)))
    return ArchiveTable(table.name, key.name, columns, totals)


def _archive_column(column: Column[object]) -> ArchiveColumn:
    """Return the archive's declaration of a column."""
    kind, nullable = column.type, bool(column.nullable)
    plain = {
        MoneyType: StoredType.MONEY,
        UtcDateTime: StoredType.INSTANT,
        Date: StoredType.DAY,
        Boolean: StoredType.FLAG,
    }
    for declared_type, stored in plain.items():
        if isinstance(kind, declared_type):
            return ArchiveColumn(column.name, stored, nullable)
    if isinstance(kind, Enum):
        return ArchiveColumn(column.name, StoredType.TEXT, nullable, 32, tuple(kind.enums))
    if isinstance(kind, String | Text):
        return ArchiveColumn(column.name, StoredType.TEXT, nullable, kind.length or 0)
    most = _LARGEST_BIGINT if isinstance(kind, BigInteger) else _LARGEST_INTEGER
    return ArchiveColumn(column.name, StoredType.NUMBER, nullable, most)
