"""All that the book has about a person, as one file, by the command and the page."""

import json

import pytest
from sqlalchemy import select

from flaskr.audit.models import AuditEvent, EventTexts
from flaskr.extensions import db
from tests.browsing import send
from tests.imports.importing import load_files
from tests.privacy.person import NAME, SAID, TEXTS

pytestmark = pytest.mark.both_databases

WHY = "asked by the person"


def check(found: dict) -> None:
    assert [policy["policyholder"] for policy in found["policies"]] == [NAME, NAME]
    assert [claim["claim_reference"] for claim in found["claims"]] == ["W-1", "W-2"]
    first = found["claims"][0]
    assert (first["description"], first["policy_number"], first["paid"]) == (SAID, "H-1", "250.00")
    opened, paid = first["ledger"]
    assert {name: paid[name] for name in TEXTS} == TEXTS
    assert (opened["outstanding"], opened["note"]) == ("1000.00", None)
    assert [line["policyholder_changed"] for line in found["policies"][0]["earlier_facts"]] == [
        False
    ]
    seen = {(event["action"], event["subject"]) for event in found["trail"]}
    assert {("policy_recorded", "H-1"), ("policy_edited", "H-1"), ("entry_posted", "W-1")} <= seen
    assert found["reason"] == WHY
    assert found["may_also_be_in"][-1]["text"].startswith("Archives, backups")


def test_the_command_and_the_page_give_the_same_file(insured, client, runner, tmp_path):
    send(client, "/policies/H-1/edit", premium="6000")
    path = tmp_path / "person.json"
    options = ["--same-name", "--reason", WHY, "-o", str(path)]

    done = runner.invoke(args=["people", "show", "h-1", *options])
    again = runner.invoke(args=["people", "show", "h-1", *options])
    page = send(client, "/people/show?policy=H-1", same_name="y", reason=WHY)

    assert (done.exit_code, again.exit_code) == (0, 2)
    assert path.stat().st_mode & 0o077 == 0
    check(json.loads(path.read_text(encoding="utf-8")))
    check(page.get_json())
    assert NAME in page.text
    assert page.headers["Cache-Control"] == "no-store"
    shown = select(AuditEvent.subject, EventTexts.reason).outerjoin(EventTexts)
    events = db.session.execute(shown.where(AuditEvent.action == "person_shown")).all()
    assert {tuple(event) for event in events} == {
        (name, WHY) for name in ("H-1", "H-2", "W-1", "W-2")
    }


@pytest.mark.parametrize(("reason", "said"), [("", "Say why"), (f"for {NAME}", "without the name")])
def test_it_asks_for_a_reason_without_the_name(insured, client, reason, said):
    answer = send(client, "/people/show?policy=H-1", reason=reason)

    assert answer.status_code == 422
    assert said in answer.text
    assert TEXTS["note"] not in answer.text


def test_it_has_what_imports_changed_and_where_the_name_was_written(insured, client, tmp_path):
    client.get(f"/export_policies?reason=asked by {NAME}", buffered=True)
    for name, row in ((NAME, "W-3,5.00,"), ("costs", "W-1,1300.00,"), ("facts", "W-2,0.00,S-1")):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"claim_reference,claim_cost,event_code\n{row}\n")
        load_files(path)

    found = send(client, "/people/show?policy=H-1", reason=WHY).get_json()

    assert [each["files"] for each in found["imports"]] == [
        [f"{NAME}.csv"],
        ["costs.csv"],
        ["facts.csv"],
    ]
    reasons = {event["reason"] for event in found["trail"] if event["action"] == "file_exported"}
    assert reasons == {f"asked by {NAME}"}
