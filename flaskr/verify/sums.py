"""Adding up the amounts of a file that is read, exactly, whatever stands in it."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.exports.dictionary import ADDED_UP
from flaskr.money import ZERO

AMOUNT = r"^-?[0-9]{1,16}\.[0-9]{2}$"
WIDE = pa.decimal128(38, 2)


class Sums:
    """The rows of a file and its amounts together; batches bring amounts as decimals or texts."""

    def __init__(self, columns: list[str]) -> None:
        self.rows = 0
        self.totals: dict[str, Decimal | str] = {name: ZERO for name in columns if name in ADDED_UP}

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        for name, total in self.totals.items():
            if isinstance(total, Decimal):
                self.totals[name] = self.added(total, batch.column(name))
        self.rows += batch.num_rows

    def added(self, total: Decimal, values: pa.Array) -> Decimal | str:
        """Return a total with more amounts, or a sentence about what is none."""
        kind = values.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            if odd := self.odd(values):
                return odd
        elif not (pa.types.is_decimal(kind) or pa.types.is_null(kind)):
            return f"not amounts but {kind}"
        try:
            return total + (pc.sum(values.cast(WIDE)).as_py() or ZERO)
        except pa.ArrowInvalid:
            return f"amounts of {kind} that are finer than an öre, or too large"

    def odd(self, texts: pa.Array) -> str:
        """Return a sentence about the first text that is no amount; empty when all are."""
        is_amount = pc.fill_null(pc.match_substring_regex(texts, AMOUNT), True)
        at = pc.index(is_amount, False).as_py()
        if at < 0:
            return ""
        return f"“{texts[at].as_py()[:40]}” in row {self.rows + at + 1}, which is not an amount"
