"""Take off the apostrophe that CSV has before a text which a spreadsheet would run as a formula."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.files.readers.cells import CellBatch, batch_of
from flaskr.files.writers.csv import FORMULA_STARTS

_ESCAPED_FORMULA = "^'[" + FORMULA_STARTS.replace("-", "\\-").replace("\0", "\\x00") + "]"


def without_escapes(batch: CellBatch) -> tuple[CellBatch, int]:
    """Return a batch of texts without the apostrophes before formulas, and how many there were."""
    columns, count = [], 0
    for column in batch.cells.columns:
        plain, removed = _without_escapes(column)
        columns.append(plain)
        count += removed
    return replace(batch, cells=batch_of(columns, batch.cells.schema.names)), count


def _without_escapes(texts: pa.StringArray) -> tuple[pa.StringArray, int]:
    """Return a column without the apostrophes before formulas, and how many there were."""
    is_formula = pc.fill_null(pc.match_substring_regex(texts, _ESCAPED_FORMULA), False)
    count = int(np.count_nonzero(is_formula.to_numpy(zero_copy_only=False)))
    if not count:
        return texts, 0
    plain = pc.utf8_slice_codeunits(texts.filter(is_formula), 1)
    return pc.replace_with_mask(texts, is_formula, plain), count
