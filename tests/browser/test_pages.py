"""Every page in a real browser: it fits the width and is accessible."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from werkzeug.datastructures import MultiDict

from flaskr.claims.ledger.services import post_payment, reverse_entry
from flaskr.closings.services import close_period, declare_live
from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.services import delete_export, keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents, CostType, ReasonCode
from tests.browser.accessibility import faults_on, violations_on
from tests.claims.clocks import amend
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.importing import Importing

pytestmark = pytest.mark.slow

TODAY = datetime.now(ZoneInfo("Europe/Stockholm")).date()
LONG_NAME = "Å" * 64
EMPTY = ("/", "/claims", "/policies", "/exports", "/imports", "/import_claims", "/closings")
FULL = (
    "/",
    f"/?as_at={TODAY}",
    "/?as_at=2999-01-01",
    "/claims",
    "/claims?status=open",
    "/claims?status=declined",
    "/claims?page=last",
    "/claims?status=foo",
    "/claims?text=nothing&cause=fire&cause=water&loss_from=2020-01-01",
    "/claims?sort=-claim_cost&cost_from=1",
    f"/claims?event_code={'W' * 64}&event_code=STORM",
    "/claims?as_at=2999-01-01",
    f"/claims?as_at={TODAY}&basis=booked",
    "/dictionary",
    "/claims/new",
    "/claims/new?policy=H-1",
    "/claims/W-1",
    f"/claims/W-1?as_at={TODAY}&basis=booked",
    "/claims/W-1?as_at=2024-03-15&basis=booked",
    "/claims/W-1/reserve",
    "/claims/W-1/pay",
    "/claims/W-1/repay",
    "/claims/W-1/recover",
    "/claims/W-1/close",
    "/claims/W-1/reverse/4",
    "/claims/W-1/edit",
    "/claims/W-2",
    "/claims/W-2/decline",
    "/claims/W-3",
    "/claims/W-3/reopen",
    "/policies",
    "/policies?line_of_business=home&sort=-premium",
    f"/policies?as_at={TODAY}",
    "/policies/new",
    "/policies/H-1",
    f"/policies/H-1?as_at={TODAY}",
    "/policies/H-1?history=2",
    "/policies/H-1/edit",
    "/policies/H-1/cancel",
    "/exports",
    "/exports?contents=claims&status=open&sort=-paid&as_at=2024-12-31&columns=claim_reference,paid",
    f"/exports/{LONG_NAME}/delete",
    f"/exports/{LONG_NAME}/hold",
    "/exports/verify",
    "/imports/2",
    "/imports/2/claims",
    "/imports/3",
    "/imports/3/claims",
    f"/trail?sha256={'0' * 64}&request_id={'W' * 32}&why={'word+' * 19}",
    "/trail?sha256=x",
    "/trail/refusals",
    "/closings",
    "/closings/live",
    "/closings/new",
    "/closings/2024-12-31",
    "/closings/2024-12-31/claims",
)


def load_edits(importing: Importing) -> None:
    """Edit 60 claims and a policy with two imports."""
    rows = ((f"E-{number}", "fire", "1") for number in range(60))
    importing.load(("Claim", "Cause", "Cost"), *rows)
    rows = ((f"E-{number}", "storm", "text " * 40, "1") for number in range(60))
    importing.load(("Claim", "Cause", "Description", "Cost"), *rows)
    titles = ("policy_number", "line_of_business", "policyholder", "inception_date", "expiry_date")
    policy = ("H-1", "home", "B" * 64, "2024-01-01", "2025-01-01", "999999999.99", "1500")
    importing.load((*titles, "premium", "deductible"), policy)


@pytest.fixture
def filled(served, tmp_path):
    """A book with a claim of each kind, and more than one page of them."""
    app, _ = served
    with app.app_context():
        policy = make_policy(policy_number="H-1", policyholder="Å" * 200)
        claim = make_claim(
            claim_reference="W-1", policy=policy, event_code="W" * 64, description="word " * 400
        )
        reserve(claim, "999999999999.99")
        reverse_entry(
            pay(claim, "999999999.99"),
            pay(claim, "1").transaction_date,
            actor=ACTOR,
            reason_code=ReasonCode.OTHER,
        )
        texts = {"payee": "Å" * 200, "payee_reference": "9" * 64, "note": "word " * 40}
        expense = CostType.EXPENSE
        post_payment(claim, Decimal(7), date(2024, 4, 1), expense, actor=ACTOR, **texts)
        make_claim(claim_reference="W-2")
        make_claim(claim_reference="W-3", policy=make_policy(policy_number="W" * 64))
        for _ in range(60):
            make_claim(policy=policy)
        declare_live(actor=ACTOR)
        close_period(date(2024, 12, 31), actor=ACTOR)
        make_claim(policy=policy, claim_reference="L" * 64)
        db.session.commit()
        for number in range(25):
            amend(policy, premium=Decimal(number))
        load_edits(Importing(tmp_path))
        with transaction_mode("read"):
            request = file_request(
                Contents.CLAIMS, MultiDict({"status": "open", "format": "parquet"})
            )
            keep_export(request, LONG_NAME, "note " * 40, ACTOR)
            delete_export(keep_export(request, "Year end 2024", "", ACTOR), "not needed", ACTOR)


def faults_of(page: Page, path: str) -> list[str]:
    page.goto(path)
    return faults_on(page)


def test_every_page_of_a_filled_book_is_accessible_and_fits(reader: Page, filled):
    assert [fault for path in FULL for fault in faults_of(reader, path)] == []


def test_every_page_of_an_empty_book_is_accessible_and_fits(reader: Page, served):
    assert [fault for path in EMPTY for fault in faults_of(reader, path)] == []


def test_a_refused_form_is_accessible(reader: Page, filled):
    reader.goto("/claims/W-1/pay")
    reader.get_by_label("Amount").fill("1,234")
    reader.get_by_role("button", name="Post payment").click()

    assert reader.get_by_label("Amount").get_attribute("aria-invalid") == "true"
    assert violations_on(reader) == []


@pytest.mark.parametrize("path", ["/claims", "/policies", "/", "/claims/W-1", "/policies/H-1"])
def test_every_menu_of_a_page_opens_inside_the_page_and_is_accessible(reader: Page, filled, path):
    reader.goto(path)
    faults = []
    for number in range(reader.locator("details > summary").count()):
        reader.goto(path)  # an open menu may lie over the others
        reader.locator("details > summary").nth(number).click()
        box = reader.locator("details[open] > .panel").bounding_box()
        if box["x"] < 0 or box["x"] + box["width"] > reader.viewport_size["width"]:
            faults.append(box)
        faults += violations_on(reader)

    assert faults == []


def test_a_list_is_filtered_ordered_and_set_back_by_clicking(visitor: Page, filled):
    visitor.goto("/claims")
    visitor.locator("summary").get_by_text("Claim cost").click()
    visitor.get_by_label("From", exact=True).locator("visible=true").fill("1 000")
    visitor.get_by_role("button", name="Apply").click()

    expect(visitor.locator("tbody tr")).to_have_count(1)
    visitor.locator("summary").get_by_text("Order").click()
    visitor.get_by_label("Order", exact=True).select_option("Loss date, ascending")
    visitor.get_by_role("button", name="Apply").click()
    expect(visitor).to_have_url("/claims?cost_from=1000.00&sort=loss_date")
    visitor.get_by_role("link", name="Remove cost from 1\u202f000.00").click()
    expect(visitor).to_have_url("/claims?sort=loss_date")
    visitor.get_by_role("searchbox").fill("WORD word")
    visitor.get_by_role("button", name="Search").click()
    expect(visitor.locator("tbody tr")).to_have_count(1)


def test_a_chosen_day_is_kept_from_page_to_page_until_today_is_shown(visitor: Page, filled):
    visitor.goto("/claims/W-1")
    visitor.locator("summary").get_by_text("As at").click()
    visitor.get_by_label("End of", exact=True).fill("2024-06-30")
    visitor.get_by_label("Booked").check()
    visitor.get_by_role("button", name="Apply").click()
    cut = "?as_at=2024-06-30&basis=booked"

    expect(visitor).to_have_url(f"/claims/W-1{cut}")
    visitor.get_by_role("link", name="H-1", exact=True).click()
    expect(visitor).to_have_url(f"/policies/H-1{cut}")
    visitor.get_by_role("link", name="ClaimBook", exact=True).click()
    expect(visitor).to_have_url(f"/{cut}")
    visitor.get_by_label("Claim or policy number").fill("w-3")
    visitor.get_by_role("button", name="Find").click()
    expect(visitor).to_have_url(f"/claims/W-3{cut}")
    visitor.get_by_role("link", name="Show today").click()
    expect(visitor).to_have_url("/claims/W-3")


def test_the_page_of_a_changed_file_is_accessible(reader: Page, filled, tmp_path):
    manifest = reader.request.get(f"/exports/{LONG_NAME}/manifest").text()
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
    (tmp_path / "changed.csv").write_text('"paid"\n1.00\n')
    reader.goto("/exports")
    reader.get_by_role("link", name="Verify a file").click()
    reader.get_by_label("File", exact=True).set_input_files(tmp_path / "changed.csv")
    reader.get_by_label("Manifest").set_input_files(tmp_path / "manifest.json")
    reader.get_by_role("button", name="Verify").click()

    expect(reader.get_by_text("does not match its manifest")).to_be_visible()
    expect(reader.get_by_role("rowheader", name="SHA-256 differs")).to_be_visible()
    assert faults_on(reader) == []
