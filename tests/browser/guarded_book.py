"""A book with sign-in, with much of what its administrators look at."""

from datetime import timedelta
from io import BytesIO

from flask import Flask
from werkzeug.datastructures import MultiDict

from flaskr.audit.models import Action, RefusalCount, Subject
from flaskr.audit.services import record
from flaskr.claims.ledger.services import reverse_entry
from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.services import delete_export, hold_export, keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents, ReasonCode
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import receive_uploads, try_import
from flaskr.privacy.queries import person_records
from flaskr.privacy.services import erase_person
from flaskr.users.models import Role, Scope
from flaskr.users.queries import user_with_email
from flaskr.users.services import make_link
from flaskr.users.sessions.services import make_token
from flaskr.values.calendar import utc_now
from tests.factories import make_claim, make_policy, pay, reserve
from tests.users.people import add_user, email_of, sign_in

NAME = "Quistgaard-Ek Åsa Utterström von Zorn"
KEPT = "Year end 2024"
HELD = "R" * 64
PROGRAMS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1",
    "x" * 200,
)


def fill_guarded(app: Flask) -> None:
    """Fill the book, with users of three roles."""
    for role in (Role.ADMINISTRATOR, Role.HANDLER, Role.VIEWER):
        add_user(app, role)
    with app.app_context(), transaction_mode("write"):
        people_and_texts()
        imports_that_name()
        one_erased()
        refusals()
        signing_in_again()
        db.session.commit()
    with app.app_context(), transaction_mode("read"):
        kept_exports()
    for program in PROGRAMS:
        client = app.test_client()
        client.environ_base["HTTP_USER_AGENT"] = program
        sign_in(client, email_of(Role.HANDLER), "wrong password")
        sign_in(client, email_of(Role.HANDLER))
    sign_in(app.test_client(), email_of(Role.HANDLER), "wrong password")


def people_and_texts() -> None:
    """Policies of one person, and texts that have the name."""
    for number in range(1, 31):
        make_policy(policy_number=f"H-{number}", policyholder=NAME)
    policy = make_policy(policy_number="P" * 64, policyholder=NAME.upper())
    claim = make_claim(claim_reference="W-1", policy=policy, description=f"{NAME} slipped")
    reserve(claim, "100")
    by = {"actor": email_of(Role.HANDLER), "reason": f"asked by {NAME}", "payee": NAME}
    payment = pay(claim, "10")
    reverse_entry(
        payment, payment.transaction_date, reason_code=ReasonCode.OTHER, note="word " * 40, **by
    )
    make_claim(claim_reference="W-2", description=f"The neighbour of {NAME} called")
    handler = email_of(Role.HANDLER)
    record(Action.FILE_EXPORTED, Subject.FILE, "claims", actor=handler, reason=f"for {NAME}")
    db.session.commit()


def imports_that_name() -> None:
    """One that is loaded and one that waits, of files whose names have the name."""
    for number, is_loaded in enumerate((True, False)):
        row = f"claim;cost\nN-{number};1\n".encode()
        job = receive_uploads(
            [(f"{NAME} {'from the broker ' * 5}.csv", BytesIO(row))], actor="open"
        )
        try_import(job)
        if is_loaded:
            job.update_request(is_confirmed=True)
            load_import(job)


def one_erased() -> None:
    """A policy and its claim of a person who was erased."""
    policy = make_policy(policy_number="E-1", policyholder="Bo Ek")
    claim = make_claim(claim_reference="E-1", policy=policy, description="Bo Ek fell")
    reserve(claim, "100")
    pay(claim, "10")
    db.session.commit()
    erase_person(person_records(["E-1"], []), actor=email_of(Role.ADMINISTRATOR), reason="asked")


def refusals() -> None:
    """Counted refusals of several pages and days."""
    now = utc_now().replace(second=0, microsecond=0)
    pages = ("GET /exports/<name>/<any(hold, let_go, delete):change>", "POST /sign_in", "no page")
    for days in range(20):
        for status, page in zip((401, 404, 403), pages, strict=True):
            for minutes in range(3):
                minute = now - timedelta(days=days, minutes=minutes)
                db.session.add(RefusalCount(minute=minute, status=status, page=page, count=12345))


def signing_in_again() -> None:
    """A link that an administrator made for the handler, and the handler's tokens."""
    handler = user_with_email(email_of(Role.HANDLER))
    make_link(handler, actor=email_of(Role.ADMINISTRATOR))
    for label in ("nightly triangles", "word " * 30):
        make_token(handler.id, label, Scope.READ, 7, actor=handler.email)


def kept_exports() -> None:
    """One, one on hold, one that is deleted."""
    administrator = email_of(Role.ADMINISTRATOR)
    request = file_request(Contents.CLAIMS, MultiDict({"text": NAME, "format": "csv"}))
    keep_export(request, KEPT, f"For {NAME}", administrator)
    hold_export(keep_export(request, HELD, "", administrator), "lawsuit " * 24, administrator)
    delete_export(keep_export(request, "Old", "", administrator), "not needed", administrator)
