"""A downgrade that would delete what people have recorded is refused, unless told to discard it."""

from datetime import date

import psycopg
import pytest
from flask_migrate import downgrade
from sqlalchemy import event, select, update

from flaskr.archive.bulk.connections import book_transaction
from flaskr.audit.models import AuditEvent
from flaskr.claims.ledger.services import reverse_entry
from flaskr.claims.models import Claim
from flaskr.database.engine import driver_url
from flaskr.database.modes import transaction_mode
from flaskr.database.schema import schema_error
from flaskr.errors import BusyError, SchemaError
from flaskr.extensions import db
from flaskr.facts.closed_lists import ReasonCode
from flaskr.users.models import Role
from tests.factories import ACTOR, make_claim, pay, reserve
from tests.users.people import add_user

pytestmark = pytest.mark.both_databases


def refusal_of(revision: str) -> str:
    """The message of a downgrade that is refused and changes nothing."""
    db.session.remove()
    with pytest.raises(SchemaError) as refused:
        downgrade(revision=revision)
    assert str(schema_error() or "") == ""
    return str(refused.value)


def test_a_downgrade_names_the_tables_it_would_empty_and_the_switch(session, app):
    add_user(app, Role.ADMINISTRATOR)
    make_claim()
    session.commit()
    events = len(session.scalars(select(AuditEvent)).all())
    assert events == 2

    message = refusal_of("0005")

    assert message == (
        f"This downgrade would delete audit_events ({events} rows), seals (1 row), users (1 row), "
        "so nothing was changed. Make a backup of the book, then add the switch that discards "
        "them: flask db downgrade -x discard=yes"
    )
    assert len(session.scalars(select(AuditEvent)).all()) == events


def test_a_downgrade_of_several_steps_names_what_each_would_delete(session):
    reserve(make_claim(), "100")
    session.commit()

    message = refusal_of("base")

    for table in ("audit_events (2 rows)", "claims (1 row)", "ledger_entries (1 row)", "book (1"):
        assert table in message
    assert "users" not in message
    assert "claims.last_recorded_at" not in message  # it goes with its table


def test_the_command_refuses_and_its_switch_discards(app, runner):
    add_user(app, Role.ADMINISTRATOR)

    refused = runner.invoke(args=["db", "downgrade", "0005"])
    told_otherwise = runner.invoke(args=["db", "downgrade", "-x", "discard=no", "0005"])
    done = runner.invoke(args=["db", "downgrade", "-x", "discard=yes", "0005"])

    assert (refused.exit_code, told_otherwise.exit_code, done.exit_code) == (3, 3, 0)
    assert "users (1 row)" in refused.output
    assert "Traceback" not in refused.output
    with app.app_context():
        assert "behind" in str(schema_error() or "")


def test_a_column_with_values_is_refused_too(session):
    claim = make_claim()
    make_claim()
    session.flush()
    session.execute(update(Claim).where(Claim.id == claim.id).values(import_id=7, import_row=2))
    session.commit()
    session.remove()
    downgrade(revision="0005", x_arg="discard=yes")

    with pytest.raises(SchemaError) as refused:
        downgrade(revision="0004")

    assert "delete claims.import_id (1 value), claims.import_row (1 value), so" in str(
        refused.value
    )


def test_texts_and_codes_beside_entries_are_refused_and_defaults_are_not(session):
    claim = make_claim()
    claim.event_code = "GUDRUN"
    reserve(claim, "100")
    why = {"reason_code": ReasonCode.OTHER, "reason": "Åsa was paid twice", "note": "by post"}
    reverse_entry(pay(claim, "7"), date(2024, 5, 2), actor=ACTOR, **why)
    session.commit()

    message = refusal_of("0006")

    assert message.startswith(
        "This downgrade would delete claims.event_code (1 value), entry_texts (1 row), "
        "ledger_entries.reason_code (1 value), seals (1 row), so nothing was changed."
    )


def test_columns_that_an_upgrade_fills_again_need_no_switch(session):
    reserve(make_claim(), "100")
    session.commit()
    session.remove()
    downgrade(revision="0003", x_arg="discard=yes")

    downgrade(revision="0001")

    with transaction_mode("read"), db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM claims").scalar() == 1
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        assert revision.scalar() == "0001"


def test_an_empty_book_needs_no_switch(session):
    session.remove()

    downgrade(revision="0001")

    assert "behind" in str(schema_error() or "")


@pytest.fixture
def impatient(session):
    """Make migrations wait 50 ms for others."""
    session.remove()

    def set_timeout(connection) -> None:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")

    def set_pragma(connection, record) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    is_sqlite = db.engine.dialect.name == "sqlite"
    listening = ("connect", set_pragma) if is_sqlite else ("begin", set_timeout)
    event.listen(db.engine, *listening)
    db.engine.dispose()
    yield
    event.remove(db.engine, *listening)


def test_a_migration_that_waits_too_long_for_a_writer_says_so(session, impatient):
    with (
        book_transaction(driver_url("rw")),
        pytest.raises(BusyError, match="perhaps by an import or an export"),
    ):
        downgrade(revision="0005")

    assert str(schema_error() or "") == ""


@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)
def test_a_migration_that_waits_too_long_for_a_reader_says_so(session, impatient):
    with psycopg.connect(driver_url()) as reader:
        reader.execute("SELECT count(*) FROM audit_events")
        with pytest.raises(BusyError, match="perhaps by an import or an export"):
            downgrade(revision="0005")

    assert str(schema_error() or "") == ""
