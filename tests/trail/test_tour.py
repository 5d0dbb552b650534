"""A tour through everything that writes: each step leaves exactly its event, by whom it was.

And each step refused leaves its refusal. A page that takes forms and is not in the tour fails it.
"""

import re

import pytest
from flask import request

from flaskr.extensions import db
from flaskr.trail.models import AuditEvent
from flaskr.users.models import Role
from tests.browsing import send as fill_in
from tests.imports.uploading import form_of, load, read_again, take_step, upload
from tests.users.people import PASSWORD, csrf_of, let_in, post, sign_in, signed_in

HANDLER, ACTUARY, ADMINISTRATOR = (
    f"{r}@example.com" for r in ("handler", "actuary", "administrator")
)
NEW_PASSWORD = "ladugård propeller 3 saffran"
LINK = re.compile(r"/set_password/[\w-]{43}")
WRITES_NOTHING = {"exports.verify"}  # adds a file up, and keeps nothing of it


class Tour:
    """People of three roles at work in one book; `steps` are what each left in the trail."""

    def __init__(self, app) -> None:
        self.app = app
        for role in (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR):
            let_in(app, role)
        self.visited: set[str] = set()
        app.before_request(self.note)
        self.last = 0
        self.new()

    def note(self) -> None:
        if request.method == "POST" and request.endpoint:
            self.visited.add(request.endpoint)

    def new(self) -> list[tuple[str, str, str, str]]:
        """What came since: (action, who, on what kind, on what)."""
        with self.app.app_context():
            told = db.select(AuditEvent).where(AuditEvent.id > self.last).order_by(AuditEvent.id)
            found = db.session.scalars(told).all()
            self.last = found[-1].id if found else self.last
            return [
                (each.action.value, each.actor, each.subject_kind.value, each.subject)
                for each in found
            ]


@pytest.fixture
def tour(signed_in_app) -> Tour:
    return Tour(signed_in_app)


def send(client, address: str, **typed: str) -> None:
    answer = fill_in(client, address, **typed)
    assert answer.status_code in (303, 200), (address, answer.text)


def work_a_claim(tour: Tour, handler) -> None:
    day = {"loss_date": "2026-01-02", "reported_date": "2026-01-03"}
    policy = {
        **{"policy_number": "P1", "line_of_business": "home", "policyholder": "Åsa Ek"},
        **{"inception_date": "2026-01-01", "expiry_date": "2027-01-01"},
        **{"premium": "100", "deductible": "10"},
    }
    send(handler, "/policies/new", **policy)
    assert tour.new() == [("policy_recorded", HANDLER, "policy", "P1")]
    send(handler, "/claims/new", policy_number="P1", claim_reference="K1", reserve="500", **day)
    assert tour.new() == [
        ("claim_reported", HANDLER, "claim", "K1"),
        ("entry_posted", HANDLER, "claim", "K1"),
    ]
    send(handler, "/claims/K1/edit", cause="fire")
    assert tour.new() == [("claim_edited", HANDLER, "claim", "K1")]
    entries = (
        ("reserve", {"amount": "600"}),
        ("pay", {"amount": "100"}),
        ("recover", {"amount": "40", "kind": "salvage"}),
        ("close", {}),
        ("reopen", {"amount": "5", "reason": "more"}),
    )
    for action, typed in entries:
        send(handler, f"/claims/K1/{action}", **typed)
        assert tour.new() == [("entry_posted", HANDLER, "claim", "K1")], action
    send(handler, "/claims/K1/reverse/4", reason="wrong")
    assert tour.new() == [("entry_posted", HANDLER, "claim", "K1")]
    send(handler, "/policies/P1/edit", premium="120")
    assert tour.new() == [("policy_edited", HANDLER, "policy", "P1")]
    send(handler, "/policies/P1/cancel", cancelled_on="2026-06-01")
    assert tour.new() == [("policy_edited", HANDLER, "policy", "P1")]
    handler.get("/generate_random_claim")
    kinds = {(action, who) for action, who, _, _ in tour.new()}
    assert {("claim_reported", HANDLER), ("entry_posted", HANDLER)} <= kinds


def import_and_undo(tour: Tour, handler, administrator) -> None:
    page = upload(handler, ("a.csv", "skada;cost\nK2;1\n"))
    [(action, who, kind, job)] = tour.new()
    assert (action, who, kind) == ("import_sent", HANDLER, "import")
    page = read_again(handler, page)
    assert tour.new() == [("import_read_again", HANDLER, "import", job)]
    take_step(handler, page, "drop")
    assert tour.new() == [("import_dropped", HANDLER, "import", job)]
    page = upload(handler, ("a.csv", "claim;cost\nK2;1\n"))
    tour.new()
    assert form_of(page, "load")
    load(handler, page)
    [(action, who, kind, number)] = tour.new()
    assert (action, who, kind) == ("import_loaded", HANDLER, "import")
    send(administrator, f"/imports/{number}/undo")
    [(action, who, kind, undone)] = tour.new()
    assert (action, who, kind) == ("import_undone", ADMINISTRATOR, "import")


