"""Credentials are checked again when they are written, and guesses are limited."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from flaskr.database.modes import current_mode
from flaskr.extensions import db
from flaskr.settings import PROJECT_FOLDER
from flaskr.users.models import Role, SignInAttempt, User
from flaskr.users.passwords import hash_password
from flaskr.users.signing_in.services import NotSignedIn, recheck_credentials, verify_password
from tests.users.people import PASSWORD, add_user, csrf_of, post, sign_in, signed_in_client
from tests.users.test_people import LINK, set_password

LONGER = "ladugård propeller 3 saffran och mycket mera " * 2


@pytest.fixture
def viewer(signed_in_app):
    email = add_user(signed_in_app, Role.VIEWER)
    with signed_in_app.app_context():
        assert current_mode.get() == "write"
        yield email
        db.session.rollback()


@pytest.mark.parametrize("change", [{"password_hash": "another"}, {"is_active": False}])
def test_a_verified_password_is_refused_if_it_changes_before_the_write(viewer, change):
    credentials = verify_password(viewer, PASSWORD, address="127.0.0.1")
    db.session.execute(db.update(User).values(**change))
    db.session.commit()

    with pytest.raises(NotSignedIn):
        recheck_credentials(credentials)


def test_a_longer_password_with_the_same_beginning_is_wrong(signed_in_app):
    viewer, longest = add_user(signed_in_app, Role.VIEWER), (LONGER * 2)[:128]
    with signed_in_app.app_context():
        db.session.execute(db.update(User).values(password_hash=hash_password(longest)))
        db.session.commit()

    assert sign_in(signed_in_app.test_client(), viewer, longest + "EXTRA").status_code == 422
    assert sign_in(signed_in_app.test_client(), viewer, longest).status_code == 303
    assert sign_in(signed_in_app.test_client(), viewer, longest).status_code == 303


def test_guesses_at_the_current_password_are_limited(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    token = csrf_of(client.get("/account").text)
    form = {"label": "x", "scope": "read", "days": "7", "present": "a guess", "csrf_token": token}

    answers = [client.post("/account/tokens", data=form) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    with signed_in_app.app_context():
        failures = db.text("SELECT count(*) FROM audit_events WHERE action = 'sign_in_failed'")
        assert db.session.scalar(failures) == 10


def test_a_password_link_lifts_the_limit_that_others_caused(signed_in_app):
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    email = add_user(signed_in_app, Role.VIEWER)
    visitor = signed_in_app.test_client()
    for _ in range(11):
        last = sign_in(visitor, email, "a guess")
    assert last.status_code == 429

    link = LINK.search(post(administrator, f"/people/{email}/link").text)[0]
    set_password(visitor, link)

    assert sign_in(visitor, email).status_code == 303


def test_many_failures_elsewhere_leave_one_guess_to_a_new_address(signed_in_app):
    viewer, now = add_user(signed_in_app, Role.VIEWER), datetime.now(UTC)
    attempts = [
        {"made_at": now, "user_digest": f"u{at}", "address_digest": f"a{at}"} for at in range(500)
    ]
    with signed_in_app.app_context():
        db.session.execute(db.insert(SignInAttempt), attempts)
        db.session.commit()
    client = signed_in_app.test_client()

    assert sign_in(client, viewer, "a guess").status_code == 422
    assert sign_in(client, viewer).status_code == 429


@pytest.mark.parametrize("end", ["sign_out", "inactive", "other role", "own password"])
def test_whatever_ends_sessions_ends_password_links_too(signed_in_app, end):
    administrator = signed_in_client(signed_in_app, Role.ADMINISTRATOR)
    viewer = signed_in_client(signed_in_app, Role.VIEWER)
    at = "/people/viewer@example.com"
    link = LINK.search(post(administrator, f"{at}/link").text)[0]

    if end == "sign_out":
        post(administrator, f"{at}/sign_out")
    elif end == "own password":
        form = {"present": PASSWORD, "password": LONGER, "again": LONGER}
        assert post(viewer, "/account/password", form, "/account/password").status_code == 303
    else:
        role = "actuary" if end == "other role" else "viewer"
        form = {"name": "V", "role": role, "version": "1"}
        form |= {} if end == "inactive" else {"is_active": "y"}
        assert post(administrator, at, form).status_code == 303

    assert signed_in_app.test_client().get(link).status_code == 410


def test_signing_in_again_ends_the_previous_session(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    before = client.get_cookie("claimbook_session").value
    token = csrf_of(client.get("/account").text)

    form = {"email": "viewer@example.com", "password": PASSWORD, "csrf_token": token}
    assert client.post("/sign_in", data=form).status_code == 303

    old = signed_in_app.test_client()
    old.set_cookie("claimbook_session", before)
    assert old.get("/claims").status_code == 401
    assert client.get("/claims").status_code == 200


@pytest.mark.slow
def test_outside_tests_a_password_is_hashed_as_rfc_9106_recommends():
    code = "from flaskr.users.passwords import hash_password; print(hash_password('x'))"

    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    )

    assert result.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_weaker_hash_is_replaced_at_sign_in(signed_in_app):
    email = add_user(signed_in_app, Role.VIEWER)
    weaker = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    with signed_in_app.app_context():
        db.session.execute(db.update(User).values(password_hash=weaker))
        db.session.commit()

    assert sign_in(signed_in_app.test_client(), email).status_code == 303

    with signed_in_app.app_context():
        assert db.session.scalar(db.select(User.password_hash)) != weaker
    assert sign_in(signed_in_app.test_client(), email).status_code == 303
