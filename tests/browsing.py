"""Fill in and send a page's form with all its fields, as a browser does."""

from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class FormReader(HTMLParser):
    """Collects the fields of a page's form with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = dict(attributes)
        name = values.get("name", "")
        if tag == "input" and values.get("type") != "checkbox":
            self.fields[name] = values.get("value") or ""
        elif tag == "select":
            self.select = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in values:
            self.fields[self.select] = values.get("value") or ""
        elif tag == "textarea":
            self.area = name
            self.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""

    def handle_data(self, text: str) -> None:
        if self.area:
            self.fields[self.area] += text.removeprefix("\r\n").removeprefix("\n")


def fields_of(response: TestResponse) -> dict[str, str]:
    """The fields that the page's form sends."""
    reader = FormReader()
    reader.feed(response.text)
    return reader.fields


def send(client: FlaskClient, path: str, **typed: str) -> TestResponse:
    """Open the form at a path, type into it, and send it."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    return client.post(path, data={**fields_of(page), **typed})


def send_again(client: FlaskClient, path: str, page: TestResponse, **typed: str) -> TestResponse:
    """Send the form of a page already shown, such as one that was refused."""
    return client.post(path, data={**fields_of(page), **typed})
