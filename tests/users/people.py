"""Users of each role, and clients that are signed in or have a token."""

import re
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from flaskr.database.modes import transaction_mode
from flaskr.extensions import db
from flaskr.settings import Settings
from flaskr.users.models import Role, Scope, User
from flaskr.users.passwords import hash_password
from flaskr.users.queries import user_with_email
from flaskr.users.services import create_user
from flaskr.users.sessions.services import make_token

PASSWORD = "vintergatan kastrull 7 mossa"  # noqa: S105
STRONG_KEY = "0f4c9d2ab7e8135566a1d0c3b2e4f7a8998877"
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
password_hashes: list[str] = []


def signed_in_settings(settings: Settings, **changes) -> Settings:
    """The settings of the same book with sign-in."""
    return replace(
        settings,
        **{
            "book_access": "signed-in",
            "secret_key": STRONG_KEY,
            "trusted_hosts": ("localhost",),
            "random_claims": True,
        }
        | changes,
    )


def email_of(role: Role) -> str:
    return f"{role}@example.com"


def add_user(app: Flask, role: Role, email: str = "") -> str:
    """Add a user of a role with PASSWORD; return their e-mail."""
    email = email or email_of(role)
    with app.app_context(), transaction_mode("write"):
        if user_with_email(email) is None:
            user = create_user(email, f"The {role}", role, actor="command")
            if not password_hashes:  # hashing is slow on purpose
                password_hashes.append(hash_password(PASSWORD))
            user.password_hash = password_hashes[0]
            db.session.commit()
        db.session.remove()
    return email


def csrf_of(page: str) -> str:
    """The CSRF token of a page's form."""
    return CSRF.search(page)[1]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **form):
    """Send the sign-in form, as a browser does."""
    token = csrf_of(client.get("/sign_in").text)
    form = {"email": email, "password": password, "csrf_token": token} | form
    return client.post("/sign_in", data=form)


def signed_in_client(app: Flask, role: Role, email: str = "") -> FlaskClient:
    """A client signed in as a user of a role."""
    client = app.test_client()
    answer = sign_in(client, add_user(app, role, email))
    assert answer.status_code == 303, answer.text
    return client


def token_headers(app: Flask, role: Role, scope: Scope = Scope.WRITE) -> dict[str, str]:
    """The headers with a token of a user of a role."""
    email = add_user(app, role)
    with app.app_context(), transaction_mode("write"):
        user = db.session.scalars(db.select(User).where(User.email == email)).one()
        secret = make_token(user.id, f"for {scope}", scope, 7, actor=email)
        db.session.commit()
        db.session.remove()
    return {"Authorization": f"Bearer {secret}"}


def post(client: FlaskClient, address: str, form: dict | None = None, page: str = "/account"):
    """Send a form with the CSRF token of a page."""
    token = csrf_of(client.get(page).text)
    return client.post(address, data={**(form or {}), "csrf_token": token})
