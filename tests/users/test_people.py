"""Adding and changing users, and one-time links that set a password."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from flaskr.extensions import db
from flaskr.users.models import Role, User
from flaskr.users.services import change_user
from tests.users.people import (
    PASSWORD,
    add_user,
    csrf_of,
    post,
    sign_in,
    signed_in_client,
    token_headers,
)

LINK = re.compile(r"/set_password/[\w-]{43}")


def set_password(client, link: str, password: str = PASSWORD):
    form = {"password": password, "again": password}
    return post(client, link, form, page=link)


@pytest.fixture
def administrator(signed_in_app):
    return signed_in_client(signed_in_app, Role.ADMINISTRATOR)


def save(client, email: str, **changes):
    page = client.get(f"/people/{email}").text
    form = {
        "name": "Somebody",
        "role": "viewer",
        "is_active": "y",
        "version": re.search(r'name="version"[^>]*value="(\d+)"', page)[1],
        "csrf_token": csrf_of(page),
    }
    return client.post(f"/people/{email}", data={k: v for k, v in (form | changes).items() if v})


def test_a_new_user_sets_a_password_by_the_link(signed_in_app, administrator):
    form = {"email": "Anna@example.com", "name": "Anna Åberg", "role": "handler"}
    response = post(administrator, "/people/new", form, page="/people/new")
    link = LINK.search(response.text)[0]
    anna = signed_in_app.test_client()

    assert "anna@example.com" in anna.get(link).text.lower()
    assert set_password(anna, link).status_code == 303

    assert sign_in(anna, "anna@example.com").status_code == 303
    assert anna.get("/claims/new").status_code == 200
    assert anna.get(link).status_code == 410
    assert LINK.search(administrator.get("/people").text) is None


def test_a_link_ends_after_a_day_and_when_there_is_a_new_one(signed_in_app, administrator):
    email = add_user(signed_in_app, Role.VIEWER)
    first, second = (
        LINK.search(post(administrator, f"/people/{email}/link").text)[0] for _ in range(2)
    )
    visitor = signed_in_app.test_client()

    assert visitor.get(first).status_code == 410
    assert visitor.get(second).status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=1), tick=False):
        assert visitor.get(second).status_code == 410


def test_setting_a_password_by_a_link_ends_sessions_and_tokens(signed_in_app, administrator):
    before = signed_in_client(signed_in_app, Role.HANDLER)
    program = token_headers(signed_in_app, Role.HANDLER)
    link = LINK.search(post(administrator, "/people/handler@example.com/link").text)[0]

    assert before.get("/claims").status_code == 200
    set_password(signed_in_app.test_client(), link, "helt annan mening om grävling 4")

    assert before.get("/claims").status_code == 401
    assert signed_in_app.test_client().get("/export_claims", headers=program).status_code == 401


@pytest.mark.parametrize("change", [{"role": "actuary"}, {"is_active": ""}])
def test_a_changed_role_or_deactivation_ends_sessions(signed_in_app, administrator, change):
    viewer = signed_in_client(signed_in_app, Role.VIEWER)

    assert save(administrator, "viewer@example.com", **change).status_code == 303

    assert viewer.get("/claims").status_code == 401
    may_again = sign_in(signed_in_app.test_client(), "viewer@example.com").status_code
    assert may_again == (303 if "role" in change else 422)


def test_a_changed_name_ends_no_session(signed_in_app, administrator):
    viewer = signed_in_client(signed_in_app, Role.VIEWER)

    save(administrator, "viewer@example.com", name="Vera")

    assert viewer.get("/claims").status_code == 200
    assert "Vera" in administrator.get("/people").text


def test_the_last_administrator_stays(signed_in_app, administrator):
    for change in ({"role": "viewer"}, {"role": "administrator", "is_active": ""}):
        refused = save(administrator, "administrator@example.com", **change)
        assert (refused.status_code, "last administrator" in refused.text) == (422, True)

    add_user(signed_in_app, Role.ADMINISTRATOR, "second@example.com")
    assert save(administrator, "administrator@example.com").status_code == 303


def test_the_second_of_two_changes_to_a_user_is_refused(signed_in_app, administrator):
    add_user(signed_in_app, Role.VIEWER)
    save(administrator, "viewer@example.com", name="First")

    late = save(administrator, "viewer@example.com", version="1", name="Second")

    assert (late.status_code, "changed by somebody else" in late.text) == (409, True)


@pytest.mark.parametrize(
    "form",
    [
        {"email": "anna"},
        {"email": "a@b"},
        {"email": "a b@example.com"},
        {"email": "a/b@example.com"},
        {"email": "a" * 60 + "@example.com"},
        {"email": "ADMINISTRATOR@example.com"},
        {"email": "a\u202eb@example.com"},
        {"name": ""},
        {"name": "x" * 201},
        {"role": "owner"},
        {"role": ""},
    ],
)
def test_an_invalid_user_is_refused_with_the_reason(signed_in_app, administrator, form):
    filled = {"email": "a@example.com", "name": "A", "role": "viewer"} | form

    answer = post(administrator, "/people/new", filled, page="/people/new")

    assert answer.status_code == 422
    assert LINK.search(answer.text) is None


def test_the_first_user_by_command_is_an_administrator(signed_in_app):
    runner = signed_in_app.test_cli_runner()

    result = runner.invoke(args=["users", "create", "eva@example.com", "--name", "Eva"])
    later = runner.invoke(args=["users", "create", "bo@example.com"])

    assert "as administrator." in result.output
    assert "as viewer." in later.output
    eva = signed_in_app.test_client()
    set_password(eva, LINK.search(result.output)[0])
    assert sign_in(eva, "eva@example.com").status_code == 303
    assert eva.get("/people").status_code == 200
    listed = runner.invoke(args=["users", "list"]).output
    assert "eva@example.com  administrator  Eva" in listed
    assert "bo@example.com  viewer  bo@example.com  has no password yet" in listed


def test_a_command_gives_a_new_link_and_signs_out(signed_in_app):
    runner = signed_in_app.test_cli_runner()
    viewer = signed_in_client(signed_in_app, Role.VIEWER)

    link = runner.invoke(args=["users", "link", "viewer@example.com"])
    assert viewer.get(LINK.search(link.output)[0]).status_code == 200
    assert "signed out" in runner.invoke(args=["users", "sign-out", "viewer@example.com"]).output

    assert viewer.get("/claims").status_code == 401
    for command in ("link", "sign-out"):
        refused = runner.invoke(args=["users", command, "who@example.com"])
        assert (refused.exit_code, "There is no user" in refused.output) == (3, True)
    twice = runner.invoke(args=["users", "create", "viewer@example.com"])
    assert (twice.exit_code, "already a user" in twice.output) == (3, True)


def test_the_settings_page_shows_no_secret(signed_in_app, administrator):
    page = administrator.get("/settings").text

    assert "TRUSTED_HOSTS" in page
    for name in ("SECRET_KEY", "PSEUDONYM_KEY"):
        assert signed_in_app.config[name] not in page


def test_nothing_changes_when_nothing_is_changed(session):
    user = User(
        email="a@example.com",
        email_key="a@example.com",
        name="A",
        role=Role.VIEWER,
        is_active=True,
        made_at=datetime.now(UTC),
        version=1,
    )
    session.add(user)
    session.flush()

    same = change_user(
        user, name="A", role=Role.VIEWER, is_active=True, seen_version=1, actor="open"
    )

    assert same.version == 1
    assert db.session.scalar(db.text("SELECT count(*) FROM audit_events")) == 0
