from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from flaskr.facts.closed_lists import Contents
from tests.imports.round_trips.books import (
    dry_run,
    export,
    fill_with_numbers,
    fill_with_texts,
    filled,
)
from tests.imports.round_trips.tools import TOOLS


@pytest.fixture(scope="module")
def texts_app(new_app) -> Iterator[Flask]:
    """A book of texts of many kinds, to read only."""
    with filled(new_app, fill_with_texts) as app:
        yield app


@pytest.fixture(scope="module")
def numbers_app(new_app) -> Iterator[Flask]:
    """A book of texts that are all digits, to read only."""
    with filled(new_app, fill_with_numbers) as app:
        yield app


@pytest.fixture
def sent_through(tmp_path) -> Callable[..., str]:
    """Sends a book's own file through a program, and says what its dry run says."""

    def run(app: Flask, name: str, contents: Contents) -> str:
        tool = TOOLS[name]
        given = export(app.test_client(), contents, tool.opens, tmp_path)
        made = tmp_path / f"made.{tool.saves}"
        tool.run(given, made)
        return dry_run(app, made, *["--raw"] * tool.opens.startswith("raw"))

    return run
