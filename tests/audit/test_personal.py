"""No name and no free text is ever in the trail, whatever is done."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flaskr.claims.ledger.services import close_claim, reopen_claim
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, ReasonCode
from flaskr.policies.services import edit_policy
from tests.audit.events import events
from tests.factories import ACTOR, make_claim, make_policy

# Marked, so that a short text of an example is not found in the trail by chance.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=0, max_size=30).map(
    lambda text: f"Zäta{text}§Ör"
)


def whole_trail() -> str:
    rows = db.session.execute(text("SELECT * FROM audit_events ORDER BY id")).all()
    return "\n".join(str(tuple(row)) for row in rows)


@settings(max_examples=15)
@given(st.lists(texts, min_size=5, max_size=5, unique=True))
def do_everything_with(texts: list[str]) -> None:
    holder, other_holder, description, other_description, reason = texts
    policy = make_policy(policyholder=holder)
    claim = make_claim(policy=policy, description=description)
    edit_policy(policy, {"policyholder": other_holder}, seen_version=1, actor=ACTOR)
    changes = {"description": other_description, "cause": Cause.FIRE}
    edit_claim(claim, changes, seen_version=1, actor=ACTOR)
    close_claim(claim, date(2024, 3, 3), actor=ACTOR, reason=reason)
    reopen_claim(
        claim,
        Decimal(1),
        date(2024, 3, 4),
        actor=ACTOR,
        reason=reason,
        reason_code=ReasonCode.OTHER,
    )


def test_no_name_and_no_free_text_is_in_any_event(rolled_back):
    do_everything_with()

    trail = whole_trail()
    assert len(events()) >= 6 * 15
    assert "changed" in trail
    assert "Zäta" not in trail
    assert "Z\\u00e4ta" not in trail
    assert "§" not in trail
