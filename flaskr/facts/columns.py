"""How a column of a file is declared: name, kind, unit, meaning, and what may be personal."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; flaskr.files.writers.frames has the Arrow type of each."""

    TEXT = "text"
    WORD = "word"  # a text from a short list: Parquet keeps these as dictionaries
    DAY = "day"
    INSTANT = "instant"
    MONEY = "money"
    NUMBER = "number"


ARROW_NAMES = {
    Kind.TEXT: "string",
    Kind.WORD: "string",
    Kind.DAY: "date32",
    Kind.INSTANT: "timestamp[us, tz=UTC]",
    Kind.MONEY: "decimal128(18, 2)",
    Kind.NUMBER: "int64",
}


@dataclass(frozen=True)
class Column:
    """One column of a file.

    `is_personal` when it may say something about a person; `adds_up` when the sum of its amounts
    means something, and is a control total of the file. `hides` is the column of the book of whose
    names it has the pseudonyms.
    """

    name: str
    kind: Kind
    meaning: str
    meaning_sv: str
    unit: str = ""
    is_personal: bool = False
    adds_up: bool = False
    hides: str = ""

    @property
    def declaration(self) -> dict[str, str | bool]:
        """The column as a manifest and the dictionary show it."""
        return {
            "name": self.name,
            "type": ARROW_NAMES[self.kind],
            "unit": self.unit,
            "meaning": self.meaning,
            "meaning_sv": self.meaning_sv,
            "personal": self.is_personal,
        }


Columns = tuple[Column, ...]


def text(name: str, meaning: str, meaning_sv: str, is_personal: bool = False) -> Column:
    """Declare a text."""
    return Column(name, Kind.TEXT, meaning, meaning_sv, is_personal=is_personal)


def word(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare a text out of a short list."""
    return Column(name, Kind.WORD, meaning, meaning_sv)


def money(name: str, meaning: str, meaning_sv: str, adds_up: bool = True) -> Column:
    """Declare an amount."""
    unit = "the book's currency"
    return Column(name, Kind.MONEY, meaning, meaning_sv, unit=unit, adds_up=adds_up)


def day(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare a calendar day in the book's time zone."""
    return Column(name, Kind.DAY, meaning, meaning_sv, unit="day")


def instant(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare an instant."""
    return Column(name, Kind.INSTANT, meaning, meaning_sv, unit="UTC")


def number(name: str, meaning: str, meaning_sv: str) -> Column:
    """Declare a whole number."""
    return Column(name, Kind.NUMBER, meaning, meaning_sv)


def names_of(columns: Columns, kind: Kind) -> list[str]:
    """Return the names of the columns of one kind, in order."""
    return [column.name for column in columns if column.kind is kind]


def totalled(columns: Columns) -> tuple[str, ...]:
    """Return the names of the amounts whose sums are control totals."""
    return tuple(column.name for column in columns if column.adds_up)
