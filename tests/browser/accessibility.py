"""What axe finds on a page: everything on a wide screen, and on a phone only its contrast.

A phone's page has the same elements, and is looked at in the other colours.
"""

from typing import TYPE_CHECKING

from tests.browser.conftest import WIDE
from tests.optional import optional

if TYPE_CHECKING:
    from playwright.sync_api import Page


def violations_on(page: "Page") -> list[str]:
    """Each violated rule, with the first element that violates it."""
    axe = optional("axe_playwright_python.sync_playwright").Axe()
    is_phone = page.viewport_size["width"] < WIDE
    options = {"runOnly": ["color-contrast"]} if is_phone else {}
    violations = axe.run(page, options=options).response["violations"]
    return [f"{page.url}: {each['id']} {each['nodes'][0]['html']}" for each in violations]


def faults_on(page: "Page") -> list[str]:
    """The violations, and by how much the page is wider than the screen."""
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return violations_on(page) + ([f"{page.url}: {width} pixels too wide"] if width > 0 else [])
