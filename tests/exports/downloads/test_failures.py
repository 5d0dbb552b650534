import os
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text, update
from sqlalchemy.engine import make_url

from flaskr import create_app
from flaskr.claims.models import Claim
from flaskr.exports.services import FILES_AT_ONCE, explain_limits
from flaskr.extensions import db
from flaskr.processes.isolation import OutOfMemory, slot
from tests.exports.reading import add_claims
from tests.factories import make_claim, make_policy


def spool_of(settings) -> list[Path]:
    return sorted((settings.instance_folder / "spool").iterdir())


# Slow only for the isolated process, whose connections have no application name.
SLOW_POLICIES = """
ALTER TABLE policies RENAME TO kept_policies;
CREATE VIEW policies AS SELECT * FROM kept_policies WHERE
    CASE current_setting('application_name') WHEN 'claimbook' THEN true
    ELSE pg_sleep(9) IS NOT NULL END
"""


@pytest.fixture
def client_with(book_settings):
    """A client of the same book with other settings."""
    apps = []

    def make(**changes):
        apps.append(create_app(replace(book_settings, **changes)))
        return apps[-1].test_client()

    yield make
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def test_a_book_that_does_not_add_up_gives_no_file(client, session, book_settings):
    # Far more than the rules allow: the sum does not fit the 18 digits of a file.
    make_claim()
    session.execute(text("UPDATE claims SET paid = 999999999999999999, outstanding = 1"))
    session.commit()

    response = client.get("/export_claims")

    assert response.status_code == 500
    assert "more than 18 digits" in response.text
    assert spool_of(book_settings) == []


def test_a_database_that_fails_while_it_is_read_gives_an_error_page(client, session, book_settings):
    assert client.get("/export_claims").status_code == 200
    before = spool_of(book_settings)
    session.execute(text("ALTER TABLE claims RENAME COLUMN cause TO motive"))
    session.commit()

    response = client.get("/export_claims?raw=1")

    assert response.status_code == 500
    assert "in the log" in response.text
    assert "cause" not in response.text.partition("<main")[2].partition("</main")[0]
    assert spool_of(book_settings) == before


# SQLite: PostgreSQL sends rows in pieces that fit any memory limit.
@pytest.mark.slow
@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_work_without_memory_gives_an_error_page_and_no_file(client_with, session, book_settings):
    add_claims(80_000)
    # Long texts: short ones would fit the memory that the helper already has.
    session.execute(update(Claim).values(description="å" * 2_000))
    session.commit()

    response = client_with(export_memory_bytes=16 * 1024**2).get("/export_claims")

    # C libraries fail in different ways without memory: with their own error, or a crash.
    assert response.status_code in (500, 503)
    assert spool_of(book_settings) == []


def test_the_error_about_too_much_memory_names_the_setting():
    with (
        pytest.raises(OutOfMemory, match="needs more. .* raise EXPORT_MEMORY_BYTES"),
        explain_limits(),
    ):
        raise OutOfMemory("It needs more.")


@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)
def test_work_over_its_time_limit_gives_a_503_that_names_the_setting(
    client_with, session, book_settings
):
    make_policy()
    session.commit()
    client = client_with(export_seconds=1)
    client.get("/export_claims")
    with psycopg.connect(book_settings.database_url) as other:
        other.execute(SLOW_POLICIES)
    response = client.get("/export_claims?columns=policy_number")

    assert response.status_code == 503
    assert "1 seconds" in response.text
    assert "EXPORT_SECONDS" in response.text
    assert int(response.headers["Retry-After"]) > 0
    assert [path for path in spool_of(book_settings) if path.suffix == ".part"] == []


@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)
def test_a_database_that_went_away_gives_a_503(client, book_settings, postgres):
    client.get("/export_claims")
    name = make_url(book_settings.database_url).database
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        response = client.get("/export_claims?raw=1")
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    assert response.status_code == 503
    assert "does not answer" in response.text


def test_a_third_file_at_the_same_time_gets_a_503(client, book_settings):
    folder = book_settings.instance_folder
    with slot(folder, "export", FILES_AT_ONCE), slot(folder, "export", FILES_AT_ONCE):
        busy = client.get("/export_claims")
        head = client.head("/export_claims")

    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0
    assert head.status_code == 200
    assert client.get("/export_claims").status_code == 200


def test_the_spool_is_cleaned_at_the_start(book_settings, client_with):
    spool = book_settings.instance_folder / "spool"
    spool.mkdir()
    (spool / "x.csv").touch()
    os.utime(spool / "x.csv", (0, 0))

    client_with()

    assert spool_of(book_settings) == []
