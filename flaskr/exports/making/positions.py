"""Look up rows by position in Arrow, at a fraction of a join's cost."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.writers.frames import integers


class RowsByPosition:
    """The rows of a table in the order of their ids, found by position.

    `schema` names their columns; the first is the id, and each column holds only what is needed,
    because nothing else of a file's making grows with the book.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> None:
        table = pa.Table.from_batches(batches, schema=schema).unify_dictionaries()
        self.columns: dict[str, pa.Array] = {}
        for name in schema.names:  # one at a time, so that at most one is in memory twice
            self.columns[name] = table[name].combine_chunks()
            table = table.drop_columns(name)
        ids = self.columns.pop(schema.names[0]).to_numpy()
        self._by_id = _positions_by_id(ids)
        self._ids = ids if self._by_id is None else ids[:0].copy()

    def positions(self, ids: pa.Array) -> pa.Array:
        """Return the position of each id; null for a missing one."""
        known = integers(ids)  # with 0 for a missing id, whose position may be any
        found = np.searchsorted(self._ids, known) if self._by_id is None else self._by_id[known]
        return pa.array(found.astype(np.int32, copy=False), mask=np.asarray(ids.is_null()))

    def take(self, name: str, positions: pa.Array) -> pa.Array:
        """Return the values of a column at positions; null where the position is."""
        column = self.columns[name]
        if isinstance(column, pa.DictionaryArray):
            return pc.take(column.dictionary, pc.take(column.indices, positions))
        return pc.take(column, positions)


def _positions_by_id(ids: np.ndarray) -> np.ndarray | None:
    """Return an array of the position of each id; None if the ids are too sparse for one."""
    highest = int(ids[-1]) if len(ids) else 0
    if highest > 4 * len(ids) + 1_000_000:
        return None
    table = np.zeros(highest + 1, dtype=np.int32)
    table[ids] = np.arange(len(ids), dtype=np.int32)
    return table


def copied_texts(texts: pa.Array) -> pa.Array:
    """Return a copy of texts: a single column would keep the driver's whole batch in memory."""
    return pc.take(texts.cast(pa.string()), pa.array(np.arange(len(texts), dtype=np.int32)))


def coded_texts(texts: pa.Array) -> pa.Array:
    """Return texts of a closed list as one byte each."""
    return texts.cast(pa.string()).dictionary_encode().cast(CODED)


CODED = pa.dictionary(pa.int8(), pa.string())
