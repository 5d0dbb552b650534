"""The documentation's example with a token: pandas reads a book that requires signing in."""

import pytest

from flaskr.extensions import db
from flaskr.users.models import Role, Scope, UserSession
from tests.documentation import example_with
from tests.exports.serving import served
from tests.factories import make_claim, reserve
from tests.users.people import signed_in_settings, token_headers


@pytest.fixture
def signed_in_address(book_settings, make_app):
    settings = signed_in_settings(book_settings, trusted_hosts=("127.0.0.1", "localhost"))
    app = make_app(settings)
    with app.app_context():
        reserve(make_claim(description="Vattenskada hos Åsa"), "100.10")
        db.session.commit()
        db.session.remove()
    with served(app) as address:
        yield app, address


def example(address: str, bearer: str) -> str:
    text = example_with("Authorization").replace("https://claims.example.com", address)
    return "import pandas as pd\n" + text.replace("Bearer claimbook_…", bearer)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ACTUARY, Role.ADMINISTRATOR])
def test_the_example_of_the_documentation_reads_the_book_by_its_token(signed_in_address, role):
    app, address = signed_in_address
    bearer = token_headers(app, role, Scope.READ)["Authorization"]
    names: dict = {}

    exec(example(address, bearer), names)  # noqa: S102

    claims = names["claims"]
    assert len(claims) == 1
    assert str(claims["claim_cost"].sum()) == "100.10"
    assert "description" not in claims.columns
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(UserSession)) == 0


def test_without_its_token_there_is_an_error_and_not_a_page(signed_in_address):
    _, address = signed_in_address

    with pytest.raises(OSError, match="401"):
        exec(example(address, "Bearer claimbook_other"), {})  # noqa: S102
