"""A book with everything that a cut must get right, to be read at two days by both clocks.

Claims that were edited, moved to another policy, settled and reopened; policies that were amended
and cancelled; expenses; and the history of an older system whose days are not in the order of
recording.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path

from flaskr.claims.ledger.services import (
    close_claim,
    post_payment,
    post_recovery,
    reverse_entry,
    set_reserve,
)
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType
from tests.claims.clocks import at
from tests.claims.varied import varied_claims
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve
from tests.imports.conftest import files_of
from tests.imports.importing import load_files
from tests.imports.migration.older_system import CLAIMS, POLICIES

DAYS = ("2024-03-06", "2024-05-20")
CUTS = [f"as_at={day}{basis}" for day in DAYS for basis in ("", "&basis=booked")]
OLDER_POLICIES = "OLD,motor,2024-01-01,2025-01-01,700,50,2024-01-02T10:00+01:00\n"
OLDER_CLAIMS = "".join(f"M{n},OLD,2024-03-01,2024-03-02,\n" for n in range(3))
OLDER_ENTRIES = """\
M0,RESERVE_OPEN,indemnity,2024-03-02,2024-03-02T10:00+01:00,0,100,0
M0,PAYMENT,indemnity,2024-03-08,2024-03-08T10:00+01:00,40,-40,0
M0,PAYMENT,indemnity,2024-03-04,2024-03-09T10:00+01:00,10,-10,0
M0,RESERVE_CHANGE,expense,2024-03-05,2024-04-19T10:00+01:00,0,30,0
M0,PAYMENT,expense,2024-04-21,2024-04-21T10:00+01:00,7,-7,0
M1,RESERVE_OPEN,indemnity,2024-03-02,2024-03-03T10:00+01:00,0,50,0
M1,RESERVE_CLOSE,indemnity,2024-03-04,2024-03-04T10:00+01:00,0,-50,0
M1,PAYMENT,indemnity,2024-03-03,2024-03-10T10:00+01:00,5,0,0
M2,RESERVE_OPEN,indemnity,2024-04-20,2024-04-20T10:00+01:00,0,9,0
"""
HEADER = (
    "claim_reference,entry_type,cost_type,transaction_date,recorded_at,paid,outstanding,recovered\n"
)


def fill_walked_book(folder: Path) -> None:
    """Fill the book, in an application context: in the order of time, and the older system last."""
    claim = _claim_with_expenses()
    varied_claims()
    _pay_and_close(claim)
    db.session.commit()
    paths = files_of(
        folder,
        policies=POLICIES + OLDER_POLICIES,
        claims=CLAIMS + OLDER_CLAIMS,
        ledger=HEADER + OLDER_ENTRIES,
    )
    load_files(*paths, is_migration=True)


def _claim_with_expenses() -> Claim:
    """A claim with both cost types, and one whose policy begins only after both days."""
    with at("2024-04-25T12:00"):
        claim = make_claim(claim_reference="E 1", policy=make_policy(policy_number="E"))
        reserve(claim, "500.00", date(2024, 3, 2))
        set_reserve(claim, Decimal("80.00"), date(2024, 3, 5), CostType.EXPENSE, actor=ACTOR)
        later = {"inception_date": date(2024, 5, 25), "expiry_date": date(2025, 5, 25)}
        make_claim(claim_reference="TOO-EARLY", policy=make_policy(policy_number="LATER", **later))
    return claim


def _pay_and_close(claim: Claim) -> None:
    """Late documents, dated on and between the two days, and a payment that is reversed."""
    with at("2024-06-12T12:00"):
        payment = pay(claim, "120.50", date(2024, 3, 6))
        surveyor = Decimal("33.10"), date(2024, 5, 19), CostType.EXPENSE
        post_payment(claim, *surveyor, actor=ACTOR)
    with at("2024-06-13T12:00"):
        reverse_entry(payment, date(2024, 5, 19), actor=ACTOR, reason_code=WRONG_AMOUNT)
        salvage = EntryType.RECOVERY_SALVAGE, Decimal("4.00"), date(2024, 5, 20)
        post_recovery(claim, *salvage, actor=ACTOR)
        close_claim(claim, date(2024, 5, 22), actor=ACTOR)
