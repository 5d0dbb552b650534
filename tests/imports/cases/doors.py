"""The two ways into the book for everyday files, and what a case says of the book afterwards."""

import html
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import LineOfBusiness
from tests.factories import make_policy
from tests.imports.uploading import load, page_text, read_again, upload

CASES = Path(__file__).parents[2] / "files" / "cases"


def case(number: int, suffix: str = "") -> Path:
    """The file of a case by its number, and by its ending if it has several."""
    (path,) = CASES.glob(f"{number:02}_*{suffix}")
    return path


def fill_with_policies(app: Flask) -> None:
    """The policies that the cases are on."""
    with app.app_context():
        for number, line in (("P-1", LineOfBusiness.MOTOR), ("P-2", LineOfBusiness.HOME)):
            make_policy(
                policy_number=number,
                line_of_business=line,
                inception_date=date(2023, 1, 1),
                expiry_date=date(2026, 12, 31),
            )
        db.session.commit()


def claims_in(app: Flask) -> dict[str, tuple[str, str]]:
    """The paid and outstanding amounts of each claim in the book."""
    with app.app_context():
        claims = db.session.scalars(select(Claim).order_by(Claim.id))
        return {c.claim_reference: (str(c.paid), str(c.outstanding)) for c in claims}


@dataclass(frozen=True)
class Door:
    """A way into a book."""

    app: Flask
    folder: Path
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def claims(self) -> dict[str, tuple[str, str]]:
        """The paid and outstanding amounts of each claim in the book."""
        return claims_in(self.app)

    def bring(self, path: Path, *options: str) -> str:
        """Load a file with the options of the command; what was said about it."""
        raise NotImplementedError


class CommandDoor(Door):
    """`flask import`."""

    def bring(self, path: Path, *options: str) -> str:
        done = self.app.test_cli_runner().invoke(args=["import", str(path), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output


class PageDoor(Door):
    """The pages of imports: the form that reads a file again has what the options say."""

    def bring(self, path: Path, *options: str) -> str:
        client = self.app.test_client()
        page = upload(client, (path.name, path.read_bytes()))
        # Values can be chosen only when the columns are.
        while (chosen := self.chosen(page, options)) and not chosen.items() <= self.sent.items():
            self.sent.update(chosen)
            page = read_again(client, page, **chosen)
        said = page_text(page)
        if "/load" in page.text:
            good = {"leaves_refused": "y"} if "--good-rows" in options else {}
            page = load(client, page, **good)
        return f"{said} {page_text(page)}"

    def chosen(self, page, options: tuple[str, ...]) -> dict[str, str]:
        """The fields of the mapping form that the options of the command stand for."""
        pairs = list(zip(options, options[1:], strict=False))
        fields = {FIELDS[name]: value for name, value in pairs if name in FIELDS}
        fields |= {BOXES[name]: "yes" for name in options if name in BOXES}
        for name, pair in pairs:
            title, _, value = pair.rpartition("=")
            if name == "--column":
                fields |= dict.fromkeys(fields_labelled(page.text, "column", title), value)
            elif name == "--value":
                text = title.partition(":")[2]
                fields |= dict.fromkeys(fields_labelled(page.text, "value", text), value)
        return {name: value.replace("day-first", "day first") for name, value in fields.items()}


def fields_labelled(page: str, kind: str, label: str) -> list[str]:
    """The names of a page's fields of a kind with a label."""
    found = re.findall(rf'<label for="({kind}-[0-9-]+)">(.*?)</label>', page)
    return [field for field, text in found if html.unescape(text) == label]


FIELDS = {
    "--encoding": "encoding-0",
    "--sheet": "sheet-0",
    "--header-row": "header_row-0",
    "--day-order": "day_order-0",
}
BOXES = {
    "--take-totals": "totals-0",
    "--take-hidden": "hidden-0",
    "--strip-controls": "strip-0",
    "--no-identity-numbers": "numbers-0",
}
DOORS = {"command": CommandDoor, "page": PageDoor}
