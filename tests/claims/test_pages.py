from datetime import date

import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from tests.browsing import fields_of, send
from tests.claims.showing import ledger_of, shown_by_type
from tests.factories import make_claim, pay


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


def test_a_report_from_a_policy_has_its_number_filled_in(client, covered):
    page = client.get("/claims/new?policy=H-1")

    assert fields_of(page)["policy_number"] == "H-1"


def test_the_page_offers_what_the_state_allows(app, client, covered):
    opened = client.get("/claims/W-1").text
    send(
        client,
        "/claims/W-1/decline",
        transaction_date="2024-03-05",
        reason_code="not_covered",
        reason="not our house",
    )
    declined = client.get("/claims/W-1").text

    assert [
        f"/claims/W-1/{name}" in opened for name in ("pay", "decline", "recover", "reopen", "repay")
    ] == [True, True, True, False, False]
    assert [f"/claims/W-1/{name}" in declined for name in ("pay", "decline", "reopen")] == [
        False,
        False,
        True,
    ]
    assert "not our house" in declined
    assert "<small>not covered</small>" in declined


def test_a_payment_on_a_closed_claim_is_refused_with_a_sentence(app, client, covered):
    shown = fields_of(client.get("/claims/W-1/pay"))
    send(client, "/claims/W-1/close", transaction_date="2024-03-05")
    fresh = {**shown, "seen_entry": str(int(shown["seen_entry"]) + 1)}

    response = client.post(
        "/claims/W-1/pay", data={**fresh, "amount": "1", "transaction_date": "2024-03-06"}
    )

    assert response.status_code == 422
    assert "not possible while the claim is closed" in client.get("/claims/W-1/pay").text
    assert "The claim is closed. Reopen it first." in response.text


def test_a_claim_is_reopened_with_a_reason(app, client, covered):
    send(client, "/claims/W-1/close", transaction_date="2024-03-05")

    day = {"amount": "50", "transaction_date": "2024-03-06", "reason": "more damp"}
    bare = send(client, "/claims/W-1/reopen", **day)
    reserved = {"expense_reserve": "20", "reason_code": "new_information"}
    reopened = send(client, "/claims/W-1/reopen", **day, **reserved)

    assert (bare.status_code, reopened.status_code) == (422, 303)
    assert ledger_of(app, "W-1")[-2:] == ["RESERVE_REOPEN", "RESERVE_CHANGE"]
    assert shown_by_type(client)["Expense"][:2] == ["0.00", "20.00"]


@pytest.mark.parametrize("code", ["migrated", "import_undone", "lost"])
def test_a_reason_that_only_the_book_gives_cannot_be_chosen(client, covered, code):
    answer = send(client, "/claims/W-1/decline", transaction_date="2024-03-05", reason_code=code)

    assert answer.status_code == 422
    assert "Choose one from the list." in answer.text


def test_money_comes_back_as_a_recovery_and_both_can_be_reversed(app, client, covered):
    send(client, "/claims/W-1/pay", amount="300", transaction_date="2024-04-01")
    send(
        client,
        "/claims/W-1/recover",
        kind="salvage",
        amount="100",
        transaction_date="2024-04-02",
    )

    day = {"transaction_date": "2024-04-03"}
    bare = send(client, "/claims/W-1/reverse/2", reason="ours", **day)
    recovery = send(client, "/claims/W-1/reverse/3", reason_code="other", reason="ours", **day)
    payment = send(client, "/claims/W-1/reverse/2", reason_code="wrong_amount", **day)
    page = client.get("/claims/W-1").text

    assert (bare.status_code, recovery.status_code, payment.status_code) == (422, 303, 303)
    assert ledger_of(app, "W-1")[-2:] == ["RECOVERY_REVERSAL", "PAYMENT_REVERSAL"]
    assert "reverses entry 3" in page
    assert "/claims/W-1/reverse/" not in page


def test_an_entry_that_cannot_be_reversed_says_so(client, covered):
    assert "cannot be reversed" in client.get("/claims/W-1/reverse/1").text
    assert client.get("/claims/W-1/reverse/9").status_code == 404
    assert client.get("/claims/W-1/reverse/0").status_code == 404


def test_markup_in_typed_text_is_escaped(app, client):
    with app.app_context():
        make_claim(claim_reference="<b>x", description="<script>alert(1)</script>")
        db.session.commit()

    page = client.get("/claims/%3Cb%3Ex").text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_claim_page_ignores_the_case_of_the_reference(app, client):
    with app.app_context():
        make_claim(claim_reference="SK-Ö")
        db.session.commit()

    assert client.get("/claims/sk-ö").status_code == 200
    assert client.get("/claims/sk-o").status_code == 404


def test_a_claim_page_needs_no_more_queries_for_a_long_ledger(app, client, covered, queries):
    client.get("/")  # the first request looks at the schema too
    with queries() as few:
        client.get("/claims/W-1")
    with app.app_context():
        for amount in range(1, 9):
            pay(claim_by_reference("W-1"), str(amount), date(2024, 4, 1))
        db.session.commit()
    with queries() as many:
        client.get("/claims/W-1")

    assert len(few) == len(many) == 3
