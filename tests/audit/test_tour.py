"""A tour of everything that writes: each step records exactly one event, with its actor.

And each step refused leaves its refusal. A page that takes forms and is not in the tour fails it.
"""

import re
from pathlib import Path

from flaskr.exports.kept.files import folder_of
from flaskr.users.models import Role
from tests.audit.touring import ACTUARY, ADMINISTRATOR, HANDLER, Tour
from tests.browsing import send as fill_in
from tests.imports.uploading import form_of, load, read_again, take_step, upload
from tests.users.people import PASSWORD, post, sign_in, signed_in_client
from tests.users.second_factor.phones import CODES_SHOWN, SETUP, enter_code, set_up

NEW_PASSWORD = "ladugård propeller 3 saffran"
TOKEN = {"label": "x", "scope": "read", "days": "7", "present": PASSWORD}
LINK = re.compile(r"/set_password/[\w-]{43}")
WRITES_NOTHING = {"exports.verify"}  # sums a file up, and stores nothing


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
    assert tour.new_events() == [("policy_recorded", HANDLER, "policy", "P1")]
    send(handler, "/claims/new", policy_number="P1", claim_reference="K1", reserve="500", **day)
    assert tour.new_events() == [
        ("claim_reported", HANDLER, "claim", "K1"),
        ("entry_posted", HANDLER, "claim", "K1"),
    ]
    send(handler, "/claims/K1/edit", cause="fire")
    assert tour.new_events() == [("claim_edited", HANDLER, "claim", "K1")]
    entries = (
        ("reserve", {"amount": "600"}),
        ("pay", {"amount": "100"}),
        ("recover", {"amount": "40", "kind": "salvage"}),
        ("repay", {"amount": "5"}),
        ("close", {}),
        ("reopen", {"amount": "5", "reason_code": "new_information"}),
    )
    for action, typed in entries:
        send(handler, f"/claims/K1/{action}", **typed)
        assert tour.new_events() == [("entry_posted", HANDLER, "claim", "K1")], action
    send(handler, "/claims/K1/reverse/4", reason_code="wrong_claim")
    assert tour.new_events() == [("entry_posted", HANDLER, "claim", "K1")]
    send(handler, "/policies/P1/edit", premium="120")
    assert tour.new_events() == [("policy_edited", HANDLER, "policy", "P1")]
    send(handler, "/policies/P1/cancel", cancelled_on="2026-06-01")
    assert tour.new_events() == [("policy_edited", HANDLER, "policy", "P1")]
    handler.get("/generate_random_claim")
    kinds = {(action, who) for action, who, _, _ in tour.new_events()}
    assert {("claim_reported", HANDLER), ("entry_posted", HANDLER)} <= kinds


def import_and_undo(tour: Tour, handler, administrator) -> None:
    page = upload(handler, ("a.csv", "skada;cost\nK2;1\n"))
    [(action, who, kind, job)] = tour.new_events()
    assert (action, who, kind) == ("import_sent", HANDLER, "import")
    page = read_again(handler, page)
    assert tour.new_events() == [("import_read_again", HANDLER, "import", job)]
    take_step(handler, page, "drop")
    assert tour.new_events() == [("import_dropped", HANDLER, "import", job)]
    page = upload(handler, ("a.csv", "claim;cost\nK2;1\n"))
    tour.new_events()
    assert form_of(page, "load")
    load(handler, page)
    [(action, who, kind, number)] = tour.new_events()
    assert (action, who, kind) == ("import_loaded", HANDLER, "import")
    send(administrator, f"/imports/{number}/undo", reason_code="booked_twice")
    [(action, who, kind, undone)] = tour.new_events()
    assert (action, who, kind) == ("import_undone", ADMINISTRATOR, "import")


def take_files(tour: Tour, handler, actuary) -> None:
    handler.get("/export_claims?status=open").close()
    assert tour.new_events() == [
        ("file_exported", HANDLER, "file", "/export_claims?format=csv&status=open")
    ]
    handler.get("/export_claims?status=open", headers={"If-None-Match": "*"}).close()
    handler.head("/export_claims?status=open").close()
    actuary.get("/export_ledger?manifest=1")
    assert [each[:2] for each in tour.new_events()] == [("manifest_read", ACTUARY)]
    send(actuary, "/exports", name="year end", form="parquet", contents="claims")
    kept = folder_of(Path(), "year end").name  # not the name, which may be a person's
    assert tour.new_events() == [("export_kept", ACTUARY, "file", kept)]
    actuary.get("/exports/year end").close()
    assert tour.new_events() == [("kept_export_read", ACTUARY, "file", kept)]
    send(actuary, "/exports/year end/delete", reason="not needed")
    assert tour.new_events() == [("kept_export_deleted", ACTUARY, "file", kept)]


