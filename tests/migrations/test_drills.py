"""Books of older versions, filled by their schemas, upgraded to this one and back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from alembic import command
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from flaskr.book.models import Book
from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import post_payment, post_recovery
from flaskr.claims.models import Claim, EntryTexts
from flaskr.database.engine import driver_url
from flaskr.database.modes import transaction_mode
from flaskr.database.schema import migration_config, schema_error
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType
from flaskr.settings import BOOK_FILE
from tests.books import make_settings
from tests.factories import ACTOR
from tests.migrations.old_books import REASON, REASONS, all_rows, make_old_book, move

pytestmark = pytest.mark.both_databases
NEW = (
    "cost_type", "reason_code", "exceptions", "first_transaction_date", "event_code", "erased_at",
)  # fmt: skip
BOOKED = tuple(f"{n}_booked" for n in ("paid", "outstanding", "recovered", "status", "closed_date"))


def of_before(rows: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """The rows without the columns that 0007 added, and without reasons."""
    left_out = {*NEW, *BOOKED, "reason"}
    return {
        table: [{name: row[name] for name in row if name not in left_out} for row in found]
        for table, found in rows.items()
    }


@pytest.mark.parametrize("revision", ["0001", "0004", "0006"])
def test_an_old_book_is_upgraded_and_comes_back_row_for_row(session, revision):
    make_old_book(revision)
    before = all_rows()

    move(upgrade, "head")
    after = all_rows()
    found = list(disagreements())
    db.session.remove()
    command.check(migration_config())
    move(downgrade, revision)

    assert [row.get("reason") for row in before["ledger_entries"]] == [
        REASONS.get(row["id"]) for row in before["ledger_entries"]
    ]
    assert found == []
    assert all_rows() == before
    if revision == "0006":  # the others lack columns that came between
        assert of_before(after) == of_before(before)
    entries = after["ledger_entries"]
    assert {row["cost_type"] for row in entries} == {"indemnity"}
    assert {row[name] for row in entries for name in (*BOOKED, "reason_code", "exceptions")} == {
        None
    }


def test_reasons_move_beside_the_ledger_and_the_first_posting_is_known(session):
    make_old_book("0004")

    move(upgrade, "head")

    texts = {each.entry_id: each for each in session.scalars(select(EntryTexts))}
    assert {entry_id: each.reason for entry_id, each in texts.items()} == REASONS
    assert {(each.payee, each.payee_reference, each.note) for each in texts.values()} == {
        (None, None, None)
    }
    # The entries that a migration brought are older than the first that the book posted itself.
    posted = datetime(2024, 5, 3, 10, 0, 0, 2, tzinfo=UTC)
    assert session.scalar(select(Book.first_posted_at)) == posted
    days = session.execute(select(Claim.id, Claim.first_transaction_date).order_by("id")).all()
    assert [tuple(row) for row in days] == [
        (1, date(2024, 3, 8)),
        (2, date(2024, 5, 3)),
        (4, None),
    ]


def test_an_upgraded_book_goes_on_where_it_was(session):
    make_old_book("0001")
    move(upgrade, "head")

    entry = post_payment(session.get(Claim, 2), Decimal(1), date(2024, 6, 2), actor=ACTOR)
    session.commit()

    assert entry.id == 11
    assert list(disagreements()) == []
    for statement in (
        "UPDATE ledger_entries SET paid = 1",
        "DELETE FROM ledger_entries",
        "DELETE FROM entry_texts",
        "UPDATE entry_texts SET reason = 'x'",
        "UPDATE claim_revisions SET id = 9",
    ):
        with pytest.raises(DBAPIError, match="append-only|can only be erased"):
            session.execute(text(statement))
        session.rollback()


def test_no_byte_of_an_erased_reason_is_left_of_before(sqlite_app, embedded_settings):
    """What is erased beside the ledger must not be found where it stood before the upgrade."""
    make_old_book("0006")
    path: Path = embedded_settings.instance_folder / BOOK_FILE
    marker = REASON.encode()
    assert marker in path.read_bytes()

    move(upgrade, "head")
    moved = path.read_bytes().count(marker)
    db.session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    db.session.execute(update(EntryTexts).values(reason=None))
    db.session.commit()
    db.session.remove()
    db.engine.dispose()  # the last to close the file brings it up to date

    assert moved == 2
    for file in path.parent.glob(f"{BOOK_FILE}*"):
        assert marker not in file.read_bytes(), file


@pytest.fixture
def server_app(emptied_database, book_folder, lend_app):
    """The application over a PostgreSQL book, in its context."""
    app = lend_app(make_settings(book_folder, database_url=emptied_database.hand_out()))
    with app.app_context():
        yield app
        db.session.rollback()


def test_the_files_of_the_old_ledger_are_gone_from_the_server(server_app):
    make_old_book("0006")
    (path,) = answer("SELECT pg_relation_filepath('ledger_entries')")
    found = answer(f"SELECT size > 0 FROM pg_stat_file('{path}', true)")

    move(upgrade, "head")

    assert found == [True]
    answer("CHECKPOINT")  # deletes what was dropped
    assert answer("SELECT pg_relation_filepath('ledger_entries')") != [path]
    assert answer(f"SELECT size FROM pg_stat_file('{path}', true)") == [None]


def answer(statement: str) -> list:
    """The first column of what a statement gives outside every transaction."""
    address = driver_url("rw")
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute(statement)
        return [row[0] for row in found] if found.description else []


def add_expense() -> None:
    post_payment(
        db.session.get(Claim, 2), Decimal(1), date(2024, 6, 2), cost_type=CostType.EXPENSE,
        actor=ACTOR,
    )  # fmt: skip


def add_recovery() -> None:
    kind = EntryType.RECOVERY_SALVAGE
    post_recovery(db.session.get(Claim, 2), kind, Decimal(90), date(2024, 6, 2), actor=ACTOR)


@pytest.mark.parametrize("add", [add_expense, add_recovery])
def test_entries_that_the_version_before_cannot_keep_stop_a_downgrade(session, add):
    make_old_book("0006")
    move(upgrade, "head")
    add()
    session.commit()
    before = all_rows()

    with pytest.raises(SchemaError, match="1 ledger entries cannot be kept by the version before"):
        move(downgrade, "0006")

    assert str(schema_error() or "") == ""
    assert all_rows() == before


def test_statistics_of_an_upgraded_book_are_there(session):
    make_old_book("0006")
    move(upgrade, "head")
    is_sqlite = db.engine.dialect.name == "sqlite"
    with transaction_mode("read"):
        rows = session.scalars(
            text(
                "SELECT DISTINCT tbl FROM sqlite_stat1"
                if is_sqlite
                else "SELECT relname FROM pg_class WHERE reltuples > 0 AND relkind = 'r'"
            )
        ).all()
        assert {"claims", "ledger_entries"} <= set(rows)
        session.rollback()
