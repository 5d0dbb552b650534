"""Reading pages never changes the book: every URL is requested."""

import pytest

from flaskr.database.modes import current_mode
from tests.addresses import address_of, fill_book
from tests.books import highest_ids

WRITES_ON_GET = "/generate_random_claim"


@pytest.fixture
def addresses(app) -> list[str]:
    """One URL for each rule that has GET, in a small book."""
    known = fill_book(app)
    return [
        address_of(app, rule, known)
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint != "users.change_password"
    ]


def test_no_get_but_one_changes_the_book(app, session, client, addresses):
    modes = []
    app.before_request_funcs[None].append(lambda: modes.append(current_mode.get()))
    before = highest_ids()
    session.remove()

    for address in addresses:
        is_read = address.rstrip("/") != WRITES_ON_GET
        for method in (client.head, client.get) if is_read else (client.head,):
            with method(address) as answer:
                assert answer.status_code < 400, (address, answer.status_code)
            assert highest_ids() == before, address
            session.remove()

    assert set(modes) == {"read"}
    assert WRITES_ON_GET in {address.rstrip("/") for address in addresses}
    assert client.get(WRITES_ON_GET).status_code < 400
    assert highest_ids() != before
