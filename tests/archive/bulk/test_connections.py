import psycopg
import pytest

from flaskr.archive.bulk.connections import lock_ledger, writing
from flaskr.errors import BusyError, DatabaseUnavailable


def test_a_database_that_is_not_there_is_told_in_a_sentence(tmp_path):
    for address in (f"file:{tmp_path}/none.db?mode=rw", "postgresql://x@/x?host=/nowhere"):
        with pytest.raises(DatabaseUnavailable, match="nothing was written"), writing(address):
            pass


def test_a_book_that_somebody_keeps_is_told_in_a_sentence(address, monkeypatch):
    monkeypatch.setattr("flaskr.archive.bulk.connections.SQLITE_PRAGMAS", ("busy_timeout=10",))
    with writing(address) as keeper:
        lock_ledger(keeper)
        with pytest.raises(BusyError, match="Somebody else"), writing(address) as second:  # noqa: PT012
            if isinstance(second, psycopg.Connection):
                second.execute("SET lock_timeout='10ms'")
            lock_ledger(second)
