"""What an archive has of each table, as the models declare it."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Date, Enum, String, Table, Text

from flaskr.claims.ledger.rules import BALANCES
from flaskr.extensions import Base
from flaskr.values.column_types import MoneyType, UtcDateTime

# In the order of loading, what is referred to first; with the amounts that are control totals.
TABLES = {
    "imports": BALANCES,
    "import_files": (),
    "policies": ("premium",),
    "claims": BALANCES,
    "policy_revisions": (),
    "claim_revisions": (),
    "ledger_entries": BALANCES,
    "counters": (),
}
_LEFT_OUT = ("form_token",)  # of forms that were open in somebody's browser
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_BIGINT = 2**63 - 1


class Stored(StrEnum):
    """What a column holds; flaskr.archive.stored_rows has the Arrow type of each."""

    NUMBER = "number"
    FLAG = "flag"
    MONEY = "money"
    DAY = "day"
    INSTANT = "instant"
    TEXT = "text"


@dataclass(frozen=True)
class ArchiveColumn:
    """One column: `most` is a number's largest value, or a text's length; `words` a closed list."""

    name: str
    stored: Stored
    is_nullable: bool
    most: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArchiveTable:
    """One table and its member of the archive; `key` is the column that its rows are ordered by."""

    name: str
    key: str
    columns: tuple[ArchiveColumn, ...]
    totals: tuple[str, ...]

    @property
    def member(self) -> str:
        """The name of the table's file."""
        return f"{self.name}.parquet"


def archive_tables() -> tuple[ArchiveTable, ...]:
    """Return the book's tables in the order of loading."""
    known = Base.metadata.tables
    return tuple(_declared(known[name], sums) for name, sums in TABLES.items())


def kept_columns(table: Table) -> list[Column[object]]:
    """Return the columns that an archive has."""
    return [column for column in table.columns if column.name not in _LEFT_OUT]


def _declared(table: Table, totals: tuple[str, ...]) -> ArchiveTable:
    """Return a table as an archive has it."""
    (key,) = table.primary_key.columns
    columns = tuple(map(_declared_column, kept_columns(table)))
    return ArchiveTable(table.name, key.name, columns, totals)


def _declared_column(column: Column[object]) -> ArchiveColumn:
    """Return a column as an archive has it."""
    kind, nullable = column.type, bool(column.nullable)
    plain = {
        MoneyType: Stored.MONEY,
        UtcDateTime: Stored.INSTANT,
        Date: Stored.DAY,
        Boolean: Stored.FLAG,
    }
    for declared_type, stored in plain.items():
        if isinstance(kind, declared_type):
            return ArchiveColumn(column.name, stored, nullable)
    if isinstance(kind, Enum):
        return ArchiveColumn(column.name, Stored.TEXT, nullable, 32, tuple(kind.enums))
    if isinstance(kind, String | Text):
        return ArchiveColumn(column.name, Stored.TEXT, nullable, kind.length or 0)
    most = _LARGEST_BIGINT if isinstance(kind, BigInteger) else _LARGEST_INTEGER
    return ArchiveColumn(column.name, Stored.NUMBER, nullable, most)
