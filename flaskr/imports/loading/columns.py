"""The columns of each table that a loading writes: the plan's, and those common to all rows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import CLAIM_FACTS, ENTRY_TEXTS
from flaskr.facts.closed_lists import CostType
from flaskr.import_records.models import ImportKind
from flaskr.imports.plan import BOOKED_COLUMNS, ENTRY_DAYS, INSTANT, STATE_COLUMNS
from flaskr.policies.models import POLICY_FACTS

ArrowColumns = dict[str, Any]


@dataclass(frozen=True)
class LoadingColumns:
    """Builds the columns of one loading from its import id, instant, day, actor, and first ids."""

    import_id: int
    now: datetime
    today: date
    actor: str
    kind: ImportKind
    first_ids: dict[str, int]

    def _source(self, batch: Any) -> ArrowColumns:
        """Return the columns for the source of rows, and for who loaded them."""
        return {
            "recorded_by": pa.repeat(self.actor, len(batch)),
            "import_id": pa.repeat(pa.scalar(self.import_id, pa.int64()), len(batch)),
            "import_row": batch.column("row"),
        }

    def instants(self, column: pa.Array) -> pa.Array:
        """Return a column of instants with nulls replaced by the instant of loading."""
        return pc.fill_null(column, pa.scalar(self.now, INSTANT))

    def new_policies(self, batch: Any) -> ArrowColumns:
        """Return the columns of new policies."""
        return {
            "policy_number": batch.column("policy_number"),
            "policy_number_key": batch.column("policy_key"),
            "policyholder": batch.column("policyholder"),
            **{name: batch.column(name) for name in POLICY_FACTS},
            "recorded_at": self.instants(batch.column("recorded_at")),
            "version": pa.repeat(1, len(batch)),
            **self._source(batch),
        }

    def new_claims(self, batch: Any) -> ArrowColumns:
        """Return the columns of new claims."""
        facts = {name: batch.column(name) for name in CLAIM_FACTS}
        policies = pc.add(batch.column("policy_at"), self.first_ids["policies"])
        facts["policy_id"] = pc.coalesce(facts["policy_id"], policies)
        return {
            "claim_reference": batch.column("claim_reference"),
            "claim_reference_key": batch.column("claim_key"),
            "description": batch.column("description"),
            **facts,
            **{name: batch.column(name) for name in STATE_COLUMNS},
            **self._last_entry(batch),
            "recorded_at": self.instants(batch.column("recorded_at")),
            "version": pa.repeat(1, len(batch)),
            **self._source(batch),
        }

    def _last_entry(self, batch: Any) -> ArrowColumns:
        """Return the days of claims' first and last entries and the instant of the last."""
        first, day = batch.column("first_transaction_date"), batch.column("last_transaction_date")
        instant = batch.column("last_recorded_at")
        if self.kind is ImportKind.MIGRATION:
            return {name: batch.column(name) for name in ENTRY_DAYS}
        money = pc.add(
            pc.add(batch.column("paid"), batch.column("outstanding")), batch.column("recovered")
        )
        has_entry = pc.greater(money, 0)
        if "is_moved" in batch.schema.names:
            has_entry = batch.column("is_moved")
        return {
            "first_transaction_date": pc.coalesce(
                first, pc.if_else(has_entry, pa.scalar(self.today), first)
            ),
            "last_transaction_date": pc.if_else(has_entry, pa.scalar(self.today), day),
            "last_recorded_at": pc.if_else(has_entry, pa.scalar(self.now, INSTANT), instant),
        }

    def policy_revisions(self, batch: Any) -> ArrowColumns:
        """Return the columns of policy revisions: the facts before the edit."""
        return {
            "policy_id": batch.column("id"),
            **{name: batch.column(f"{name}_before") for name in POLICY_FACTS},
            "policyholder_changed": batch.column("policyholder_changed"),
            **self._replacement(len(batch)),
        }

    def claim_revisions(self, batch: Any) -> ArrowColumns:
        """Return the columns of claim revisions: the facts before the edit."""
        return {
            "claim_id": batch.column("id"),
            **{name: batch.column(f"{name}_before") for name in CLAIM_FACTS},
            "description_changed": batch.column("description_changed"),
            **self._replacement(len(batch)),
        }

    def _replacement(self, count: int) -> ArrowColumns:
        """Return the columns for when facts were replaced, by whom and by which import."""
        return {
            "replaced_at": pa.repeat(pa.scalar(self.now, INSTANT), count),
            "replaced_by": pa.repeat(self.actor, count),
            "import_id": pa.repeat(pa.scalar(self.import_id, pa.int64()), count),
        }

    def edited_policies(self, batch: Any) -> ArrowColumns:
        """Return the columns of policies with new facts."""
        return {
            **{name: batch.column(name) for name in ("id", "policyholder", *POLICY_FACTS)},
            "version": pc.add(batch.column("version"), 1),
        }

    def edited_claims(self, batch: Any) -> ArrowColumns:
        """Return the columns of claims with new facts."""
        return {
            **{name: batch.column(name) for name in ("id", "description", *CLAIM_FACTS)},
            "version": pc.add(batch.column("version"), 1),
        }

    def moved_claims(self, batch: Any) -> ArrowColumns:
        """Return the columns of claims with new balances and status."""
        return {
            **{name: batch.column(name) for name in ("id", *STATE_COLUMNS)},
            **self._last_entry(batch),
        }

    def entries(self, batch: Any) -> ArrowColumns:
        """Return the columns of new ledger entries."""
        claims = pc.add(batch.column("claim_at"), self.first_ids["claims"])
        reversed_entries = pc.add(batch.column("reverses_at"), self.first_ids["ledger_entries"])
        is_migration = self.kind is ImportKind.MIGRATION
        imported_at = pa.scalar(self.now if is_migration else None, INSTANT)
        return {
            "claim_id": pc.coalesce(batch.column("claim_id"), claims),
            "entry_type": batch.column("entry_type"),
            "transaction_date": pc.fill_null(
                batch.column("transaction_date"), pa.scalar(self.today)
            ),
            "recorded_at": self.instants(batch.column("recorded_at")),
            "imported_at": pa.repeat(imported_at, len(batch)),
            **{name: batch.column(name) for name in BALANCES},
            **{f"{name}_after": batch.column(f"{name}_after") for name in BALANCES},
            "status_after": batch.column("status_after"),
            "closed_date_after": batch.column("closed_date_after"),
            "cost_type": pc.fill_null(batch.column("cost_type"), CostType.INDEMNITY.value),
            "reason_code": batch.column("reason_code"),
            "reverses": reversed_entries,
            **{name: batch.column(name) for name in ("exceptions", *BOOKED_COLUMNS)},
            **self._source(batch),
        }

    def entry_texts(self, batch: Any) -> ArrowColumns:
        """Return the columns of the texts beside new ledger entries."""
        return {
            "entry_id": pc.add(batch.column("entry_at"), self.first_ids["ledger_entries"]),
            **{name: batch.column(name) for name in ENTRY_TEXTS},
        }
