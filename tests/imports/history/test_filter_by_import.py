import json
from datetime import date

import pytest
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from flaskr.claims.filters import ClaimFilter
from flaskr.claims.ledger.filters import LedgerFilter
from flaskr.extensions import db
from flaskr.imports.undo.services import undo_import
from flaskr.policies.filters import PolicyFilter
from tests.factories import ACTOR, WRONG_AMOUNT, make_claim, make_policy, reserve
from tests.imports.importing import COSTS, Importing
from tests.imports.uploading import page_text

pytestmark = pytest.mark.both_databases

POLICY = ("policy_number", "gren", "startdatum", "slutdatum", "premie", "självrisk", "policyholder")


def references(query: str, file_filter=ClaimFilter) -> set[str]:
    wanted = file_filter.from_address(MultiDict(part.split("=") for part in query.split("&")))
    rows = db.session.execute(wanted.rows()).mappings()
    return {row["claim_reference" if "claim_reference" in row else "policy_number"] for row in rows}


@pytest.fixture
def imported(importing: Importing) -> Importing:
    """Import 1 created A-1 and A-2, import 2 moved A-2, edited B-1 and created A-3, 3 undid 2."""
    policy = make_policy(policy_number="F-1")
    reserve(make_claim(claim_reference="B-1", policy=policy), "10")
    make_claim(claim_reference="B-2")
    importing.load(COSTS, ("A-1", 100), ("A-2", 20))
    importing.load((*COSTS, "cause"), ("A-2", 30, ""), ("B-1", 10, "storm"), ("A-3", 0, "fire"))
    undo_import(2, reason_code=WRONG_AMOUNT, actor=ACTOR)
    db.session.commit()
    return importing


def test_claims_are_filtered_by_the_import_that_created_moved_or_edited_them(imported):
    assert references("import_id=1") == {"A-1", "A-2"}
    assert references("import_id=2") == {"A-2", "A-3", "B-1"}
    assert references("import_id=3") == {"A-2", "A-3", "B-1"}
    assert references("import_id=4") == set()
    assert references("import_id=2&status=declined") == {"A-3"}


def test_a_cut_is_filtered_by_import_too(imported):
    day = date.today().isoformat()  # noqa: DTZ011

    assert references(f"import_id=1&as_at={day}") == {"A-1", "A-2"}
    assert references(f"import_id=2&as_at={day}&basis=booked") == {"A-2", "A-3", "B-1"}
    assert references("import_id=1&as_at=2024-12-31") == set()


def test_the_entries_of_an_import_are_those_that_it_posted(imported):
    wanted = LedgerFilter(import_id=2)

    entries = db.session.execute(wanted.rows()).mappings().all()

    assert [(row["import_id"], row["outstanding"]) for row in entries] == [(2, 10)]
    named = db.session.execute(wanted.claims()).mappings()
    assert {row["claim_reference"] for row in named} == {"A-2"}


def test_policies_are_filtered_by_the_import_that_created_or_edited_them(importing):
    make_policy(policy_number="F-1")
    make_policy(policy_number="F-2")
    days = ("2024-01-01", "2025-01-01")
    importing.load(
        POLICY, *((number, "home", *days, "12", "1500", "Eva") for number in ("F-1", "F-3"))
    )

    assert references("import_id=1", PolicyFilter) == {"F-1", "F-3"}
    assert references("import_id=2", PolicyFilter) == set()


def test_the_page_of_an_import_leads_to_its_claims_and_their_file(client, imported):
    page = client.get("/imports/2")
    listed = client.get("/claims?import_id=2")
    file = client.get("/export_claims?import_id=2&format=jsonl")

    assert 'href="/claims?import_id=2"' in page.text
    assert 'href="/export_claims?import_id=2"' in page.text
    assert 'href="/policies?import_id=2"' not in page.text
    assert "import 2" in page_text(listed)
    assert "3 claims" in page_text(listed)
    rows = [json.loads(line) for line in file.text.splitlines()]
    assert {row["claim_reference"] for row in rows} == {"A-2", "A-3", "B-1"}


@pytest.mark.parametrize("number", ["x", "0", "-1", "1.5", "99999999999", "²"])
@pytest.mark.parametrize("page", ["/claims", "/policies", "/export_ledger"])
def test_what_is_no_number_of_an_import_is_refused(client, session, page, number):
    answer = client.get(page, query_string={"import_id": number})

    assert answer.status_code == 400
    assert "import" in answer.text.lower()


def test_the_rows_of_an_import_are_found_by_index(imported):
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
    rows = ClaimFilter(import_id=2).rows()
    statement = rows.compile(db.engine, compile_kwargs={"literal_binds": True})

    plan = "\n".join(str(tuple(row)) for row in db.session.execute(text(f"{explain}{statement}")))

    assert "ix_claims_import_id_id" in plan
    assert "ix_claim_revisions_import_id_id" in plan
    assert "SCAN ledger_entries" not in plan
