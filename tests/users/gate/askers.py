"""Who asks for a page, one letter each, and whether they were let in."""

from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select
from werkzeug.test import TestResponse

from flaskr.audit.models import AuditEvent
from flaskr.extensions import db
from flaskr.users.models import Role, Scope
from tests.users.people import csrf_of, signed_in, token_of

PEOPLE = {"v": Role.VIEWER, "h": Role.HANDLER, "a": Role.ACTUARY, "d": Role.ADMINISTRATOR}
TOKENS = {"r": Scope.READ, "w": Scope.WRITE}  # of a handler
EVERYBODY = "nvhadrw"
SAYS_NO = ("refused", "sign_in_failed")
USE_IS_NOTED = {"sessions": "last_used_at", "tokens": "last_used_at"}


@dataclass
class Asker:
    """A browser or a program, and the headers and the form that it sends."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, address: str) -> TestResponse:
        """Ask for a page as a person's browser does, or a program."""
        form = self.form if method not in ("GET", "HEAD", "OPTIONS") else None
        return self.client.open(address, method=method, headers=self.headers, data=form)


def make_asker(app: Flask, letter: str) -> Asker:
    """Whoever a letter stands for."""
    if letter in TOKENS:
        return Asker(app.test_client(), token_of(app, Role.HANDLER, TOKENS[letter]))
    client = signed_in(app, PEOPLE[letter]) if letter in PEOPLE else app.test_client()
    page = "/account" if letter in PEOPLE else "/sign_in"
    return Asker(client, {"Accept": "text/html"}, {"csrf_token": csrf_of(client.get(page).text)})


def is_refusal(answer: TestResponse) -> bool:
    """Whether an answer says no, or to sign in first."""
    sent_to_sign_in = answer.status_code == 303 and "/sign_in?next=" in answer.location
    return sent_to_sign_in or answer.status_code in (401, 403)


def everything(app: Flask) -> dict[str, object]:
    """All rows of the book but what tells of refusals and of when somebody was last seen; all
    files but those of SQLite."""
    with app.app_context():
        found: dict[str, object] = {}
        tables: MetaData = db.metadata
        for table in tables.sorted_tables:
            seen = USE_IS_NOTED.get(table.name)
            columns = [column for column in table.columns if column.name != seen]
            wanted = select(*columns).order_by(*table.primary_key.columns)
            if table.name == AuditEvent.__tablename__:
                wanted = wanted.where(AuditEvent.action.not_in(SAYS_NO))
            found[table.name] = db.session.execute(wanted).all()
        db.session.remove()
        folder = app.config["INSTANCE_FOLDER"]
        files = [path for path in folder.rglob("*") if not path.name.startswith("claimbook.db")]
        found["files"] = sorted((str(path), path.stat().st_mtime_ns) for path in files)
        return found
