"""The auditor's walk: from a claim cost in a kept file back to who, what and when, by links."""

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from flaskr.values.money import format_money
from flaskr.web.template_filters import label_of
from tests.browser.audited_book import (
    LAST_YEAR,
    YEAR_END,
    Entry,
    Files,
    edits_of,
    entries_in,
    fill_book,
    rows_of,
    sha256,
)
from tests.browser.conftest import WIDE, visiting

pytestmark = pytest.mark.slow


def keep(page: Page, name: str, basis: str) -> None:
    """Keep the claims as at the end of last year, with the form."""
    page.goto("/exports")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Contents").select_option("claims")
    page.get_by_label("Format").select_option("csv")
    page.get_by_label("As at").fill(YEAR_END)
    page.get_by_label("Basis").select_option(basis)
    page.get_by_role("button", name="Keep export").click()
    expect(page.get_by_role("status")).to_contain_text("kept")


def download(page: Page, name: str, folder: Path) -> Path:
    """Download a kept export from its list."""
    page.goto("/exports")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    waiting.value.save_as(folder / waiting.value.suggested_filename)
    return folder / waiting.value.suggested_filename


def amount_of(page: Page, name: str) -> str:
    """The amount of one of a claim's figures."""
    label = page.locator(".figure dt", has_text=re.compile(f"^{name}$"))
    return label.locator("xpath=../dd").evaluate("figure => figure.firstChild.textContent.trim()")


def fact_of(page: Page, name: str) -> str:
    """One of a claim's facts."""
    label = page.locator(".facts dt", has_text=re.compile(f"^{name}$"))
    return label.locator("xpath=../dd").inner_text()


def walk_to_claim(page: Page, kept: str, row: dict[str, str]) -> None:
    """Go from a kept export to a claim in its cut: it has the figures and facts of the file."""
    page.goto("/exports")
    page.get_by_role("link", name=f"show claims of {kept}", exact=True).click()
    page.get_by_role("link", name=row["claim_reference"], exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(row["claim_reference"])
    for name in ("Paid", "Outstanding", "Claim cost", "Recovered"):
        assert amount_of(page, name) == format_money(Decimal(row[name.lower().replace(" ", "_")]))
    assert fact_of(page, "Cause") == row["cause"]
    assert fact_of(page, "Loss date") == row["loss_date"]


def check_entry(page: Page, entry: Entry) -> Locator:
    """Find an entry in the ledger of a claim's page, with what the database says of it."""
    row = page.locator(f"#entry-{entry.id}")
    expect(row).to_be_visible()  # texts are read at once, also of a page still on its way
    amounts = row.locator("td.money").all_inner_texts()[:3]
    assert amounts == [format_money(amount) if amount else "·" for amount in entry.amounts]
    for text in (entry.day, f"recorded {entry.recorded}", f"by {entry.recorded_by}", entry.kind):
        expect(row).to_contain_text(text)
    return row


def walk_to_event(page: Page, row: Locator, entry: Entry) -> None:
    """Go from an entry that was posted by itself to its event, and from there back to it."""
    row.get_by_role("link", name=f"recorded {entry.recorded}").click()
    link = page.locator(f"a[href$='#entry-{entry.id}']")
    event = page.locator(".trail tbody tr").filter(has=link)
    expect(event).to_contain_text("Entry posted")
    expect(event).to_contain_text(entry.recorded_by)
    expect(event).to_contain_text(f"transaction date {entry.day}")
    link.click()
    check_entry(page, entry)


def walk_to_import(page: Page, row: Locator, entry: Entry, files: Files) -> None:
    """Go from an imported entry to its import, file and row, and to the event of the loading."""
    expect(row).to_contain_text(f"import {entry.import_id}, row {entry.import_row}")
    row.get_by_role("link", name=f"import {entry.import_id}", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Import {entry.import_id}")
    (name, rows), *others = [
        (name, rows)
        for name, (digest, rows) in files.items()
        if name not in ("policies.csv", "claims.csv")
        and page.get_by_text(digest, exact=True).count()
    ]
    assert others == []
    # Rows are counted as in a spreadsheet: the titles are row 1.
    assert rows[entry.import_row - 1][0] == entry.reference
    if name == "ledger.csv":
        assert tuple(map(Decimal, rows[entry.import_row - 1][4:])) == entry.amounts
    page.get_by_role("region", name=f"File {name}").get_by_role("link", name="trail").click()
    event = page.locator(".trail tbody tr").filter(has_text="Import loaded")
    expect(event).to_contain_text(entry.recorded_by)
    event.get_by_role("link", name=f"import {entry.import_id}", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Import {entry.import_id}")


def walk_to_edits(page: Page, app: Flask, reference: str) -> None:
    """Go from the cut to the history of the claim: each edit, its import, and what it changed."""
    page.get_by_role("link", name="the page of today").click()
    lines = page.locator(".history li").filter(has_text="edited")
    edits = edits_of(app, reference)
    expect(lines).to_have_count(len(edits))
    for number, (cause, import_id) in enumerate(edits):
        expect(lines.nth(number)).to_contain_text(f"cause {label_of(cause)}")
        if import_id is None:
            continue
        lines.nth(number).get_by_role("link", name=f"import {import_id}", exact=True).click()
        edited = page.get_by_role("region", name="Claims edited").get_by_role("row")
        expect(edited.filter(has_text=reference)).to_contain_text(f"cause {label_of(cause)}")
        page.go_back()


def walk_to_handing_out(page: Page, kept: str, digest: str) -> None:
    """Go from a kept export to the events by which it was kept and handed out."""
    page.goto("/exports")
    page.get_by_role("link", name=f"trail of {kept}", exact=True).click()
    for action in ("Export kept", "Kept export read"):
        event = page.locator(".trail tbody tr").filter(has_text=action)
        expect(event).to_contain_text(kept)
        expect(event).to_contain_text(digest)


KNOWN = ("known", 12, {"imported"}, {"water"})
BOOKED = ("booked", 13, {"imported", "posted"}, {"water", "fire", "storm", "theft"})


@pytest.mark.parametrize(("basis", "count", "ways", "causes"), [KNOWN, BOOKED])
def test_a_claim_cost_of_last_year_leads_to_who_what_and_when(
    browser, served, basis, count, ways, causes, tmp_path
):
    app, address = served
    files = fill_book(app, tmp_path)
    kept = f"Year end {LAST_YEAR}"
    entries = random.Random(12).sample(entries_in(app, basis), count)  # noqa: S311

    with visiting(browser, address, WIDE, "light", True) as page:
        keep(page, kept, basis)
        path = download(page, kept, tmp_path)
        titles, *cells = rows_of(path)
        rows = {row[0]: dict(zip(titles, row, strict=True)) for row in cells}
        for entry in entries:
            walk_to_claim(page, kept, rows[entry.reference])
            cut = page.url
            row = check_entry(page, entry)
            if entry.import_id:
                walk_to_import(page, row, entry, files)
            else:
                walk_to_event(page, row, entry)
            page.goto(cut)
            walk_to_edits(page, app, entry.reference)
        walk_to_handing_out(page, kept, sha256(path))

    assert {row["cause"] for row in rows.values()} == causes  # none of the edits since, if known
    assert {"imported" if entry.import_id else "posted" for entry in entries} == ways
