"""Try to write the book from the isolated process, for test_snapshot."""

import adbc_driver_manager

from flaskr.errors import DatabaseUnavailable
from flaskr.exports.making.snapshot import book_snapshot
from flaskr.exports.sql_statements import Sql


def write_the_book(report, address):
    with book_snapshot(address) as snapshot:
        try:
            snapshot.table(Sql("UPDATE counters SET value = 1 RETURNING value"))
        except DatabaseUnavailable as error:  # SQLite's error for a write
            return str(error.__cause__).lower()
        except adbc_driver_manager.Error as error:
            return str(error).lower()
    return "written"
