"""What is refused leaves its refusal and nothing else; what is only looked at leaves nothing."""

from flaskr.extensions import db
from flaskr.users.models import Role
from tests.audit.test_tour import LINK
from tests.audit.touring import HANDLER
from tests.users.people import csrf_of, post, signed_in


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
        typed = "pay" if rule.endpoint == "claims.act" else "Anna Ek"
        values = dict.fromkeys(rule.arguments, typed) | {"reference": "Anna Ek"}
        values |= dict.fromkeys(("at", *["number"] * ("int:" in rule.rule)), "1")
        address = tour.app.url_map.bind("localhost").build(rule.endpoint, values)
        status = handler.post(address, data={"csrf_token": token}).status_code
        assert 400 <= status < 500, (address, status)
        [(action, who, kind, page)] = tour.new()
        assert (action, who, kind) == ("refused", HANDLER, "page"), address
        assert page.startswith("POST /"), address
        assert "Anna" not in page, "what is typed into an address may be a name"


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


def test_nobody_fills_the_trail_with_refusals_or_hides_others_by_them(tour):
    stranger, handler = tour.app.test_client(), signed_in(tour.app, Role.HANDLER)
    tour.new()

    for _ in range(70):
        stranger.post("/claims/new")
        handler.get("/people")
    stranger.post("/claims/new", environ_base={"REMOTE_ADDR": "127.0.0.2"})

    found = [who for _, who, _, _ in tour.new()]
    assert (found.count("nobody"), found.count(HANDLER)) == (61, 60)


def test_a_one_time_link_is_not_in_the_trail_when_it_is_used_in_vain(tour):
    administrator, visitor = signed_in(tour.app, Role.ADMINISTRATOR), tour.app.test_client()
    link = LINK.search(post(administrator, f"/people/{HANDLER}/link").text)[0]

    post(visitor, link, {"password": "kort", "again": "kort"}, page=link)
    visitor.post(link)
    visitor.get(link, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})

    with tour.app.app_context():
        rows = db.session.execute(db.text("SELECT * FROM audit_events")).all()
    assert link.rpartition("/")[2] not in repr(rows)
    assert [each[3] for each in tour.new()][-3:] == [
        "POST /set_password/<secret>",
        "POST /set_password/<secret>",
        "GET /set_password/<secret>",
    ]
