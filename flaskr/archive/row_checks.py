"""Checks of the rows of an archive before they go to the database."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.archive.manifest import ArchiveError
from flaskr.archive.tables import ArchiveColumn, ArchiveTable, StoredType
from flaskr.claims.models import ENTRY_TEXTS
from flaskr.errors import TextError
from flaskr.facts.closed_lists import EntryException
from flaskr.values.text import ALLOTTED, reference_key, stored_reference, stored_text

_REFERENCES = ("claim_reference", "policy_number")
_FREE_TEXTS = ("description", "policyholder", "event_code", *ENTRY_TEXTS)
_PAST_DAYS = (
    "loss_date",
    "reported_date",
    "transaction_date",
    "closed_date_after",
    "closed_date_booked",
    "closed_through",
)
_FIRST_INSTANT = datetime(1, 1, 2, tzinfo=UTC)  # a valid date in every time zone
FIRST_DATE, LAST_DATE = date(1, 1, 1), date(9999, 12, 31)


class RowChecks:
    """Checks one table's rows; `reached` has the highest allotted number of each counter."""

    def __init__(self, table: ArchiveTable, today: date, now: datetime, zone: ZoneInfo) -> None:
        self.table = table
        self.today = today
        self.now = now
        self.zone = zone
        self.last_key: Any = None
        self.reached: dict[str, int] = {}

    def check(self, batch: pa.RecordBatch) -> None:
        """Raise ArchiveError for a row that ClaimBook could not have written."""
        for column in self.table.columns:
            values = batch[column.name]
            if values.null_count and not column.is_nullable:
                raise self._error(column.name, "is missing")
            _CHECKS[column.stored](self, column, values)
        self._check_order(batch[self.table.key])
        for name in _REFERENCES:
            if name in batch.schema.names:
                self._check_references(name, batch)
        if "closed_through" in batch.schema.names:
            self._check_closed_days(batch)

    def _error(self, column: str, problem: str) -> ArchiveError:
        """Return the error for a value of a column."""
        return ArchiveError(
            f"{self.table.name}: {column} {problem}. The archive was changed or damaged."
        )

    def _check_order(self, keys: pa.Array) -> None:
        """Refuse rows whose keys are not in ascending order."""
        listed = keys.to_pylist()
        before = [self.last_key, *listed[:-1]]
        if any(old is not None and old >= new for old, new in zip(before, listed, strict=True)):
            raise self._error(self.table.key, "is out of order")
        self.last_key = listed[-1] if listed else self.last_key

    def _check_references(self, name: str, batch: pa.RecordBatch) -> None:
        """Refuse invalid references, and keys that do not match their reference."""
        texts, keys = batch[name].to_pylist(), batch[f"{name}_key"].to_pylist()
        for text, key in zip(texts, keys, strict=True):
            if _clean_or_none(stored_reference, text) != text or reference_key(text) != key:
                raise self._error(name, f"{text[:40]!r} is not valid, or does not match its key")
            if ALLOTTED.fullmatch(key):
                counter, _, number = key.upper().rpartition("-")
                self.reached[counter] = max(self.reached.get(counter, 0), int(number))

    def _check_closed_days(self, batch: pa.RecordBatch) -> None:
        """Refuse a period that was closed before its last day had ended."""
        days, instants = batch["closed_through"].to_pylist(), batch["recorded_at"].to_pylist()
        for day, recorded_at in zip(days, instants, strict=True):
            if day >= recorded_at.astimezone(self.zone).date():
                raise self._error("closed_through", "had not ended when the period was closed")

    def check_number(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse numbers outside the range of the column, and ids below 1."""
        least = 1 if column.name == self.table.key or column.name.endswith("_id") else 0
        self._check_range(column, values, least, column.most)

    def check_day(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse dates outside the years 1 to 9999, and future dates in columns about the past."""
        is_past = column.name in _PAST_DAYS
        numbers = values.cast(pa.int32())
        first, last = (
            (day - date(1970, 1, 1)).days
            for day in (FIRST_DATE, self.today if is_past else LAST_DATE)
        )
        self._check_range(column, numbers, first, last)

    def check_instant(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse instants in the future."""
        first, last = (
            int(pa.scalar(each, values.type).cast(pa.int64()).as_py())
            for each in (_FIRST_INSTANT, self.now)
        )
        self._check_range(column, values.cast(pa.int64()), first, last)

    def _check_range(self, column: ArchiveColumn, numbers: pa.Array, least: int, most: int) -> None:
        """Refuse numbers outside a range; both ends are allowed."""
        extremes = pc.min_max(numbers)
        low, high = extremes["min"].as_py(), extremes["max"].as_py()
        if low is not None and not (least <= low and high <= most):
            raise self._error(column.name, "is out of range or in the future")

    def check_text(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Refuse values outside a closed list, and texts that the book does not accept."""
        distinct = [text for text in pc.unique(values).to_pylist() if text is not None]
        if column.words:
            if not set(distinct) <= set(column.words):
                raise self._error(column.name, "has a value that this version does not know")
            return
        for text in distinct:
            is_too_long = column.most and len(text) > column.most
            is_unclean = column.name in _FREE_TEXTS and _clean_or_none(stored_text, text) != text
            is_unknown = column.name == "exceptions" and not _is_list_of_exceptions(text)
            if is_too_long or is_unclean or is_unknown or "\0" in text:
                raise self._error(column.name, f"{text[:40]!r} is not a text that the book accepts")

    def check_nothing(self, column: ArchiveColumn, values: pa.Array) -> None:
        """Accept every value: booleans need no check, and amounts have 18 digits by their type."""


_CHECKS: dict[StoredType, Callable[[RowChecks, ArchiveColumn, pa.Array], None]] = {
    StoredType.NUMBER: RowChecks.check_number,
    StoredType.DAY: RowChecks.check_day,
    StoredType.INSTANT: RowChecks.check_instant,
    StoredType.TEXT: RowChecks.check_text,
    StoredType.FLAG: RowChecks.check_nothing,
    StoredType.MONEY: RowChecks.check_nothing,
}


def _is_list_of_exceptions(text: str) -> bool:
    """Whether a text is names of rules that a migrated entry may break, separated by spaces."""
    return set(text.split(" ")) <= set(EntryException)


def _clean_or_none(clean: Callable[[str], str], text: str) -> str | None:
    """Return a text as the book would store it; None if it would not accept it."""
    try:
        return clean(text)
    except TextError:
        return None
