"""Movements of the ledger and the balances that they add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from flaskr.facts.closed_lists import CostType
from flaskr.values.money import ZERO


@dataclass(frozen=True)
class Movement:
    """The signed deltas of one entry, in the book's currency."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    def __neg__(self) -> "Movement":
        """Return the exact opposite."""
        return Movement(-self.paid, -self.outstanding, -self.recovered)


@dataclass(frozen=True)
class Balances:
    """The sums of the deltas of some entries, in the book's currency."""

    paid: Decimal = ZERO
    outstanding: Decimal = ZERO
    recovered: Decimal = ZERO

    @property
    def claim_cost(self) -> Decimal:
        """Paid plus outstanding: incurred."""
        return self.paid + self.outstanding

    @property
    def net(self) -> Decimal:
        """Claim cost less recovered."""
        return self.claim_cost - self.recovered


BALANCES = tuple(field.name for field in fields(Balances))
BalancesByType = Mapping[CostType, Balances]


def payment_movement(amount: Decimal, of_type: Balances) -> Movement:
    """Return the deltas of a payment: it reduces its type's case reserve too, at most to zero."""
    return Movement(paid=amount, outstanding=-min(amount, max(of_type.outstanding, ZERO)))


def balances_after(movement: Movement, of_type: Balances) -> Balances:
    """Return the balances of a cost type after an entry."""
    return Balances(
        of_type.paid + movement.paid,
        of_type.outstanding + movement.outstanding,
        of_type.recovered + movement.recovered,
    )
