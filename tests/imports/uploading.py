"""Helpers that use the pages of imports as a browser does."""

import io
import re
import time
from html.parser import HTMLParser
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flaskr.claims.queries import claim_totals
from flaskr.imports.job_folders import job_named
from flaskr.imports.jobs import Job
from flaskr.imports.services import jobs_folder
from tests.browsing import fields_of

FILES = Path(__file__).parent.parent / "files"
SECONDS = 60


def upload(client: FlaskClient, *files: tuple[str, bytes | str], **typed: str) -> TestResponse:
    """Upload files; the page after their dry run, or the form that refuses them."""
    form = {"csrf_token": fields_of(client.get("/import_claims"))["csrf_token"]}
    sent = [
        (io.BytesIO(content.encode() if isinstance(content, str) else content), name)
        for name, content in files
    ]
    choices = {"kind": "today", "encoding": "utf-8", **typed}
    answer = client.post("/import_claims", data={**form, **choices, "files": sent or ""})
    return follow(client, answer)


def migrate(client: FlaskClient, *files: tuple[str, bytes | str]) -> TestResponse:
    """Upload files of an older system."""
    return upload(client, *files, kind="migration")


def follow(client: FlaskClient, answer: TestResponse) -> TestResponse:
    """Follow redirects and refreshes of a response, as a browser does."""
    until = time.monotonic() + SECONDS
    while answer.status_code == 303 or "Refresh" in answer.headers:
        assert time.monotonic() < until, answer.text
        if "Refresh" in answer.headers:
            time.sleep(0.05)
        answer = client.get(answer.headers.get("Location", answer.request.path))
    return answer


class Forms(HTMLParser):
    """Collects the forms of a page: their addresses and the values of their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.select = ""

    @property
    def fields(self) -> dict[str, str]:
        return self.forms[-1][1] if self.forms else {}

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = dict(attributes)
        name = values.get("name", "")
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag == "input" and (values.get("type") != "checkbox" or "checked" in values):
            self.fields[name] = values.get("value") or ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.fields or "selected" in values):
            self.fields[self.select] = values.get("value") or ""


def form_of(page: TestResponse, step: str) -> tuple[str, dict[str, str]]:
    """The address and the values of the last form of a page for a step."""
    forms = Forms()
    forms.feed(page.text)
    return [(action, sent) for action, sent in forms.forms if action.endswith(f"/{step}")][-1]


def take_step(client: FlaskClient, page: TestResponse, step: str, **typed: str) -> TestResponse:
    """Submit the form of a page for a step; the page that follows."""
    action, sent = form_of(page, step)
    return follow(client, client.post(action, data={**sent, **typed}))


def load(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """Confirm the import of a page."""
    return take_step(client, page, "load", **typed)


def read_again(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """Submit the mapping form."""
    return take_step(client, page, "read", **typed)


def page_text(page: TestResponse) -> str:
    """The text of a page's main part, on one line."""
    body = page.text.partition("<main")[2].partition("</main>")[0]
    text = re.sub(r"<[^>]+>", " ", f"<{body}")
    for mark, letter in (
        ("&#34;", '"'),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ):
        text = text.replace(mark, letter)
    return re.sub(r"\s+", " ", text.replace("\u202f", " ").replace("\u00a0", " ")).strip()


def claim_count(app: Flask) -> int:
    """How many claims the book has."""
    with app.app_context():
        return claim_totals().claims


def claim_cost_of(app: Flask) -> str:
    """The claim cost of all claims of the book."""
    with app.app_context():
        return str(claim_totals().claim_cost)


def job_of(app: Flask, page: TestResponse) -> Job:
    """The import in progress of a page."""
    with app.app_context():
        return job_named(jobs_folder(), page.request.path.rsplit("/")[-1])
