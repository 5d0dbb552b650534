"""Looking at the book never changes it: every address, one after the other."""

from io import BytesIO

import pytest
from werkzeug.datastructures import MultiDict

from flaskr.claims.queries import watermark
from flaskr.database import work_mode
from flaskr.exports.parameters import file_request
from flaskr.imports.jobs import Job
from flaskr.imports.loading_services import load_import
from flaskr.imports.services import receive, try_import
from flaskr.kept.services import keep_export
from flaskr.sources.models import Contents
from flaskr.users.models import Role
from flaskr.users.services import create_user, make_link
from tests.factories import make_claim, make_policy, pay, reserve

WRITES_ON_GET = "/generate_random_claim"
STATIC = {"static": "book.css", "bootstrap.static": "css/bootstrap.min.css"}


@pytest.fixture
def addresses(app, session) -> list[str]:
    """One address for each rule that answers a GET, over a small book."""
    claim = make_claim(policy=make_policy(policy_number="H-get"), claim_reference="W-get")
    reserve(claim, "100")
    pay(claim, "10")
    known = {"reference": "W-get", "number": "H-get"}
    session.commit()
    number, waiting = two_imports()
    known |= {"import": number, "job": waiting.name}
    user = create_user("g@example.com", "G", Role.VIEWER, actor="open")
    known["secret"] = make_link(user, actor="open")
    session.commit()
    session.remove()
    with app.test_request_context():
        keep_export(file_request(Contents.CLAIMS, MultiDict()), "E-get", "", actor="open")
        return [
            address_of(app, rule, known)
            for rule in app.url_map.iter_rules()
            if "GET" in rule.methods and rule.endpoint != "users.change_password"
        ]


def two_imports() -> tuple[int, Job]:
    """One that is loaded, and one that waits, with a refused row."""
    loaded = receive([("a.csv", BytesIO(b"claim;cost\nA;1\n"))], actor="open")
    try_import(loaded)
    loaded.ask(is_confirmed=True)
    number = load_import(loaded).import_id
    waiting = receive([("b.csv", BytesIO(b"claim;cost\nB;x\nC;1\n"))], actor="open")
    try_import(waiting)
    return number, waiting


def address_of(app, rule, known: dict) -> str:
    values = {name: known.get(name, "pay") for name in rule.arguments}
    if rule.endpoint.startswith("exports."):
        values = dict.fromkeys(values, "E-get")
    if rule.endpoint.startswith("imports."):
        values |= {"number": known["import"], "name": known["job"], "at": 0}
    if rule.endpoint == "claims.reverse":
        values["number"] = 2
    if rule.endpoint == "users.person":
        values["email"] = "g@example.com"
    if rule.endpoint in STATIC:
        values["filename"] = STATIC[rule.endpoint]
    if rule.endpoint == "overview.find":
        values["number"] = "W-get"
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def test_no_get_changes_the_book_but_one(app, session, client, addresses):
    modes = []
    app.before_request_funcs[None].append(lambda: modes.append(work_mode.get()))
    before = watermark()
    session.remove()

    for address in addresses:
        is_read = address.rstrip("/") != WRITES_ON_GET
        for method in (client.head, client.get) if is_read else (client.head,):
            with method(address) as answer:
                assert answer.status_code < 400, (address, answer.status_code)
            assert watermark() == before, address
            session.remove()

    assert set(modes) == {"read"}
    assert WRITES_ON_GET in {address.rstrip("/") for address in addresses}
    assert client.get(WRITES_ON_GET).status_code < 400
    assert watermark() != before
