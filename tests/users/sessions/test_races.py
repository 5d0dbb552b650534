"""What was looked at before a password was compared is looked at again where it is written."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from flaskr.database import work_mode
from flaskr.extensions import db
from flaskr.settings import PROJECT_FOLDER
from flaskr.users.models import Role, SignInAttempt, User
from flaskr.users.passwords import hash_password
from flaskr.users.signing_in.services import NotSignedIn, recheck_credentials, verify_password
from tests.users.people import PASSWORD, csrf_of, let_in, post, sign_in, signed_in
from tests.users.test_people import LINK, set_password

LONGER = "ladugård propeller 3 saffran och mycket mera " * 2


@pytest.fixture
def viewer(signed_in_app):
    email = let_in(signed_in_app, Role.VIEWER)
    with signed_in_app.app_context():
        assert work_mode.get() == "write"
        yield email
        db.session.rollback()


@pytest.mark.parametrize("change", [{"password_hash": "another"}, {"is_active": False}])
def test_a_password_that_was_right_is_worth_nothing_once_it_is_changed(viewer, change):
    kept = verify_password(viewer, PASSWORD, address="127.0.0.1")
    db.session.execute(db.update(User).values(**change))
    db.session.commit()

    with pytest.raises(NotSignedIn):
        recheck_credentials(kept)


def test_only_a_password_of_its_own_length_is_right(signed_in_app):
    viewer, longest = let_in(signed_in_app, Role.VIEWER), (LONGER * 2)[:128]
    with signed_in_app.app_context():
        db.session.execute(db.update(User).values(password_hash=hash_password(longest)))
        db.session.commit()

    assert sign_in(signed_in_app.test_client(), viewer, longest + "EXTRA").status_code == 422
    assert sign_in(signed_in_app.test_client(), viewer, longest).status_code == 303
    assert sign_in(signed_in_app.test_client(), viewer, longest).status_code == 303


def test_the_present_password_is_not_guessed_without_end(signed_in_app):
    client = signed_in(signed_in_app, Role.VIEWER)
    token = csrf_of(client.get("/account").text)
    form = {"label": "x", "scope": "read", "days": "7", "present": "a guess", "csrf_token": token}

    answers = [client.post("/account/tokens", data=form) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900
    with signed_in_app.app_context():
        told = db.text("SELECT count(*) FROM audit_events WHERE action = 'sign_in_failed'")
        assert db.session.scalar(told) == 10


def test_a_link_opens_the_door_that_others_shut(signed_in_app):
    administrator = signed_in(signed_in_app, Role.ADMINISTRATOR)
    email = let_in(signed_in_app, Role.VIEWER)
    visitor = signed_in_app.test_client()
    for _ in range(11):
        last = sign_in(visitor, email, "a guess")
    assert last.status_code == 429

    link = LINK.search(post(administrator, f"/people/{email}/link").text)[0]
    set_password(visitor, link)

    assert sign_in(visitor, email).status_code == 303


def test_many_failures_elsewhere_leave_a_guess_to_who_has_not_failed(signed_in_app):
    viewer, now = let_in(signed_in_app, Role.VIEWER), datetime.now(UTC)
    made = [
        {"made_at": now, "user_digest": f"u{at}", "address_digest": f"a{at}"} for at in range(500)
    ]
    with signed_in_app.app_context():
        db.session.execute(db.insert(SignInAttempt), made)
        db.session.commit()
    client = signed_in_app.test_client()

    assert sign_in(client, viewer, "a guess").status_code == 422
    assert sign_in(client, viewer).status_code == 429


@pytest.mark.parametrize("end", ["sign_out", "inactive", "other role", "own password"])
def test_a_link_ends_with_what_ends_sessions(signed_in_app, end):
    administrator = signed_in(signed_in_app, Role.ADMINISTRATOR)
    viewer = signed_in(signed_in_app, Role.VIEWER)
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


def test_signing_in_again_ends_what_one_was_signed_in_with(signed_in_app):
    client = signed_in(signed_in_app, Role.VIEWER)
    before = client.get_cookie("claimbook_session").value
    token = csrf_of(client.get("/account").text)

    form = {"email": "viewer@example.com", "password": PASSWORD, "csrf_token": token}
    assert client.post("/sign_in", data=form).status_code == 303

    old = signed_in_app.test_client()
    old.set_cookie("claimbook_session", before)
    assert old.get("/claims").status_code == 401
    assert client.get("/claims").status_code == 200


@pytest.mark.slow
def test_in_life_a_password_is_hashed_as_rfc_9106_recommends():
    made = "from flaskr.users.passwords import hash_password; print(hash_password('x'))"

    said = subprocess.run(
        [sys.executable, "-c", made], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True
    )

    assert said.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_of_less_work_is_made_anew_when_one_signs_in(signed_in_app):
    email = let_in(signed_in_app, Role.VIEWER)
    weaker = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    with signed_in_app.app_context():
        db.session.execute(db.update(User).values(password_hash=weaker))
        db.session.commit()

    assert sign_in(signed_in_app.test_client(), email).status_code == 303

    with signed_in_app.app_context():
        assert db.session.scalar(db.select(User.password_hash)) != weaker
    assert sign_in(signed_in_app.test_client(), email).status_code == 303
