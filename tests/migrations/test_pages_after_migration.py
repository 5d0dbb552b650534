"""Pages of a process that is older than the schema: they write nothing, and say why."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from flaskr.extensions import db
from flaskr.users.models import Role, UserSession
from flaskr.values.calendar import utc_now
from tests.browsing import send
from tests.database.moving_schema import MOVED, move, unchecked_writing
from tests.factories import make_policy
from tests.policies.test_pages import VALID
from tests.users.people import csrf_of, signed_in_client

pytestmark = pytest.mark.both_databases


def test_a_form_is_refused_and_saves_nothing(client, session):
    assert client.get("/policies/new").status_code == 200
    move()

    refused = send(client, "/policies/new", **VALID)

    assert refused.status_code == 503
    assert MOVED in refused.text
    assert "Restart it with the version" in refused.text
    assert client.get("/policies").text.count("Åsa") == 0


def test_an_address_that_writes_when_it_is_visited_is_refused(client, session):
    assert client.get("/claims").status_code == 200
    move()

    assert client.get("/generate_random_claim").status_code == 503
    assert client.get("/claims").status_code == 200  # reading goes on while the tables are there


def test_a_page_goes_on_when_the_sessions_use_cannot_be_recorded(signed_in_app):
    client = signed_in_client(signed_in_app, Role.VIEWER)
    token = csrf_of(client.get("/account").text)
    with signed_in_app.app_context():
        db.session.execute(
            update(UserSession).values(last_used_at=utc_now() - timedelta(minutes=5))
        )
        db.session.commit()
        move()

    assert client.get("/account").status_code == 200  # as do pages of an open book
    assert MOVED in client.post("/sign_out", data={"csrf_token": token}).text


def test_a_page_of_tables_that_have_changed_says_so(client, session):
    make_policy()
    session.commit()
    assert client.get("/policies").status_code == 200
    move("ALTER TABLE policies RENAME TO contracts")

    answer = client.get("/policies")

    assert answer.status_code == 503
    assert "made by a newer version of ClaimBook" in answer.text


def test_a_table_that_is_gone_without_a_migration_is_named(client, session):
    assert client.get("/policies").status_code == 200
    with unchecked_writing() as connection:
        connection.exec_driver_sql("ALTER TABLE policies RENAME TO contracts")

    answer = client.get("/policies")

    assert answer.status_code == 503
    assert "policies" in answer.text
