"""The history of a claim and of a policy: every edit, whoever or whatever made it, once."""

import re
from datetime import date
from decimal import Decimal

import pytest

from flaskr.archive.services import import_archive, write_archive
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.imports.undo.services import undo_import
from flaskr.policies.models import Policy
from flaskr.privacy.queries import person_records
from flaskr.privacy.services import erase_person
from tests.books import make_settings
from tests.claims.clocks import amend, edit
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, pay, reserve
from tests.imports.importing import Importing

pytestmark = pytest.mark.both_databases


def history(response) -> list[str]:
    """The lines of a page's history, without the instants."""
    part = response.text.partition('id="history"')[2]
    lines = re.findall(r"<li>(.*?)</li>", part, re.DOTALL)
    plain = (" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in lines)
    return [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d ", "", line) for line in plain]


def test_a_claims_history_has_every_edit_of_a_day_and_no_ledger_entry(client, session):
    policy = make_policy(policy_number="H-1")
    claim = make_claim(claim_reference="W-1", policy=policy, description="Rör i köket")
    reserve(claim, "100")
    pay(claim, "10")
    edit(claim, cause=Cause.FIRE)
    edit(claim, cause=Cause.STORM, description="Tak")
    edit(claim, cause=Cause.FIRE, policy_id=None)
    edit(make_claim(claim_reference="W-2"), cause=Cause.FIRE)
    session.commit()

    assert history(client.get("/claims/W-1")) == [
        "command edited: policy H-1 →became –, cause storm →became fire",
        "command edited: cause fire →became storm, description changed",
        "command edited: cause water →became fire",
        "command reported: policy H-1, cause water, loss date 2024-03-01, reported date 2024-03-02",
    ]


def test_a_policys_history_has_every_edit_of_a_day(client, session):
    policy = make_policy(policy_number="H-1")
    amend(policy, premium=Decimal("1.10"), policyholder="Bo Ek")
    amend(policy, premium=Decimal("1.20"), cancelled_on=date(2024, 6, 1))
    session.commit()

    assert history(client.get("/policies/H-1")) == [
        "command edited: premium 1.10 →became 1.20, cancelled on – →became 2024-06-01",
        "command edited: premium 5 000.00 →became 1.10, policyholder changed",
        "command recorded: line of business home, inception date 2024-01-01, "
        "expiry date 2025-01-01, premium 5 000.00, deductible 1 500.00",
    ]


def test_edits_by_an_import_and_by_its_undo_stand_among_those_of_people(client, session, tmp_path):
    importing = Importing(tmp_path)
    importing.load(("Claim", "Cause", "Cost"), ("A", "fire", 1))
    edit(session.get_one(Claim, 1), cause=Cause.WATER)
    session.commit()
    importing.load(("Claim", "Cause", "Description"), ("A", "storm", "Tak"))
    undo_import(2, reason_code=WRONG_AMOUNT, actor=ACTOR)
    edit(session.get_one(Claim, 1), cause=Cause.FIRE)
    session.commit()

    page = client.get("/claims/A")

    assert history(page) == [
        "command edited: cause water →became fire",
        "command edited by import 3: cause storm →became water",
        "command edited by import 2: cause water →became storm, description changed",
        "command edited: cause fire →became water",
        "command reported by import 1, row 2: cause fire",
    ]
    assert '<a href="/imports/2">import 2</a>' in page.text


def test_an_erasure_is_one_line_of_both_and_says_which_texts(client, session):
    claim = make_claim(claim_reference="W-1", policy=make_policy(policy_number="H-1"))
    edit(claim, description="Bo Ek fell")
    reserve(claim, "100")
    pay(claim, "10").texts = None
    session.commit()
    erase_person(person_records(["H-1"], []), actor=ACTOR, reason="asked")
    edit(claim, cause=Cause.FIRE)
    session.commit()

    assert history(client.get("/claims/W-1"))[:3] == [
        "command edited: cause water →became fire",
        "command erased: description changed",
        "command edited: description changed",
    ]
    assert history(client.get("/policies/H-1"))[0] == "command erased: policyholder changed"


def test_the_edits_before_an_archive_are_there_without_its_trail(session, make_app, tmp_path):
    claim = make_claim(claim_reference="W-1", policy=make_policy(policy_number="H-1"))
    edit(claim, cause=Cause.FIRE)
    session.commit()
    write_archive(tmp_path / "book.zip", actor=ACTOR)
    session.remove()
    other = tmp_path / "other"
    other.mkdir()

    app = make_app(make_settings(other))
    with app.app_context():
        import_archive(tmp_path / "book.zip", actor=ACTOR)
        erase_person(person_records(["H-1"], []), actor=ACTOR, reason="asked")
        edit(db.session.get_one(Claim, 1), cause=Cause.STORM)
        amend(db.session.get_one(Policy, 1), premium=Decimal(1))
        db.session.commit()

    assert [line.partition(":")[0] for line in history(app.test_client().get("/claims/W-1"))] == [
        *("command edited", "command erased", "command edited", "command reported")
    ]
    assert [line.partition(":")[0] for line in history(app.test_client().get("/policies/H-1"))] == [
        *("command edited", "command erased", "command recorded")
    ]


def test_a_long_history_is_paged_to_its_end_with_as_many_queries_a_page(client, session, queries):
    claim = make_claim(claim_reference="W-1")
    for number in range(45):
        edit(claim, cause=(Cause.FIRE, Cause.WATER)[number % 2], description=f"edit {number}")
    session.commit()
    client.get("/claims/W-1")  # the first request checks the schema too

    pages, sent_for = [], set()
    for number in (1, 2, 3):
        with queries() as sent:
            page = client.get(f"/claims/W-1?history={number}")
        pages.append(history(page))
        sent_for.add(len(sent))

    assert [len(lines) for lines in pages] == [20, 20, 6]
    assert history(client.get("/claims/W-1")) == pages[0]
    assert pages[2][-1].startswith("command reported: cause water")
    assert len(sent_for) == 1
    assert 'href="/claims/W-1?history=2#history"' in client.get("/claims/W-1").text
    assert 'href="/claims/W-1?history=3#history"' not in page.text


@pytest.mark.parametrize("edits", [19, 20, 21])
def test_the_recording_is_the_oldest_line_however_full_the_page(client, session, edits):
    policy = make_policy(policy_number="H-1")
    for number in range(edits):
        amend(policy, premium=Decimal(number))
    session.commit()

    first = history(client.get("/policies/H-1"))
    last = history(client.get(f"/policies/H-1?history={1 if edits < 20 else 2}"))

    assert len(first) == 20
    assert last[-1].startswith("command recorded: line of business home")


@pytest.mark.parametrize("page", ["0", "2", "-1", "x", "²", "9" * 5000, "1.0"])
def test_a_page_that_the_history_does_not_have_is_not_found(client, session, page):
    make_claim(claim_reference="W-1", policy=make_policy(policy_number="H-1"))
    session.commit()

    for address in ("/claims/W-1", "/policies/H-1"):
        answer = client.get(address, query_string={"history": page})
        assert (answer.status_code, "has no such page" in answer.text) == (404, True)
