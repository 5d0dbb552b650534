"""Read the book as Arrow in one transaction; only for the isolated process.

ADBC's SQLite driver has its own SQLite library. In the web process, it would release the file locks
of Python's library, and committed work could be lost.
"""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import pyarrow as pa

from flaskr.database.book_file import require_file
from flaskr.database.failures import Failure, failure_of
from flaskr.exports.sql_statements import Sql

_logger = logging.getLogger(__name__)

BATCH_ROWS = 32_768
_SQLITE_BATCH = {"adbc.sqlite.query.batch_rows": BATCH_ROWS}
_POSTGRESQL_BATCH = {"adbc.postgresql.batch_size_hint_bytes": 4 * 1024**2}


class Snapshot:
    """The book as it was when the first statement was run."""

    def __init__(self, address: str, connection: Any, options: dict[str, Any]) -> None:
        self.address = address
        self.connection = connection
        self.options = options

    def batches(self, sql: Sql) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement, some 30,000 at a time, in the database's types."""
        with self._cursor_of(sql) as cursor, cursor.fetch_record_batch() as reader:
            rows_to_drop = int(sql.has_typed_row)
            for batch in reader:
                yield batch.slice(rows_to_drop)
                rows_to_drop = 0

    def table(self, sql: Sql) -> pa.Table:
        """Return all rows of a statement."""
        with self._cursor_of(sql) as cursor:
            return cursor.fetch_arrow_table().slice(int(sql.has_typed_row))

    @contextmanager
    def _cursor_of(self, sql: Sql) -> Iterator[Any]:
        """Run a statement and yield its cursor."""
        with (
            _explain_driver_errors(self.address),
            self.connection.cursor(adbc_stmt_kwargs=self.options) as cursor,
        ):
            cursor.execute(sql.text)
            yield cursor

    def row(self, sql: Sql) -> dict[str, Any]:
        """Return the one row of a statement."""
        (row,) = self.table(sql).to_pylist()
        return row


@contextmanager
def book_snapshot(address: str) -> Iterator[Snapshot]:
    """Open the book at a libpq address or SQLite file URI for one consistent read.

    Raises DatabaseUnavailable or BusyError if it cannot be read.
    """
    is_sqlite = address.startswith("file:")
    driver = adbc_driver_sqlite if is_sqlite else adbc_driver_postgresql
    with _explain_driver_errors(address):
        connection = driver.dbapi.connect(address, autocommit=False)
    with closing(connection):
        if not is_sqlite:  # by default, two statements in one transaction may see two states
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                cursor.execute("SET LOCAL TIME ZONE 'UTC'")  # as all other connections
        yield Snapshot(address, connection, _SQLITE_BATCH if is_sqlite else _POSTGRESQL_BATCH)


@contextmanager
def _explain_driver_errors(address: str) -> Iterator[None]:
    """Turn the driver's errors into ours if the user can act on them."""
    try:
        yield
    except adbc_driver_manager.Error as error:
        require_file(address)
        failure = failure_of(error)
        # "Cannot allocate memory", "out of memory"; of a file that cannot be opened it is not true
        if "memory" in str(error).lower() and failure is not Failure.NOT_OPENED:
            raise MemoryError(str(error)) from error
        if failure is None:
            raise
        _logger.error("the database is %s: %s", failure.word, error)
        raise failure.error() from error
    except OSError as error:  # of Arrow, when the connection ends while rows are read
        if "[libpq]" not in str(error):
            raise
        _logger.error("the database does not answer: %s", error)
        raise Failure.UNREACHABLE.error() from error
