"""The steps by which a person brings a file in."""

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 60_000  # milliseconds: the first isolated process of a server takes a while


def send(page: "Page", *paths: Path) -> None:
    """Choose files, send them, and wait for the page of the dry run."""
    page.goto("/imports")
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("File", exact=True).set_input_files(paths)
    press(page, "Preview the import")


def press(page: "Page", button: str) -> None:
    """Press a button, and wait for the end of the work that it starts."""
    page.get_by_role("button", name=button).click()
    wait(page)


def wait(page: "Page") -> None:
    """Wait for the page of the running work, which updates itself."""
    expect(page.locator("progress")).to_have_count(0, timeout=PATIENCE)


def unfold(page: "Page") -> None:
    """Open every folded part of a page."""
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
