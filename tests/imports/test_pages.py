from decimal import Decimal

import pytest

from flaskr.claims.queries import claim_by_reference
from flaskr.imports.job_folders import jobs_under_way
from flaskr.imports.services import jobs_folder
from tests.factories import make_claim, make_policy, pay, reserve
from tests.imports.uploading import (
    FILES,
    claim_cost_of,
    claim_count,
    load,
    migrate,
    page_text,
    read_again,
    take_step,
    upload,
)

WORKBOOK = FILES / "claims_data_to_import.xlsx"


def send_workbook(client):
    return upload(client, (WORKBOOK.name, WORKBOOK.read_bytes()))


def test_a_workbook_is_shown_loaded_and_listed_with_the_source_of_each_row(client, app):
    shown = send_workbook(client)
    before = claim_count(app)
    loaded = load(client, shown)

    assert "20 rows are new, 0 change what is in the book" in page_text(shown)
    assert "Claim cost would change by 944 014.00 SEK, in 20 ledger entries" in page_text(shown)
    assert "Load 20 new rows" in page_text(shown)
    assert before == 0
    assert loaded.request.path == "/imports/1"
    assert (claim_count(app), claim_cost_of(app)) == (20, "944014.00")
    assert "Claim cost 944 014.00 posted" in page_text(loaded)
    assert "f4803020d634c26a2158a0808851228a2a2c8df3911c4cdebe598ca9f67266ae" in loaded.text
    assert "Claim Cost claim cost" in page_text(loaded)
    assert "C25159 2 Opening balance" in page_text(loaded)
    assert "import 1 , row 2" in page_text(client.get("/claims/C25159"))
    assert 'href="/imports/1"' in client.get("/claims/C25159").text
    assert "claims_data_to_import.xlsx claims, 20 rows" in page_text(client.get("/imports"))


def test_a_file_that_was_loaded_has_nothing_to_load_and_says_when_it_was(client, app):
    load(client, send_workbook(client))

    again = send_workbook(client)

    assert "20 are unchanged" in page_text(again)
    assert "There is nothing to load." in page_text(again)
    assert "This exact file was loaded on" in page_text(again)
    assert "by open: import 1" in page_text(again)
    assert "/load" not in again.text
    assert (claim_count(app), claim_cost_of(app)) == (20, "944014.00")


def test_changes_are_shown_before_and_after_and_the_difference_is_posted(client, app, session):
    claim = make_claim(claim_reference="A", policy=make_policy())
    reserve(claim, "100")
    pay(claim, "40")
    session.commit()

    shown = upload(client, ("costs.csv", "skadenummer;skadekostnad;orsak\nA;130,50;fire\nB;1;\n"))
    load(client, shown)

    assert "cause: water → fire outstanding: 60.00 → 90.50" in page_text(shown)
    assert "changed difference 1 +30.50 0.00 +30.50 0.00" in page_text(shown)
    assert "Load 1 new and 1 changed rows" in page_text(shown)
    with app.app_context():
        assert claim_by_reference("A").claim_cost == Decimal("130.50")
        assert claim_by_reference("B").claim_cost == Decimal("1.00")


FAULTY = "Claim Reference;Claim Cost\nA;1\nB;x\nC;2\nC;3\n"


def test_refused_rows_are_left_out_only_by_choice_and_can_be_corrected(client, app):
    shown = upload(client, ("costs.csv", FAULTY))
    unsaid = load(client, shown)
    before = claim_count(app)
    loaded = load(client, shown, leaves_refused="yes")

    assert "2 Claim Cost" not in page_text(shown)
    assert "3 Claim Cost “x” “x” is not an amount" in page_text(shown)
    assert (
        "4 2 rows: 4, 5 Claim Reference “C” It appears in rows 4, 5. Add the amounts up in one row;"
        in page_text(shown)
    )
    assert "Load the 1 valid row, leave out 3 refused" in page_text(shown)
    assert (unsaid.status_code, before) == (422, 0)
    assert "choose to load the good rows" in page_text(unsaid)
    assert (claim_count(app), claim_cost_of(app)) == (1, "1.00")
    assert "Refused 3 left out by choice" in page_text(loaded)
    assert "Download the rows that were left out" in page_text(loaded)


