"""Find what a book that is gone has left, before a new, empty book is created in its place."""

from pathlib import Path

from sqlalchemy import Connection

from flaskr.settings import BOOK_FILE

_FOLDERS = ("jobs", "kept", "spool")  # of the instance folder; made with the first import or export
_LOCKS = "*-*.lock"  # of isolated work
_KEYS = ("secret_key*", "pseudonym_key*")
FILES_OF_BOOK = (f"{BOOK_FILE}*", *_KEYS, "*.lock", *_FOLDERS, "cache")
_OTHER_SCHEMAS = """
    SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname IN ('book', 'ledger_entries') AND relkind = 'r'
        AND nspname IS DISTINCT FROM current_schema()
    GROUP BY nspname HAVING count(*) = 2 ORDER BY nspname
"""


def files_of_past_book(folder: Path) -> list[str]:
    """Return the names of files and folders that a book has left in the instance folder.

    Keys do not count: they are made just before the book.
    """
    names = [name for name in _FOLDERS if any((folder / name).glob("*"))]
    names += [path.name for path in folder.glob(_LOCKS)]
    if not (folder / BOOK_FILE).exists():
        names += [path.name for path in folder.glob(f"{BOOK_FILE}-*")]
    return sorted(names)


def schemas_with_books(connection: Connection) -> list[str]:
    """Return the other schemas of a PostgreSQL database that have the tables of a book."""
    return list(connection.exec_driver_sql(_OTHER_SCHEMAS).scalars())
