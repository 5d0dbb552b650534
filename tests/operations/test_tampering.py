"""Whatever is changed in a book past its rules is found by the check of the book."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaskr.database.modes import transaction_mode
from flaskr.extensions import Base
from flaskr.operations.book_check import book_faults
from flaskr.settings import BOOK_FILE
from tests.archive.books import fill_book
from tests.books import DATABASES
from tests.operations.tampering import (
    APPEND_ONLY,
    CHANGED_ONLY,
    KINDS,
    Refused,
    Tampering,
    tampered,
)

pytestmark = pytest.mark.slow

KINDS_OF_TABLES = [(table, kind) for table in APPEND_ONLY for kind in KINDS]
# The declaration is the only row of its table.
ONE_ROW = {("live_declarations", "added"), ("live_declarations", "reordered")}
KINDS_OF_TABLES += [(table, kind) for table in CHANGED_ONLY for kind in ("changed", "emptied")]


@pytest.fixture(scope="module", params=DATABASES)
def book(request, new_app, tmp_path_factory):
    """An application over a book with every kind of row, and a copy of the file on SQLite."""
    with new_app(request.param) as app:
        fill_book(app)
        pristine = tmp_path_factory.mktemp("pristine") / BOOK_FILE
        with app.app_context():
            assert faults(app) == []
        if request.param == "sqlite":
            with sqlite3.connect(Path(app.instance_path) / BOOK_FILE) as book:
                book.execute("VACUUM INTO ?", (str(pristine),))
            book.close()
        with app.app_context():
            yield app, pristine


def faults(app) -> list[str]:
    with transaction_mode("write"):  # PostgreSQL's change is in this transaction
        return list(book_faults(Path(app.instance_path) / "kept"))


def is_found(book, tampering: Tampering) -> bool | None:
    """Whether the check finds a change; None if the database refused it."""
    app, pristine = book
    try:
        with tampered(app, pristine, tampering):
            return bool(faults(app))
    except Refused:
        return None


@pytest.mark.parametrize("book", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("table", "kind"), [each for each in KINDS_OF_TABLES if "emptied" not in each]
)
def test_each_kind_of_change_is_found_in_each_column(book, table, kind):
    columns = range(len(Base.metadata.tables[table].columns)) if kind == "changed" else [0]
    found = {column: is_found(book, Tampering(table, kind, 0, column)) for column in columns}

    assert False not in found.values(), found
    if (table, kind) not in ONE_ROW:
        assert True in found.values()


@settings(max_examples=30)
@given(data=st.data())
def test_a_change_of_any_row_is_found(book, data):
    table, kind = data.draw(st.sampled_from(KINDS_OF_TABLES))
    tampering = Tampering(table, kind, data.draw(st.integers(0, 40)), data.draw(st.integers(0, 30)))

    assert is_found(book, tampering) is not False
