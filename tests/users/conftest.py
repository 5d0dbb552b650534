import shutil
from pathlib import Path

import pytest
from flask import Flask

from flaskr.settings import BOOK_FILE
from tests.conftest import make_settings
from tests.users.people import signed_in_settings


@pytest.fixture
def sqlite_signed_in(template_book: Path, tmp_path: Path, make_app) -> Flask:
    """A book that people sign in to: for what no database has a part in."""
    shutil.copy(template_book, tmp_path / BOOK_FILE)
    return make_app(signed_in_settings(make_settings(tmp_path)))
