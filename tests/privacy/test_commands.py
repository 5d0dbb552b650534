import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from flaskr.audit.models import AuditEvent
from flaskr.audit.services import command_actor
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.models import ENTRY_TEXTS, ClaimRevision, EntryTexts
from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.policies.models import PolicyRevision
from flaskr.policies.queries import policy_by_number
from tests.books import highest_ids
from tests.browsing import fields_of, send
from tests.exports.reading import csv_frame
from tests.factories import ACTOR, make_policy, pay
from tests.privacy.person import NAME, SAID, TEXTS

pytestmark = pytest.mark.both_databases

SLOWLY = pytest.mark.slow
OTHER_FORMS = [pytest.param(form, marks=SLOWLY) for form in ("xlsx", "parquet", "arrow", "jsonl")]


def test_names_and_free_text_go_while_amounts_and_dates_stay(erase, session):
    output = erase("h-1", "--yes")

    policy, claim = policy_by_number("H-1"), claim_by_reference("W-1")
    assert "Erased: 1 policyholder, 1 description, 3 texts of ledger entries, " in output
    assert (policy.policyholder, claim.description) == ("", "")
    assert (policy.version, claim.version, claim_by_reference("W-2").version) == (2, 2, 2)
    assert (policy.premium, policy.inception_date) == (Decimal("5000.00"), date(2024, 1, 1))
    assert (claim.paid, claim.outstanding) == (Decimal("250.00"), Decimal("750.00"))
    assert session.scalars(select(PolicyRevision.policyholder_changed)).all() == [True]
    assert session.scalars(select(ClaimRevision.description_changed)).all() == [True, False]
    assert policy_by_number("H-2").policyholder == NAME
    stored = session.execute(select(*(getattr(EntryTexts, name) for name in ENTRY_TEXTS))).all()
    assert [tuple(row) for row in stored] == [(None,) * 4]


def test_the_texts_of_entries_go_where_the_claim_has_no_description(erase, session):
    claim = claim_by_reference("W-2")
    pay(claim, "10.00")
    close_claim(claim, date(2024, 4, 2), actor=ACTOR, reason="Said by Zorn")
    session.commit()

    output = erase("--claim", "W-2", "--yes")

    assert "Erased: 0 policyholders, 0 descriptions, 1 text of ledger entries, " in output
    event = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.subject == "W-2")
        .order_by(AuditEvent.id.desc())
        .limit(1)
    ).one()
    assert (event.action, event.subject, event.after) == (
        "person_erased", "W-2", '{"reason": "changed"}',
    )  # fmt: skip
    assert [entry.texts and entry.texts.reason for entry in entries_of(claim)] == [None, None]
    assert claim_by_reference("W-2").version == 2


def test_erased_texts_are_marked_on_the_page_and_empty_in_files(erase, client):
    before = client.get("/claims/W-1").text
    erase("H-1", "--yes")
    page = client.get("/claims/W-1").text
    columns = "payee,payee_reference,note,reason"
    rows = client.get(f"/export_ledger?format=jsonl&columns={columns}").text.splitlines()

    assert all(text in before for text in TEXTS.values())
    assert not any(text in page for text in TEXTS.values())
    assert page.count('<span class="nil">texts erased</span>') == 1
    assert "texts erased" not in before
    assert set(rows) == {'{"payee":null,"payee_reference":null,"note":null,"reason":null}'}


def test_it_lists_other_policies_with_the_name(erase):
    output = erase("H-1", "--yes")

    assert "The same name is on other policies:\n  H-2\n" in output
    assert NAME not in output


def test_it_asks_first_and_does_nothing_without_a_yes(erase, session):
    before = highest_ids()
    session.rollback()
    output = erase("H-1", "--claim", "W-3", input="n\n", fails=True)

    assert "of 1 policy, and the description and the ledger's texts of 3 claims." in output
    assert highest_ids() == before
    assert "Erased: 1 policyholder" in erase("H-1", input="y\n")


