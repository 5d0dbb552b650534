"""The policies of a page or a file: conditions and order, from the URL's parameters."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, or_, select, union

from flaskr.facts.closed_lists import LineOfBusiness
from flaskr.facts.columns import descending_first, sort_labels
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.import_records.filters import import_parameter
from flaskr.policies.cover import is_in_force
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.policies.row_queries import policy_rows
from flaskr.values.calendar import today
from flaskr.values.pseudonyms import sees_names
from flaskr.values.text import reference_key
from flaskr.web.list_filters import AsAtFilter
from flaskr.web.paging import Listing
from flaskr.web.parameters import (
    choice_parameter,
    choices_parameter,
    date_parameter,
    money_parameter,
    text_parameter,
)
from flaskr.web.sql_conditions import between, has_text


class PolicyStatus(StrEnum):
    """The status of a policy on a day."""

    UPCOMING = "upcoming"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # from the cancellation date on


class Cancelled(StrEnum):
    """Whether a policy has a cancellation date, past or future."""

    YES = "yes"
    NO = "no"


def _has_status(status: PolicyStatus, facts: Any, day: date) -> ColumnElement[bool]:
    """Return the condition that policies have a status on the day."""
    cancelled = facts["cancelled_on"].is_not(None) & (facts["cancelled_on"] <= day)
    if status is PolicyStatus.CANCELLED:
        return cancelled
    if status is PolicyStatus.UPCOMING:
        return (facts["inception_date"] > day) & ~cancelled
    if status is PolicyStatus.EXPIRED:
        return (facts["expiry_date"] <= day) & ~cancelled
    return is_in_force(facts, day)


def policies_of_import(number: int) -> Any:
    """Select the ids of the policies that an import created or edited."""
    return union(
        select(Policy.id).where(Policy.import_id == number),
        select(PolicyRevision.policy_id).where(PolicyRevision.import_id == number),
    )


@dataclass(frozen=True, kw_only=True)
class PolicyFilter(AsAtFilter):
    """Which policies, as at which date, in which order; a policy must meet every given condition.

    `status` and `line_of_business` may have several values, any of which matches. The status is
    that on the as-at date, else today's. `text` is searched for in the number and, for users who
    may see names, in the policyholder; `in_force_on` is a day that the policy must cover;
    `import_id` is the number of an import which created or edited the policies. With an
    as-at date the conditions apply to the facts as at that date, except the policyholder.
    """

    SORTS: ClassVar = sort_labels(POLICY_COLUMNS)
    DESCENDING_FIRST: ClassVar = descending_first(POLICY_COLUMNS)

    status: tuple[PolicyStatus, ...] = choices_parameter(PolicyStatus)
    line_of_business: tuple[LineOfBusiness, ...] = choices_parameter(LineOfBusiness)
    cancelled: Cancelled | None = choice_parameter(Cancelled)
    in_force_on: date | None = date_parameter()
    inception_from: date | None = date_parameter()
    inception_to: date | None = date_parameter()
    expiry_from: date | None = date_parameter()
    expiry_to: date | None = date_parameter()
    premium_from: Decimal | None = money_parameter()
    premium_to: Decimal | None = money_parameter()
    import_id: int | None = import_parameter()
    text: str = text_parameter()

    def conditions(self, columns: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on the columns of `policy_rows`."""
        lines, cancelled_on = self.line_of_business, columns["cancelled_on"]
        conditions = [columns["line_of_business"].in_(lines)] if lines else []
        if self.cancelled:
            not_cancelled = cancelled_on.is_(None)
            conditions.append(not_cancelled if self.cancelled is Cancelled.NO else ~not_cancelled)
        if self.status:
            day = self.as_at or today()
            conditions.append(or_(*(_has_status(status, columns, day) for status in self.status)))
        if self.in_force_on:
            conditions.append(is_in_force(columns, self.in_force_on))
        conditions += between(columns["inception_date"], self.inception_from, self.inception_to)
        conditions += between(columns["expiry_date"], self.expiry_from, self.expiry_to)
        conditions += between(columns["premium"], self.premium_from, self.premium_to)
        if self.import_id:
            conditions.append(Policy.id.in_(policies_of_import(self.import_id)))
        return [*conditions, self.has_text()] if self.text else conditions

    def has_text(self) -> ColumnElement[bool]:
        """Return the condition that the text is in the number or the policyholder's name."""
        key = reference_key(self.text)
        in_number = Policy.policy_number_key.contains(key, autoescape=True)
        if not sees_names.get():  # a match by name would reveal the name
            return in_number
        return or_(in_number, has_text(Policy.policyholder.expression, self.text))

    def rows(self) -> Select[Any]:
        """Select the policies in order: all that a file has, and a page shows a part of."""
        rows = policy_rows(self.valuation)
        columns = rows.selected_columns
        in_order = self.order(columns).clauses(Policy.id)
        return rows.where(*self.conditions(columns)).order_by(*in_order)

    def listing(self) -> Listing:
        """Return the same policies, for paging, with the instant at which a name was erased."""
        rows = policy_rows(self.valuation).add_columns(Policy.erased_at)
        columns = rows.selected_columns
        selected = rows.where(*self.conditions(columns))
        return Listing(selected, rows, Policy, "policy_number", self.order(columns))
