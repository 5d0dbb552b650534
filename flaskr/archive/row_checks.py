"""What must hold of the rows of an archive before the database is asked."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.manifest import ArchiveError
from flaskr.archive.tables import ArchiveColumn, ArchiveTable, Stored
from flaskr.errors import TextError
from flaskr.values.text import ALLOTTED, clean_reference, clean_text, reference_key

_REFERENCES = ("claim_reference", "policy_number")
_FREE_TEXTS = ("description", "policyholder", "reason")
_PAST_DAYS = ("loss_date", "reported_date", "transaction_date", "closed_date_after")
_FIRST_INSTANT = datetime(1, 1, 2, tzinfo=UTC)  # so that it is a day in every time zone
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)


class RowChecks:
    """Checks one table's rows, batch by batch; `reached` is how far allotted references come."""

    def __init__(self, table: ArchiveTable, today: date, now: datetime) -> None:
        self.table = table
        self.today = today
        self.now = now
        self.last_key: Any = None
        self.reached: dict[str, int] = {}

    def check(self, batch: pa.RecordBatch) -> None:
        """Raise ArchiveError for a row that the book could not have written."""
        for column in self.table.columns:
            values = batch[column.name]
            if values.null_count and not column.is_nullable:
                raise self.refused(column.name, "is missing")
            _CHECKS[column.stored](self, column, values)
        self._check_order(batch[self.table.key])
        for name in _REFERENCES:
            if name in batch.schema.names:
                self._check_references(name, batch)

    def refused(self, column: str, said: str) -> ArchiveError:
        """Return the refusal of a column's value."""
        return ArchiveError(
            f"{self.table.name}: {column} {said}. The archive was changed or damaged."
        )

    def _check_order(self, keys: pa.Array) -> None:
        """Refuse rows whose keys do not rise."""
        listed = keys.to_pylist()
        before = [self.last_key, *listed[:-1]]
        if any(old is not None and old >= new for old, new in zip(before, listed, strict=True)):
            raise self.refused(self.table.key, "is out of order")
        self.last_key = listed[-1] if listed else self.last_key

    def _check_references(self, name: str, batch: pa.RecordBatch) -> None:
        """Refuse references that cannot be ones, and keys that are not theirs."""
        texts, keys = batch[name].to_pylist(), batch[f"{name}_key"].to_pylist()
        for text, key in zip(texts, keys, strict=True):
            if _cleaned(clean_reference, text) != text or reference_key(text) != key:
                raise self.refused(name, f"{text[:40]!r} is not valid, or does not match its key")
            if ALLOTTED.fullmatch(key):
                counter, _, number = key.upper().rpartition("-")
                self.reached[counter] = max(self.reached.get(counter, 0), int(number))

    def check_number(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse numbers that the column does not hold, and ids from zero down."""
        least = 1 if column.name == self.table.key or column.name.endswith("_id") else 0
        self._check_range(column, values, least, column.most)

    def check_day(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse days that are none, and days to come of what has happened."""
        is_past = column.name in _PAST_DAYS
        numbers = values.cast(pa.int32())
        first, last = (
            (day - date(1970, 1, 1)).days
            for day in (FIRST_DAY, self.today if is_past else LAST_DAY)
        )
        self._check_range(column, numbers, first, last)

    def check_instant(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse instants to come."""
        first, last = (
            int(pa.scalar(each, values.type).cast(pa.int64()).as_py())
            for each in (_FIRST_INSTANT, self.now)
        )
        self._check_range(column, values.cast(pa.int64()), first, last)

    def _check_range(self, column: ArchiveColumn, numbers: pa.Array, least: int, most: int) -> None:
        """Refuse what is below or above."""
        found = pc.min_max(numbers)
        low, high = found["min"].as_py(), found["max"].as_py()
        if low is not None and not (least <= low and high <= most):
            raise self.refused(column.name, "is out of range or in the future")

    def check_text(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse words that are not of the list, and texts that the book does not admit."""
        distinct = [text for text in pc.unique(values).to_pylist() if text is not None]
        if column.words:
            if not set(distinct) <= set(column.words):
                raise self.refused(column.name, "has a value that this version does not know")
            return
        for text in distinct:
            is_too_long = column.most and len(text) > column.most
            is_unclean = column.name in _FREE_TEXTS and _cleaned(clean_text, text) != text
            if is_too_long or is_unclean or "\0" in text:
                raise self.refused(
                    column.name, f"{text[:40]!r} is not a text that the book accepts"
                )

    def check_nothing(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Flags are what they are; amounts have 18 digits by their type."""


_CHECKS: dict[Stored, Callable[[RowChecks, ArchiveColumn, pa.Array], None]] = {
    Stored.NUMBER: RowChecks.check_number,
    Stored.DAY: RowChecks.check_day,
    Stored.INSTANT: RowChecks.check_instant,
    Stored.TEXT: RowChecks.check_text,
    Stored.FLAG: RowChecks.check_nothing,
    Stored.MONEY: RowChecks.check_nothing,
}


def _cleaned(clean: Callable[[str], str], text: str) -> str | None:
    """Return a text as the book would keep it; None for one that it does not admit."""
    try:
        return clean(text)
    except TextError:
        return None
