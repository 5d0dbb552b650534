"""Refused requests record a refusal and nothing else; reading records nothing."""

from flaskr.extensions import db
from flaskr.users.models import Role
from tests.audit.test_tour import LINK
from tests.audit.touring import HANDLER
from tests.users.people import csrf_of, post, signed_in_client

# Of the pages whose address takes one of a few words.
ONE_OF = {"claims.act": {"name": "pay"}, "exports.change_kept": {"change": "delete"}}


def test_reading_pages_records_nothing(tour):
    administrator = signed_in_client(tour.app, Role.ADMINISTRATOR)
    tour.new_events()

    for address in ("/", "/claims", "/policies", "/imports", "/people", "/trail", "/account"):
        assert administrator.get(address).status_code == 200

    assert tour.new_events() == []


def test_every_refused_write_records_one_refusal_and_nothing_else(tour):
    handler = signed_in_client(tour.app, Role.HANDLER)
    token = csrf_of(handler.get("/account").text)
    tour.new_events()
    takes_forms = [
        rule
        for rule in tour.app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint not in ("users.sign_in", "users.sign_out")
    ]

    for rule in takes_forms:
        values = dict.fromkeys(rule.arguments, "Anna Ek") | ONE_OF.get(rule.endpoint, {})
        values |= dict.fromkeys(("at", *["number"] * ("int:" in rule.rule)), "1")
        address = tour.app.url_map.bind("localhost").build(rule.endpoint, values)
        status = handler.post(address, data={"csrf_token": token}).status_code
        assert 400 <= status < 500, (address, status)
        [(action, who, kind, page)] = tour.new_events()
        assert (action, who, kind) == ("refused", HANDLER, "page"), address
        assert page.startswith("POST /"), address
        assert "Anna" not in page, "what is typed into an address may be a name"


def test_a_forbidden_page_and_a_made_up_method_are_recorded(tour):
    handler = signed_in_client(tour.app, Role.HANDLER)
    tour.new_events()

    handler.get("/people")
    handler.open("/people", method="ANNA-EK")

    assert tour.new_events() == [
        ("refused", HANDLER, "page", "GET /people"),
        ("refused", HANDLER, "page", "other (no such page)"),
    ]


def test_refusals_recorded_for_one_address_are_limited(tour):
    handler = signed_in_client(tour.app, Role.HANDLER)
    tour.new_events()

    for _ in range(70):
        handler.get("/people")
    handler.get("/people", environ_base={"REMOTE_ADDR": "127.0.0.2"})

    assert tour.new_events() == [("refused", HANDLER, "page", "GET /people")] * 61


def test_a_failed_use_of_a_password_link_does_not_record_its_secret(tour):
    administrator, visitor = signed_in_client(tour.app, Role.ADMINISTRATOR), tour.app.test_client()
    link = LINK.search(post(administrator, f"/people/{HANDLER}/link").text)[0]

    post(visitor, link, {"password": "kort", "again": "kort"}, page=link)
    visitor.post(link)
    visitor.get(link, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})

    with tour.app.app_context():
        events = db.session.execute(db.text("SELECT * FROM audit_events")).all()
        counts = db.session.execute(db.text("SELECT page, status, count FROM refusal_counts")).all()
    assert link.rpartition("/")[2] not in repr(events) + repr(counts)
    assert sorted({row.page for row in counts}) == [
        "GET /set_password/<secret>",
        "POST /set_password/<secret>",
    ]
