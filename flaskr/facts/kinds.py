"""The kinds of values, which decide how a column is read, stored and written everywhere."""

from enum import StrEnum


class Kind(StrEnum):
    """The kind of a column's values."""

    REFERENCE = "reference"  # of a claim or a policy: text that keeps its leading zeros
    TEXT = "text"
    CHOICE = "choice"  # from a closed list
    DAY = "day"
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"  # a whole number


TEXTS = (Kind.REFERENCE, Kind.TEXT)

ARROW_NAMES = {
    Kind.REFERENCE: "string",
    Kind.TEXT: "string",
    Kind.CHOICE: "string",
    Kind.DAY: "date32",
    Kind.INSTANT: "timestamp[us, tz=UTC]",
    Kind.AMOUNT: "decimal128(18, 2)",
    Kind.NUMBER: "int64",
}
UNITS = {Kind.DAY: "day", Kind.INSTANT: "UTC", Kind.AMOUNT: "the book's currency"}
