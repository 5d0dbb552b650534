from datetime import date

import pytest

from flaskr.claims.queries import claim_referenced, entries_of
from flaskr.extensions import db
from tests.browsing import fields_of, send, send_again
from tests.factories import make_claim, make_policy, pay, reserve


@pytest.fixture
def covered(app):
    """A reserved claim on a policy in force."""
    with app.app_context():
        policy = make_policy(policy_number="H-1")
        claim = make_claim(claim_reference="W-1", policy=policy)
        reserve(claim, "1000.00")
        db.session.commit()


def ledger_of(app, reference: str) -> list[str]:
    with app.app_context():
        return [entry.entry_type.value for entry in entries_of(claim_referenced(reference))]


def test_a_claim_is_reported_paid_and_closed(app, client):
    reported = send(
        client,
        "/claims/new",
        loss_date="2024-03-01",
        reported_date="2024-03-02",
        cause="water",
        reserve="1 000,50",
        description="Burst pipe",
    )
    page = client.get(reported.location)
    address = reported.location
    paid = send(client, f"{address}/pay", amount="400.25", transaction_date="2024-03-03")
    closed = send(client, f"{address}/close", transaction_date="2024-03-04")
    after = client.get(closed.location)

    assert [r.status_code for r in (reported, paid, closed)] == [303, 303, 303]
    assert "reported." in page.text
    assert "1\u202f000.50" in page.text
    assert "Burst pipe" in page.text
    assert "status-closed" in after.text
    assert "400.25" in after.text


def test_a_report_from_a_policy_comes_with_its_number(client, covered):
    page = client.get("/claims/new?policy=H-1")

    assert fields_of(page)["policy_number"] == "H-1"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"policy_number": "none"}, "There is no policy none in the book."),
        ({"reserve": "1,234"}, "is not an amount"),
        ({"loss_date": "2024-02-30"}, "is not a day"),
        ({"loss_date": ""}, "Please fill this in."),
        ({"loss_date": "2024-03-09"}, "cannot be after the report"),
        ({"reported_date": "2999-01-01"}, "in the future"),
        ({"claim_reference": "w-1"}, "already in the book"),
        ({"claim_reference": "C-2024-000001"}, "given by the book"),
        ({"claim_reference": "a/b"}, "has none of"),
        ({"cause": "aliens"}, "Choose one of the list."),
    ],
)
def test_a_report_that_cannot_be_is_refused_and_keeps_what_was_typed(
    client, covered, typed, sentence
):
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


def test_the_second_look_at_a_moved_ledger_can_post(app, client, covered):
    form = fields_of(client.get("/claims/W-1/pay"))
    typed = {**form, "amount": "100", "transaction_date": "2024-04-01"}
    client.post("/claims/W-1/pay", data=typed)
    refused = client.post("/claims/W-1/pay", data=typed)

    again = send_again(client, "/claims/W-1/pay", refused)

    assert again.status_code == 303
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN", "PAYMENT", "PAYMENT"]


def test_the_page_offers_what_the_state_allows(app, client, covered):
    opened = client.get("/claims/W-1").text
    send(client, "/claims/W-1/decline", transaction_date="2024-03-05", reason="not our house")
    declined = client.get("/claims/W-1").text

    assert [
        f"/claims/W-1/{name}" in opened for name in ("pay", "decline", "reopen", "recover")
    ] == [
        True,
        True,
        False,
        False,
    ]
    assert [f"/claims/W-1/{name}" in declined for name in ("pay", "decline", "reopen")] == [
        False,
        False,
        True,
    ]
    assert "not our house" in declined


def test_a_payment_on_a_closed_claim_is_refused_with_a_sentence(app, client, covered):
    send(client, "/claims/W-1/close", transaction_date="2024-03-05")

    response = send(client, "/claims/W-1/pay", amount="1", transaction_date="2024-03-06")

    assert response.status_code == 422
    assert "The claim is closed. Reopen it first." in response.text


