import pytest
from flask import Flask

from flaskr.settings import Settings
from tests.users.people import signed_in_settings


@pytest.fixture
def sqlite_signed_in(embedded_settings: Settings, lend_app) -> Flask:
    """A book with sign-in on SQLite only, for tests that do not depend on the database."""
    return lend_app(signed_in_settings(embedded_settings))
