"""The kinds of values: what a column holds decides how it is read, kept and written everywhere."""

from enum import StrEnum


class Kind(StrEnum):
    """What a column holds."""

    REFERENCE = "reference"  # names a claim or a policy: text, leading zeros and all
    TEXT = "text"
    CHOICE = "choice"  # one of a short list
    DAY = "day"
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"  # a whole one


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
