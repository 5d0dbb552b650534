"""Goes wherever the pages lead, as a person who follows every link and looks at every form."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

MOST_PAGES = 300
# Files are asked for without being made, and the one link that writes is not followed.
BY_HEAD = ("/export_", "/generate_random_claim")


class Ways(HTMLParser):
    """Collects where a page leads: links as GET, forms that ask as FIND, and forms that send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        said = dict(attributes)
        if tag == "a" and not said.get("href", "#").startswith("#"):
            self.found.append(("GET", said["href"]))
        elif tag == "form":
            method = (said.get("method") or "find").upper()
            self.found.append((method, said.get("action") or ""))
        elif said.get("formaction"):
            self.found.append(("POST", said["formaction"]))


def ways_from(address: str, page: str) -> set[tuple[str, str]]:
    """Where a page leads inside the book: methods and addresses."""
    ways = Ways()
    ways.feed(page)
    found = {(method, urljoin(f"http://localhost{address}", to)) for method, to in ways.found}
    return {
        (method, urlsplit(to)._replace(scheme="", netloc="", fragment="").geturl())
        for method, to in found
        if urlsplit(to).netloc == "localhost"
    }


def kind_of(app: Flask, method: str, address: str) -> tuple:
    """What an address is of: one of each kind is enough to follow."""
    parts = urlsplit(address)
    try:
        endpoint, _ = app.url_map.bind("localhost").match(parts.path, method=method)
    except HTTPException:
        return method, parts.path
    return method, endpoint, parts.path, tuple(sorted(parse_qs(parts.query)))


def crawl(app: Flask, client: FlaskClient, start: str = "/") -> dict[tuple[str, str], int]:
    """Follow every link and every form that asks; what each answered.

    A form that sends is not sent, and stands here with 0.
    """
    answers: dict[tuple[str, str], int] = {}
    waiting, known = [("GET", start)], set()
    while waiting and len(answers) < MOST_PAGES:
        method, address = waiting.pop(0)
        if (kind := kind_of(app, method, address)) in known:
            continue
        known.add(kind)
        if method == "POST":
            answers[method, address] = 0
            continue
        asked = "HEAD" if address.startswith(BY_HEAD) else "GET"
        with client.open(address, method=asked, headers={"Accept": "text/html"}) as answer:
            answers[method, address] = answer.status_code
            if answer.mimetype == "text/html" and asked == "GET":
                waiting += sorted(ways_from(address, answer.text))
            elif "Location" in answer.headers:
                waiting.append(("GET", answer.headers["Location"]))
    return answers
