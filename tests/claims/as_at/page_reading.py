"""What a page shows: its links, its names with values, and the cells of its tables."""

from html.parser import HTMLParser

from flask.testing import FlaskClient


class PageReader(HTMLParser):
    """Reads a page as a person does, without the small print."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.values: dict[str, str] = {}  # by its name: <dt> and <dd>
        self.tables: list[list[list[str]]] = []  # the rows of their bodies
        self.classes: set[str] = set()
        self._name = self._text = ""
        self._small = self._bodies = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        self.classes |= {*(given.get("class") or "").split()}
        self._small += tag == "small"
        if tag in ("dt", "dd", "td", "th", "h1"):
            self._text = ""
        elif tag == "a":
            self.links.append(("", given.get("href", "")))
        elif tag == "tbody":
            self._bodies += 1
            self.tables.append([])
        elif tag == "tr" and self._bodies:
            self.tables[-1].append([])

    def handle_data(self, data: str) -> None:
        if self.links and not self.links[-1][0]:
            self.links[-1] = (data.strip(), self.links[-1][1])
        if not self._small:
            self._text = f"{self._text} {data.strip()}".strip()

    def handle_endtag(self, tag: str) -> None:
        self._small -= tag == "small"
        if tag == "dt":
            self._name = self._text
        elif tag == "dd":
            self.values[self._name] = self._text
        elif tag == "h1":
            self.values[tag] = self._text
        elif tag == "tbody":
            self._bodies -= 1
        elif tag in ("td", "th") and self._bodies:
            self.tables[-1][-1].append(self._text)


def read_page(client: FlaskClient, address: str, status: int = 200) -> PageReader:
    """The page at an address."""
    answer = client.get(address)
    assert answer.status_code == status, address
    return PageReader(answer.text)
