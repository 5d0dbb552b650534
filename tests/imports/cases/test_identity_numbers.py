"""Identity numbers are refused as references and asked about in texts, through every door."""

import json

import pytest
from sqlalchemy import select, text

from flaskr.audit.models import AuditEvent
from flaskr.claims.models import Claim
from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from tests.factories import make_policy

NUMBER, OTHER = "640823-3234", "5560360793"
TAKE = "--no-identity-numbers"


def descriptions(app) -> dict[str, str]:
    with app.app_context():
        rows = db.session.execute(select(Claim.claim_reference, Claim.description))
        return {reference: description or "" for reference, description in rows}


def write(folder, text: str, name: str = "claims.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_references_and_event_codes_with_one_are_refused(door, tmp_path):
    lines = f"{NUMBER};1;\nA;2;{NUMBER}\n{OTHER};3;\n"

    said = door.bring(write(tmp_path, f"claim;cost;event_code\n{lines}"), TAKE)

    assert "looks like a Swedish identity number" in said
    assert NUMBER not in said
    assert descriptions(door.app) == {}


def test_no_refusal_of_a_cell_repeats_one(door, tmp_path):
    said = door.bring(write(tmp_path, f"claim;cost\nA;{NUMBER}\n"))

    assert "is not an amount" in said
    assert NUMBER not in said


def test_texts_with_one_are_asked_about_with_row_and_column(door, tmp_path):
    lines = f"A;1;Ring {NUMBER}\nB;2;fine {OTHER}\n"
    path = write(tmp_path, f"claim;cost;description\n{lines}")

    said = door.bring(path)

    assert "The text has what looks like a Swedish identity number" in said
    assert "description" in said
    assert NUMBER not in said
    assert descriptions(door.app) == {}
    door.bring(path, TAKE)
    assert descriptions(door.app) == {"A": f"Ring {NUMBER}", "B": f"fine {OTHER}"}


def test_what_the_book_has_from_before_stays_unchanged(door, tmp_path):
    with door.app.app_context(), transaction_mode("write"):
        make_policy(policy_number="P-old")
        db.session.commit()
        db.session.execute(
            text(
                "UPDATE policies SET policy_number = :number, policy_number_key = :number "
                "WHERE policy_number = 'P-old'"
            ),
            {"number": NUMBER},
        )
        db.session.commit()

    door.bring(write(tmp_path, f"claim;cost;policy_number\nA;1;{NUMBER}\n"))

    assert descriptions(door.app) == {"A": ""}
    assert door.app.test_client().get(f"/policies/{NUMBER}").status_code == 200


def test_the_name_of_a_file_is_kept_without_one_and_the_trail_has_none(door, tmp_path):
    door.bring(write(tmp_path, f"claim;cost;description\nA;1;{NUMBER}\n", f"{NUMBER}.csv"), TAKE)

    with door.app.app_context():
        names = db.session.scalars(text("SELECT file_name FROM import_files")).all()
        events = [vars(event) for event in db.session.scalars(select(AuditEvent))]
    assert names == ["******-****.csv"]
    assert NUMBER not in json.dumps(events, default=str)


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog):
    yield
    assert NUMBER not in caplog.text
