"""The event code of a claim: typed, edited, shown, filtered, sorted, and in files."""

from datetime import date

import pytest

from flaskr.claims.models import ClaimRevision
from flaskr.claims.queries import claim_by_reference
from flaskr.claims.services import edit_claim
from flaskr.errors import TextError
from flaskr.extensions import db
from tests.browsing import fields_of, send, send_again
from tests.claims.clocks import BOOKED, KNOWN, at, claims_by_reference, edit
from tests.factories import ACTOR, make_claim


@pytest.fixture
def storms(app):
    with app.app_context():
        for reference, code in (("W-1", "STORM-2024-01"), ("W-2", ""), ("W-3", "Ö 2")):
            make_claim(claim_reference=reference, event_code=code)
        db.session.commit()


def references(client, query: str) -> list[str]:
    text = client.get(f"/export_claims?columns=claim_reference&{query}").text
    return [line.strip('"') for line in text.splitlines()[1:]]


def test_a_claim_is_reported_with_an_event_and_its_page_leads_to_the_others(client, storms):
    facts = {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "claim_reference": "W-4"}
    reported = send(client, "/claims/new", event_code=" STORM-2024-01 ", **facts)
    page = client.get(reported.location).text

    assert reported.status_code == 303
    assert "STORM-2024-01" in page
    assert "/claims?event_code=STORM-2024-01" in page
    assert "all claims of this event" not in client.get("/claims/W-2").text
    assert references(client, "event_code=STORM-2024-01") == ["W-4", "W-1"]


def test_an_edit_keeps_the_earlier_event_and_the_trail_says_both(client, storms, app):
    edited = send(client, "/claims/W-1/edit", event_code="Ö 2")
    emptied = send(client, "/claims/W-3/edit", event_code="")
    page = client.get("/claims/W-1").text

    assert (edited.status_code, emptied.status_code) == (303, 303)
    with app.app_context():
        revisions = db.session.scalars(db.select(ClaimRevision).order_by(ClaimRevision.id)).all()
        assert [each.event_code for each in revisions] == ["STORM-2024-01", "Ö 2"]
        assert claim_by_reference("W-3").event_code is None
    assert "event code STORM-2024-01" in page
    assert "<strong>Ö 2</strong>" in page


def test_the_second_of_two_editors_sees_both_events(client, storms):
    stale = client.get("/claims/W-1/edit")
    send(client, "/claims/W-1/edit", event_code="FIRST")

    conflict = send_again(client, "/claims/W-1/edit", stale, event_code="SECOND")
    saved = send_again(client, "/claims/W-1/edit", conflict)

    assert conflict.status_code == 409
    assert "FIRST" in conflict.text
    assert fields_of(conflict)["event_code"] == "SECOND"
    assert saved.status_code == 303
    assert references(client, "event_code=SECOND") == ["W-1"]


@pytest.mark.parametrize("code", ["a?b", "x" * 65, "a\u202eb", "new"])
def test_a_code_that_no_reference_may_be_is_refused(client, storms, code):
    answer = send(client, "/claims/W-1/edit", event_code=code)

    assert answer.status_code == 422
    assert 'id="event_code-error"' in answer.text


def test_the_service_cleans_the_code_and_refuses_what_it_cannot_store(rolled_back):
    claim = make_claim(event_code="STORM")

    edit_claim(claim, {"event_code": " STORM "}, seen_version=1, actor=ACTOR)
    assert (claim.event_code, claim.version) == ("STORM", 1)
    with pytest.raises(TextError):
        edit_claim(claim, {"event_code": "a?b"}, seen_version=1, actor=ACTOR)


def test_claims_are_filtered_by_any_of_the_codes_and_sorted_by_them(client, storms):
    both = client.get("/claims?event_code=STORM-2024-01&event_code=%C3%96+2").text

    assert references(client, "event_code=STORM-2024-01&event_code=%C3%96+2") == ["W-3", "W-1"]
    assert references(client, "event_code=storm-2024-01") == []
    assert references(client, "sort=event_code") == ["W-1", "W-3", "W-2"]
    assert "2 claims" in both
    assert both.count('name="event_code"') == 3
    assert 'value="Ö 2"' in both


@pytest.mark.both_databases
def test_the_event_as_at_a_date_is_the_one_known_then(rolled_back):
    with at("2024-05-01T12:00"):
        claim = make_claim(claim_reference="W-1", event_code="OLD")
    with at("2024-06-01T12:00"):
        edit(claim, event_code="LATER")

    day = date(2024, 5, 31)
    codes = [claims_by_reference(day, basis)["W-1"].event_code for basis in (KNOWN, BOOKED)]
    assert codes == ["OLD", "LATER"]
