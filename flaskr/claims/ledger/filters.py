"""The ledger entries of a file: conditions and order, from the URL's parameters."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from flaskr.book.sealing.since import Since, parse_since
from flaskr.claims.as_at_queries import entry_state, is_entry_included
from flaskr.claims.models import ENTRY_TEXTS, Claim, EntryTexts, LedgerEntry
from flaskr.claims.provenance import is_entry_of_import
from flaskr.claims.row_queries import claim_facts
from flaskr.facts.closed_lists import EntryType, ReasonCode
from flaskr.import_records.filters import import_parameter
from flaskr.policies.models import Policy
from flaskr.policies.row_queries import policy_facts
from flaskr.values.as_at import Basis
from flaskr.values.text import reference_key, stored_reference
from flaskr.web.list_filters import RECORDED, AsAtFilter
from flaskr.web.ordering import SortOrder
from flaskr.web.parameters import ParameterType, choices_parameter, date_parameter, parameter_field
from flaskr.web.sql_conditions import between


@dataclass(frozen=True, kw_only=True)
class LedgerFilter(AsAtFilter):
    """Which entries, as at which date; an entry must meet every condition that is given.

    `since` selects the entries after those of a seal, or after the one with an id: ids, recording
    instants and commits are in the same order, so a reader that continues misses nothing. Entries
    are in the order of recording, with sort=-recorded in the reverse order; those of one claim
    as booked are in the order of their days, so that the last one has the state of the cut.
    """

    sort: str = parameter_field(ParameterType(str), RECORDED)
    claim: str = parameter_field(ParameterType(stored_reference), "")
    entry_type: tuple[EntryType, ...] = choices_parameter(EntryType)
    reason_code: tuple[ReasonCode, ...] = choices_parameter(ReasonCode)
    transaction_from: date | None = date_parameter()
    transaction_to: date | None = date_parameter()
    import_id: int | None = import_parameter()
    since: Since | None = parameter_field(ParameterType(parse_since))

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on ledger entries."""
        conditions = between(
            LedgerEntry.transaction_date.expression, self.transaction_from, self.transaction_to
        )
        if self.valuation:
            conditions.append(is_entry_included(self.valuation.day, self.valuation.basis))
        if self.claim:
            key = reference_key(self.claim)
            claim_id = select(Claim.id).where(Claim.claim_reference_key == key).scalar_subquery()
            conditions.append(LedgerEntry.claim_id == claim_id)
        if self.entry_type:
            conditions.append(LedgerEntry.entry_type.in_(self.entry_type))
        if self.reason_code:
            conditions.append(LedgerEntry.reason_code.in_(self.reason_code))
        if self.import_id:
            conditions.append(is_entry_of_import(self.import_id))
        if self.since is not None:
            conditions.append(LedgerEntry.id > self.since.highest_id("ledger_entries"))
        return conditions

    def order(self, columns: Any) -> SortOrder:
        """Return the sort order: by recording, or for one claim as booked by days."""
        if self.claim and self._basis is Basis.BOOKED:
            return SortOrder(columns["transaction_date"], self.is_descending)
        return super().order(columns)

    @property
    def _basis(self) -> Basis:
        """The basis of the balances after each entry; as recorded without an as-at date."""
        return self.valuation.basis if self.valuation else Basis.KNOWN

    def rows(self) -> Select[Any]:
        """Select the entries in order, one row each, with their texts and the ids of their claims.

        The balances and the status after each are those in the order of the basis. The reference
        and the facts of the claims are in `claims`: to join them would take longer than the rest.
        """
        state = entry_state(LedgerEntry, self._basis)
        after = [
            state[name].label(f"{name}_after")
            for name in ("paid", "outstanding", "recovered", "status")
        ]
        columns: list[Any] = [
            LedgerEntry.id.label("entry_id"),
            LedgerEntry.claim_id,
            LedgerEntry.entry_type,
            LedgerEntry.cost_type,
            LedgerEntry.transaction_date,
            LedgerEntry.recorded_at,
            LedgerEntry.imported_at,
            LedgerEntry.recorded_by,
            LedgerEntry.paid,
            LedgerEntry.outstanding,
            (LedgerEntry.paid + LedgerEntry.outstanding).label("claim_cost"),
            LedgerEntry.recovered,
            *after,
            LedgerEntry.reverses,
            LedgerEntry.reason_code,
            *(getattr(EntryTexts, name) for name in ENTRY_TEXTS),
            LedgerEntry.exceptions,
            LedgerEntry.import_id,
            LedgerEntry.import_row,
        ]
        rows = select(*columns).outerjoin(EntryTexts, EntryTexts.entry_id == LedgerEntry.id)
        in_order = self.order(rows.selected_columns).clauses(LedgerEntry.id)
        return rows.where(*self.conditions()).order_by(*in_order)

    def claims(self) -> Select[Any]:
        """Select the claims of the entries by id: the columns of `claim_facts`, as at the date.

        Without conditions on the entries these are all claims, which is faster than to ask which.
        """
        facts = claim_facts(self.valuation)
        if not self.filter_names:
            return facts
        return facts.where(Claim.id.in_(select(LedgerEntry.claim_id).where(*self.conditions())))

    def policies(self) -> Select[Any]:
        """Select the policies of those claims by id: the columns of `policy_facts`, likewise."""
        facts = policy_facts(self.valuation)
        if not self.filter_names:
            return facts
        return facts.where(
            Policy.id.in_(select(self.claims().order_by(None).subquery().c.policy_id))
        )
