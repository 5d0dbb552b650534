"""Pages that post expenses, repayments and recoveries, and show each cost type."""

from datetime import date

from flaskr.extensions import db
from tests.browsing import fields_of, send
from tests.claims.showing import ledger_of, shown_by_type
from tests.factories import make_claim, make_policy


def test_expenses_are_reserved_and_paid_apart_and_the_page_shows_each_type(app, client, covered):
    without = shown_by_type(client)
    day = {"transaction_date": "2024-04-01", "cost_type": "expense"}
    texts = {"payee": "Bo Zetterlund", "payee_reference": "F-0071", "note": "survey"}

    reserved = send(client, "/claims/W-1/reserve", amount="300", **day)
    paid = send(client, "/claims/W-1/pay", amount="120.50", **day, **texts)
    page = client.get("/claims/W-1").text

    assert without == {}
    assert (reserved.status_code, paid.status_code) == (303, 303)
    assert shown_by_type(client) == {
        "Indemnity": ["0.00", "1\u202f000.00", "1\u202f000.00", "0.00", "1\u202f000.00"],
        "Expense": ["120.50", "179.50", "300.00", "0.00", "300.00"],
        "Total": ["120.50", "1\u202f179.50", "1\u202f300.00", "0.00", "1\u202f300.00"],
    }
    assert all(text in page for text in texts.values())
    assert page.count('<span class="flag">expense</span>') == 2


def test_a_payment_is_of_indemnity_if_no_cost_type_is_sent(app, client, covered):
    form = fields_of(client.get("/claims/W-1/pay"))
    assert form.pop("cost_type") == "indemnity"

    answer = client.post(
        "/claims/W-1/pay", data={**form, "amount": "10", "transaction_date": "2024-04-01"}
    )

    assert answer.status_code == 303
    assert shown_by_type(client) == {}


def test_a_repayment_is_posted_in_any_status_up_to_what_is_paid(app, client, covered):
    early = client.get("/claims/W-1/repay").text
    send(client, "/claims/W-1/pay", amount="300", transaction_date="2024-04-01")
    send(client, "/claims/W-1/close", transaction_date="2024-04-02")
    repaid = send(client, "/claims/W-1/repay", amount="100", transaction_date="2024-04-03")
    refused = {
        amount: send(client, "/claims/W-1/repay", amount=amount, transaction_date="2024-04-03")
        for amount in ("200.01", "0", "-1")
    }
    of_expense = send(
        client,
        "/claims/W-1/repay",
        amount="1",
        transaction_date="2024-04-03",
        cost_type="expense",
    )

    assert "not possible while the claim is open" in early
    assert repaid.status_code == 303
    assert [each.status_code for each in (*refused.values(), of_expense)] == [422] * 4
    assert "cannot go below zero" in refused["200.01"].text
    assert "A repayment must be above zero." in refused["0"].text
    assert "The paid amount cannot go below zero: of expense it is 0.00" in of_expense.text
    assert ledger_of(app, "W-1")[-2:] == ["RESERVE_CLOSE", "REPAYMENT"]
    assert "200.00" in client.get("/claims/W-1").text


def test_a_recovery_may_pass_what_is_paid_and_the_page_says_so(client, covered):
    day = {"transaction_date": "2024-04-02"}
    send(client, "/claims/W-1/pay", amount="50", **day)
    send(client, "/claims/W-1/recover", kind="deductible", amount="50", **day)
    before = client.get("/claims/W-1").text
    send(client, "/claims/W-1/recover", kind="salvage", amount="0.01", **day)

    assert "more than is paid" not in before
    assert "more than is paid" in client.get("/claims/W-1").text


def test_a_claim_with_only_expenses_paid_can_be_declined(app, client, covered):
    day = {"transaction_date": "2024-04-02"}
    send(client, "/claims/W-1/pay", amount="50", cost_type="expense", **day)

    declined = send(client, "/claims/W-1/decline", reason_code="not_covered", **day)

    assert declined.status_code == 303
    assert ledger_of(app, "W-1")[-1] == "CLAIM_DECLINED"


def test_only_expenses_are_paid_on_a_loss_that_is_not_covered(app, client):
    with app.app_context():
        policy = make_policy(inception_date=date(2020, 1, 1), expiry_date=date(2021, 1, 1))
        make_claim(claim_reference="W-2", policy=policy)
        db.session.commit()
    form = client.get("/claims/W-2/pay")
    typed = {"amount": "10", "transaction_date": "2024-04-01"}

    refused = [
        send(client, f"/claims/W-2/{name}", cost_type="indemnity", **typed)
        for name in ("pay", "reserve")
    ]
    paid = send(client, "/claims/W-2/pay", **typed)

    assert "So no more indemnity can be reserved or paid. Expenses can" in form.text
    assert fields_of(form)["cost_type"] == "expense"
    assert [answer.status_code for answer in refused] == [422, 422]
    assert all("no more indemnity can be reserved" in answer.text for answer in refused)
    assert paid.status_code == 303
    assert shown_by_type(client, "W-2")["Expense"][0] == "10.00"
