"""Script payloads, and a book with each of them in every text field."""

import csv
import io
from datetime import date
from decimal import Decimal

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record
from flaskr.claims.ledger.services import close_claim, reopen_claim, reverse_entry
from flaskr.claims.models import ENTRY_TEXTS
from flaskr.closings.services import close_period, declare_live
from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.services import hold_export, keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents, ReasonCode
from flaskr.users.models import Role, Scope
from flaskr.users.queries import user_with_email
from flaskr.users.services import create_user, make_link
from flaskr.users.sessions.services import make_token
from tests.factories import make_claim, make_policy, pay, reserve
from tests.imports.uploading import load, read_again, upload
from tests.users.people import add_user, sign_in

# In free text, and in what stands in addresses: 64 characters, none of / \ ? #.
PAYLOADS = {
    "<script>alert(1)</script>": "<script>alert(1)",
    '"><img src=x onerror=alert(1)>': '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)><b id=hacked>": "<svg onload=alert(1)><b id=hacked>",
    "javascript:alert(1)": "javascript:alert(1)",
    "{{7*7}}${7*7}{% raw %}<hacked>": "{{7*7}}${7*7}{% raw %}<hacked>",
    "</textarea></title></style><hacked>": "<textarea><title><style><hacked>",
    "&lt;hacked&gt;&#60;img src=x onerror=alert(1)&#62;": "&lt;hacked&gt;<hacked x=&quot;>",
    "\u200b' onclick='alert(1)' \uff1cx\uff1e\ufeffx": "' onclick='alert(1)' \uff1chacked\uff1e",
}
DAY = date(2024, 6, 1)
ROLES = {"handler": Role.HANDLER, "administrator": Role.ADMINISTRATOR}


def hostile_email(short: str) -> str:
    """A valid e-mail address made of a text."""
    return "".join(short.split())[:48].replace("@", "") + "@x.example"


def fill_with(app: Flask) -> None:
    """Store every payload in every text field."""
    emails = {name: add_user(app, role) for name, role in ROLES.items()}
    with app.app_context(), transaction_mode("write"):
        declare_live(actor="command")
        close_period(date(2024, 1, 31), actor="command")  # the policies come late
        for payload, short in PAYLOADS.items():
            claims_of(payload, short)
            people_of(payload, short, list(emails.values()))
        plain = make_claim(claim_reference="P-1", policy=make_policy(policy_number="P-1"))
        reserve(plain, "100")
        pay(plain, "10")
        db.session.commit()
    with app.app_context(), transaction_mode("read"):
        for payload, short in PAYLOADS.items():
            request = file_request(Contents.CLAIMS, filtered_by(payload))
            hold_export(keep_export(request, short, payload, short[:64]), payload, short[:64])
    client = app.test_client()
    sign_in(client, emails["handler"])
    for payload, short in PAYLOADS.items():
        imports_of(client, payload, short)
    for email in emails.values():
        for payload in PAYLOADS:
            sign_in_with(app, email, payload)


def filtered_by(payload: str) -> MultiDict[str, str]:
    """The parameters of a file filtered by a text."""
    return MultiDict({"text": payload, "format": "csv"})


def claims_of(payload: str, short: str) -> None:
    """A policy and a claim with every text field, and a history of reasons."""
    policy = make_policy(policy_number=short, policyholder=payload)
    claim = make_claim(claim_reference=short, description=f"{payload}\n{payload}", policy=policy)
    reserve(claim, "100")
    texts = dict.fromkeys(ENTRY_TEXTS, payload)
    by = {"actor": short, "reason_code": ReasonCode.OTHER, **texts}
    reverse_entry(pay(claim, "10"), DAY, **by)
    close_claim(claim, DAY, actor=short, reason=payload)
    reopen_claim(claim, Decimal(5), DAY, **by)


def people_of(payload: str, short: str, emails: list[str]) -> None:
    """A user; each viewer's token, and a link that was made for them; a reason in the trail."""
    create_user(hostile_email(short), payload, Role.VIEWER, actor=short)
    for email in emails:
        make_token(user_with_email(email).id, payload, Scope.READ, 7, actor=email)
        make_link(user_with_email(email), actor=short)
    record(Action.FILE_EXPORTED, Subject.FILE, "claims", actor=short, reason=payload)


def imports_of(client: FlaskClient, payload: str, short: str) -> None:
    """Four files: one loaded, one that edits it, one waiting with refused cells, one unreadable."""
    name = short.replace('"', "%22") + ".csv"  # as browsers write it
    titles = ["claim", "cost", "description", payload]
    for description in ("before", payload):
        whole = table(titles, [f"A{short}"[:64], "1", description, "x"])
        shown = read_again(client, upload(client, (name, whole)), **{"column-0-3": ""})
        load(client, shown, leaves_refused="y")
    refused = table(
        ["claim", "cost", payload], [f"B{short}"[:64], payload, payload], ["C", "1", ""]
    )
    read_again(client, upload(client, (name, refused)), **{"column-0-2": ""})
    upload(client, (name, table([payload, short], [payload, short])))


def table(*rows: list[str]) -> str:
    """A CSV file of rows."""
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows(rows)
    return written.getvalue()


def sign_in_with(app: Flask, email: str, program: str) -> None:
    """Sign in with another browser, with a User-Agent header."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = program.encode().decode("latin-1")
    assert sign_in(client, email).status_code == 303
