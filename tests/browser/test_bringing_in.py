"""A person who has never seen the book brings in everyday files, with what the pages say."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.extensions import db
from tests.browser.accessibility import faults_on
from tests.browser.bringing import PATIENCE, press, send, unfold
from tests.factories import make_policy
from tests.imports.uploading import FILES

pytestmark = pytest.mark.slow

UNKNOWN_TITLES = FILES / "cases" / "25_all_money_under_unknown_titles.csv"
MESSY = [
    "Skaderapport Q1;;;;;;;;",
    "Uttag 2024-03-31;;;;;;;;",
    ";;;;;;;;",
    "Skadenr;Försäkringsnr;Skadedatum;Anmäld;Orsak;Utbetalt hittills (kr);Kvarstående reserv;"
    "Handläggare;Region",
    "2024-001;P-1;31.01.2024;02.02.2024;vatten;1.234,50;12 000 kr;Åsa Öberg;Norr",
    "2024-002;P-2;05/01/2024;07/01/2024;Brand;5.000,00;0;Åsa Öberg;Syd",
    "2024-003;P-1;12/02/2024;13/02/2024;Hagel;800,00;2.500,00;Nils Ek;Norr",
    "2024-004;;15.02.2024;;Hagel;0;4 000 kr;Nils Ek;Väst",
    "2024-005;P-2;20.02.2024;21.02.2024;Älgkrock;300,00;700,00;;Väst",
    "2024-006;P-2;22.02.2024;22.02.2024;Stöld;100,00;0;Nils Ek;Syd",
    "2024-006;P-2;22.02.2024;22.02.2024;Stöld;20,00;50,00;Nils Ek;Syd",
    "Summa;;;;;7.454,50;19.250,00;;",
]
MENDED = [line.replace("Stöld;100,00;0", "Stöld;120,00;50,00") for line in MESSY[:-2]]
ANSWERS = {"Days such as": "day first", "Hagel": "storm", "Älgkrock": "collision"}


@pytest.fixture
def messy(served, tmp_path: Path) -> Path:
    """A messy Swedish sheet, and a book with its policies."""
    with served[0].app_context():
        for number in ("P-1", "P-2"):
            make_policy(policy_number=number)
        db.session.commit()
    return written(tmp_path / "skaderapport_q1.csv", MESSY)


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\r\n".join(lines), encoding="cp1252", newline="")
    return path


def figures(app: Flask) -> dict[str, tuple[Decimal, Decimal]]:
    """What is paid and outstanding on each claim."""
    amounts = select(Claim.claim_reference, Claim.paid, Claim.outstanding)
    with app.app_context():
        return {reference: (paid, left) for reference, paid, left in db.session.execute(amounts)}


def answer_questions(page: Page) -> None:
    """Answer what the pages ask about the messy sheet, as far as it is not answered yet."""
    press(page, "Read it as Windows-1252")
    for title in ("Handläggare", "Region"):
        page.get_by_label(title, exact=True).select_option("Leave out")
    press(page, "Continue")
    for label, chosen in ANSWERS.items():
        page.get_by_label(label).select_option(chosen)
    press(page, "Read again")


def is_above(upper: Locator, lower: Locator) -> bool:
    return upper.bounding_box()["y"] < lower.bounding_box()["y"]


def test_amounts_whose_titles_have_a_unit_come_in_with_one_button(visitor: Page, served):
    send(visitor, UNKNOWN_TITLES)
    expect(visitor.get_by_text("Claim cost would change by 5\u202f200.00 SEK")).to_be_visible()
    press(visitor, "Load 1 new row")
    visitor.wait_for_url("**/imports/1", timeout=PATIENCE)

    assert figures(served[0]) == {"AM1": (Decimal("5000.00"), Decimal("200.00"))}


def test_a_messy_sheet_comes_in_by_what_the_pages_ask(visitor: Page, served, messy):
    send(visitor, messy)
    press(visitor, "Read it as Windows-1252")
    expect(visitor.get_by_text("The book does not know Handläggare, Region")).to_be_visible()
    expect(visitor.get_by_text("Åsa Öberg · Nils Ek")).to_be_visible()
    expect(visitor.get_by_label("Skadenr")).to_be_hidden()
    visitor.get_by_label("Handläggare").select_option("Leave out")
    press(visitor, "Continue")
    expect(visitor.get_by_text("The book does not know Region of")).to_be_visible()
    visitor.get_by_label("Region").select_option("Leave out")
    press(visitor, "Continue")

    load = visitor.get_by_role("button", name="Load the 1 valid row, leave out 7 refused")
    for label in ANSWERS:
        assert is_above(visitor.get_by_label(label), load)
    for label, chosen in ANSWERS.items():
        visitor.get_by_label(label).select_option(chosen)
    press(visitor, "Read again")
    expect(visitor.get_by_text("Rows 1 to 2 above it were left out")).to_be_visible()
    expect(visitor.get_by_text("This looks like a total of other rows.")).to_be_visible()
    expect(visitor.get_by_text("Add the amounts up in one row")).to_be_visible()
    visitor.get_by_label("Leave out the 3 refused rows").check()
    press(visitor, "Load the 5 valid rows, leave out 3 refused")
    visitor.wait_for_url("**/imports/1", timeout=PATIENCE)

    expect(visitor.get_by_text("for “Hagel”")).to_be_visible()
    expect(visitor.get_by_text("day first")).to_be_visible()
    assert figures(served[0]) == {
        "2024-001": (Decimal("1234.50"), Decimal(12000)),
        "2024-002": (Decimal(5000), Decimal(0)),
        "2024-003": (Decimal(800), Decimal(2500)),
        "2024-004": (Decimal(0), Decimal(4000)),
        "2024-005": (Decimal(300), Decimal(700)),
    }
    with served[0].app_context():
        claim = db.session.scalar(select(Claim).where(Claim.claim_reference == "2024-002"))
        assert (claim.loss_date, claim.cause) == (date(2024, 1, 5), "fire")


def test_an_undone_sheet_comes_in_mended_and_then_only_by_choice(
    visitor: Page, served, messy, tmp_path
):
    send(visitor, messy)
    answer_questions(visitor)
    visitor.get_by_label("Leave out the 3 refused rows").check()
    press(visitor, "Load the 5 valid rows")
    visitor.wait_for_url("**/imports/1", timeout=PATIENCE)
    visitor.get_by_role("link", name="Undo import").click()
    visitor.get_by_label("Reason").select_option("Wrong amount")
    visitor.get_by_role("button", name="Undo import").click()
    visitor.goto("/claims?status=declined")
    expect(visitor.locator("tbody tr")).to_have_count(5)

    mended = written(tmp_path / "mended.csv", MENDED)
    send(visitor, mended)
    answer_questions(visitor)
    expect(visitor.get_by_text("5 claims that the undo of import 1 declined")).to_be_visible()
    press(visitor, "Load 1 new and 5 changed rows")
    visitor.wait_for_url("**/imports/3", timeout=PATIENCE)
    assert figures(served[0])["2024-006"] == (Decimal(120), Decimal(50))
    visitor.get_by_role("link", name="Claims of this import").click()
    expect(visitor.locator("tbody tr")).to_have_count(6)

    visitor.goto("/claims/2024-006/pay")
    visitor.get_by_label("Amount").fill("50")
    visitor.get_by_role("button", name="Post payment").click()
    send(visitor, mended)
    answer_questions(visitor)
    press(visitor, "Load 1 changed row")
    expect(visitor.get_by_text("Tick “Load it again” if you mean it.")).to_be_visible()
    assert figures(served[0])["2024-006"] == (Decimal(170), Decimal(0))
    visitor.get_by_label("Load it again").check()
    press(visitor, "Load 1 changed row")
    visitor.wait_for_url("**/imports/4", timeout=PATIENCE)
    assert figures(served[0])["2024-006"] == (Decimal(120), Decimal(50))


def test_each_page_that_asks_is_accessible_and_fits(reader: Page, served, messy):
    send(reader, messy)
    faults = faults_on(reader)
    press(reader, "Read it as Windows-1252")
    faults += faults_on(reader)
    for title in ("Handläggare", "Region"):
        reader.get_by_label(title, exact=True).select_option("Leave out")
    press(reader, "Continue")
    faults += faults_on(reader)
    unfold(reader)
    faults += faults_on(reader)
    for label, chosen in ANSWERS.items():
        reader.get_by_label(label).select_option(chosen)
    press(reader, "Read again")
    faults += faults_on(reader)

    assert faults == []


def test_a_table_of_refused_rows_fits_a_phone(reader: Page, served, messy):
    send(reader, messy)
    answer_questions(reader)
    table = reader.locator("table.refusals")
    hidden = table.evaluate(
        "table => table.parentElement.scrollWidth - table.parentElement.clientWidth"
    )

    assert hidden <= 0
