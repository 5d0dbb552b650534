"""Total the amounts of a file that is read, exactly."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from flaskr.exports.dictionary import TOTALLED_COLUMNS
from flaskr.files.formats import FileFormat
from flaskr.files.readers.arrow_values import is_text
from flaskr.files.readers.cells import SENTENCE_MARK
from flaskr.files.readers.dispatch import CellBatch, TableFile
from flaskr.files.readers.excel_csv import with_decimal_points
from flaskr.values.money import ZERO

_AMOUNT = r"^-?[0-9]{1,16}\.[0-9]{2}$"
# Cells of a workbook and JSON numbers come without trailing zeros.
_NUMBER = r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$"
_WITH_NUMBERS = (FileFormat.XLSX, FileFormat.JSON_LINES)
_WIDE = pa.decimal128(38, 2)


class ColumnSums:
    """The totals of a file's amounts; `totals` has a sentence for a column that is not amounts."""

    def __init__(self, table: TableFile, has_decimal_commas: bool) -> None:
        self.table = table
        self.has_decimal_commas = has_decimal_commas
        self.pattern = _NUMBER if table.file_format in _WITH_NUMBERS else _AMOUNT
        self.totals: dict[str, Decimal | str] = {
            name: ZERO for name in table.titles if name in TOTALLED_COLUMNS
        }

    def add(self, batch: CellBatch) -> None:
        """Add the amounts of a batch."""
        for name, total in self.totals.items():
            if isinstance(total, Decimal):
                self.totals[name] = self._added(total, name, batch)

    def _added(self, total: Decimal, name: str, batch: CellBatch) -> Decimal | str:
        """Return a total plus the amounts of a batch, or a sentence about what is not an amount."""
        values = batch.cells.column(name)
        kind = self._type_of(name) or values.type
        if not _has_amounts(kind):
            return f"not amounts but {kind}"
        if types.is_string(values.type):
            values = with_decimal_points(values) if self.has_decimal_commas else values
            if problem := self._problem(values, batch.rows):
                return problem
        try:
            return total + (pc.sum(values.cast(_WIDE)).as_py() or ZERO)
        except pa.ArrowInvalid:
            return f"amounts of {kind} that are finer than an öre, or too large"

    def _type_of(self, name: str) -> pa.DataType | None:
        """Return the type that the file declares for a column; None if the format has no types."""
        schema = self.table.schema
        return schema.field(self.table.titles.index(name)).type if schema else None

    def _problem(self, texts: pa.Array, rows: pa.Array) -> str:
        """Return a sentence about the first text that is not an amount; empty if all are."""
        is_amount = pc.fill_null(pc.match_substring_regex(texts, self.pattern), True)
        at = pc.index(is_amount, False).as_py()
        if at < 0:
            return ""
        text, row = texts[at].as_py(), rows[at].as_py() - self.table.titles_row
        if text.startswith(SENTENCE_MARK):
            sentence = text.removeprefix(SENTENCE_MARK).partition(". ")[0]
            return f"{sentence[:80]} in row {row}, which is not an amount"
        return f"“{text[:40]}” in row {row}, which is not an amount"


def _has_amounts(kind: pa.DataType) -> bool:
    """Whether a column of a type can contain amounts: as decimals or as texts."""
    if types.is_dictionary(kind):
        return _has_amounts(kind.value_type)
    return is_text(kind) or types.is_decimal(kind) or types.is_null(kind)
