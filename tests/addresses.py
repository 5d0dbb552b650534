"""A small book with one of each thing, and a URL in it for each rule."""

from datetime import date
from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule

from flaskr.closings.services import close_period, declare_live
from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.services import keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.imports.jobs import Job
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import receive_uploads, try_import
from flaskr.users.models import Role, Scope, Token, UserSession
from flaskr.users.services import create_user, make_link
from flaskr.users.sessions.services import make_token, start_session
from tests.factories import make_claim, make_policy, pay, reserve
from tests.users.people import email_of

STATIC = {"static": "book.css"}
Known = dict[str, Any]


def fill_book(app: Flask) -> Known:
    """Put one of each thing into the book; return their names."""
    with app.app_context(), transaction_mode("write"):
        claim = make_claim(policy=make_policy(policy_number="H-get"), claim_reference="W-get")
        reserve(claim, "100")
        pay(claim, "10")
        db.session.commit()
        number, waiting = two_imports()
        declare_live(actor="open")
        close_period(date(2024, 12, 31), actor="open")
        db.session.commit()
        known = {"claim": "W-get", "policy": "H-get", "import": number, "job": waiting.name}
        known |= somebody()
    with app.app_context(), transaction_mode("read"):
        keep_export(
            file_request(Contents.CLAIMS, MultiDict()), "E-get", "", actor=email_of(Role.ACTUARY)
        )
    return known


def two_imports() -> tuple[int, Job]:
    """One that is loaded, and one that waits, with a refused row."""
    loaded = receive_uploads([("a.csv", BytesIO(b"claim;cost\nA;1\n"))], actor="open")
    try_import(loaded)
    loaded.update_request(is_confirmed=True)
    number = load_import(loaded).import_id
    waiting = receive_uploads([("b.csv", BytesIO(b"claim;cost\nB;x\nC;1\n"))], actor="open")
    try_import(waiting)
    return number, waiting


def somebody() -> Known:
    """A person who is signed in, with a token and a link to set their password."""
    user = create_user("g@example.com", "G", Role.VIEWER, actor="open")
    start_session(user, "a browser")
    make_token(user.id, "of somebody", Scope.READ, 7, actor="open")
    known = {"secret": make_link(user, actor="open"), "email": user.email}
    known |= {kind: db.session.scalar(select(of.name)) for kind, of in NAMED.items()}
    db.session.commit()
    return known


NAMED: dict[str, Any] = {"session": UserSession, "token": Token}


def address_of(app: Flask, rule: Rule, known: Known) -> str:
    """A URL for the rule, of something in the book."""
    values = {name: value_of(rule, name, known) for name in rule.arguments}
    if rule.endpoint == "overview.find":
        values["number"] = known["claim"]
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def value_of(rule: Rule, name: str, known: Known) -> Any:
    """The value of one part of a URL."""
    feature, _, page = rule.endpoint.partition(".")
    if name == "filename":
        return STATIC[rule.endpoint]
    if name == "name":
        named = {"claims": "pay", "exports": "E-get", "imports": known["job"]}
        return named.get(feature) or known["session" if page == "end_session" else "token"]
    if name == "number":
        return {"claims": 2, "imports": known["import"]}.get(feature, known["policy"])
    if rule.endpoint == "closings.late":
        return {"day": "2024-12-31", "kind": "entries"}[name]
    if rule.endpoint == "imports.edits":
        return "claims"
    if name == "change":
        return "hold"
    return {"reference": known["claim"], "at": 0, "day": "2024-12-31"}.get(name, known.get(name))
