import pytest
from flask import Flask

from tests.users.people import signed_in_settings


@pytest.fixture
def signed_in_app(book_settings, make_app) -> Flask:
    """A book that people sign in to, empty, on each database."""
    return make_app(signed_in_settings(book_settings))
