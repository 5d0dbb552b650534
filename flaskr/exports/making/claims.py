"""The claim columns of ledger entries."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from flaskr.exports.making.policies import PoliciesByPosition
from flaskr.exports.making.positions import CODED, RowsByPosition, coded_texts, copied_texts
from flaskr.files.writers.frames import days, integers

_SLIM = pa.schema(
    [
        ("claim_id", pa.int64()),
        ("claim_reference", pa.string()),
        ("policy", pa.int32()),  # its position
        ("cause", CODED),
        ("loss_date", pa.date32()),
        ("reported_date", pa.date32()),
    ]
)


class ClaimsByPosition:
    """The claims, to look up the claim columns of entries; each takes only some 35 bytes."""

    def __init__(
        self, batches: Iterable[pa.RecordBatch], policies: PoliciesByPosition | None
    ) -> None:
        self.policies = policies
        self.rows = RowsByPosition(map(self._slim_batch, batches), _SLIM)

    def _slim_batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the needed columns of a batch of claims."""
        ids = batch["policy_id"]
        no_policies = pa.nulls(len(ids), pa.int32())
        arrays = [
            pa.array(np.array(integers(batch["claim_id"]))),
            copied_texts(batch["claim_reference"]),
            self.policies.rows.positions(ids) if self.policies else no_policies,
            coded_texts(batch["cause"]),
            days(batch["loss_date"]),
            days(batch["reported_date"]),
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=_SLIM)

    def columns_of(self, entries: pa.RecordBatch) -> dict[str, Any]:
        """Return the reference, the facts and the policy columns of the claims of entries."""
        positions = self.rows.positions(entries["claim_id"])
        found = {name: self.rows.take(name, positions) for name in _SLIM.names[1:]}
        of_policy = found.pop("policy")
        return found | (self.policies.columns_at(of_policy) if self.policies else {})
