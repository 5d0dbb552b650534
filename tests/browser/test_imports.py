"""Imports in a real browser, from the file to the claims, with and without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flaskr.imports.job_folders import job_named
from flaskr.imports.services import jobs_folder
from tests.browser.accessibility import faults_on
from tests.browser.bringing import PATIENCE, send, unfold, wait
from tests.imports.uploading import FILES
from tests.optional import optional

pytestmark = pytest.mark.slow

WORKBOOK = FILES / "claims_data_to_import.xlsx"
LONG = "ordentligt" * 20
FAULTY = "\n".join(
    [
        f"skadenummer;skadekostnad;{LONG}",
        "C25159;90 000,50;x",
        "NY-1;1e3;",
        "NY-2;7;",
        "NY-2;8;",
        f"{'W' * 64};999999999999;",
        f"{'x' * 65};1;{LONG}",
    ]
)


def test_a_workbook_goes_from_the_file_to_the_claims_once(visitor: Page, served):
    send(visitor, WORKBOOK)
    expect(visitor.get_by_text("20 rows are new")).to_be_visible()
    visitor.get_by_role("button", name="Load 20 new rows").click()
    visitor.wait_for_url("**/imports/1", timeout=PATIENCE)

    expect(visitor.get_by_text("944\u202f014.00").first).to_be_visible()
    visitor.get_by_role("link", name="C25159").click()
    visitor.get_by_role("link", name="import 1").last.click()
    visitor.get_by_role("link", name="Claims", exact=True).click()
    expect(visitor.get_by_text("20 claims, newest first")).to_be_visible()

    send(visitor, WORKBOOK)
    expect(visitor.get_by_text("There is nothing to load.")).to_be_visible()
    expect(visitor.get_by_text("This exact file was loaded on")).to_be_visible()
    expect(visitor.get_by_text("by open")).to_be_visible()
    expect(visitor.get_by_role("button", name="Load")).to_have_count(0)


def test_faults_are_corrected_in_the_downloaded_rows_and_sent_again(
    visitor: Page, served, tmp_path
):
    faulty = tmp_path / "skador.csv"
    faulty.write_text("skadenummer;skadekostnad\nA;5\nB;1e3\nC;\n", encoding="utf-8")
    send(visitor, faulty)
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Download the refused rows").click()
    visitor.get_by_label("Leave out the 2 refused rows").check()
    visitor.get_by_role("button", name="Load the 1 valid row, leave out 2 refused").click()
    visitor.wait_for_url("**/imports/1", timeout=PATIENCE)

    mended = tmp_path / "mended.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    mended.write_text(text.replace("1e3", "1000").replace("C;;", "C;7,50;"), encoding="utf-8-sig")
    send(visitor, mended)
    expect(visitor.get_by_text("1\u202f007.50").first).to_be_visible()
    visitor.get_by_role("button", name="Load 2 new rows").click()
    visitor.wait_for_url("**/imports/2", timeout=PATIENCE)
    visitor.goto("/claims")
    expect(visitor.locator("tbody tr")).to_have_count(3)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Files that lead to the different pages, with the longest names and texts."""
    book = optional("openpyxl").Workbook(write_only=True)
    for name in ("Skador", "Anteckningar med ett långt namn", "Blad3"):
        book.create_sheet(name).append(["Claim", "Cost"])
    book.save(tmp_path / "sheets.xlsx")
    texts = {
        "faulty": FAULTY,
        "lacking": f"skadenummer;{LONG}\nA;1\n",
        "unknown": "a;b\n1;2\n",
        "both": "claim;cost;kostnad\nA;1;2\n",
    }
    paths = {name: tmp_path / f"{name}{'-long' * 38}.csv" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text, encoding="utf-8")
    latin = tmp_path / "latin.csv"
    latin.write_text("skadenummer;kostnad\nÅ;1\n", encoding="cp1252")
    return {**paths, "latin": latin, "sheets": tmp_path / "sheets.xlsx"}


def test_every_page_of_an_import_is_accessible_and_fits(reader: Page, served, files):
    send(reader, WORKBOOK)
    faults = faults_on(reader)
    reader.get_by_role("button", name="Load 20 new rows").click()
    reader.wait_for_url("**/imports/1", timeout=PATIENCE)
    faults += faults_on(reader)
    reader.goto("/claims/C25159")
    faults += faults_on(reader)
    for path in files.values():
        send(reader, path)
        unfold(reader)
        faults += faults_on(reader)
    reader.goto("/imports")
    faults += faults_on(reader)
    reader.goto("/import_claims")
    reader.get_by_role("button", name="Preview the import").click()
    expect(reader.get_by_text("Choose a file.")).to_be_visible()
    faults += faults_on(reader)

    assert faults == []


def test_the_pages_of_running_and_interrupted_work_are_accessible(reader: Page, served):
    app, _ = served
    send(reader, WORKBOOK)
    address = reader.url
    with app.app_context():
        job = job_named(jobs_folder(), address.rsplit("/")[-1])
    faults = []
    with job.lock():
        reader.goto(address)
        faults += faults_on(reader)
        job.write("progress.json", {"what": "x", "rows": 5, "done": 1, "whole": 3})
        expect(reader.get_by_text("5 rows read so far, 33.3\u00a0%.")).to_be_visible()
        faults += faults_on(reader)
    expect(reader.get_by_role("button", name="Load 20 new rows")).to_be_visible()
    job.delete_files("outcome.json")
    reader.goto(address)
    faults += faults_on(reader)
    reader.get_by_role("button", name="Try again").click()
    wait(reader)

    expect(reader.get_by_role("button", name="Load 20 new rows")).to_be_visible()
    assert faults == []
