from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from flaskr.archive.bulk.connections import book_transaction
from flaskr.archive.bulk.loading import insert_rows, next_id, update_rows
from flaskr.archive.bulk.tables import TableRows
from flaskr.claims.ledger.services import set_reserve
from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.database.engine import driver_url
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, EntryType, Status
from tests.archive.bulk.batches import INSTANT, RECORDED, claim_batch, entry_batch, insert, rows_of
from tests.factories import ACTOR, make_claim, make_policy

pytestmark = pytest.mark.both_databases


def test_values_of_every_type_come_in_as_the_models_read_them(address):
    told = insert(address, "claims", claim_batch(2, "Full", "Bare"), claim_batch(4, "Å-3"))

    assert sum(told) == 3
    full, bare = db.session.get(Claim, 2), db.session.get(Claim, 3)
    assert full.claim_reference == "Full"
    assert full.description == 'Åsa; "1 234,50"\nkök, \\N'
    assert (full.status, full.cause) == (Status.CLOSED, Cause.FIRE)
    assert (full.paid, full.recovered) == (Decimal("999999999999999.99"), Decimal("0.01"))
    assert (full.loss_date, full.closed_date) == (date(1, 1, 1), date(2024, 3, 3))
    assert full.last_recorded_at == RECORDED
    assert full.recorded_at == bare.recorded_at == datetime(2024, 3, 2, 22, 59, 59, tzinfo=UTC)
    assert full.policy_id == 1
    assert bare.description == ""
    assert (bare.policy_id, bare.cause, bare.loss_date, bare.closed_date) == (None,) * 4
    assert (bare.last_recorded_at, bare.reported_date, bare.form_token) == (None,) * 3


def test_instants_in_sqlite_are_the_text_that_the_models_store(sqlite_app):
    make_claim(policy=make_policy(), claim_reference="Typed").recorded_at = RECORDED
    db.session.commit()
    insert(driver_url("rw"), "claims", claim_batch(2, "Full", "Bare"))

    kept = db.session.execute(db.text("SELECT recorded_at FROM claims ORDER BY id")).scalars()

    assert list(kept) == ["2024-03-02 22:59:59.123456", *["2024-03-02 22:59:59.000000"] * 2]


def test_booleans_come_in(address):
    revision = pa.RecordBatch.from_pydict(
        {
            "id": pa.array([1, 2]),
            "claim_id": pa.array([1, 1]),
            "replaced_at": pa.array([RECORDED, RECORDED], INSTANT),
            "replaced_by": pa.array(["a", "b"]),
            "description_changed": pa.array([True, False]),
        }
    )

    insert(address, "claim_revisions", revision)

    found = db.session.scalars(db.select(ClaimRevision).order_by(ClaimRevision.id)).all()
    assert [each.description_changed for each in found] == [True, False]


def test_ids_continue_after_bulk_loading(address):
    insert(address, "claims", claim_batch(2, "Full", "Bare"))
    insert(address, "ledger_entries", entry_batch(1, [2, 3]))

    claim = make_claim()
    entry = set_reserve(claim, Decimal(1), date(2024, 3, 5), actor=ACTOR)
    db.session.flush()

    assert (claim.id, entry.id) == (4, 3)
    with writing_after_commit(address) as connection:
        assert (next_id(connection, "claims"), next_id(connection, "policies")) == (5, 2)
        assert next_id(connection, "claim_revisions") == 1


def writing_after_commit(address: str):
    db.session.commit()
    return book_transaction(address)


def test_loading_no_rows_changes_nothing(address):
    told: list[int] = []
    with book_transaction(address) as connection:
        insert_rows(connection, TableRows("claims", 0, lambda: iter(())), told.append)
        assert update_rows(connection, "claims", iter(())) == 0

    assert sum(told) == 0


def test_a_replaced_entry_is_refused_with_the_whole_load(address):
    insert(address, "ledger_entries", entry_batch(1, [1]))

    with (  # noqa: PT012
        pytest.raises(Exception, match="append-only|duplicate key"),
        book_transaction(address) as book,
    ):
        insert_rows(book, rows_of("claims", claim_batch(2, "Full")), lambda rows: None)
        insert_rows(book, rows_of("ledger_entries", entry_batch(1, [2])), lambda rows: None)

    assert db.session.scalars(db.select(Claim.id)).all() == [1]
    assert db.session.get(LedgerEntry, 1).entry_type is EntryType.RESERVE_OPEN


def test_a_row_that_the_database_refuses_rolls_back_the_others(address):
    with pytest.raises(Exception, match="(?i)unique"):
        insert(address, "claims", claim_batch(2, "Full"), claim_batch(3, "Before"))
    with pytest.raises(Exception, match="(?i)foreign key"):
        insert(address, "ledger_entries", entry_batch(1, [1, 77]))

    assert db.session.scalars(db.select(Claim.id)).all() == [1]
    assert db.session.scalars(db.select(LedgerEntry.id)).all() == []


def test_an_error_of_the_work_itself_rolls_back(address):
    with pytest.raises(KeyError), book_transaction(address) as book:  # noqa: PT012
        insert_rows(book, rows_of("claims", claim_batch(2, "Full")), lambda rows: None)
        raise KeyError

    assert db.session.scalars(db.select(Claim.id)).all() == [1]