def test_refused_rows_are_downloaded_corrected_and_uploaded_again(client, app):
    shown = upload(client, ("mina skador.csv", FAULTY))
    load(client, shown, leaves_refused="yes")

    with client.get(f"{shown.request.path}/refused/0.csv") as answer:
        refused = answer.get_data(as_text=True).removeprefix("\ufeff")
    mended = refused.replace("B;x;", "B;7;").replace("C;3;", "D;3;")
    second = upload(client, ("mended.csv", mended))
    load(client, second)

    assert answer.headers["Content-Disposition"] == 'attachment; filename="mina skador-refused.csv"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert refused.startswith("Claim Reference;Claim Cost;refused_row;refused_because\r\n")
    assert "B;x;3;" in refused
    assert "3 rows are new" in page_text(second)
    assert (claim_count(app), claim_cost_of(app)) == (4, "13.00")


def test_policies_are_created_and_changed(client):
    header = "Försäkringsnummer;Försäkringsgren;Startdatum;Slutdatum;Premie;Självrisk;"
    header += "Försäkringstagare\n"
    row = "H-1;home;2024-01-01;2025-01-01;{};1500;{}\n"
    load(client, upload(client, ("p.csv", header + row.format("5000", "Åsa"))))

    shown = upload(client, ("p.csv", header + row.format("5 100,50", "Åsa Öberg")))
    loaded = load(client, shown)

    assert "premium: 5 000.00 → 5 100.50" in page_text(shown)
    assert "policyholder: Åsa → Åsa Öberg" in page_text(shown)
    assert "changed difference 1 +100.50" in page_text(shown)
    assert "This import posted no ledger entries." in page_text(loaded)
    assert "5 100.50" in page_text(client.get("/policies/H-1"))
    assert "by open, import 1 , row 2" in page_text(client.get("/policies/H-1"))


def golden_files() -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted((FILES / "golden").glob("*.csv"))]


def test_a_migration_of_three_files_keeps_its_instants(client, app):
    shown = migrate(client, *golden_files())
    loaded = load(client, shown)

    assert "Migration" in page_text(shown)
    assert (claim_count(app), claim_cost_of(app)) == (6, "505951.24")
    assert "Kind migration from an older system" in page_text(loaded)
    assert "Ledger entries 23" in page_text(loaded)
    assert "import 1 , row" in page_text(client.get("/claims/SK-2023-0001"))


def test_a_migration_with_a_refused_row_of_no_claim_offers_nothing_to_load(sqlite_client):
    files = [
        (n, b.replace(b"SK-2023-0002", b"", 1) if n == "ledger.csv" else b)
        for n, b in golden_files()
    ]

    shown = migrate(sqlite_client, *files)

    assert "A refused row of the ledger names no claim" in page_text(shown)
    assert "/load" not in shown.text


def test_a_migration_leaves_refused_claims_out_whole_by_choice(sqlite_client, sqlite_app):
    files = [
        (n, b.replace(b"SK-2023-0002,PAYMENT", b"SK-2023-0002,paid", 1)) for n, b in golden_files()
    ]

    shown = migrate(sqlite_client, *files)
    unconfirmed = load(sqlite_client, shown)
    loaded = load(sqlite_client, shown, leaves_refused="yes")
    trail = page_text(sqlite_client.get("/trail"))

    assert "These claims are refused: SK-2023-0002." in page_text(shown)
    assert "Leave out the 1 refused claim whole, with every row of it: 4 rows;" in page_text(shown)
    assert "Some rows are refused. Correct them, or choose" in page_text(unconfirmed)
    assert "Claims left out 1 whole, by choice, for a refused row" in page_text(loaded)
    assert "Refused 4 left out by choice" in page_text(loaded)
    assert "claims left out 1" in trail
    assert claim_count(sqlite_app) == 5


def test_a_ledger_that_is_not_sent_as_a_migration_can_be_read_as_one(sqlite_client):
    refused = upload(sqlite_client, *[file for file in golden_files() if file[0] == "ledger.csv"])
    read = read_again(sqlite_client, refused, migration="yes")

    assert "Import it as a migration." in page_text(refused)
    assert "Migration" in page_text(read)


def test_an_upload_can_be_discarded(client, app):
    shown = upload(client, ("costs.csv", FAULTY))
    assert "costs.csv ready to load" in page_text(client.get("/imports"))

    after = take_step(client, shown, "drop")

    assert "The files are discarded." in page_text(after)
    assert client.get(shown.request.path).status_code == 404
    with app.app_context():
        assert list(jobs_under_way(jobs_folder())) == []


@pytest.mark.parametrize("path", ["/import_claims/", "/imports/"])
def test_addresses_may_end_in_a_slash(client, path):
    assert client.get(path).status_code == 200
