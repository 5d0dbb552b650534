import re
from datetime import UTC, datetime
from decimal import Decimal

from flaskr.audit.models import Action, AuditEvent, Subject
from flaskr.audit.presenters import Change, changes_of
from flaskr.audit.queries import history_of
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

ANNA = "anna@example.com"


def history(response) -> list[str]:
    """The lines of a page's history, without the instants."""
    part = response.text.partition('id="history"')[2]
    lines = re.findall(r"<li>(.*?)</li>", part, re.DOTALL)
    plain = (" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in lines)
    return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", line) for line in plain]


def test_a_claims_history_shows_who_changed_what_without_ledger_entries(app, client):
    with app.app_context():
        policy = make_policy(policy_number="H-1")
        claim = make_claim(claim_reference="W-1", policy=policy, description="Rör i köket")
        reserve(claim, "100")
        pay(claim, "10")
        edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ANNA)
        make_claim(claim_reference="W-2")
        db.session.commit()

    assert history(client.get("/claims/W-1")) == [
        "anna@example.com edited: cause water →became fire",
        "command reported: cause water, loss date 2024-03-01, reported date 2024-03-02, "
        "description changed, policy H-1",
    ]


def test_a_policy_shows_its_history(app, client):
    with app.app_context():
        policy = make_policy(policy_number="H-1")
        edit_policy(
            policy,
            {"premium": Decimal("1.10"), "policyholder": "Bo Ek"},
            seen_version=1,
            actor=ANNA,
        )
        db.session.commit()

    page = client.get("/policies/H-1")

    assert history(page)[0] == (
        "anna@example.com edited: premium 5 000.00 →became 1.10, policyholder changed"
    )
    assert len(history(page)) == 2


def test_a_claim_without_events_says_that_nothing_is_recorded(client, app):
    with app.app_context():
        make_claim(claim_reference="W-1")
        for event in [new for new in db.session.new if isinstance(new, AuditEvent)]:
            db.session.expunge(event)
        db.session.commit()

    assert "No changes." in client.get("/claims/W-1").text


def test_a_long_history_shows_the_last_twenty_and_where_the_rest_is(app, client):
    with app.app_context():
        claim = make_claim(claim_reference="W-1")
        for number in range(21):
            cause = (Cause.FIRE, Cause.WATER)[number % 2]
            edit_claim(claim, {"cause": cause}, seen_version=number + 1, actor=ANNA)
        db.session.commit()

    page = client.get("/claims/W-1")

    assert len(history(page)) == 20
    assert "Showing the last 20." in page.text
    address = re.search(r'href="(/trail\?[^"]+)"', page.text)[1].replace("&amp;", "&")
    assert "21 events" not in client.get(address).text
    assert "22 events" in client.get(address).text


def test_a_short_history_has_no_link(app, client):
    with app.app_context():
        make_claim(claim_reference="W-1")
        db.session.commit()

    assert "/trail?" not in client.get("/claims/W-1").text


def test_objects_of_two_kinds_with_one_name_have_separate_histories(rolled_back):
    make_policy(policy_number="X-1")
    make_claim(claim_reference="X-1")

    [(event, _)] = history_of(Subject.POLICY, "X-1").events

    assert event.action is Action.POLICY_RECORDED
    assert event.actor == ACTOR
    assert event.recorded_at <= datetime.now(UTC)


def test_values_are_formatted_as_on_other_pages():
    before = '{"role": "viewer", "is_active": true, "cancelled_on": null}'
    after = (
        '{"role": "claims_handler", "is_active": false, "cancelled_on": "2024-06-01", "files": '
        '["a_b.csv, 7 bytes", "c.csv"], "totals": {"paid": "1234.50"}, "claims": 1234567, '
        '"undone_by_import": 1234, "note": "", "policyholder": "changed"}'
    )

    assert changes_of(before, after) == [
        Change("role", "viewer", "claims handler"),
        Change("is active", "yes", "no"),
        Change("cancelled on", "–", "2024-06-01"),
        Change("files", None, "a_b.csv, 7 bytes, c.csv"),
        Change("totals", None, "paid 1\u202f234.50"),
        Change("claims", None, "1\u202f234\u202f567"),
        Change("undone by import", None, "1234"),
        Change("note", None, "–"),
        Change("policyholder", None, "changed", is_value_hidden=True),
    ]
    assert changes_of(None, None) == []
    assert changes_of('{"cause": "fire"}', None) == [Change("cause", "fire", None)]