def test_a_claim_without_a_policy_is_erased_by_its_reference(erase, session):
    erase("--claim", "w-3", "--yes")

    assert claim_by_reference("W-3").description == ""
    assert claim_by_reference("W-1").description == SAID


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["H-1", "H-9", "--claim", "X"], "There is no policy H-9 and no claim X in the book."),
        ([], "Give the number of a policy"),
    ],
)
def test_an_unknown_number_refuses_everything(erase, session, arguments, output):
    assert output in erase(*arguments, "--yes", fails=True)
    assert policy_by_number("H-1").policyholder == NAME


def test_erasing_changes_the_watermark_and_etags(erase, client):
    addresses = [f"/export_{each}" for each in ("policies", "claims", "ledger")]
    before = [client.head(address).headers["ETag"] for address in addresses]

    erase("H-1", "--yes")

    after = [client.head(address).headers["ETag"] for address in addresses]
    assert not set(before) & set(after)


def test_the_trail_says_what_was_erased_and_never_the_name(erase, session):
    erase("H-1", "--yes")

    events = session.scalars(select(AuditEvent).where(AuditEvent.action == "person_erased")).all()
    edits = select(AuditEvent).where(AuditEvent.action.in_(["policy_edited", "claim_edited"]))
    assert session.scalars(edits).all() == [], "one event for each thing that is done"
    recorded = {(event.subject_kind, event.subject, event.actor): event.after for event in events}
    assert recorded == {
        ("policy", "H-1", command_actor()): '{"policyholder": "changed"}',
        ("claim", "W-1", command_actor()): (
            '{"description": "changed", "payee": "changed", "payee_reference": "changed",'
            ' "note": "changed"}'
        ),
        ("claim", "W-2", command_actor()): None,  # it had no text: it is only marked
        ("book", "book", command_actor()): (
            '{"policyholders": 1, "descriptions": 1, "texts_of_entries": 3}'
        ),
    }
    everything = json.dumps([list(map(str, row)) for row in session.execute(select(AuditEvent))])
    assert not any(said in everything for said in (NAME, SAID, *TEXTS.values()))


def test_erasing_again_records_nothing(erase, session):
    erase("H-1", "--yes")
    before = highest_ids()
    session.rollback()

    assert "There was nothing left to erase." in erase("H-1", "--yes")
    assert highest_ids() == before


def test_an_erased_policy_shows_well_and_takes_edits_without_a_name(erase, client):
    erase("H-1", "--yes")

    assert '<span class="nil">erased</span>' in client.get("/policies").text
    assert '<span class="nil">erased</span>' in client.get("/policies/H-1").text
    answer = send(client, "/policies/H-1/edit", premium="6000", policyholder="")
    assert answer.status_code == 303
    assert "6\u202f000.00" in client.get("/policies/H-1").text
    assert fields_of(client.get("/policies/H-2/edit"))["policyholder"] == NAME


def test_a_policy_that_never_had_a_name_is_not_called_erased(client, session):
    make_policy(policy_number="H-4", policyholder="")
    session.commit()

    for address in ("/policies", "/policies/H-4"):
        assert '<span class="nil">not given</span>' in client.get(address).text


@pytest.mark.parametrize("form", ["csv", *OTHER_FORMS])
def test_an_export_of_an_erased_book_imports_without_changes(erase, client, runner, tmp_path, form):
    erase("H-1", "--yes")
    for contents, rows in (("policies", 3), ("claims", 3)):
        path = tmp_path / f"{contents}.{form}"
        path.write_bytes(client.get(f"/export_{contents}?format={form}").data)

        done = runner.invoke(args=["import", str(path)])

        assert done.exit_code == 0, done.output
        assert f"{rows} unchanged" in done.output
    if form == "csv":
        assert set(csv_frame((tmp_path / "claims.csv").read_bytes())["description"]) == {
            "", "Said of nobody's policy",
        }  # fmt: skip
