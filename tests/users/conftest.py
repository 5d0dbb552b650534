import pytest
from flask import Flask

from flaskr.settings import Settings
from tests.users.people import signed_in_settings


@pytest.fixture
def sqlite_signed_in(embedded_settings: Settings, lend_app) -> Flask:
    """A book that people sign in to: for what no database has a part in."""
    return lend_app(signed_in_settings(embedded_settings))
