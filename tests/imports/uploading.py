"""What a person does on the pages of imports: send a file, look, decide."""

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
    """Send files; the page that comes once they are tried, or that refuses them at once."""
    form = {"csrf_token": fields_of(client.get("/import_claims"))["csrf_token"]}
    sent = [
        (io.BytesIO(content.encode() if isinstance(content, str) else content), name)
        for name, content in files
    ]
    choices = {"kind": "today", "encoding": "utf-8", **typed}
    answer = client.post("/import_claims", data={**form, **choices, "files": sent or ""})
    return settled(client, answer)


def migrate(client: FlaskClient, *files: tuple[str, bytes | str]) -> TestResponse:
    """Send files of an older system."""
    return upload(client, *files, kind="migration")


def settled(client: FlaskClient, answer: TestResponse) -> TestResponse:
    """Go where an answer leads, and wait there as a browser does."""
    until = time.monotonic() + SECONDS
    while answer.status_code == 303 or "Refresh" in answer.headers:
        assert time.monotonic() < until, answer.text
        if "Refresh" in answer.headers:
            time.sleep(0.05)
        answer = client.get(answer.headers.get("Location", answer.request.path))
    return answer


class Forms(HTMLParser):
    """Collects the forms of a page: what each would send, by its address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.select = ""

    @property
    def fields(self) -> dict[str, str]:
        return self.found[-1][1] if self.found else {}

    def handle_starttag(self, tag: str, attributes: list) -> None:
        said = dict(attributes)
        name = said.get("name", "")
        if tag == "form":
            self.found.append((said.get("action", ""), {}))
        elif tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.fields[name] = said.get("value") or ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.fields or "selected" in said):
            self.fields[self.select] = said.get("value") or ""


def form_of(page: TestResponse, step: str) -> tuple[str, dict[str, str]]:
    """The last form of a page that goes to a step, and what it would send."""
    forms = Forms()
    forms.feed(page.text)
    return [(action, sent) for action, sent in forms.found if action.endswith(f"/{step}")][-1]


def take_step(client: FlaskClient, page: TestResponse, step: str, **typed: str) -> TestResponse:
    """Send the form of a page that goes to a step; what comes of it."""
    action, sent = form_of(page, step)
    return settled(client, client.post(action, data={**sent, **typed}))


def load(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """Confirm what a page shows."""
    return take_step(client, page, "load", **typed)


def read_again(client: FlaskClient, page: TestResponse, **typed: str) -> TestResponse:
    """Send the form that says how the files are to be read."""
    return take_step(client, page, "read", **typed)


def said(page: TestResponse) -> str:
    """What a page says, as one line of text."""
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


def claims_in(app: Flask) -> int:
    """How many claims the book has."""
    with app.app_context():
        return claim_totals().claims


def cost_in(app: Flask) -> str:
    """What the claims of the book cost."""
    with app.app_context():
        return str(claim_totals().claim_cost)


def job_of(app: Flask, page: TestResponse) -> Job:
    """The import under way that a page shows."""
    with app.app_context():
        return job_named(jobs_folder(), page.request.path.rsplit("/")[-1])
