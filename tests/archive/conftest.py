from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.archive.books import archive_of, empty_app, fill_book


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def source(request, tmp_path_factory) -> Iterator[Flask]:
    """A book with everything in it, made on each database."""
    with empty_app(request, tmp_path_factory, request.param, "source") as app:
        fill_book(app)
        yield app


@pytest.fixture(scope="session")
def archive(source: Flask, tmp_path_factory) -> Path:
    return archive_of(source, tmp_path_factory.mktemp("archive") / "book.zip")


@pytest.fixture(scope="session")
def embedded_archive(request, tmp_path_factory) -> Path:
    """The archive of a book of SQLite."""
    with empty_app(request, tmp_path_factory, "sqlite", "embedded") as app:
        fill_book(app)
        return archive_of(app, tmp_path_factory.mktemp("archive") / "book.zip")
