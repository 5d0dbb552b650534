"""A form asks about an identity number in a text, and refuses one as a reference or a code."""

import pytest

from flaskr.extensions import db
from tests.browsing import fields_of, send
from tests.factories import make_claim, make_policy, pay, reserve

NUMBER = "640823-3234"
BOX = "It is no identity number: save anyway"

NEW_POLICY = {
    "line_of_business": "home",
    "inception_date": "2024-01-01",
    "expiry_date": "2025-01-01",
    "premium": "1",
    "deductible": "0",
}


@pytest.fixture
def book(session):
    policy = make_policy(policy_number="H-1")
    claim = make_claim(claim_reference="W-1", policy=policy)
    reserve(claim, "100")
    pay(claim, "10")
    db.session.commit()


@pytest.mark.parametrize(
    ("path", "typed", "name"),
    [
        ("/claims/W-1/edit", {}, "description"),
        ("/policies/H-1/edit", {}, "policyholder"),
        ("/policies/new", NEW_POLICY, "policyholder"),
        ("/claims/new", {"loss_date": "2024-03-01", "reported_date": "2024-03-02"}, "description"),
        ("/claims/W-1/pay", {"amount": "1"}, "payee"),
        ("/claims/W-1/pay", {"amount": "1"}, "note"),
        ("/claims/W-1/reverse/2", {"reason_code": "wrong_amount"}, "reason"),
        ("/exports", {"name": "Q1"}, "note"),
    ],
)
def test_a_text_with_one_is_asked_about_and_saved_anyway(client, book, path, typed, name):
    typed = typed | {name: f"Ring {NUMBER}"}
    assert BOX not in client.get(path).text

    asked = send(client, path, **typed)

    assert (asked.status_code, BOX in asked.text) == (422, True)
    assert f"Ring {NUMBER}" in asked.text
    saved = client.post(path, data=fields_of(asked) | typed | {"no_identity_number": "y"})
    assert saved.status_code == 303


def test_a_text_that_is_there_already_is_not_asked_about_again(client, book):
    typed = {"description": f"Ring {NUMBER}", "no_identity_number": "y"}
    assert send(client, "/claims/W-1/edit", **typed).status_code == 303

    assert send(client, "/claims/W-1/edit", cause="fire").status_code == 303


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/claims/new", {"claim_reference": NUMBER, "loss_date": "2024-03-01"}),
        ("/claims/W-1/edit", {"event_code": f"E {NUMBER}"}),
        ("/policies/new", {"policy_number": "19640823 3234", "policyholder": "A"}),
        ("/exports", {"name": f"of {NUMBER}"}),
    ],
)
def test_a_reference_code_or_name_with_one_is_refused(client, book, path, typed):
    answer = send(client, path, **typed, no_identity_number="y")

    assert answer.status_code == 422
    assert "looks like a Swedish identity number, which the book does not store" in answer.text


def test_the_reason_of_a_file_with_names_has_none(client, book):
    answer = client.get(f"/export_claims?reason=Fraga%20{NUMBER}")

    assert answer.status_code == 400
    assert "looks like a Swedish identity number" in answer.text
