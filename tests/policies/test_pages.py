from datetime import date

import pytest

from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.policies.services import cancel_policy
from tests.browsing import fields_of, send, send_again
from tests.factories import ACTOR, make_claim, make_policy, reserve

VALID = {
    "line_of_business": "home",
    "policyholder": "Åsa Öberg",
    "inception_date": "2024-01-01",
    "expiry_date": "2025-01-01",
    "premium": "5 004,00",
    "deductible": "1500",
}


@pytest.fixture
def sold(app):
    """A policy with one reserved claim of March."""
    with app.app_context():
        policy = make_policy(policy_number="H-1")
        reserve(make_claim(claim_reference="W-1", policy=policy), "1000.00")
        db.session.commit()


def test_a_policy_is_recorded_under_the_books_next_number(client):
    recorded = send(client, "/policies/new", **VALID)
    page = client.get(recorded.location)

    assert recorded.status_code == 303
    assert f"/policies/P-{date.today().year}-000001" in recorded.location  # noqa: DTZ011
    assert "5\u202f004.00" in page.text
    assert "Åsa Öberg" in page.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"expiry_date": "2024-01-01"}, "it must be after the inception date"),
        ({"premium": "-1"}, "cannot be negative"),
        ({"premium": "1000000000000"}, "can be at most"),
        ({"sum_insured": "-5"}, "cannot be negative"),
        ({"policyholder": "  "}, "Please fill this in."),
        ({"policy_number": "h-1"}, "already in the book"),
        ({"policy_number": "P-2024-000009"}, "assigned by the book"),
        ({"line_of_business": ""}, "Please fill this in."),
    ],
)
def test_an_invalid_policy_is_refused(client, sold, typed, sentence):
    response = send(client, "/policies/new", **{**VALID, **typed})

    assert response.status_code == 422
    assert sentence in response.text


def test_a_policy_shows_its_claims_with_their_sums(client, sold):
    page = client.get("/policies/H-1").text

    assert "/claims/W-1" in page
    assert page.count("1\u202f000.00") == 4
    assert "/claims/new?policy=H-1" in page


def test_cancelling_before_a_reserved_loss_must_be_confirmed(client, sold):
    warned = send(client, "/policies/H-1/cancel", cancelled_on="2024-02-01")
    unchanged = client.get("/policies/H-1").text
    saved = send_again(client, "/policies/H-1/cancel", warned, accept="y")

    assert (warned.status_code, saved.status_code) == (422, 303)
    assert "1 claim with a reserve" in warned.text
    assert "cancelled" not in unchanged
    assert "2024-02-01" in client.get("/policies/H-1").text
    assert "was cancelled from 2024-02-01" in client.get("/claims/W-1").text


def test_cancelling_after_the_losses_need_not_be_confirmed(client, sold):
    assert send(client, "/policies/H-1/cancel", cancelled_on="2024-06-01").status_code == 303


def test_a_cancellation_outside_the_period_is_refused(client, sold):
    response = send(client, "/policies/H-1/cancel", cancelled_on="2025-01-01")

    assert response.status_code == 422
    assert "cancelled from its inception date" in response.text


def test_two_editors_of_a_policy_get_a_page_that_shows_both(client, sold):
    mine = {**fields_of(client.get("/policies/H-1/edit")), "policyholder": "Mine"}
    send(client, "/policies/H-1/edit", policyholder="Theirs")

    conflict = client.post("/policies/H-1/edit", data=mine)
    saved = send_again(client, "/policies/H-1/edit", conflict)

    assert conflict.status_code == 409
    assert "Theirs" in conflict.text
    assert saved.status_code == 303
    assert "Mine" in client.get("/policies/H-1").text


def test_an_unknown_policy_is_not_found(client):
    assert "There is no policy H-7." in client.get("/policies/H-7").text
    assert client.get("/policies/H-7").status_code == 404


def test_a_form_for_a_policy_sent_twice_makes_one(client):
    typed = {**fields_of(client.get("/policies/new")), **VALID}

    first = client.post("/policies/new", data=typed)
    second = client.post("/policies/new", data=typed)

    assert first.location == second.location
    assert "recorded once" in client.get(second.location).text


def test_policies_are_filtered_by_their_status_today(app, client):
    periods = {
        "past": (date(2020, 1, 1), date(2021, 1, 1)),
        "now": (date(2020, 1, 1), date(2999, 1, 1)),
        "later": (date(2998, 1, 1), date(2999, 1, 1)),
    }
    with app.app_context():
        for number, (inception, expiry) in periods.items():
            make_policy(policy_number=number, inception_date=inception, expiry_date=expiry)
        gone = make_policy(policy_number="gone", expiry_date=date(2999, 1, 1))
        cancel_policy(gone, date(2024, 2, 1), seen_version=1, actor=ACTOR)
        db.session.commit()

    expected = {"expired": "past", "in_force": "now", "upcoming": "later", "cancelled": "gone"}
    shown = {
        status: [
            n
            for n in (*periods, "gone")
            if f"/policies/{n}" in client.get(f"/policies?status={status}").text
        ]
        for status in expected
    }

    assert shown == {status: [number] for status, number in expected.items()}
    assert client.get("/policies?status=lost").status_code == 400


def test_an_edit_that_uncovers_one_claim_and_covers_another_must_be_confirmed(app, client):
    with app.app_context():
        policy = make_policy(
            policy_number="H-2", inception_date=date(2024, 2, 1), expiry_date=date(2025, 2, 1)
        )
        covered = make_claim(
            policy=policy, loss_date=date(2025, 1, 15), reported_date=date(2025, 1, 16)
        )
        reserve(covered, "10.00", date(2025, 1, 16))
        early = make_claim(loss_date=date(2024, 1, 15), reported_date=date(2024, 1, 16))
        reserve(early, "10.00", date(2024, 1, 16))
        edit_claim(early, {"policy_id": policy.id}, seen_version=1, actor=ACTOR, may_uncover=True)
        db.session.commit()

    warned = send(
        client, "/policies/H-2/edit", inception_date="2024-01-01", expiry_date="2025-01-01"
    )

    assert warned.status_code == 422
    assert "1 claim with a reserve" in warned.text
