"""What a person is told when they sign in, and on their account."""

from flaskr.users.models import Role
from tests.users.people import PASSWORD, add_user, email_of, post, sign_in, signed_in_client
from tests.users.test_people import LINK, set_password

EMAIL = email_of(Role.HANDLER)
OTHER_PASSWORD = "kvarnhjul under paraply 9"


def told(client, password: str = PASSWORD) -> str:
    """The first page after signing in."""
    return client.get(sign_in(client, EMAIL, password).location).text


def test_nothing_is_told_at_the_first_sign_in(signed_in_app):
    add_user(signed_in_app, Role.HANDLER)

    assert 'role="status"' not in told(signed_in_app.test_client())


def test_the_last_sign_in_and_the_failures_since_are_told(signed_in_app):
    signed_in_client(signed_in_app, Role.HANDLER)
    assert "failed" not in told(signed_in_app.test_client())
    for _ in range(2):
        sign_in(signed_in_app.test_client(), EMAIL, "wrong")

    page = told(signed_in_app.test_client())

    assert "You last signed in on" in page
    assert "from 127.0.0.1. Since then 2 attempts have failed." in page


def test_a_link_that_was_made_and_used_by_an_administrator_is_told_to_the_person(signed_in_app):
    own = signed_in_client(signed_in_app, Role.HANDLER)
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    link = LINK.search(post(administrator, f"/people/{EMAIL}/link").text)[0]
    impostor = signed_in_app.test_client()
    set_password(impostor, link, OTHER_PASSWORD)
    assert sign_in(impostor, EMAIL, OTHER_PASSWORD).status_code == 303
    own.delete_cookie("claimbook_session")

    page = told(own, OTHER_PASSWORD)

    told_of_link = "administrator@example.com made a link to set your password on"
    assert told_of_link in page
    account = own.get("/account").text
    assert "Password link created" in account
    assert "not you" in account
    own.delete_cookie("claimbook_session")
    assert told_of_link not in told(own, OTHER_PASSWORD)  # told in this browser