def go_live_and_close(tour: Tour, actuary, administrator) -> None:
    send(administrator, "/closings/live")
    assert tour.new_events() == [("book_declared_live", ADMINISTRATOR, "book", "book")]
    send(actuary, "/closings/new", closed_through="2025-12-31")
    assert tour.new_events() == [("period_closed", ACTUARY, "book", "book")]


def answer_a_person(tour: Tour, administrator) -> None:
    typed = {"policy": "P1", "reason": "asked by the person"}
    send(administrator, "/people/show", **typed)
    assert {each[:2] for each in tour.new_events()} == {("person_shown", ADMINISTRATOR)}
    send(administrator, "/people/erase", **typed, erase="y")
    assert {each[:2] for each in tour.new_events()} == {("person_erased", ADMINISTRATOR)}


def look_after_people(tour: Tour, administrator) -> None:
    bo = "bo@example.com"
    send(administrator, "/people/new", email=bo, name="Bo", role="viewer")
    assert tour.new_events() == [
        ("user_created", ADMINISTRATOR, "user", bo),
        ("link_made", ADMINISTRATOR, "user", bo),
    ]
    link = LINK.search(post(administrator, f"/people/{bo}/link").text)[0]
    assert tour.new_events() == [("link_made", ADMINISTRATOR, "user", bo)]
    client = tour.app.test_client()
    send(client, link, password=PASSWORD, again=PASSWORD)
    assert tour.new_events() == [("password_set", bo, "user", bo)]
    sign_in(client, bo)
    assert tour.new_events() == [("signed_in", bo, "user", bo)]
    changed = {"present": PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    send(client, "/account/password", **changed)
    assert tour.new_events() == [("password_set", bo, "user", bo)]
    post(client, "/account/tokens", TOKEN | {"present": NEW_PASSWORD})
    assert tour.new_events() == [("token_made", bo, "user", bo)]
    token = re.search(r"/account/tokens/(\w+)/revoke", client.get("/account").text)[0]
    post(client, token)
    assert tour.new_events() == [("token_revoked", bo, "user", bo)]
    sign_in(tour.app.test_client(), bo, NEW_PASSWORD)
    other = re.search(r"/account/sessions/(\w+)/end", client.get("/account").text)[0]
    tour.new_events()
    post(client, other)
    assert tour.new_events() == [("session_ended", bo, "user", bo)]
    post(client, "/sign_out")
    assert tour.new_events() == [("signed_out", bo, "user", bo)]
    send(administrator, f"/people/{bo}", role="actuary")
    assert tour.new_events() == [("user_changed", ADMINISTRATOR, "user", bo)]
    post(administrator, f"/people/{bo}/sign_out")
    assert tour.new_events() == [("session_ended", ADMINISTRATOR, "user", bo)]


def use_a_second_factor(tour: Tour, handler, administrator) -> None:
    phone = set_up(handler)
    assert tour.new_events() == [("second_factor_set", HANDLER, "user", HANDLER)]
    proofs = {"present": PASSWORD, "code": phone.code()}
    renewed = post(handler, f"{SETUP}/recovery_codes", proofs).text
    assert tour.new_events() == [("recovery_codes_made", HANDLER, "user", HANDLER)]
    post(handler, f"{SETUP}/remove", proofs)
    assert tour.new_events() == [("code_failed", HANDLER, "user", HANDLER)]
    client = tour.app.test_client()
    sign_in(client, HANDLER)
    enter_code(client, CODES_SHOWN.search(renewed)[1])
    assert tour.new_events() == [
        ("recovery_code_used", HANDLER, "user", HANDLER),
        ("signed_in", HANDLER, "user", HANDLER),
    ]
    post(administrator, f"/people/{HANDLER}/second_factor/remove")
    assert tour.new_events() == [("second_factor_removed", ADMINISTRATOR, "user", HANDLER)]


def test_every_write_records_exactly_one_event(tour):
    handler, actuary, administrator = (
        signed_in_client(tour.app, role)
        for role in (Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR)
    )
    assert [each[:2] for each in tour.new_events()] == [
        ("signed_in", HANDLER),
        ("signed_in", ACTUARY),
        ("signed_in", ADMINISTRATOR),
    ]

    work_a_claim(tour, handler)
    import_and_undo(tour, handler, administrator)
    take_files(tour, handler, actuary)
    go_live_and_close(tour, actuary, administrator)
    answer_a_person(tour, administrator)
    look_after_people(tour, administrator)
    use_a_second_factor(tour, handler, administrator)

    takes_forms = {
        rule.endpoint for rule in tour.app.url_map.iter_rules() if "POST" in rule.methods
    }
    assert takes_forms - tour.visited == WRITES_NOTHING
