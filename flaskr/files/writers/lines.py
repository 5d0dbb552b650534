"""Rows as lines of text, made a column at a time: what CSV for Excel, XLSX and JSON lines share."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# So few that four columns of the longest texts, every character escaped, still fit the 2 GiB that
# one Arrow array of texts holds.
_ROWS_AT_ONCE = 2048


def batches(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a frame a few at a time."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False, nthreads=1)
    yield from table.to_batches(max_chunksize=_ROWS_AT_ONCE)


def joined(*parts: pa.Array | str) -> pa.Array:
    """Return texts put together row by row; missing where a part is."""
    return pc.binary_join_element_wise(*parts, "")


def digits(values: pa.Array) -> pa.Array:
    """Return numbers as 123, amounts as -1234.50, days as 0001-02-28, instants with a Z."""
    return values.cast(pa.string())


def escaped(texts: pa.Array, unsafe: str, escape: Callable[[str], str]) -> pa.Array:
    """Return texts with `escape` applied to those in which the pattern `unsafe` is found."""
    found = pc.fill_null(pc.match_substring_regex(texts, unsafe), False)
    if not found.true_count:
        return texts
    safe = pa.array(map(escape, texts.filter(found).to_pylist()), pa.string())
    return pc.replace_with_mask(texts, found, safe)


def as_bytes(texts: pa.Array) -> memoryview:
    """Return texts one after the other in UTF-8, without a copy."""
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    return memoryview(letters)[ends[texts.offset] : ends[texts.offset + len(texts)]]
