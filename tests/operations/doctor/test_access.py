"""flask doctor says what is open to whom, and /settings how a request arrived."""

import re
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record
from flaskr.extensions import db
from flaskr.users.models import Role, SecondFactor, Token, User
from flaskr.users.services import make_link
from flaskr.values.calendar import utc_now
from tests.books import create_database, make_settings
from tests.operations.doctor.examining import begins, examine
from tests.users.attacks.test_access_over_http import browser_of
from tests.users.people import add_user, sign_in, signed_in_settings


@pytest.mark.both_databases
def test_what_is_open_to_whom(book_settings, make_app):
    app = make_app(signed_in_settings(book_settings, trusted_proxies=1))
    with app.app_context():
        assert examine(app)[1]["people"][0].startswith("wrong: There is no administrator (nobody)")
        db.session.rollback()
        add_user(app, Role.ADMINISTRATOR)
        add_user(app, Role.HANDLER)
        eva, olle = db.session.scalars(select(User).order_by(User.id))
        record(Action.SIGNED_IN, Subject.USER, eva.email, actor=eva.email)
        now = utc_now()
        db.session.add(SecondFactor(user_id=eva.id, nonce="x", made_at=now, confirmed_at=now))
        db.session.add(SecondFactor(user_id=olle.id, nonce="x", made_at=now))
        for name, days, scope in (("a", 1, "write"), ("b", 1, "read"), ("c", -1, "write")):
            expires_at = now + timedelta(days=days)
            db.session.add(
                Token(
                    user_id=olle.id,
                    name=name,
                    label=name,
                    token_digest=name,
                    scope=scope,
                    made_at=now,
                    expires_at=expires_at,
                )
            )
        make_link(olle, actor="x")
        db.session.commit()

        _, found = examine(app)

    assert begins(found, "access", "ok: People sign in, at ")
    assert begins(found, "proxies", "ok: Each request must come through 1 of your proxies")
    assert found["people"] == [
        "ok: Those who may sign in: 1 handler, 1 administrator.",
        "look at: 1 of 2 have never signed in.",
    ]
    assert found["second factor"] == ["look at: Who sign in without a second factor: 1."]
    assert found["tokens"] == ["ok: Valid tokens: 2; of them may write: 1."]
    assert found["links"] == ["look at: Open links by which somebody sets a password: 1."]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trusted_proxies": 1}, "look at: An open book refuses"),
        ({"book_access": "signed-in"}, "look at: TRUSTED_PROXIES is 0"),
    ],
)
def test_proxies_that_do_not_fit_the_mode(embedded_settings, make_app, changes, said):
    app = make_app(signed_in_settings(embedded_settings, **{"book_access": "open", **changes}))

    assert begins(examine(app)[1], "proxies", said)


def test_the_rights_of_the_databases_role(postgres, template_database, make_app, tmp_path):
    url = create_database(postgres, tmp_path.name, template_database)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk")
        owner = examine(make_app(make_settings(tmp_path, database_url=url)))[1]
        clerk = make_app(make_settings(tmp_path, database_url=url.replace("postgres@", "clerk@")))
        reading = examine(clerk)[1]
        connection.execute("GRANT INSERT ON ALL TABLES IN SCHEMA public TO clerk")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk")
        adding = examine(clerk)[1]
        connection.execute("GRANT UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk")
        writing = examine(clerk)[1]
        connection.execute(f'REVOKE TEMPORARY ON DATABASE "{tmp_path.name}" FROM PUBLIC')
        importing = examine(clerk)[1]
        connection.execute("ALTER ROLE clerk SET default_transaction_read_only = on")
        with clerk.app_context():
            db.engine.dispose()
        replica = examine(clerk)[1]

    assert "is a superuser" in owner["role"][0]
    assert reading["rights"][0].startswith("wrong: The role clerk lacks grants to use audit_events")
    assert adding["rights"][0].startswith("wrong: The role clerk lacks grants to use audit_events")
    assert importing["rights"] == [
        "wrong: The role clerk lacks grants to use temporary tables, with which imports update."
    ]
    assert writing["rights"] == ["ok: The role clerk may read and write the book."]
    assert begins(writing, "role", "ok: The role clerk owns no table of the book")
    assert replica["rights"][0] == (
        "wrong: Nothing can be written: the database is set to read only."
    )
    assert not any(text.startswith("ok") for text in replica["rights"])


def test_the_settings_page_shows_the_request_as_it_arrived(embedded_settings, make_app):
    app = make_app(replace(embedded_settings, book_access="open"))

    page = app.test_client().get("/settings").text

    assert "None arrived. A proxy in front of this book" in page
    assert '<td class="prose">127.0.0.1</td>' in page


def test_the_settings_page_shows_what_a_proxy_sent(embedded_settings, make_app):
    app = make_app(signed_in_settings(embedded_settings, trusted_proxies=1))
    client = browser_of(app)
    client.environ_base |= {"HTTP_REFERER": "https://localhost/", "HTTP_VIA": "1.1 <script>"}
    sign_in(client, add_user(app, Role.ADMINISTRATOR))

    page = client.get("/settings").text

    for name, value in {
        "Connection from": "192.168.0.7",
        "Client address": "203.0.113.9",
        "Scheme": "https",
        "X-Forwarded-For": "203.0.113.9",
        "Via": "1.1 &lt;script&gt;",
    }.items():
        assert re.search(rf"<code>{name}</code>\s*</th>\s*<td class=\"prose\">{value}<", page), name
