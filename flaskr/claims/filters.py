"""The claims of a page or a file: conditions and order, from the URL's parameters."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, or_, select

from flaskr.claims.as_at_queries import is_entry_included, with_policy_columns
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.provenance import claims_of_import
from flaskr.claims.row_queries import claim_rows
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.closed_lists import Cause, Coverage, LineOfBusiness, ReasonCode, Status
from flaskr.facts.columns import descending_first, sort_labels
from flaskr.import_records.filters import import_parameter
from flaskr.policies.models import Policy
from flaskr.values.pseudonyms import sees_names
from flaskr.values.text import reference_key, stored_reference
from flaskr.web.list_filters import AsAtFilter
from flaskr.web.paging import Listing
from flaskr.web.parameters import (
    ParameterType,
    choices_parameter,
    date_parameter,
    money_parameter,
    parameter_field,
    text_parameter,
)
from flaskr.web.sql_conditions import between, has_text


@dataclass(frozen=True, kw_only=True)
class ClaimFilter(AsAtFilter):
    """Which claims, as at which date, in which order; a claim must meet every given condition.

    `status`, `cause`, `line_of_business`, `coverage`, `event_code` and `reason_code`, that of any
    entry, may have several values, any of which matches. `policy` is a policy's number; `import_id`
    that of an import which created, posted to or edited the claims; `text` is searched for in
    reference, policy number and, for users who may see names, description. With an as-at date the
    conditions apply to the claims and facts as at that date.
    """

    SORTS: ClassVar = sort_labels(CLAIM_COLUMNS)
    DESCENDING_FIRST: ClassVar = descending_first(CLAIM_COLUMNS)

    status: tuple[Status, ...] = choices_parameter(Status)
    cause: tuple[Cause, ...] = choices_parameter(Cause)
    line_of_business: tuple[LineOfBusiness, ...] = choices_parameter(LineOfBusiness)
    coverage: tuple[Coverage, ...] = choices_parameter(Coverage)
    reason_code: tuple[ReasonCode, ...] = choices_parameter(ReasonCode)
    loss_from: date | None = date_parameter()
    loss_to: date | None = date_parameter()
    reported_from: date | None = date_parameter()
    reported_to: date | None = date_parameter()
    cost_from: Decimal | None = money_parameter()
    cost_to: Decimal | None = money_parameter()
    event_code: tuple[str, ...] = parameter_field(ParameterType(stored_reference, is_list=True))
    policy: str = parameter_field(ParameterType(stored_reference), "")
    import_id: int | None = import_parameter()
    text: str = text_parameter()

    def conditions(self, columns: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on the columns of `claim_rows`."""
        names = ("status", "cause", "line_of_business", "coverage", "event_code")
        choices = {name: getattr(self, name) for name in names}
        conditions = [columns[name].in_(values) for name, values in choices.items() if values]
        conditions += between(columns["loss_date"], self.loss_from, self.loss_to)
        conditions += between(columns["reported_date"], self.reported_from, self.reported_to)
        conditions += between(columns["claim_cost"], self.cost_from, self.cost_to)
        if self.policy:
            key = reference_key(self.policy)
            policy_id = select(Policy.id).where(Policy.policy_number_key == key).scalar_subquery()
            conditions.append(columns["policy_id"] == policy_id)
        if self.reason_code:
            conditions.append(Claim.id.in_(self._with_reason()))
        if self.import_id:
            conditions.append(Claim.id.in_(claims_of_import(self.import_id)))
        if self.text:
            conditions.append(self.has_text())
        return conditions

    def _with_reason(self) -> Select[Any]:
        """Select the ids of the claims with an entry, in the cut, of one of the reason codes."""
        entries = select(LedgerEntry.claim_id).where(LedgerEntry.reason_code.in_(self.reason_code))
        if self.valuation is None:
            return entries
        return entries.where(is_entry_included(self.valuation.day, self.valuation.basis))

    def has_text(self) -> ColumnElement[bool]:
        """Return the condition that the text is in reference, policy number or description."""
        key = reference_key(self.text)
        in_numbers = or_(
            Claim.claim_reference_key.contains(key, autoescape=True),
            Policy.policy_number_key.contains(key, autoescape=True),
        )
        if not sees_names.get():
            return in_numbers
        return or_(in_numbers, has_text(Claim.description.expression, self.text))

    def rows(self) -> Select[Any]:
        """Select the claims in order: all that a file has, and a page shows a part of.

        The columns of their policies are included if conditions or order need them.
        """
        rows = claim_rows(self.valuation, with_policy=self.needs_policy)
        columns = rows.selected_columns
        in_order = self.order(columns).clauses(Claim.id)
        return rows.where(*self.conditions(columns)).order_by(*in_order)

    def listing(self) -> Listing:
        """Return the same claims, for paging."""
        claims_alone = claim_rows(self.valuation, with_policy=False)
        rows = with_policy_columns(claims_alone, self.valuation)
        filtered = rows if self.needs_policy else claims_alone
        columns = filtered.selected_columns
        selected = filtered.where(*self.conditions(columns))
        return Listing(selected, rows, Claim, "claim_reference", self.order(columns))

    @property
    def needs_policy(self) -> bool:
        """Whether the conditions or the order need the columns of policies."""
        of_policy = {"line_of_business", "coverage", "policy_number", "text"}
        return bool(of_policy & {*self.parameters(), self.sort_name})
