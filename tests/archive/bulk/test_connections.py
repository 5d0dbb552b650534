import psycopg
import pytest

from flaskr.archive.bulk.connections import book_transaction, take_ledger_lock
from flaskr.errors import BusyError, DatabaseUnavailable


def test_a_missing_database_is_an_error_in_a_sentence(tmp_path):
    for address in (f"file:{tmp_path}/none.db?mode=rw", "postgresql://x@/x?host=/nowhere"):
        with (
            pytest.raises(DatabaseUnavailable, match="nothing is read|does not answer"),
            book_transaction(address),
        ):
            pass


def test_a_locked_book_is_an_error_in_a_sentence(address, monkeypatch):
    monkeypatch.setattr("flaskr.archive.bulk.connections.SQLITE_PRAGMAS", ("busy_timeout=10",))
    with book_transaction(address) as keeper:
        take_ledger_lock(keeper)
        with pytest.raises(BusyError, match="busy with"), book_transaction(address) as second:  # noqa: PT012
            if isinstance(second, psycopg.Connection):
                second.execute("SET lock_timeout='10ms'")
            take_ledger_lock(second)
