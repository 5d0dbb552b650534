"""A real browser on a real server; every test also fails on a console error."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from flaskr.settings import Settings
from tests.exports.serving import served as serving
from tests.optional import skip_or_fail

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NO_PLAYWRIGHT = "Playwright is not installed, so no browser tests (see requirements-dev.txt)"
NO_CHROMIUM = "Chromium is not installed (set CHROMIUM, or install chromium)"


class WithoutPlaywright(pytest.Module):
    """A module of browser tests that cannot be imported."""

    def collect(self) -> list:
        skip_or_fail(NO_PLAYWRIGHT)
        return []


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector):
    """Skip every module of this folder if Playwright is not installed."""
    if find_spec("playwright") is None:
        return WithoutPlaywright.from_parent(parent, path=module_path)
    return None


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One browser for all tests of a worker."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        skip_or_fail(NO_CHROMIUM)
    quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--disable-gpu"]
    in_a_box = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*quiet, *in_a_box])
        yield launched
        launched.close()


@pytest.fixture
def served(embedded_settings: Settings, lend_app) -> Iterator[tuple[Flask, str]]:
    """An application over an empty book, and the address where it is served."""
    app = lend_app(embedded_settings)
    with serving(app) as address:
        yield app, address


WIDE, PHONE = 1280, 390


@contextmanager
def visiting(browser: "Browser", address: str, width: int, scheme: str, javascript: bool):
    """A page at one width and colour scheme; leaving it fails on console errors."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=javascript,
        accept_downloads=True,
        locale="sv-SE",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    refused = (
        "status of 400",
        "status of 409",
        "status of 422",
    )  # the browser says so of pages that refuse
    assert [
        message for message in complaints if not any(status in message for status in refused)
    ] == []


@pytest.fixture(
    params=[
        pytest.param((WIDE, "light", True), id="wide-light"),
        pytest.param(
            (PHONE, "dark", False), id="phone-dark-without-javascript", marks=pytest.mark.slow
        ),
        pytest.param((PHONE, "light", True), id="phone-light", marks=pytest.mark.slow),
    ],
)
def visitor(request, browser: "Browser", served) -> Iterator["Page"]:
    """A page for tours, with and without JavaScript."""
    with visiting(browser, served[1], *request.param) as page:
        yield page


@pytest.fixture(
    params=[(WIDE, "dark", True), (PHONE, "light", True)], ids=["wide-dark", "phone-light"]
)
def reader(request, browser: "Browser", served) -> Iterator["Page"]:
    """A page for accessibility checks; axe itself needs JavaScript."""
    with visiting(browser, served[1], *request.param) as page:
        yield page