def take_files(tour: Tour, handler, actuary) -> None:
    handler.get("/export_claims?status=open").close()
    assert tour.new() == [
        ("file_exported", HANDLER, "file", "/export_claims?format=csv&status=open")
    ]
    handler.get("/export_claims?status=open", headers={"If-None-Match": "*"}).close()
    handler.head("/export_claims?status=open").close()
    actuary.get("/export_ledger?manifest=1")
    assert [each[:2] for each in tour.new()] == [("manifest_read", ACTUARY)]
    send(actuary, "/exports", name="year end", form="parquet", contents="claims")
    assert tour.new() == [("export_kept", ACTUARY, "file", "year end")]
    actuary.get("/exports/year end").close()
    assert tour.new() == [("kept_export_read", ACTUARY, "file", "year end")]
    send(actuary, "/exports/year end/delete")
    assert tour.new() == [("kept_export_deleted", ACTUARY, "file", "year end")]


def look_after_people(tour: Tour, administrator) -> None:
    bo = "bo@example.com"
    send(administrator, "/people/new", email=bo, name="Bo", role="viewer")
    assert tour.new() == [
        ("user_created", ADMINISTRATOR, "user", bo),
        ("link_made", ADMINISTRATOR, "user", bo),
    ]
    link = LINK.search(post(administrator, f"/people/{bo}/link").text)[0]
    assert tour.new() == [("link_made", ADMINISTRATOR, "user", bo)]
    client = tour.app.test_client()
    send(client, link, password=PASSWORD, again=PASSWORD)
    assert tour.new() == [("password_set", bo, "user", bo)]
    sign_in(client, bo)
    assert tour.new() == [("signed_in", bo, "user", bo)]
    changed = {"present": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    send(client, "/account/password", **changed)
    assert tour.new() == [("password_set", bo, "user", bo)]
    post(client, "/account/tokens", {"label": "x", "scope": "read", "days": "7"})
    assert tour.new() == [("token_made", bo, "user", bo)]
    token = re.search(r"/account/tokens/(\w+)/revoke", client.get("/account").text)[0]
    post(client, token)
    assert tour.new() == [("token_revoked", bo, "user", bo)]
    sign_in(tour.app.test_client(), bo, NEW_PASSWORD)
    other = re.search(r"/account/sessions/(\w+)/end", client.get("/account").text)[0]
    tour.new()
    post(client, other)
    assert tour.new() == [("session_ended", bo, "user", bo)]
    post(client, "/sign_out")
    assert tour.new() == [("signed_out", bo, "user", bo)]
    send(administrator, f"/people/{bo}", role="actuary")
    assert tour.new() == [("user_changed", ADMINISTRATOR, "user", bo)]
    post(administrator, f"/people/{bo}/sign_out")
    assert tour.new() == [("session_ended", ADMINISTRATOR, "user", bo)]


def test_every_write_leaves_exactly_its_event(tour):
    handler, actuary, administrator = (
        signed_in(tour.app, role) for role in (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR)
    )
    assert [each[:2] for each in tour.new()] == [
        ("signed_in", HANDLER),
        ("signed_in", ACTUARY),
        ("signed_in", ADMINISTRATOR),
    ]

    work_a_claim(tour, handler)
    import_and_undo(tour, handler, administrator)
    take_files(tour, handler, actuary)
    look_after_people(tour, administrator)

    takes_forms = {
        rule.endpoint for rule in tour.app.url_map.iter_rules() if "POST" in rule.methods
    }
    assert takes_forms - tour.visited == WRITES_NOTHING


def test_looking_leaves_nothing(tour):
    administrator = signed_in(tour.app, Role.ADMINISTRATOR)
    tour.new()

    for address in ("/", "/claims", "/policies", "/imports", "/people", "/trail", "/account"):
        assert administrator.get(address).status_code == 200

    assert tour.new() == []


def test_every_refused_write_leaves_its_refusal_and_nothing_else(tour):
    handler = signed_in(tour.app, Role.HANDLER)
    token = csrf_of(handler.get("/account").text)
    tour.new()
    takes_forms = [
        rule
        for rule in tour.app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint not in ("users.sign_in", "users.sign_out")
    ]

    for rule in takes_forms:
        values = {name: "1" if name in ("number", "at") else "pay" for name in rule.arguments}
        address = tour.app.url_map.bind("localhost").build(rule.endpoint, values)
        status = handler.post(address, data={"csrf_token": token}).status_code
        assert 400 <= status < 500, (address, status)
        assert tour.new() == [("refused", HANDLER, "page", f"POST {address}")], address


def test_a_page_out_of_reach_and_a_forged_token_leave_a_refusal(tour):
    handler = signed_in(tour.app, Role.HANDLER)
    stranger = tour.app.test_client()
    tour.new()

    handler.get("/people")
    stranger.get("/export_claims", headers={"Authorization": "Bearer claimbook_x"})
    stranger.post("/claims/new")
    stranger.get("/claims")  # is sent to sign in, or told to: no harm done

    assert tour.new() == [
        ("refused", HANDLER, "page", "GET /people"),
        ("refused", "nobody", "page", "GET /export_claims"),
        ("refused", "nobody", "page", "POST /claims/new"),
    ]


def test_what_nobody_sends_does_not_fill_the_trail(tour):
    stranger = tour.app.test_client()

    for _ in range(70):
        stranger.post("/claims/new")

    assert len(tour.new()) == 60
