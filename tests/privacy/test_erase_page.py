"""The page that erases a person shows what it will do first, and the command's dry run likewise."""

import pytest
from sqlalchemy import select

from flaskr.audit.models import Action, AuditEvent, EventTexts, Subject
from flaskr.audit.services import record_separately
from flaskr.claims.queries import claim_by_reference
from flaskr.exports.kept.files import kept_exports, write_manifest
from flaskr.exports.kept.services import kept_folder
from flaskr.extensions import db
from flaskr.import_records.models import ImportFile
from flaskr.policies.queries import policy_by_number
from tests.books import highest_ids
from tests.browsing import fields_of, send, send_again
from tests.factories import make_policy
from tests.imports.importing import load_files
from tests.privacy.person import NAME, SAID
from tests.privacy.test_erased_for_good import POLICY, POLICY_COLUMNS

pytestmark = pytest.mark.both_databases

PAGE = "/people/erase?policy=H-1"
WHY = "asked by the person"


@pytest.fixture
def copies(insured, client, app, tmp_path):
    """The person's name in the name of an imported file, a kept export, and two reasons."""
    path = tmp_path / f"{NAME.upper().replace(' ', '_')}.csv"
    path.write_text(f"{','.join(POLICY_COLUMNS[:-1])}\n{','.join(('N-1', *POLICY[1:]))}\n")
    load_files(path)
    form = fields_of(client.get("/exports?contents=claims&columns=paid"))
    client.post("/exports", data=form | {"name": NAME, "note": f"For {NAME}"})
    client.get(f"/export_policies?reason=asked by {NAME}", buffered=True)
    client.get("/export_policies?reason=asked by Bo", buffered=True)


def test_the_page_is_reached_from_the_policy_and_shows_what_it_will_do(copies, client):
    before = highest_ids()
    db.session.rollback()

    assert PAGE in client.get("/policies/H-1").text
    page = client.get(PAGE).text

    assert "The policyholder of 1 policy" in page
    assert "The same name is on other policies:" in page
    assert "H-2" in page
    assert "These kept exports may still have the data:" in page
    assert highest_ids() == before


def test_it_erases_with_the_same_name_and_the_files_and_asks_why(copies, client, app):
    make_policy(policy_number="H-9", policyholder=f"  {NAME.upper()}  ".replace(" ", "  "))
    db.session.commit()

    asked = send(client, PAGE, erase="y", same_name="y", files="y")
    naming = send(client, PAGE, erase="y", reason=f"for {NAME}")
    shown = send(client, PAGE, same_name="y", files="y")
    assert policy_by_number("H-1").policyholder == NAME
    db.session.rollback()
    done = send_again(
        client, "/people/erase", shown, erase="y", same_name="y", files="y", reason=WHY
    )

    assert asked.status_code == naming.status_code == 422
    assert "Say why" in asked.text
    assert "Give it without the name." in naming.text
    assert "The policyholder of 3 policies" in shown.text
    assert done.status_code == 303
    page = client.get(done.headers["Location"]).text
    assert "Erased: 3 policyholders, 1 description, 3 texts of ledger entries, " in page
    assert "1 name of an imported file and 1 reason in the trail" in page
    held = [policy_by_number(number).policyholder for number in ("H-1", "H-2", "H-3", "H-9")]
    assert held == ["", "", "Bo Annan", ""]
    assert db.session.scalars(select(ImportFile.file_name)).all() == [""]
    reasons = db.session.scalars(select(EventTexts.reason).order_by(EventTexts.event_id)).all()
    assert reasons[:2] == [None, "asked by Bo"]
    [export] = kept_exports(kept_folder(app.config))
    assert NAME not in str(export.manifest)
    assert client.get(f"/exports/{export.name}/manifest").status_code == 200
    assert client.get("/exports").status_code == client.get("/trail").status_code == 200
    assert not list((app.config["INSTANCE_FOLDER"] / "jobs").glob("*/order.json"))


def test_a_kept_export_on_hold_stays_and_is_listed(copies, client, app, erase):
    [export] = kept_exports(kept_folder(app.config))
    export.manifest["kept"]["hold"] = {"by": "bo@example.com"}
    write_manifest(export.folder, export.manifest)

    output = erase("H-1", "--files", "--yes")

    assert f"These kept exports are held, and stay until somebody lets them go:\n  {NAME}" in output
    assert export.path.exists()


def test_a_hold_whose_reason_has_the_name_is_listed(insured, client, erase):
    form = fields_of(client.get("/exports?contents=claims&columns=paid"))
    client.post("/exports", data=form | {"name": "Q1"})
    assert send(client, "/exports/Q1/hold", reason=f"court: {NAME}").status_code == 303

    output = erase("H-1", "--files", "--yes")

    assert "lets them go:\n  Q1\n" in output


def test_a_reason_with_an_identity_number_is_refused(insured, client, runner):
    reason = "asked by 640823-3234"

    page = send(client, PAGE, erase="y", reason=reason)
    done = runner.invoke(args=["people", "erase", "H-1", "--yes", "--reason", reason])

    assert page.status_code == 422
    assert "identity number. Leave it out of the reason." in page.text
    assert done.exit_code == 3
    assert "640823" not in done.output
    assert policy_by_number("H-1").policyholder == NAME


def test_a_dry_run_of_the_command_changes_nothing_and_lists_everything(copies, erase):
    before = highest_ids()
    db.session.rollback()

    output = erase("H-1", "--dry-run", "--files")

    assert "The policyholder of 1 policy, and the description" in output
    assert "With --files: 1 kept export and 1 imported file's folder deleted." in output
    assert "The same name is on other policies:\n  H-2\n" in output
    assert highest_ids() == before


def test_claims_of_others_that_name_the_person_and_old_events_are_listed(insured, erase):
    claim_by_reference("W-3").description = f"Hit by {NAME}"
    db.session.commit()
    record_separately(
        Action.FILE_EXPORTED, Subject.FILE, "/x", actor="bo", after={"reason": f"for {NAME}"}
    )
    [event] = db.session.scalars(select(AuditEvent.id).where(AuditEvent.subject == "/x"))
    db.session.rollback()

    output = erase("H-1", "--yes")

    assert "The name is in texts of other claims" in output
    assert "  W-3\n" in output
    assert f"have the name for good:\n  event {event}\n" in output
    assert SAID not in output
