from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.archive.books import archive_of, fill_book
from tests.books import DATABASES


@pytest.fixture(scope="session", params=DATABASES)
def source(request, new_app) -> Iterator[Flask]:
    """A book with every kind of row, on each database."""
    with new_app(request.param) as app:
        fill_book(app)
        yield app


@pytest.fixture(scope="session")
def archive(source: Flask, tmp_path_factory) -> Path:
    return archive_of(source, tmp_path_factory.mktemp("archive") / "book.zip")


@pytest.fixture(scope="session")
def embedded_archive(new_app, tmp_path_factory) -> Path:
    """The archive of a book on SQLite."""
    with new_app("sqlite") as app:
        fill_book(app)
        return archive_of(app, tmp_path_factory.mktemp("archive") / "book.zip")
