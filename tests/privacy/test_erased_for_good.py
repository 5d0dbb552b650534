"""What was erased stays so: no edit, no entry and no file brings a name or a text back."""

import json

import pytest

from flaskr.claims.queries import claim_by_reference, entries_of
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.policies.queries import policy_by_number
from flaskr.privacy.queries import person_records
from flaskr.privacy.services import erase_person
from tests.browsing import send
from tests.factories import ACTOR, make_claim, make_policy
from tests.imports.importing import Importing, counts, load, load_files
from tests.imports.migration.older_system import CLAIMS, HOME, LEDGER, OPENED, POLICIES, WATER
from tests.imports.uploading import upload
from tests.privacy.person import NAME, SAID

pytestmark = pytest.mark.both_databases

POLICY_COLUMNS = (
    *("policy_number", "line_of_business", "inception_date", "expiry_date"),
    *("premium", "deductible", "policyholder"),
)
POLICY = ("H-1", "home", "2024-01-01", "2025-01-01", "5000.00", "1500.00")
CLAIM_COLUMNS = ("claim_reference", "claim_cost", "description")


@pytest.fixture
def importing(insured, tmp_path):
    return Importing(tmp_path)


@pytest.mark.parametrize("premium", ["5000.00", "6000.00"])
def test_a_file_of_policies_brings_no_name_back(erase, importing, premium):
    erase("H-1", "--yes")
    new = ("H-9", *POLICY[1:], "Bo Ny")
    row = (*POLICY[:4], premium, POLICY[5], NAME)

    found = importing.load(POLICY_COLUMNS, row, new, name="policies.csv")

    changes = int(premium != "5000.00")
    assert counts(found) == (1, changes, 1 - changes, 0)
    assert found.files[0].notes == (
        "1 row names a person who was erased; their names and texts are left out (row 2).",
    )
    assert policy_by_number("H-1").policyholder == ""
    assert str(policy_by_number("H-1").premium) == premium
    assert policy_by_number("H-9").policyholder == "Bo Ny"


def test_a_file_of_claims_brings_no_description_back_and_posts_its_amounts(erase, importing):
    erase("H-1", "--yes")

    found = importing.load(
        CLAIM_COLUMNS, ("W-1", "1000.00", SAID), ("W-2", "70.00", "Said"), ("W-3", "0.00", "Other")
    )

    assert counts(found) == (0, 2, 1, 0)
    [note] = found.files[0].notes
    assert note.startswith("2 rows name a person who was erased;")
    assert note.endswith("(rows 2, 3).")
    descriptions = [claim_by_reference(name).description for name in ("W-1", "W-2", "W-3")]
    assert descriptions == ["", "", "Other"]
    assert str(claim_by_reference("W-2").claim_cost) == "70.00"


def test_the_command_and_the_page_of_an_import_say_what_is_left_out(
    erase, importing, runner, client
):
    path = importing.write(POLICY_COLUMNS, (*POLICY, NAME), name="policies.csv")
    erase("H-1", "--yes")
    said = "1 row names a person who was erased; their names and texts are left out (row 2)."

    printed = runner.invoke(args=["import", str(path), "--dry-run"])
    as_json = runner.invoke(args=["import", str(path), "--dry-run", "--json"])
    page = upload(client, ("policies.csv", path.read_bytes()))

    assert said in printed.output
    assert said in json.loads(as_json.stdout)["files"][0]["notes"]
    assert said in page.text


def test_a_migrated_ledger_brings_no_text_back(erase, runner, tmp_path):
    (tmp_path / "policies.csv").write_text(
        POLICIES + HOME.replace(",\n", ",2024-01-01T09:00+01:00\n")
    )
    (tmp_path / "claims.csv").write_text(CLAIMS + WATER.replace(",\n", ",2024-03-02T09:00+01:00\n"))
    load_files(tmp_path / "policies.csv", tmp_path / "claims.csv", is_migration=True)
    erase("H1", "--yes")
    header = LEDGER.strip() + ",payee,note\n"
    (tmp_path / "ledger.csv").write_text(header + OPENED.strip() + f",{NAME},{SAID}\n")

    found = load_files(tmp_path / "ledger.csv", is_migration=True)

    assert counts(found) == (1, 0, 0, 0)
    assert found.files[0].notes[-1].startswith("1 row names a person who was erased")
    [entry] = entries_of(claim_by_reference("W1"))
    assert (entry.texts, str(entry.outstanding)) == (None, "100.00")


@pytest.mark.parametrize("reference", ["W-1", "W-2"])
def test_a_dry_run_from_before_the_erasure_is_not_loaded(erase, importing, session, reference):
    row = (reference, "1000.00" if reference == "W-1" else "0.00", "Once more")
    job = importing.job(CLAIM_COLUMNS, row)
    session.remove()
    erase("H-1", "--yes")

    with pytest.raises(PlanOutdated):
        load(job)

    assert claim_by_reference(reference).description == ""


def test_forms_say_that_the_person_was_erased_and_keep_the_rest(erase, client):
    erase("H-1", "--yes")

    policy = send(client, "/policies/H-1/edit", premium="6000", policyholder=NAME)
    claim = send(client, "/claims/W-2/edit", event_code="STORM-1", description=SAID)
    paid = send(client, "/claims/W-1/pay", amount="10.00", transaction_date="2024-04-02", note=SAID)

    for answer, text, kept in (
        (policy, "policyholder", 'value="6000"'),
        (claim, "description", 'value="STORM-1"'),
        (paid, "note", 'value="10.00"'),
    ):
        assert answer.status_code == 422
        assert "The person was erased on 20" in answer.text
        assert f"so the {text} is not stored. Leave it empty." in answer.text
        assert kept in answer.text
    assert policy_by_number("H-1").policyholder == ""
    assert claim_by_reference("W-2").description == ""
    assert send(client, "/claims/W-1/pay", amount="10.00").status_code == 303


def test_a_claim_reported_anew_on_an_erased_policy_has_its_texts(erase, client, session):
    erase("H-1", "--yes")

    claim = make_claim(policy=policy_by_number("H-1"), claim_reference="W-9", description="New")
    session.commit()

    assert client.get(f"/claims/{claim.claim_reference}").text.count("New") >= 1


def test_erasing_marks_what_had_no_name_and_no_text_yet(session):
    policy = make_policy(policy_number="H-1", policyholder="")
    make_claim(policy=policy, claim_reference="W-1")
    session.commit()

    result = erase_person(person_records(["H-1"], []), actor=ACTOR, reason="asked")
    session.commit()

    assert result.names == 0
    assert policy_by_number("H-1").erased_at
    assert claim_by_reference("W-1").erased_at
