"""The first values of each column of a file, by which a person recognises what it means."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.dispatch import CellBatch
from flaskr.values.identity_numbers import without_identity_numbers

_SAMPLES = 3
_SHOWN_CHARACTERS = 40


class Samples:
    """The first distinct values of each column of a file."""

    def __init__(self, titles: Iterable[str]) -> None:
        self.values: dict[str, list[str]] = {title: [] for title in titles}

    def add(self, batch: CellBatch) -> None:
        """Add values of a batch to the columns that have too few."""
        for title, values in self.values.items():
            if len(values) < _SAMPLES:
                for value in _first_distinct(batch.cells.column(title)):
                    if value not in values and len(values) < _SAMPLES:
                        values.append(value)

    def of(self, title: str) -> tuple[str, ...]:
        """Return the first values of a column."""
        return tuple(self.values[title])

    def lacking(self, titles: Iterable[str]) -> list[str]:
        """Return the columns of some that have had no value so far."""
        return [title for title in titles if not self.values[title]]


def _first_distinct(column: pa.Array) -> list[str]:
    """Return the first few distinct values of a column as a page shows them."""
    filled = column.drop_null().slice(0, 1000)
    distinct = pc.unique(filled).slice(0, _SAMPLES)
    return [shown_value(value) for value in distinct.to_pylist()]


def shown_value(value: object) -> str:
    """Return a cell as messages and pages show it: short, on one line, no identity number."""
    text = "" if value is None else str(value)
    if text.startswith("\0"):
        return "?"
    visible = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    visible = without_identity_numbers(visible)
    short = visible[:_SHOWN_CHARACTERS]
    return f"{short}…" if len(visible) > _SHOWN_CHARACTERS else short
