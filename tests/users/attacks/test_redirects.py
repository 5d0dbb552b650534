"""Wherever an address says to go on to, one stays in the book."""

import re
from urllib.parse import urljoin, urlsplit

from flaskr.users.models import Role
from tests.users.attacks.hostile import ELSEWHERE
from tests.users.gate.askers import make_asker
from tests.users.people import csrf_of, let_in, sign_in

HOME = "http://localhost"


def where(location: str) -> str:
    """The host at which a browser ends: it drops tabs and line ends, and turns backslashes."""
    as_read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    ends = urlsplit(urljoin(f"{HOME}/sign_in", as_read))
    return f"{ends.scheme}://{ends.netloc}"


def stays(answer) -> bool:
    """Whether an answer leads nowhere else, and has no header that was slipped in."""
    is_split = any("\n" in value or "\r" in value for _, value in answer.headers)
    leads = answer.headers.get("Location")
    return (
        not is_split
        and "X-Injected" not in answer.headers
        and (leads is None or where(leads) == HOME)
    )


def test_signing_in_leads_to_own_pages(sqlite_signed_in):
    email = let_in(sqlite_signed_in, Role.VIEWER)
    client = sqlite_signed_in.test_client()
    sign_in(client, email)

    for elsewhere in ELSEWHERE:
        given = {"next": elsewhere}
        again = client.get("/sign_in", query_string=given)
        assert (again.status_code, stays(again)) == (302, True), elsewhere
        page = sqlite_signed_in.test_client().get("/sign_in", query_string=given)
        assert (page.status_code, stays(page)) == (200, True), elsewhere
    for elsewhere in ELSEWHERE[::3]:  # each costs what argon2 costs
        entered = sign_in(sqlite_signed_in.test_client(), email, next=elsewhere)
        assert (entered.status_code, stays(entered)) == (303, True), elsewhere


def test_no_path_leads_away(sqlite_signed_in):
    for letter in "nh":
        client = make_asker(sqlite_signed_in, letter).client
        for elsewhere in ELSEWHERE:
            for before in ("", "/", "//", "/claims/", "/people/"):
                sent = {"PATH_INFO": before + elsewhere.encode().decode("latin-1")}
                answer = client.get("/", environ_overrides=sent, headers={"Accept": "text/html"})
                assert stays(answer), sent


def test_no_parameter_leads_away(sqlite_signed_in):
    client = make_asker(sqlite_signed_in, "h").client
    for page, name in (("/find", "number"), ("/claims", "text"), ("/policies", "text")):
        for elsewhere in ELSEWHERE:
            given = {name: elsewhere, "sort": ""}
            assert stays(client.get(page, query_string=given)), given


def test_a_refused_sign_in_keeps_where_one_was_going_and_leads_nowhere_yet(sqlite_signed_in):
    client = sqlite_signed_in.test_client()
    for elsewhere in ELSEWHERE[:8]:
        refused = sign_in(client, "who@example.com", "wrong", next=elsewhere)
        assert refused.status_code == 422
        assert "Location" not in refused.headers
        assert csrf_of(refused.text)


def test_many_of_these_would_lead_away():
    assert sum(where(elsewhere) != HOME for elsewhere in ELSEWHERE) > 10
