"""Who opened a page with names is in the trail: who, and which claim, policy or list."""

from datetime import timedelta
from io import BytesIO
from itertools import product

import pytest
from sqlalchemy import select, text
from werkzeug.datastructures import MultiDict

from flaskr.audit.models import Action, AuditEvent
from flaskr.database.modes import transaction_mode
from flaskr.exports.kept.files import folder_of
from flaskr.exports.kept.services import keep_export
from flaskr.exports.parameters import file_request
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.imports.loading.services import load_import
from flaskr.imports.services import receive_uploads, try_import
from flaskr.policies.models import Policy
from flaskr.users.models import Role
from flaskr.users.roles import SEE_NAMES
from flaskr.values.calendar import utc_now
from tests.addresses import address_of, fill_book
from tests.audit.events import refuse_events
from tests.books import kind_of
from tests.factories import make_claim, make_policy, pay, reserve
from tests.users.gate.test_roles import allowed_letters, rules_of
from tests.users.people import email_of, signed_in_client

HANDLER, VIEWER = email_of(Role.HANDLER), email_of(Role.VIEWER)
RECORDED_AS_FILES = {f"exports.{each}" for each in ("claims", "ledger", "policies", "kept_file")}
NAME = "Anna Zetterqvist"


@pytest.fixture
def book(signed_in_app):
    """A book with a named policy, a described claim, and one of each without."""
    with signed_in_app.app_context(), transaction_mode("write"):
        named = make_policy(policy_number="H-1", policyholder=NAME)
        nameless = make_policy(policy_number="H-2", policyholder="Bo Ek")
        claim = make_claim(policy=named, claim_reference="W-1", description=f"{NAME} slipped")
        make_claim(policy=nameless, claim_reference="W-2", description="")
        reserve(claim, "100")
        pay(claim, "10")
        db.session.commit()
        db.session.execute(
            text("UPDATE policies SET policyholder = '' WHERE policy_number = 'H-2'")
        )
        db.session.commit()
    return signed_in_app


def seen(app) -> list[tuple[str, str, str]]:
    """The recorded views: who, and the subject."""
    with app.app_context():
        of_names = select(AuditEvent).where(AuditEvent.action == Action.NAMES_SEEN)
        events = db.session.scalars(of_names.order_by(AuditEvent.id)).all()
        return [(each.actor, each.subject_kind.value, each.subject) for each in events]


@pytest.mark.both_databases
def test_names_on_a_page_are_recorded_once_for_each_person_and_subject(book):
    handler, viewer = signed_in_client(book, Role.HANDLER), signed_in_client(book, Role.VIEWER)

    for _ in range(3):
        for address in ("/claims/W-1", "/claims/w-1", "/claims/W-2", "/policies/H-2", "/policies"):
            assert handler.get(address).status_code == 200
            assert viewer.get(address).status_code == 200
    handler.head("/policies/H-1")
    handler.get("/policies/H-1/edit")

    assert seen(book) == [
        (HANDLER, "claim", "W-1"),
        (HANDLER, "page", "GET /policies"),
        (HANDLER, "policy", "H-1"),
    ]


def test_a_kept_export_is_recorded_by_its_folder_for_its_name_may_be_a_persons(book):
    root = book.config["INSTANCE_FOLDER"] / "kept"
    with book.app_context(), transaction_mode("read"):
        request = file_request(Contents.CLAIMS, MultiDict({"format": "csv", "text": "slipped"}))
        keep_export(request, NAME, "", HANDLER)
    administrator = signed_in_client(book, Role.ADMINISTRATOR)

    assert administrator.get(f"/exports/{NAME}/manifest").status_code == 200

    assert seen(book) == [(email_of(Role.ADMINISTRATOR), "file", folder_of(root, NAME).name)]


def test_a_search_in_names_is_recorded_if_it_finds_something(book):
    handler = signed_in_client(book, Role.HANDLER)

    handler.get("/claims?text=nothing-like-this")
    handler.get("/claims")
    assert seen(book) == []
    handler.get("/claims?text=slipped")

    assert seen(book) == [(HANDLER, "page", "GET /claims")]


