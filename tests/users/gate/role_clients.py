"""Clients of each role and token, named by one letter, and the contents of the book."""

from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select
from werkzeug.test import TestResponse

from flaskr.audit.models import AuditEvent, RefusalCount
from flaskr.extensions import db
from flaskr.users.models import Role, Scope
from tests.users.people import csrf_of, signed_in_client, token_headers

ROLES = {"v": Role.VIEWER, "h": Role.HANDLER, "a": Role.ACTUARY, "d": Role.ADMINISTRATOR}
TOKENS = {"r": Scope.READ, "w": Scope.WRITE}  # of a handler
EVERYBODY = "nvhadrw"
REFUSAL_ACTIONS = ("refused", "sign_in_failed")
LAST_USE_COLUMNS = {"sessions": "last_used_at", "tokens": "last_used_at"}


@dataclass
class RoleClient:
    """A test client with the headers and the form fields that it sends."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, address: str) -> TestResponse:
        """Send a request as a browser or a program does."""
        form = self.form if method not in ("GET", "HEAD", "OPTIONS") else None
        return self.client.open(address, method=method, headers=self.headers, data=form)


def make_role_client(app: Flask, letter: str) -> RoleClient:
    """The client of a letter."""
    if letter in TOKENS:
        return RoleClient(app.test_client(), token_headers(app, Role.HANDLER, TOKENS[letter]))
    client = signed_in_client(app, ROLES[letter]) if letter in ROLES else app.test_client()
    page = "/account" if letter in ROLES else "/sign_in"
    return RoleClient(
        client, {"Accept": "text/html"}, {"csrf_token": csrf_of(client.get(page).text)}
    )


def is_refusal(answer: TestResponse) -> bool:
    """Whether a response refuses access or redirects to the sign-in page."""
    sent_to_sign_in = answer.status_code == 303 and "/sign_in?next=" in answer.location
    return sent_to_sign_in or answer.status_code in (401, 403)


def book_contents(app: Flask) -> dict[str, object]:
    """All rows of the book, and all files of the instance folder.

    Without refusals, times of last use, and the files of SQLite.
    """
    with app.app_context():
        contents: dict[str, object] = {}
        tables: MetaData = db.metadata
        for table in tables.sorted_tables:
            if table.name == RefusalCount.__tablename__:
                continue
            last_use = LAST_USE_COLUMNS.get(table.name)
            columns = [column for column in table.columns if column.name != last_use]
            rows = select(*columns).order_by(*table.primary_key.columns)
            if table.name == AuditEvent.__tablename__:
                rows = rows.where(AuditEvent.action.not_in(REFUSAL_ACTIONS))
            contents[table.name] = db.session.execute(rows).all()
        db.session.remove()
        folder = app.config["INSTANCE_FOLDER"]
        files = [path for path in folder.rglob("*") if not path.name.startswith("claimbook.db")]
        contents["files"] = sorted((str(path), path.stat().st_mtime_ns) for path in files)
        return contents
