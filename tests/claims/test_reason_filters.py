"""Lists and files choose claims and entries by the reason code of an entry."""

from datetime import date

import pytest

from flaskr.claims.ledger.services import close_claim, reverse_entry
from flaskr.facts.closed_lists import ReasonCode
from tests.exports.reading import csv_frame
from tests.factories import ACTOR, make_claim, pay, reserve

pytestmark = pytest.mark.both_databases


@pytest.fixture
def reasoned(session):
    """A claim with a payment reversed as of the wrong claim, and one without reasons."""
    claim = make_claim(claim_reference="W-1")
    reserve(claim, "100.00")
    reverse_entry(
        pay(claim, "10.00"), date(2024, 4, 5), actor=ACTOR, reason_code=ReasonCode.WRONG_CLAIM
    )
    other = make_claim(claim_reference="W-2")
    reserve(other, "100.00")
    close_claim(other, date(2024, 4, 2), actor=ACTOR)
    session.commit()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason_code=wrong_claim", ["W-1"]),
        ("reason_code=wrong_amount&reason_code=wrong_claim", ["W-1"]),
        ("reason_code=wrong_amount", []),
        ("reason_code=wrong_claim&as_at=2024-04-05&basis=booked", ["W-1"]),
        ("reason_code=wrong_claim&as_at=2024-04-04&basis=booked", []),
    ],
)
def test_claims_and_their_files_are_found_by_reason_code(reasoned, client, query, found):
    rows = csv_frame(client.get(f"/export_claims?{query}").data)
    page = client.get(f"/claims?{query}").text

    assert list(rows["claim_reference"]) == found
    assert [name for name in ("W-1", "W-2") if f"/claims/{name}" in page] == found


def test_ledger_files_are_found_by_reason_code(reasoned, client):
    file = client.get("/export_ledger?reason_code=wrong_claim&columns=entry_type").text

    assert file.split() == ['"entry_type"', '"PAYMENT_REVERSAL"']
    assert client.get("/export_ledger?reason_code=because").status_code == 400
