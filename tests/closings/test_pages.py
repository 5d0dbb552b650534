from datetime import date, timedelta

import pytest

from flaskr.book.models import Closing, LiveDeclaration
from flaskr.claims.models import LedgerEntry
from flaskr.extensions import db
from flaskr.users.models import Role
from flaskr.values.calendar import today
from tests.browsing import fields_of, send
from tests.claims.clocks import at
from tests.closings.books import close, go_live
from tests.factories import make_claim, make_policy, pay, reserve
from tests.imports.uploading import page_text
from tests.users.people import signed_in_client


def test_the_book_is_declared_live_and_closed_on_pages(client, session):
    reserve(make_claim(policy=make_policy()), "100")
    session.commit()
    before = page_text(client.get("/closings"))
    asked = client.get("/closings/live")

    declared = client.post("/closings/live", data=fields_of(asked), follow_redirects=True)
    closed = send(client, "/closings/new", closed_through="2024-12-31")

    assert "not declared live" in before
    assert "This cannot be taken back." in page_text(asked)
    assert "The book is live since" in page_text(declared)
    assert closed.location == "/closings/2024-12-31"
    page = page_text(client.get("/closings/2024-12-31"))
    assert "Outstanding 100.00" in page
    assert "reserve opened dated 2024-03-02; outstanding 100.00" in page.lower()
    assert "closed through 2024-12-31" in page_text(client.get("/closings"))
    assert db.session.scalar(db.select(Closing.recorded_by)) == "open"


def test_a_second_declaration_is_refused(client, session):
    asked = client.get("/closings/live")
    go_live()

    again = client.post("/closings/live", data=fields_of(asked))

    assert again.status_code == 409
    assert "declared live already" in again.text
    assert "The book is live since" in page_text(client.get("/closings/live"))


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("2024-12-31", "closed through 2024-12-31 already"),
        ("9999-12-31", "has not ended"),
        ("", "Please fill this in."),
        ("31/12", "is not a date"),
    ],
)
def test_a_day_that_cannot_be_closed_is_refused_on_the_form(client, session, day, problem):
    go_live()
    close()

    refused = send(client, "/closings/new", closed_through=day)

    assert refused.status_code == 422
    assert problem in page_text(refused)


def test_a_book_that_is_not_live_closes_nothing(client, session):
    asked = client.get("/closings/new")
    form = fields_of(client.get("/closings/live"))

    refused = client.post("/closings/new", data={**form, "closed_through": "2024-12-31"})

    assert "Only a live book closes periods. Declare the book live first." in page_text(asked)
    assert refused.status_code == 422
    assert "Only a live book closes periods" in page_text(refused)


@pytest.mark.parametrize("address", ["2024-12-30", "yesterday", "2024-12-30/claims"])
def test_a_day_that_was_not_closed_is_not_found(client, session, address):
    go_live()
    close()

    assert client.get(f"/closings/{address}").status_code == 404


def test_an_unknown_kind_of_late_bookings_is_not_found(client, session):
    go_live()
    close()

    assert client.get("/closings/2024-12-31/nothing").status_code == 404
    assert "Nothing came late." in page_text(client.get("/closings/2024-12-31/claims"))


def test_a_long_list_of_late_bookings_is_paged(client, session):
    go_live()
    close()
    for number in range(55):
        make_claim(claim_reference=f"LATE-{number:02}")
    session.commit()

    shown = page_text(client.get("/closings/2024-12-31"))
    first = client.get("/closings/2024-12-31/claims")
    last = page_text(client.get("/closings/2024-12-31/claims?page=last"))

    assert "LATE-49" in shown
    assert "LATE-50" not in shown
    assert "All 55" in shown
    assert "None: policies recorded after the closing" in shown
    assert "55 rows, oldest first" in page_text(first)
    assert "/closings/2024-12-31/claims?after=50" in first.text
    assert "LATE-54" in last


def test_pages_say_to_administrators_that_a_book_with_entries_is_not_live(signed_in_app):
    with signed_in_app.app_context():
        reserve(make_claim(policy=make_policy()), "1")
        db.session.commit()
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    handler = signed_in_client(signed_in_app, Role.HANDLER)

    said = [page_text(administrator.get(address)) for address in ("/", "/imports")]
    unsaid = [page_text(handler.get(address)) for address in ("/", "/imports")]
    with signed_in_app.app_context():
        go_live()
    after = page_text(administrator.get("/"))

    assert all("This book is not declared live" in page for page in said)
    assert not any("declared live" in page for page in [*unsaid, after])


def test_an_actuary_closes_a_period_and_an_administrator_declares_the_book_live(signed_in_app):
    actuary = signed_in_client(signed_in_app, Role.ACTUARY)
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)

    assert "An administrator declares it live." in page_text(actuary.get("/closings"))
    assert "has to declare it live first" in page_text(actuary.get("/closings/new"))
    assert actuary.get("/closings/live").status_code == 403
    assert send(administrator, "/closings/live").status_code == 303
    assert send(actuary, "/closings/new", closed_through="2024-12-31").status_code == 303
    with signed_in_app.app_context():
        assert db.session.scalar(db.select(LiveDeclaration.recorded_by)) == (
            "administrator@example.com"
        )
        assert db.session.scalar(db.select(Closing.recorded_by)) == "actuary@example.com"


def test_forms_of_entries_say_which_days_are_closed(client, session):
    claim = make_claim(claim_reference="A", policy=make_policy())
    reserve(claim, "100")
    pay(claim, "10")
    session.commit()
    unclosed = client.get("/claims/A/pay").text
    go_live()
    close()

    for address in ("/claims/A/pay", "/claims/A/reverse/2"):
        page = client.get(address).text
        assert "The books are closed through 2024-12-31." in page
        assert 'min="2025-01-01"' in page
    assert "closed through" not in unclosed
    refused = send(client, "/claims/A/pay", amount="1", transaction_date="2024-12-31")
    assert refused.status_code == 422
    assert "Date a late document on 2025-01-01" in page_text(refused)


def test_a_form_offers_an_open_day_when_the_clock_is_set_back(client, session):
    reserve(make_claim(claim_reference="A", policy=make_policy()), "100")
    go_live()
    close()

    with at("2024-06-01 10:00"):
        form = fields_of(client.get("/claims/A/pay"))

    assert form["transaction_date"] == "2025-01-01"


def test_the_reserve_of_a_late_claim_is_dated_on_the_first_open_day(client, session):
    go_live()
    close()
    page = client.get("/claims/new")

    sent = send(
        client,
        "/claims/new",
        loss_date="2024-12-20",
        reported_date="2024-12-30",
        claim_reference="LATE",
        reserve="500",
    )

    assert "reported by then is dated 2025-01-01" in page_text(page)
    assert sent.status_code == 303, page_text(sent)
    entry = db.session.scalars(db.select(LedgerEntry)).one()
    assert (entry.transaction_date, str(entry.outstanding)) == (date(2025, 1, 1), "500.00")


def test_a_random_claim_is_dated_on_open_days(client, session):
    yesterday = today() - timedelta(days=1)
    go_live()
    close(yesterday)
    for _ in range(3):
        assert client.get("/generate_random_claim").status_code == 303

    assert set(db.session.scalars(db.select(LedgerEntry.transaction_date))) == {today()}
