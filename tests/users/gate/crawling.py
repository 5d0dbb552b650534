"""A crawler that follows every link and GET form, and lists the POST forms."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

MOST_PAGES = 300
# HEAD makes no file, and does not run the one GET that writes.
BY_HEAD = ("/export_", "/generate_random_claim")


class LinkParser(HTMLParser):
    """Collects links and files of a page as GET, its GET forms as FIND, its other forms as POST."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        attributes = dict(attributes)
        if tag == "a" and not attributes.get("href", "#").startswith("#"):
            self.links.append(("GET", attributes["href"]))
        elif tag in ("link", "img", "script"):
            self.links.append(("GET", attributes.get("href") or attributes.get("src") or ""))
        elif tag == "form":
            method = (attributes.get("method") or "find").upper()
            self.links.append((method, attributes.get("action") or ""))
        elif attributes.get("formaction"):
            self.links.append(("POST", attributes["formaction"]))


def links_of(address: str, page: str) -> set[tuple[str, str]]:
    """The links and forms of a page inside the book: methods and addresses."""
    parser = LinkParser()
    parser.feed(page)
    links = {(method, urljoin(f"http://localhost{address}", to)) for method, to in parser.links}
    return {
        (method, urlsplit(to)._replace(scheme="", netloc="", fragment="").geturl())
        for method, to in links
        if urlsplit(to).netloc == "localhost"
    }


def address_kind(app: Flask, method: str, address: str) -> tuple:
    """The kind of an address; the crawler follows one address of each kind."""
    parts = urlsplit(address)
    try:
        endpoint, _ = app.url_map.bind("localhost").match(parts.path, method=method)
    except HTTPException:
        return method, parts.path
    return method, endpoint, parts.path, tuple(sorted(parse_qs(parts.query)))


def crawl(app: Flask, client: FlaskClient, prefix: str = "") -> dict[tuple[str, str], int]:
    """Follow every link and GET form of a book mounted under `prefix`; return the status of each.

    A POST form is not sent: its status is 0. An address outside the prefix has 404.
    """
    answers: dict[tuple[str, str], int] = {}
    waiting, known = [("GET", f"{prefix}/")], set()
    while waiting and len(answers) < MOST_PAGES:
        method, mounted = waiting.pop(0)
        if not mounted.startswith(f"{prefix}/"):
            answers[method, mounted] = 404
            continue
        address = mounted.removeprefix(prefix)
        if (kind := address_kind(app, method, address)) in known:
            continue
        known.add(kind)
        if method == "POST":
            answers[method, mounted] = 0
            continue
        http_method = "HEAD" if address.startswith(BY_HEAD) else "GET"
        base, accept = f"http://localhost{prefix}", {"Accept": "text/html"}
        with client.open(address, base, method=http_method, headers=accept) as answer:
            answers[method, mounted] = answer.status_code
            if answer.mimetype == "text/html" and http_method == "GET":
                waiting += sorted(links_of(mounted, answer.text))
            elif "Location" in answer.headers:
                waiting.append(("GET", answer.headers["Location"]))
    return answers
