"""Users with a second factor, the codes of their app, and signing in with them."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from flaskr.users.models import Role
from flaskr.values.calendar import utc_now
from tests.users.people import PASSWORD, add_user, csrf_of, email_of, post, sign_in

SETUP = "/account/second_factor"
CODES_SHOWN = re.compile(r"<code>((?:[A-Z2-7]{4} ?){6})</code>")
SECRET_SHOWN = re.compile(r"<code>((?:[A-Z2-7]{4} ?){8})</code>")


@dataclass
class Phone:
    """An app with the secret, and the recovery codes that were kept."""

    secret: str
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """The code of now, or of steps of 30 seconds from now."""
        return pyotp.TOTP(self.secret).at(utc_now() + timedelta(seconds=30 * steps))


def set_up(client: FlaskClient) -> Phone:
    """Set up a second factor for a signed-in user, with the code of the step before."""
    scanned = post(client, SETUP, {"present": PASSWORD}, page=SETUP)
    phone = Phone(SECRET_SHOWN.search(scanned.text)[1].replace(" ", ""), [])
    form = {"csrf_token": csrf_of(scanned.text), "code": phone.code(-1)}
    confirmed = client.post(f"{SETUP}/confirm", data=form)
    assert confirmed.status_code == 200, html.unescape(confirmed.text)
    phone.recovery_codes = CODES_SHOWN.findall(confirmed.text)
    return phone


def user_with_phone(app: Flask, role: Role = Role.HANDLER) -> Phone:
    """Add a user with a second factor."""
    client = app.test_client()
    assert sign_in(client, add_user(app, role)).status_code == 303
    return set_up(client)


def enter_code(client: FlaskClient, code: str, field: str = "code", to: str = ""):
    """Send the form of the second step."""
    token = csrf_of(client.get("/sign_in/code").text)
    form = {"csrf_token": token, field: code, "next": to}
    return client.post("/sign_in/code", data=form)


def half_signed_in(app: Flask, role: Role = Role.HANDLER) -> FlaskClient:
    """A client whose password was right."""
    client = app.test_client()
    answer = sign_in(client, email_of(role))
    assert answer.location.startswith("/sign_in/code"), answer.text
    return client
