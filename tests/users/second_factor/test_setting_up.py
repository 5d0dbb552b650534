"""Setting up, removing and requiring a second factor, and what is recorded and told."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.errors import SettingsError
from flaskr.users.models import Role
from tests.users.people import (
    PASSWORD,
    add_user,
    csrf_of,
    email_of,
    post,
    sign_in,
    signed_in_client,
    signed_in_settings,
    token_headers,
)
from tests.users.second_factor.phones import (
    CODES_SHOWN,
    SECRET_SHOWN,
    SETUP,
    enter_code,
    half_signed_in,
    set_up,
    user_with_phone,
)
from tests.users.signing_in.test_signing_in import events

EMAIL = email_of(Role.HANDLER)


def test_setting_up_shows_the_secret_and_the_codes_once_and_ends_other_sessions(signed_in_app):
    here, elsewhere = (signed_in_client(signed_in_app, Role.HANDLER) for _ in range(2))

    phone = set_up(here)

    assert len(phone.recovery_codes) == 10
    assert elsewhere.get("/claims").status_code == 401
    assert here.get("/claims").status_code == 200
    account, page = here.get("/account").text, here.get(SETUP).text
    assert "10 of 10 recovery codes left" in account
    assert not SECRET_SHOWN.search(page)
    assert not CODES_SHOWN.search(page)
    assert events(signed_in_app)[-1] == ("second_factor_set", EMAIL, EMAIL)


def test_the_picture_is_an_svg_that_the_content_security_policy_allows(signed_in_app):
    client = signed_in_client(signed_in_app, Role.HANDLER)

    page = post(client, SETUP, {"present": PASSWORD}, page=SETUP)

    assert 'src="data:image/svg+xml,%3Csvg' in page.text
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_setting_up_asks_for_the_password_and_a_right_first_code(signed_in_app):
    client = signed_in_client(signed_in_app, Role.HANDLER)

    wrong = post(client, SETUP, {"present": "wrong"}, page=SETUP)
    scanned = post(client, SETUP, {"present": PASSWORD}, page=SETUP)
    refused = post(client, f"{SETUP}/confirm", {"code": "000000"})

    assert "This is not your current password." in wrong.text
    assert SECRET_SHOWN.search(scanned.text)
    assert refused.status_code == 422
    assert not SECRET_SHOWN.search(refused.text)
    assert sign_in(signed_in_app.test_client(), EMAIL).location == "/"
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16)):
        assert "Start again" in post(client, f"{SETUP}/confirm", {"code": "000000"}).text


def test_it_is_removed_and_gets_new_codes_only_with_password_and_code(signed_in_app):
    client = signed_in_client(signed_in_app, Role.HANDLER)
    phone = set_up(client)
    codes = f"{SETUP}/recovery_codes"

    for form in ({"present": "wrong", "code": phone.code()}, {"present": PASSWORD, "code": "0"}):
        assert post(client, f"{SETUP}/remove", form).status_code == 422
    renewed = post(client, codes, {"present": PASSWORD, "code": phone.code()})
    used = post(client, f"{SETUP}/remove", {"present": PASSWORD, "code": phone.code()})
    removed = post(client, f"{SETUP}/remove", {"present": PASSWORD, "code": phone.code(1)})

    assert len(set(CODES_SHOWN.findall(renewed.text)) - set(phone.recovery_codes)) == 10
    assert (used.status_code, removed.status_code) == (422, 303)
    assert client.get("/claims").status_code == 200
    assert sign_in(signed_in_app.test_client(), EMAIL).location == "/"
    actions = [action for action, _, _ in events(signed_in_app)]
    assert {"recovery_codes_made", "second_factor_removed"} <= set(actions)


def test_an_administrator_removes_it_and_the_person_is_told_by_whom(signed_in_app):
    user_with_phone(signed_in_app)
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)

    post(administrator, f"/people/{EMAIL}/second_factor/remove")
    again = post(administrator, f"/people/{EMAIL}/second_factor/remove")

    assert again.status_code == 422
    client = signed_in_app.test_client()
    front = client.get(sign_in(client, EMAIL).location).text
    assert "administrator@example.com removed your second factor on" in front
    assert "Second factor removed" in client.get("/account").text


def test_a_link_removes_no_second_factor(signed_in_app):
    user_with_phone(signed_in_app)
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)

    post(administrator, f"/people/{EMAIL}/link")

    half_signed_in(signed_in_app)


def required_app(book_settings, make_app, **changes):
    return make_app(signed_in_settings(book_settings, second_factor_roles=("handler",), **changes))


def test_a_required_second_factor_is_set_up_before_anything_else(book_settings, make_app):
    app = required_app(book_settings, make_app)
    client, program = signed_in_client(app, Role.HANDLER), token_headers(app, Role.HANDLER)
    accept = {"Accept": "text/html"}

    led = client.get("/claims", headers=accept)
    assert (led.status_code, led.location) == (303, SETUP)
    page = client.get(SETUP).text
    assert "Your role requires a second factor" in page
    form = {"csrf_token": csrf_of(page)}
    for address in ("/account/tokens", "/account/password", "/claims/new"):
        assert client.post(address, data=form).status_code == 403, address
    refused = app.test_client().get("/export_claims", headers=program)
    assert (refused.status_code, "requires a second factor" in refused.text) == (403, True)
    assert signed_in_client(app, Role.VIEWER).get("/claims").status_code == 200

    set_up(client)

    assert client.get("/claims", headers=accept).status_code == 200
    assert app.test_client().get("/export_claims", headers=program).status_code == 200


def test_a_required_second_factor_takes_a_role_that_exists(book_settings, make_app):
    with pytest.raises(SettingsError, match="SECOND_FACTOR_ROLES has 'boss'"):
        make_app(signed_in_settings(book_settings, second_factor_roles=("boss",)))


def test_nobody_sets_up_or_removes_anothers(signed_in_app):
    user_with_phone(signed_in_app)
    other = signed_in_client(signed_in_app, Role.VIEWER)
    phone = set_up(other)

    post(other, f"{SETUP}/remove", {"present": PASSWORD, "code": phone.code()})

    half_signed_in(signed_in_app)


def test_a_reader_signs_in_by_a_phone_after_setting_up(signed_in_app):
    phone = user_with_phone(signed_in_app, Role.VIEWER)

    entered = enter_code(half_signed_in(signed_in_app, Role.VIEWER), phone.code())

    assert (entered.status_code, entered.location) == (303, "/")
    assert add_user(signed_in_app, Role.VIEWER) == email_of(Role.VIEWER)
