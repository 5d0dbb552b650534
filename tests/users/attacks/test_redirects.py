"""No request is redirected to another site."""

import re
from urllib.parse import urljoin, urlsplit

from flaskr.users.models import Role
from tests.users.attacks.hostile import ELSEWHERE
from tests.users.gate.role_clients import make_role_client
from tests.users.people import add_user, csrf_of, sign_in

BOOK_HOST = "http://localhost"


def where(location: str) -> str:
    """The host a browser goes to: browsers drop tabs and line breaks, and read \\ as /."""
    as_read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    ends = urlsplit(urljoin(f"{BOOK_HOST}/sign_in", as_read))
    return f"{ends.scheme}://{ends.netloc}"


def stays(answer) -> bool:
    """Whether a response stays on this host, without injected headers."""
    is_split = any("\n" in value or "\r" in value for _, value in answer.headers)
    leads = answer.headers.get("Location")
    return (
        not is_split
        and "X-Injected" not in answer.headers
        and (leads is None or where(leads) == BOOK_HOST)
    )


def test_signing_in_redirects_to_pages_of_the_book(sqlite_signed_in):
    email = add_user(sqlite_signed_in, Role.VIEWER)
    client = sqlite_signed_in.test_client()
    sign_in(client, email)

    for elsewhere in ELSEWHERE:
        given = {"next": elsewhere}
        again = client.get("/sign_in", query_string=given)
        assert (again.status_code, stays(again)) == (302, True), elsewhere
        page = sqlite_signed_in.test_client().get("/sign_in", query_string=given)
        assert (page.status_code, stays(page)) == (200, True), elsewhere
    for elsewhere in ELSEWHERE[::3]:  # each takes as long as argon2
        entered = sign_in(sqlite_signed_in.test_client(), email, next=elsewhere)
        assert (entered.status_code, stays(entered)) == (303, True), elsewhere


def test_no_path_redirects_to_another_site(sqlite_signed_in):
    for letter in "nh":
        client = make_role_client(sqlite_signed_in, letter).client
        for elsewhere in ELSEWHERE:
            for before in ("", "/", "//", "/claims/", "/people/"):
                sent = {"PATH_INFO": before + elsewhere.encode().decode("latin-1")}
                answer = client.get("/", environ_overrides=sent, headers={"Accept": "text/html"})
                assert stays(answer), sent


def test_no_parameter_redirects_to_another_site(sqlite_signed_in):
    client = make_role_client(sqlite_signed_in, "h").client
    for page, name in (("/find", "number"), ("/claims", "text"), ("/policies", "text")):
        for elsewhere in ELSEWHERE:
            given = {name: elsewhere, "sort": ""}
            assert stays(client.get(page, query_string=given)), given


def test_a_refused_sign_in_keeps_the_next_page_and_does_not_redirect(sqlite_signed_in):
    client = sqlite_signed_in.test_client()
    for elsewhere in ELSEWHERE[:8]:
        refused = sign_in(client, "who@example.com", "wrong", next=elsewhere)
        assert refused.status_code == 422
        assert "Location" not in refused.headers
        assert csrf_of(refused.text)


def test_the_hostile_addresses_would_lead_away_if_they_were_followed():
    assert sum(where(elsewhere) != BOOK_HOST for elsewhere in ELSEWHERE) > 10