@pytest.mark.both_databases
def test_names_are_recorded_again_after_an_hour_and_by_another_process(book, monkeypatch):
    handler = signed_in_client(book, Role.HANDLER)
    handler.get("/claims/W-1")

    book.extensions.pop("names_seen")  # as in another process
    handler.get("/claims/W-1")
    assert len(seen(book)) == 1
    later = utc_now() + timedelta(minutes=50)
    monkeypatch.setattr("flaskr.users.gate.names_seen.utc_now", lambda: later)
    handler.get("/claims/W-1")
    assert len(seen(book)) == 1
    later += timedelta(minutes=11)
    handler.get("/claims/W-1")

    assert len(seen(book)) == 2


@pytest.mark.both_databases
def test_a_page_with_names_that_cannot_be_recorded_is_not_shown(book):
    handler = signed_in_client(book, Role.HANDLER)
    with book.app_context():
        refuse_events(kind_of(book))

    answer = handler.get("/claims/W-1")

    assert answer.status_code == 503
    assert NAME not in answer.text
    assert "must be recorded in the trail" in answer.text
    assert handler.get("/claims/W-2").status_code == 200


def test_nothing_is_recorded_in_an_open_book(client, app):
    known = fill_book(app)

    assert client.get(f"/policies/{known['policy']}").status_code == 200

    assert seen(app) == []


def test_the_trail_hides_or_shows_who_saw_names(book):
    signed_in_client(book, Role.HANDLER).get("/claims/W-1")
    administrator = signed_in_client(book, Role.ADMINISTRATOR)

    assert "Names seen</strong>" in administrator.get("/trail").text
    assert "Names seen</strong>" not in administrator.get("/trail?names_seen=hidden").text
    assert "Signed in</strong>" in administrator.get("/trail?names_seen=hidden").text
    assert "Signed in</strong>" not in administrator.get("/trail?names_seen=only").text


def name_everything(app) -> dict:
    """Fill the book with names of one person; return the names of what is in it."""
    known = fill_book(app)
    row = f"claim;cost;description\nN-1;1;{NAME} fell\n".encode()
    with app.app_context(), transaction_mode("write"):
        db.session.execute(text("UPDATE policies SET policyholder = :name"), {"name": NAME})
        db.session.execute(text("UPDATE claims SET description = :name"), {"name": NAME})
        db.session.commit()
        for confirmed in (True, False):
            job = receive_uploads([(f"{NAME} {confirmed}.csv", BytesIO(row))], actor="open")
            try_import(job)
            if confirmed:
                job.update_request(is_confirmed=True)
                known["import"] = load_import(job).import_id
        known["job"] = job.name
    return known


def test_every_page_that_shows_a_name_records_it(signed_in_app, monkeypatch):
    monkeypatch.setattr("flaskr.users.gate.names_seen._INTERVAL", timedelta(0))
    known, showed, missed = name_everything(signed_in_app), set(), []
    clients = {role.value[0]: signed_in_client(signed_in_app, role) for role in SEE_NAMES}
    letters = {"h": "h", "a": "d"}

    for endpoint, rules in rules_of(signed_in_app).items():
        for rule, (initial, client) in product(rules, clients.items()):
            if letters[initial] not in (allowed_letters(endpoint, "GET") or ""):
                continue
            address = address_of(signed_in_app, rule, known)
            before = len(seen(signed_in_app))
            with client.get(address, headers={"Accept": "text/html"}) as answer:
                shows = answer.status_code == 200 and NAME.encode() in answer.data
            if shows and endpoint not in RECORDED_AS_FILES:
                showed.add(endpoint)
                missed += [(endpoint, initial)] if len(seen(signed_in_app)) == before else []

    assert missed == []
    assert showed >= {
        "claims.show",
        "claims.edit_facts",
        "policies.index",
        "policies.show",
        "policies.edit",
        "imports.index",
        "imports.show",
        "imports.under_way",
    }


def test_the_page_that_erases_records_the_names_that_it_lists(signed_in_app):
    name_everything(signed_in_app)
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    number = db_number(signed_in_app)

    page = administrator.get(f"/people/erase?policy={number}")

    assert f"{NAME} False.csv" in page.text
    assert seen(signed_in_app) == [(email_of(Role.ADMINISTRATOR), "page", "GET /people/erase")]


def db_number(app) -> str:
    with app.app_context():
        return db.session.scalars(select(Policy.policy_number)).first()
