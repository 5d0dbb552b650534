"""Letters that cannot be seen, and slashes: what is typed anew, and what the book has already."""

import pytest

from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference
from flaskr.extensions import db
from flaskr.values.text import reference_key
from tests.browsing import fields_of, send
from tests.factories import make_claim, make_policy

OLD, CODE, TEXT = "W\u200b1", "E\u00ad1", "two\x1b lines"
DATES = {"loss_date": "2024-03-01", "reported_date": "2024-03-02"}


@pytest.fixture
def kept(app):
    """A claim and its policy with texts that an earlier version accepted."""
    with app.app_context():
        policy = make_policy()
        policy.policy_number, policy.policy_number_key = OLD, reference_key(OLD)
        claim = make_claim(policy=policy)
        claim.claim_reference, claim.claim_reference_key = OLD, reference_key(OLD)
        claim.event_code, claim.description = CODE, TEXT
        db.session.commit()


def kept_claim(app) -> Claim:
    """The claim as it is now."""
    claim = claim_by_reference(OLD)
    assert claim is not None
    return claim


def test_a_claim_with_such_letters_is_shown_found_and_edited(client, app, kept):
    found = client.get("/find", query_string={"number": OLD})
    listed = client.get("/claims", query_string={"event_code": CODE, "policy": OLD})
    edited = send(client, f"/claims/{OLD}/edit", cause="water")

    assert client.get(found.location).status_code == 200
    assert "1 claim" in listed.text
    assert edited.status_code == 303
    with app.app_context():
        claim = kept_claim(app)
        assert (claim.event_code, claim.description, claim.cause) == (CODE, TEXT, "water")
        assert claim.policy.policy_number == OLD


def test_such_letters_are_refused_in_a_text_that_is_typed_anew(client, kept):
    answer = send(client, f"/claims/{OLD}/edit", event_code=CODE + "2", description=TEXT + "!")

    assert answer.status_code == 422
    assert "cannot be seen (SOFT HYPHEN) after “E”" in answer.text
    assert "control letter (ESCAPE) after “two”" in answer.text
    assert fields_of(answer)["event_code"] == CODE + "2"


@pytest.mark.parametrize("reference", ["A\u00a0B", "A\u2060B", "A\u200dB"])
def test_such_letters_are_refused_in_a_new_reference(client, app, reference):
    answer = send(client, "/claims/new", claim_reference=reference, **DATES)

    assert answer.status_code == 422
    assert "has a letter that cannot be seen" in answer.text
    assert "after “A”. Remove it." in answer.text


def test_an_amount_in_a_form_may_have_the_currency_of_the_book(client):
    reported = send(client, "/claims/new", claim_reference="W-2", reserve="1.234,50 kr", **DATES)
    refused = send(client, "/claims/new", claim_reference="W-3", reserve="5 EUR", **DATES)

    assert "1\u202f234.50" in client.get(reported.location).text
    assert refused.status_code == 422
    assert "The book is kept in SEK; this amount is in EUR." in refused.text


@pytest.mark.parametrize(
    ("reference", "address"),
    [
        ("2024/0012", "2024~s0012"),
        ("a~b", "a~tb"),
        ("~s", "~ts"),
        ("/", "~s"),
        ("Ö/1", "%C3%96~s1"),
    ],
)
def test_a_claim_is_reported_and_opened_by_a_reference_with_a_slash(client, reference, address):
    reported = send(client, "/claims/new", claim_reference=reference, **DATES)
    page = client.get(reported.location)
    edited = send(client, f"/claims/{address}/edit", cause="fire")

    assert reported.location == f"/claims/{address}"
    assert f"Claim {reference} reported." in page.text
    assert edited.location == f"/claims/{address}"
    assert f'href="/claims/{address}"' in client.get("/claims").text


def test_a_policy_is_reached_from_its_claim_and_back_though_both_have_slashes(client, app):
    with app.app_context():
        make_claim(claim_reference="c/1", policy=make_policy(policy_number="p/1"))
        db.session.commit()

    claim, policy = client.get("/claims/c~s1").text, client.get("/policies/p~s1").text

    assert 'href="/policies/p~s1"' in claim
    assert 'href="/claims/c~s1"' in policy
    assert client.get("/policies/p~s1/edit").status_code == 200
    assert client.get("/claims/c~s1/reserve").status_code == 200
    assert client.get("/claims/c/1").status_code == 404


def test_an_address_of_an_earlier_version_with_a_tilde_is_still_found(client, app):
    with app.app_context():
        make_claim(claim_reference="a~b~")
        db.session.commit()

    assert client.get("/claims/a~b~").status_code == 200
    assert client.get("/claims/a~tb~t").status_code == 200
