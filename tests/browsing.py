"""What a browser does with a form: open the page, fill in, send everything that stands in it."""

from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class FormReader(HTMLParser):
    """Collects the fields of a page's form with the values that they show."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.select = ""
        self.area = ""

    def handle_starttag(self, tag: str, attributes: list) -> None:
        found = dict(attributes)
        name = found.get("name", "")
        if tag == "input" and found.get("type") != "checkbox":
            self.fields[name] = found.get("value") or ""
        elif tag == "select":
            self.select = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in found:
            self.fields[self.select] = found.get("value") or ""
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
    """The fields that the page's form would send."""
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
