from datetime import date
from decimal import Decimal

import pytest

from flaskr.claims.as_at_queries import totals_as_at
from flaskr.closings.late_queries import LATE_KINDS
from flaskr.closings.queries import booked_figures, closing_through
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.values.as_at import Basis
from flaskr.web.paging import Cursor
from tests.books import statements_sent
from tests.claims.clocks import amend, at, edit
from tests.closings.books import YEAR_END, close, go_live, late_list, late_texts
from tests.factories import make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.both_databases

IN_2025 = {"loss_date": date(2025, 1, 2), "reported_date": date(2025, 1, 2)}


@pytest.fixture
def closing(session):
    """2024 closed on 15 January 2025, with a claim and a policy in it."""
    with at("2024-06-01 10:00"):
        reserve(make_claim(claim_reference="A", policy=make_policy(policy_number="P")), "100")
        make_claim(claim_reference="UNDATED", loss_date=None, reported_date=None)
        db.session.commit()
    with at("2025-01-10 10:00"):
        claim = make_claim(claim_reference="TYPED-BEFORE", reported_date=date(2024, 12, 30))
        reserve(claim, "5", date(2024, 12, 30))
        go_live()
    with at("2025-01-15 10:00"):
        return close()


def test_what_was_recorded_after_the_last_day_and_before_the_closing_is_an_entry_in_it(closing):
    assert late_list(closing) == {"entries": ["TYPED-BEFORE"]}
    assert late_texts(closing, "entries") == ["Reserve opened dated 2024-12-30; outstanding 5.00"]


def test_claims_and_policies_recorded_after_a_closing_are_late_if_they_belong_to_it(closing):
    make_claim(claim_reference="LATE")
    make_claim(claim_reference="NEXT-YEAR", **IN_2025)
    make_claim(claim_reference="NO-DATE", loss_date=None, reported_date=None)
    make_policy(policy_number="LATE-P")
    make_policy(
        policy_number="NEXT-P", inception_date=date(2025, 1, 1), expiry_date=date(2026, 1, 1)
    )
    db.session.commit()

    found = late_list(closing)

    assert (found["claims"], found["policies"]) == (["LATE"], ["LATE-P"])
    assert late_texts(closing, "claims") == ["reported 2024-03-02"]
    assert late_texts(closing, "policies") == ["inception 2024-01-01; premium 5\u202f000.00"]


def test_edits_of_what_belongs_to_a_closing_are_late_with_what_they_changed(closing):
    claim = db.session.get_one(type(make_claim()), 1)
    edit(claim, cause=Cause.FIRE)
    edit(claim, cause=Cause.STORM, description="Åsa fell")
    amend(claim.policy, premium=Decimal(1), policyholder="Bo Ek")
    edit(make_claim(claim_reference="NEXT-YEAR", **IN_2025), cause=Cause.FIRE)
    db.session.commit()

    found = late_list(closing)

    assert (found["claim_edits"], found["policy_edits"]) == (["A", "A"], ["P"])
    assert late_texts(closing, "claim_edits") == [
        "cause water → fire",
        "cause fire → storm; description changed",
    ]
    assert late_texts(closing, "policy_edits") == [
        "premium 5\u202f000.00 → 1.00; policyholder changed"
    ]


def test_an_edit_that_moves_a_claim_or_a_policy_out_of_a_closing_or_into_it_is_late(closing):
    out = edit(make_claim(claim_reference="IN"), reported_date=date(2025, 1, 3))
    edit(out, reported_date=date(2025, 1, 4))
    into = make_claim(claim_reference="OUT", loss_date=YEAR_END, reported_date=date(2025, 1, 3))
    edit(into, reported_date=YEAR_END)
    policy = make_policy(policy_number="IN-P")
    amend(policy, inception_date=date(2025, 1, 1), expiry_date=date(2026, 1, 1))
    db.session.commit()

    found = late_list(closing)

    assert found["claim_edits"] == ["IN", "IN", "OUT"]
    assert found["policy_edits"] == ["IN-P"]


def test_a_first_entry_that_moves_an_undated_claim_out_of_a_closing_is_late(closing):
    assert booked_figures(YEAR_END)["claims"] == closing.claims == 3
    undated = db.session.get_one(type(make_claim()), 2)
    reserve(undated, "1", date(2025, 1, 16))
    db.session.commit()

    assert undated.claim_reference == "UNDATED"
    assert late_list(closing)["first_entries"] == ["UNDATED"]
    assert late_texts(closing, "first_entries") == ["first entry dated 2025-01-16"]
    assert totals_as_at(YEAR_END, Basis.BOOKED).claims == 3 - 1 + 1  # and the claim made here


def test_what_is_recorded_with_the_clock_set_back_is_late_too(closing):
    with at("2024-11-11 11:11"):
        claim = make_claim(claim_reference="BACK", policy=make_policy(policy_number="BACK-P"))
        edit(claim, cause=Cause.FIRE)
        db.session.commit()

    assert late_list(closing) == {
        "claims": ["BACK"],
        "policies": ["BACK-P"],
        "claim_edits": ["BACK"],
        "entries": ["TYPED-BEFORE"],
    }


def test_a_later_closing_has_its_own_list(closing):
    claim = make_claim(claim_reference="LATE", policy=make_policy(policy_number="LATE-P"))
    pay(claim, "1", date(2025, 1, 20))
    db.session.commit()
    second = close(date(2025, 1, 31))

    assert set(late_list(closing)) == {"claims", "policies", "entries"}
    assert late_list(second) == {"entries": ["LATE"]}


def test_a_page_of_each_list_takes_two_queries_however_long_it_is(app, closing):
    for number in range(3):
        claim = make_claim(claim_reference=f"LATE-{number}", policy=make_policy())
        edit(claim, cause=Cause.FIRE)
        amend(claim.policy, premium=Decimal(1))
    db.session.commit()
    db.session.remove()

    with statements_sent(app) as sent:
        through = closing_through(YEAR_END)
        for kind in LATE_KINDS.values():
            listing = kind.listing(through)
            listing.count(listing.page(Cursor()))

    assert len(sent) <= 1 + 2 * len(LATE_KINDS)