def test_a_claim_is_reopened_with_a_reason(app, client, covered):
    send(client, "/claims/W-1/close", transaction_date="2024-03-05")

    bare = send(client, "/claims/W-1/reopen", amount="50", transaction_date="2024-03-06")
    reopened = send(
        client, "/claims/W-1/reopen", amount="50", transaction_date="2024-03-06", reason="more damp"
    )

    assert (bare.status_code, reopened.status_code) == (422, 303)
    assert ledger_of(app, "W-1")[-1] == "RESERVE_REOPEN"


def test_money_comes_back_as_a_recovery_and_both_can_be_reversed(app, client, covered):
    send(client, "/claims/W-1/pay", amount="300", transaction_date="2024-04-01")
    send(
        client,
        "/claims/W-1/recover",
        kind="salvage",
        amount="100",
        transaction_date="2024-04-02",
    )

    too_early = send(client, "/claims/W-1/reverse/2", transaction_date="2024-04-03")
    recovery = send(client, "/claims/W-1/reverse/3", transaction_date="2024-04-03", reason="ours")
    payment = send(client, "/claims/W-1/reverse/2", transaction_date="2024-04-03")
    page = client.get("/claims/W-1").text

    assert (too_early.status_code, recovery.status_code, payment.status_code) == (422, 303, 303)
    assert ledger_of(app, "W-1")[-2:] == ["RECOVERY_REVERSAL", "PAYMENT_REVERSAL"]
    assert "of entry 3" in page
    assert "/claims/W-1/reverse/" not in page


def test_an_entry_that_cannot_be_reversed_says_so(client, covered):
    assert "cannot be reversed" in client.get("/claims/W-1/reverse/1").text
    assert client.get("/claims/W-1/reverse/9").status_code == 404
    assert client.get("/claims/W-1/reverse/0").status_code == 404


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


def test_an_edit_that_uncovers_a_reserved_claim_asks_for_a_second_look(app, client, covered):
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


def test_nothing_is_paid_on_a_loss_that_is_not_covered(app, client):
    with app.app_context():
        policy = make_policy(inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1))
        make_claim(claim_reference="W-2", policy=policy)
        db.session.commit()

    response = send(client, "/claims/W-2/pay", amount="10", transaction_date="2024-04-01")

    assert response.status_code == 422
    assert "Nothing can be reserved or paid" in response.text


def test_text_from_people_is_shown_as_text(app, client):
    with app.app_context():
        make_claim(claim_reference="<b>x", description="<script>alert(1)</script>")
        db.session.commit()

    page = client.get("/claims/%3Cb%3Ex").text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("name", ["reserve", "pay", "close", "decline", "edit"])
def test_an_unsafe_request_without_its_token_is_refused(app, client, covered, name):
    form = fields_of(client.get(f"/claims/W-1/{name}"))
    form.pop("csrf_token")

    response = client.post(f"/claims/W-1/{name}", data={**form, "amount": "1"})

    assert response.status_code == 400
    assert ledger_of(app, "W-1") == ["RESERVE_OPEN"]


@pytest.mark.parametrize("lost", ["", "x", "²"])
def test_a_form_that_lost_its_place_is_refused(client, covered, lost):
    paid = send(
        client, "/claims/W-1/pay", amount="1", transaction_date="2024-04-01", seen_entry=lost
    )
    edited = send(client, "/claims/W-1/edit", version=lost)

    assert paid.status_code in (400, 422)
    assert edited.status_code in (400, 422)


def test_a_claim_is_found_however_its_letters_are_cased(app, client):
    with app.app_context():
        make_claim(claim_reference="SK-Ö")
        db.session.commit()

    assert client.get("/claims/sk-ö").status_code == 200
    assert client.get("/claims/sk-o").status_code == 404


def test_a_claim_page_asks_the_database_no_more_for_a_long_ledger(app, client, covered, queries):
    client.get("/")  # the first request looks at the schema too
    with queries() as few:
        client.get("/claims/W-1")
    with app.app_context():
        for amount in range(1, 9):
            pay(claim_referenced("W-1"), str(amount), date(2024, 4, 1))
        db.session.commit()
    with queries() as many:
        client.get("/claims/W-1")

    assert len(few) == len(many) == 2
