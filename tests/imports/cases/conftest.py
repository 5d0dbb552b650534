from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from flaskr.settings import Settings
from tests.imports.cases.doors import DOORS, Door, fill_with_policies


@pytest.fixture
def case_app(embedded_settings: Settings, lend_app: Callable[[Settings], Flask]) -> Flask:
    """A book with the policies that the cases are on; test_everywhere tries each database."""
    app = lend_app(embedded_settings)
    fill_with_policies(app)
    return app


@pytest.fixture(params=["command", pytest.param("page", marks=pytest.mark.slow)])
def door(request, case_app: Flask, tmp_path: Path) -> Iterator[Door]:
    """A way into a book with the policies of the cases: its command, and its pages."""
    return DOORS[request.param](case_app, tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file of a text or of bytes; its path."""

    def run(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return run
