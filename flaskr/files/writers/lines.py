"""Build rows of text column by column, for Excel CSV, XLSX and JSON lines."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Small enough that four columns of the longest texts, with every character escaped, fit the 2 GiB
# limit of one Arrow string array.
_ROWS_AT_ONCE = 2048


def record_batches(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a frame in small batches."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False, nthreads=1)
    yield from table.to_batches(max_chunksize=_ROWS_AT_ONCE)


def join_texts(*parts: pa.Array | str) -> pa.Array:
    """Concatenate texts row by row; null where any part is null."""
    return pc.binary_join_element_wise(*parts, "")


def format_values(values: pa.Array) -> pa.Array:
    """Return values as text: numbers 123, amounts -1234.50, dates 0001-02-28, instants with a Z."""
    return values.cast(pa.string())


def escape_texts(texts: pa.Array, unsafe: str, escape: Callable[[str], str]) -> pa.Array:
    """Return texts with `escape` applied to those that match the pattern `unsafe`."""
    is_unsafe = pc.fill_null(pc.match_substring_regex(texts, unsafe), False)
    if not is_unsafe.true_count:
        return texts
    safe = pa.array(map(escape, texts.filter(is_unsafe).to_pylist()), pa.string())
    return pc.replace_with_mask(texts, is_unsafe, safe)


def bytes_of(texts: pa.Array) -> memoryview:
    """Return the texts concatenated as UTF-8, without copying them."""
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(letters)[ends[texts.offset] : ends[texts.offset + len(texts)]]
