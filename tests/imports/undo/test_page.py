from flaskr.claims.queries import claim_by_reference, claim_totals
from flaskr.extensions import db
from flaskr.values.calendar import today
from tests.browsing import fields_of
from tests.factories import pay
from tests.imports.importing import COSTS, Importing
from tests.imports.uploading import page_text


def with_reason(page):
    return {**fields_of(page), "reason_code": "wrong_amount"}


def test_an_import_is_undone_on_its_page_and_says_so(client, session, tmp_path):
    Importing(tmp_path).load(COSTS, ("A-1", 100), ("A-2", "20.50"))
    page = client.get("/imports/1")
    asked = client.get("/imports/1/undo")

    done = client.post(
        "/imports/1/undo",
        data=with_reason(asked),
        follow_redirects=True,
    )

    assert "/imports/1/undo" in page.text
    assert "An adjusting entry on 2 claims reverses what" in page_text(asked)
    assert "\N{MINUS SIGN}120.50" in asked.text
    assert "Import 1 undone." in done.text
    assert "Wrong amount" in done.text
    assert "undoes" in done.text
    assert "/imports/1/undo" not in client.get("/imports/1").text
    assert "undone by" in client.get("/imports/1").text
    assert claim_totals().claim_cost == 0


def test_the_page_says_how_many_claims_are_declined_and_that_policies_stay(
    client, session, tmp_path
):
    importing = Importing(tmp_path)
    importing.load(COSTS, ("A-1", 100), ("A-2", 0))
    titles = ("policy_number", "gren", "startdatum", "slutdatum", "premie", "självrisk")
    row = ("F-1", "home", "2024-01-01", "2025-01-01", "12", "1500")
    importing.load((*titles, "policyholder"), (*row, "Eva"), name="policies.csv")

    of_claims, of_policies = (client.get(f"/imports/{number}/undo") for number in (1, 2))

    text = page_text(of_claims)
    assert "2 claims that it created or reopened are empty then, and are declined." in text
    assert "The file, corrected and sent again, reopens them." in text
    assert "policies that it created" not in text
    assert "1 policy that it created stays in the book" in page_text(of_policies)
    assert "declined" not in page_text(of_policies)


def test_the_command_says_how_many_claims_it_declined(runner, session, tmp_path):
    Importing(tmp_path).load(COSTS, ("A-1", 100), ("A-2", 0))
    db.session.remove()

    undone = runner.invoke(args=["imports", "undo", "1", "--reason", "wrong_amount"])

    assert "Undone as import 2: 1 adjusting entries, 2 claims declined." in undone.output


def test_later_changes_are_named_and_nothing_is_undone(client, session, tmp_path):
    Importing(tmp_path).load(COSTS, ("A-1", 100))
    asked = client.get("/imports/1/undo")
    pay(claim_by_reference("A-1"), "40", today())
    db.session.commit()

    late = client.post("/imports/1/undo", data=with_reason(asked))

    assert late.status_code == 409
    assert "have later ledger entries: A-1" in late.text
    assert 'type="submit">Undo' not in late.text
    assert claim_totals().claim_cost == 100


def test_an_import_that_is_not_there_is_not_found(client, session):
    assert client.get("/imports/9/undo").status_code == 404
    assert client.get("/imports/99999999999/undo").status_code == 404


def test_an_undo_without_a_reason_is_refused(client, session, tmp_path):
    Importing(tmp_path).load(COSTS, ("A-1", 100))
    form = fields_of(client.get("/imports/1/undo"))

    refused = client.post("/imports/1/undo", data={**form, "reason_code": ""})
    unknown = client.post("/imports/1/undo", data={**form, "reason_code": "migrated"})

    assert (refused.status_code, unknown.status_code) == (422, 422)
    assert "Please fill this in." in refused.text
    assert claim_totals().claim_cost == 100
