from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from flaskr.archive.bulk.connections import book_transaction
from flaskr.archive.bulk.loading import update_rows
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from tests.archive.bulk.batches import INSTANT, RECORDED, claim_batch, entry_batch, insert

pytestmark = pytest.mark.both_databases


def test_updates_set_the_named_columns_and_return_the_number_of_rows(address):
    insert(address, "claims", claim_batch(2, "Full", "Bare", "Third"))
    changes = pa.RecordBatch.from_pydict(
        {
            "paid": pa.array([250, 100]),
            "cause": pa.array([None, "water"]),
            "last_recorded_at": pa.array([RECORDED.replace(year=2025)] * 2, INSTANT),
            "first_transaction_date": pa.array([date(2024, 3, 3)] * 2),
            "last_transaction_date": pa.array([date(2025, 1, 1)] * 2),
            "recovered": pa.array([0, 0]),
            "id": pa.array([2, 3]),
        }
    )
    nobody = changes.slice(0, 1).set_column(6, "id", pa.array([99]))

    with book_transaction(address) as connection:
        assert update_rows(connection, "claims", iter([changes, nobody])) == 2

    full, bare, third = (db.session.get(Claim, each) for each in (2, 3, 4))
    assert (full.paid, full.cause) == (Decimal("2.50"), None)
    assert (bare.paid, bare.cause) == (Decimal("1.00"), Cause.WATER)
    assert bare.last_recorded_at == RECORDED.replace(year=2025)
    assert third.cause is Cause.FIRE
    assert full.description == 'Åsa; "1 234,50"\nkök, \\N'


def test_rows_are_updated_by_another_key_too(address):
    changes = pa.RecordBatch.from_pydict(
        {"claim_reference_key": pa.array(["before"]), "description": pa.array(["new"])}
    )

    with book_transaction(address) as connection:
        assert update_rows(connection, "claims", iter([changes]), "claim_reference_key") == 1

    assert db.session.get(Claim, 1).description == "new"


def test_an_append_only_row_is_not_updated(address):
    insert(address, "ledger_entries", entry_batch(1, [1]))
    changes = pa.RecordBatch.from_pydict({"id": pa.array([1]), "paid": pa.array([5])})

    with pytest.raises(Exception, match="append-only"), book_transaction(address) as connection:
        update_rows(connection, "ledger_entries", iter([changes]))
