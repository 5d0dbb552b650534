"""Late bookings: what was recorded after a closing, or after a closed day, and belongs to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, literal, select

from flaskr.book.models import Closing
from flaskr.claims.as_at_queries import is_claim_included
from flaskr.claims.ledger.balances import BALANCES
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.closings.edit_queries import claim_edits, policy_edits
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.values.as_at import Basis
from flaskr.values.calendar import day_end
from flaskr.web.ordering import SortOrder
from flaskr.web.paging import Listing, NumberedListing

_OLDEST_FIRST = SortOrder(is_descending=False)


@dataclass(frozen=True)
class LateKind:
    """One kind of late bookings: its name in addresses, and its listing for a closing.

    The rows of a listing have `number` (the id), `reference` of the claim or the policy,
    `recorded_at` and `recorded_by`, and what `presenters.late_booking` makes words of.
    """

    name: str
    title: str
    is_of_policies: bool
    listing: Callable[[Closing], Listing]

    def rows(self, closing: Closing) -> Iterator[Any]:
        """Yield all rows for a closing, in the order of recording."""
        listing = self.listing(closing)
        ids = listing.selected.subquery()
        rows = listing.rows.where(listing.model.id.in_(select(ids))).order_by(listing.model.id)
        yield from db.session.execute(rows.execution_options(yield_per=1000))


def _claims(closing: Closing) -> Listing:
    """List the claims recorded after a closing that count in it when booked."""
    late = select(Claim.id).where(
        Claim.recorded_at >= closing.recorded_at,
        is_claim_included(closing.closed_through, Basis.BOOKED),
    )
    rows = select(
        *_row(Claim, Claim.claim_reference, Claim.reported_date, Claim.recorded_at),
        Claim.recorded_by,
        literal("reported").label("day_is"),
    )
    return NumberedListing(late, rows, Claim, "number", _OLDEST_FIRST)


def _policies(closing: Closing) -> Listing:
    """List the policies recorded after a closing whose inception is in it."""
    late = select(Policy.id).where(
        Policy.recorded_at >= closing.recorded_at,
        Policy.inception_date <= closing.closed_through,
    )
    rows = select(
        *_row(Policy, Policy.policy_number, Policy.inception_date, Policy.recorded_at),
        Policy.recorded_by,
        Policy.premium,
    )
    return NumberedListing(late, rows, Policy, "number", _OLDEST_FIRST)


def _entries(closing: Closing) -> Listing:
    """List the entries dated in a closed period but recorded after its last day."""
    late = select(LedgerEntry.id).where(
        LedgerEntry.transaction_date <= closing.closed_through,
        LedgerEntry.recorded_at >= day_end(closing.closed_through),
    )
    rows = select(
        *_row(
            LedgerEntry,
            Claim.claim_reference,
            LedgerEntry.transaction_date,
            LedgerEntry.recorded_at,
        ),
        LedgerEntry.recorded_by,
        LedgerEntry.entry_type,
        *(getattr(LedgerEntry, name) for name in BALANCES),
    ).join(Claim, Claim.id == LedgerEntry.claim_id)
    return NumberedListing(late, rows, LedgerEntry, "number", _OLDEST_FIRST)


def _first_entries(closing: Closing) -> Listing:
    """List the claims without a reported date whose first entry was posted after a closing.

    Until then they were booked on the day of their recording, which is in the closed period, and
    from then on on the day of that entry.
    """
    had_entries = exists().where(
        LedgerEntry.claim_id == Claim.id, LedgerEntry.recorded_at < closing.recorded_at
    )
    late = select(Claim.id).where(
        Claim.reported_date.is_(None),
        Claim.recorded_at < day_end(closing.closed_through),
        Claim.first_transaction_date > closing.closed_through,
        ~had_entries,
    )
    rows = select(
        *_row(Claim, Claim.claim_reference, Claim.first_transaction_date, Claim.recorded_at),
        Claim.recorded_by,
        literal("first entry dated").label("day_is"),
    )
    return NumberedListing(late, rows, Claim, "number", _OLDEST_FIRST)


def _row(model: Any, reference: Any, day: Any, recorded_at: Any) -> tuple[Any, ...]:
    """Return the columns that every list has first."""
    return (
        model.id.label("number"),
        reference.label("reference"),
        day.label("day"),
        recorded_at.label("recorded_at"),
    )


_KINDS = (
    LateKind("claims", "Claims recorded after the closing", False, _claims),
    LateKind("policies", "Policies recorded after the closing", True, _policies),
    LateKind("claim_edits", "Edits of claims after the closing", False, claim_edits),
    LateKind("policy_edits", "Edits of policies after the closing", True, policy_edits),
    LateKind("first_entries", "Claims that a first entry moved out", False, _first_entries),
    LateKind("entries", "Entries recorded after the last day", False, _entries),
)
LATE_KINDS = {kind.name: kind for kind in _KINDS}
