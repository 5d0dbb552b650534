"""Rows as the database gives them to pandas frames of the declared schema.

In a frame every column is an ArrowDtype: texts are string, days date32, amounts
decimal128(18, 2), missing values NA. A frame shares its memory with the Arrow batch it came from.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.claims.models import Coverage
from flaskr.exports.columns import CLAIM_COLUMNS, Column, Kind
from flaskr.exports.files import ExportError

MONEY = pa.decimal128(18, 2)
LARGEST_ORE = 10**18 - 1
ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.WORD: pa.string(),
    Kind.DAY: pa.date32(),
    Kind.MONEY: MONEY,
}
NEVER = np.iinfo(np.int32).max  # later than any day
COVERAGES = pa.array([coverage.value for coverage in Coverage])
CODES = {coverage: code for code, coverage in enumerate(Coverage)}


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """Return the Arrow schema of a file."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns])


CLAIM_SCHEMA = schema_of(CLAIM_COLUMNS)


def money(ore: pa.Array) -> pa.Array:
    """Return whole öre as amounts with two decimals, without arithmetic.

    A decimal128 is a 16-byte integer: the öre widened by their sign. Raises ExportError for an
    amount of more than 18 digits.
    """
    values = integers(ore)
    if len(values) and max(values.max(), -values.min()) > LARGEST_ORE:
        raise ExportError("An amount of the book has more than 18 digits.")
    wide = np.empty((len(values), 2), dtype="<i8")
    wide[:, 0] = values
    wide[:, 1] = values >> 63
    amounts = pa.Array.from_buffers(MONEY, len(values), [None, pa.py_buffer(wide)])
    return pc.if_else(ore.is_valid(), amounts, None) if ore.null_count else amounts


def integers(column: pa.Array) -> np.ndarray:
    """Return a column of whole numbers as int64; a missing one is 0."""
    return pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def days(column: pa.Array) -> pa.Array:
    """Return a column of days as date32, from the text that SQLite keeps or as it is."""
    return column.cast(pa.date32())


def day_numbers(column: pa.Array, missing: int) -> np.ndarray:
    """Return days as numbers since 1970, with `missing` for those that are not there."""
    return pc.fill_null(days(column).cast(pa.int32()), missing).to_numpy(zero_copy_only=False)


def positions_by_id(ids: np.ndarray) -> np.ndarray | None:
    """Return a table of the position of each id, None when the ids lie too far apart for one."""
    highest = int(ids[-1]) if len(ids) else 0
    if highest > 4 * len(ids) + 1_000_000:
        return None
    table = np.zeros(highest + 1, dtype=np.int32)
    table[ids] = np.arange(len(ids), dtype=np.int32)
    return table


SLIM = pa.schema(
    [
        ("id", pa.int64()),
        ("policy_number", pa.string()),
        ("line_of_business", pa.dictionary(pa.int8(), pa.string())),
        ("inception", pa.int32()),
        ("cover_end", pa.int32()),
    ]
)


def slim_policies(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what is kept of a batch of policies; the cover ends on the earlier of two days."""
    ends = [day_numbers(batch[name], NEVER) for name in ("expiry_date", "cancelled_on")]
    arrays = [
        pa.array(integers(batch["id"])),
        copied(batch["policy_number"].cast(pa.string())),
        batch["line_of_business"].cast(pa.string()).dictionary_encode(),
        pa.array(day_numbers(batch["inception_date"], NEVER)),
        pa.array(np.minimum(*ends)),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=SLIM.names).cast(SLIM)


def copied(texts: pa.Array) -> pa.Array:
    """Return texts in memory of their own: one column of a driver's batch keeps all of it."""
    return pc.take(texts, pa.array(np.arange(len(texts), dtype=np.int32)))


class Policies:
    """What claims take from their policies, by position: the policies in the order of their ids.

    Kept as small as they go, some 35 bytes each: nothing else here grows with the book.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        kept = pa.Table.from_batches(map(slim_policies, batches), schema=SLIM).unify_dictionaries()
        column = {}
        for name in SLIM.names:  # one at a time, so that few are there twice
            column[name] = kept[name].combine_chunks()
            kept = kept.drop_columns(name)
        ids = column.pop("id").to_numpy()
        self.by_id = positions_by_id(ids)
        self.ids = ids if self.by_id is None else ids[:0].copy()
        self.numbers = column["policy_number"]
        self.lines = column["line_of_business"].dictionary
        self.line_codes = column["line_of_business"].indices
        self.inception = column["inception"].to_numpy()
        self.cover_end = column["cover_end"].to_numpy()

    def position_of(self, ids: np.ndarray) -> np.ndarray:
        """Return the position of each id; of 0, which stands for none, any."""
        return np.searchsorted(self.ids, ids) if self.by_id is None else self.by_id[ids]

    def positions(self, policy_ids: pa.Array) -> pa.Array:
        """Return where each policy stands; null where there is none."""
        found = self.position_of(integers(policy_ids))
        return pa.array(found, mask=np.asarray(policy_ids.is_null()))


def coverage(policies: Policies, positions: pa.Array, loss_dates: pa.Array) -> pa.Array:
    """Return each claim's coverage by today's facts, as claims.cut_queries.coverage_now does."""
    unknown = np.asarray(pc.or_(positions.is_null(), loss_dates.is_null()))
    if not len(policies.numbers):
        return pc.take(COVERAGES, pa.array(np.full(len(unknown), CODES[Coverage.UNVERIFIED])))
    at = integers(positions)
    loss = day_numbers(loss_dates, NEVER)
    covered = (policies.inception[at] <= loss) & (loss < policies.cover_end[at])
    codes = np.where(covered, CODES[Coverage.IN_FORCE], CODES[Coverage.NOT_IN_FORCE])
    codes[unknown] = CODES[Coverage.UNVERIFIED]
    return pc.take(COVERAGES, pa.array(codes))


def claims_frame(batch: pa.RecordBatch, policies: Policies, currency: str) -> pd.DataFrame:
    """Return one batch of claims as a frame of the columns of the file."""
    positions = policies.positions(batch["policy_id"])
    loss_dates = days(batch["loss_date"])
    made: dict[str, Any] = {
        "policy_number": pc.take(policies.numbers, positions),
        "line_of_business": pc.take(policies.lines, pc.take(policies.line_codes, positions)),
        "coverage": coverage(policies, positions, loss_dates),
        "loss_date": loss_dates,
        "claim_cost": money(pc.add_checked(batch["paid"], batch["outstanding"])),
        "currency": pa.repeat(currency, batch.num_rows),
    }
    return frame(batch, made, CLAIM_COLUMNS)


def frame(
    batch: pa.RecordBatch, made: dict[str, pa.Array], columns: tuple[Column, ...]
) -> pd.DataFrame:
    """Return the columns of a file as a frame: those made already, the others out of the batch."""
    arrays = [made[c.name] if c.name in made else typed(batch[c.name], c.kind) for c in columns]
    table = pa.Table.from_arrays(arrays, schema=schema_of(columns))
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def typed(column: pa.Array, kind: Kind) -> pa.Array:
    """Return a column of the database in its declared type."""
    if kind is Kind.MONEY:
        return money(column)
    return days(column) if kind is Kind.DAY else column.cast(pa.string())
