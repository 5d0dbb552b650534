from datetime import date

import pytest

from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.extensions import db
from tests.browsing import fields_of, send, send_again
from tests.factories import make_policy


def ledger_of(app, reference: str) -> list[str]:
    with app.app_context():
        return [entry.entry_type.value for entry in entries_of(claim_by_reference(reference))]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"policy_number": "none"}, "There is no policy none in the book."),
        ({"reserve": "1,234"}, "can be 1234 or"),
        ({"loss_date": "2024-02-30"}, "is not a date"),
        ({"loss_date": ""}, "Please fill this in."),
        ({"loss_date": "2024-03-09"}, "cannot be after the report"),
        ({"reported_date": "2999-01-01"}, "in the future"),
        ({"claim_reference": "w-1"}, "already in the book"),
        ({"claim_reference": "C-2024-000001"}, "assigned by the book"),
        ({"claim_reference": "a?b"}, "cannot contain any of"),
        ({"cause": "aliens"}, "Choose one from the list."),
    ],
)
def test_an_invalid_report_is_refused_and_keeps_what_was_typed(client, covered, typed, sentence):
    right = {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "description": "kept"}

    response = send(client, "/claims/new", **{**right, **typed})

    assert response.status_code == 422
    assert sentence in response.text
    assert ">kept</textarea>" in response.text.replace("\r\n", "")


def test_a_form_sent_twice_posts_once(app, client, covered):
    form = fields_of(client.get("/claims/W-1/pay"))
    typed = {**form, "amount": "100", "transaction_date": "2024-04-01"}

    first = client.post("/claims/W-1/pay", data=typed)
    second = client.post("/claims/W-1/pay", data=typed)

    assert (first.status_code, second.status_code) == (303, 409)
    assert "perhaps the form was sent twice" in second.text
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN", "PAYMENT"]


def test_a_form_refused_for_new_entries_can_be_sent_again(app, client, covered):
    form = fields_of(client.get("/claims/W-1/pay"))
    typed = {**form, "amount": "100", "transaction_date": "2024-04-01"}
    client.post("/claims/W-1/pay", data=typed)
    refused = client.post("/claims/W-1/pay", data=typed)

    again = send_again(client, "/claims/W-1/pay", refused)

    assert again.status_code == 303
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN", "PAYMENT", "PAYMENT"]


def test_two_editors_get_a_page_that_shows_both(app, client, covered):
    mine = {**fields_of(client.get("/claims/W-1/edit")), "description": "mine"}
    send(client, "/claims/W-1/edit", description="theirs", cause="fire")

    conflict = client.post("/claims/W-1/edit", data=mine)
    saved = send_again(client, "/claims/W-1/edit", conflict)

    assert conflict.status_code == 409
    assert "theirs" in conflict.text
    assert "mine" in conflict.text
    assert saved.status_code == 303
    assert "mine" in client.get("/claims/W-1").text


def test_an_edit_that_uncovers_a_reserved_claim_must_be_confirmed(app, client, covered):
    with app.app_context():
        make_policy(
            policy_number="H-9", inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1)
        )
        db.session.commit()

    warned = send(client, "/claims/W-1/edit", policy_number="H-9")
    unchanged = client.get("/claims/W-1").text
    saved = send_again(client, "/claims/W-1/edit", warned, accept="y")
    page = client.get("/claims/W-1").text

    assert (warned.status_code, saved.status_code) == (422, 303)
    assert "Tick" in warned.text
    assert "Covered." in unchanged
    assert "Not covered." in page


@pytest.mark.parametrize("name", ["reserve", "pay", "close", "decline", "edit"])
def test_an_unsafe_request_without_its_token_is_refused(app, client, covered, name):
    form = fields_of(client.get(f"/claims/W-1/{name}"))
    form.pop("csrf_token")

    response = client.post(f"/claims/W-1/{name}", data={**form, "amount": "1"})

    assert response.status_code == 400
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN"]


@pytest.mark.parametrize("lost", ["", "x", "²", "9" * 5000])
def test_a_form_without_its_hidden_fields_is_refused(client, covered, lost):
    paid = send(
        client, "/claims/W-1/pay", amount="1", transaction_date="2024-04-01", seen_entry=lost
    )
    edited = send(client, "/claims/W-1/edit", version=lost)
    reported = send(
        client, "/claims/new", loss_date="2024-03-01", reported_date="2024-03-02", form_token=lost
    )

    for response in (paid, edited, reported):
        assert response.status_code == 422
        assert "The form has lost its place" in response.text


def test_a_report_sent_twice_makes_one_claim(client):
    form = fields_of(client.get("/claims/new"))
    typed = {**form, "loss_date": "2024-03-01", "reported_date": "2024-03-02", "reserve": "5"}

    first = client.post("/claims/new", data=typed)
    second = client.post("/claims/new", data=typed)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert "reported once" in client.get(second.location).text


def test_a_mistyped_form_does_not_count_new_entries_as_seen(app, client, covered):
    shown = client.get("/claims/W-1/pay")
    send(client, "/claims/W-1/pay", amount="1", transaction_date="2024-04-01")
    mistyped = send_again(client, "/claims/W-1/pay", shown, amount="1,234")

    corrected = send_again(client, "/claims/W-1/pay", mistyped, amount="2")

    assert corrected.status_code == 409
    assert "The last entry is now: Payment, 2024-04-01" in " ".join(corrected.text.split())
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN", "PAYMENT"]
