"""The policy columns of claims."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flaskr.exports.making.positions import CODED, RowsByPosition, coded_texts, copied_texts
from flaskr.facts.closed_lists import Coverage
from flaskr.files.writers.frames import day_numbers, days, integers
from flaskr.policies.cover import covers_days

_NEVER = np.iinfo(np.int32).max  # later than any day
_COVERAGES = pa.array([coverage.value for coverage in Coverage])
_CODES = {coverage: code for code, coverage in enumerate(Coverage)}

_SLIM = pa.schema(
    [
        ("policy_id", pa.int64()),
        ("policy_number", pa.string()),
        ("line_of_business", CODED),
        ("inception", pa.int32()),
        ("cover_end", pa.int32()),
    ]
)


def _slim_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the needed columns of a batch of policies; cover ends at expiry or cancellation."""
    ends = [day_numbers(batch[name], _NEVER) for name in ("expiry_date", "cancelled_on")]
    arrays = [
        pa.array(integers(batch["policy_id"])),
        copied_texts(batch["policy_number"]),
        coded_texts(batch["line_of_business"]),
        pa.array(day_numbers(batch["inception_date"], _NEVER)),
        pa.array(np.minimum(*ends)),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_SLIM)


class PoliciesByPosition:
    """The policies, to look up the policy columns of claims; each takes only some 35 bytes."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self.rows = RowsByPosition(map(_slim_batch, batches), _SLIM)
        self.inception = self.rows.columns["inception"].to_numpy()
        self.cover_end = self.rows.columns["cover_end"].to_numpy()

    def columns_of(self, claims: pa.RecordBatch) -> dict[str, Any]:
        """Return policy_number, line_of_business and coverage for a batch of claims."""
        positions = self.rows.positions(claims["policy_id"])
        coverage = self.coverage(positions, days(claims["loss_date"]))
        return {**self.columns_at(positions), "coverage": coverage}

    def columns_at(self, positions: pa.Array) -> dict[str, Any]:
        """Return policy_number and line_of_business of the policies at positions."""
        names = ("policy_number", "line_of_business")
        return {name: self.rows.take(name, positions) for name in names}

    def coverage(self, positions: pa.Array, loss_dates: pa.Array) -> pa.Array:
        """Return each claim's coverage, as `claims.as_at_queries.coverage_of` does in SQL."""
        unknown = np.asarray(pc.or_(positions.is_null(), loss_dates.is_null()))
        if not len(self.inception):
            return pc.take(_COVERAGES, pa.array(np.full(len(unknown), _CODES[Coverage.UNVERIFIED])))
        at = integers(positions)
        loss = day_numbers(loss_dates, _NEVER)
        covered = covers_days(self.inception[at], self.cover_end[at], loss)
        codes = np.where(covered, _CODES[Coverage.IN_FORCE], _CODES[Coverage.NOT_IN_FORCE])
        codes[unknown] = _CODES[Coverage.UNVERIFIED]
        return pc.take(_COVERAGES, pa.array(codes))
