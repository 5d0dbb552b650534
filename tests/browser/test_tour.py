"""What a new user does first, in a real browser."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, expect

TODAY = datetime.now(ZoneInfo("Europe/Stockholm")).date()
YEAR_AGO = TODAY - timedelta(days=200)


def fill(page: Page, **typed: str) -> None:
    for label, value in typed.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(value)


def record_policy(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="record a policy", exact=True).first.click()
    page.get_by_label("Line of business").select_option("home")
    fill(
        page,
        Policyholder="Åsa Öberg",
        Inception_date=YEAR_AGO.isoformat(),
        Expiry_date=(YEAR_AGO + timedelta(days=365)).isoformat(),
        Premium="4 815,00",
        Deductible="1500",
    )
    page.get_by_role("button", name="Record policy").click()
    expect(page.get_by_role("status")).to_contain_text("recorded")


def report_claim(page: Page) -> None:
    page.get_by_role("link", name="Report a claim on this policy").click()
    expect(page.locator("main").get_by_label("Policy number")).to_have_value(
        re.compile(r"P-\d{4}-000001")
    )
    page.get_by_label("Cause").select_option("water")
    fill(page, Loss_date=(TODAY - timedelta(days=9)).isoformat(), Initial_case_reserve="25 000")
    page.get_by_role("button", name="Report claim").click()
    expect(page.get_by_text("Covered.")).to_be_visible()


def pay_and_close(page: Page) -> None:
    page.get_by_role("link", name="Pay", exact=True).click()
    fill(page, Amount="1,234")
    page.get_by_role("button", name="Post payment").click()
    expect(page.get_by_text("can be 1234 or a number with three decimals")).to_be_visible()
    fill(page, Amount="9 899,95")
    page.get_by_role("button", name="Post payment").click()
    expect(page.get_by_role("status")).to_contain_text("Payment posted")
    page.get_by_role("link", name="Close", exact=True).click()
    page.get_by_role("button", name="Close claim").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("closed")


def test_a_new_user_records_reports_pays_closes_and_downloads(visitor: Page, tmp_path):
    # Takes seconds: it is a whole visit in a real browser.
    record_policy(visitor)
    report_claim(visitor)
    pay_and_close(visitor)
    visitor.goto("/generate_random_claim")
    reference = visitor.get_by_role("status").get_by_role("link").inner_text()
    first_row = visitor.locator("tbody tr").first

    expect(visitor).to_have_url(re.compile(r"/claims/?$"))
    expect(first_row.get_by_role("rowheader")).to_contain_text(reference)
    expect(visitor.locator("tbody tr")).to_have_count(2)

    names = ("CSV", "Parquet")
    frames = [read(download(visitor, name, tmp_path)) for name in names]

    for frame in frames:
        own = frame.set_index("claim_reference").loc[f"C-{TODAY.year}-000001"]
        assert (own["paid"], own["claim_cost"]) == (Decimal("9899.95"), Decimal("9899.95"))
        assert own["status"] == "closed"
        assert len(frame) == 2
    assert frames[0]["paid"].sum() == frames[1]["paid"].sum()


def download(page: Page, name: str, folder) -> str:
    page.goto("/claims")
    page.get_by_text("Export 2 claims").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    assert re.fullmatch(rf"claims-{TODAY.isoformat()}\.(csv|parquet)", path.name)
    return str(path)


def read(path: str) -> pd.DataFrame:
    """Read a file as in the README's pandas example."""
    if path.endswith(".parquet"):
        schema = pq.read_schema(path)
        assert schema.field("paid").type == pa.decimal128(18, 2)
        assert schema.field("loss_date").type == pa.date32()
        return pd.read_parquet(path, dtype_backend="pyarrow")
    amounts = {"paid": Decimal, "outstanding": Decimal, "claim_cost": Decimal}
    return pd.read_csv(path, converters=amounts, parse_dates=["loss_date"])
