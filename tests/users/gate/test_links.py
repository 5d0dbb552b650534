"""Pages show a role only links and forms that it may use."""

import pytest
from werkzeug.exceptions import HTTPException

from tests.addresses import fill_book
from tests.users.gate.crawling import crawl
from tests.users.gate.role_clients import ROLES, make_role_client
from tests.users.gate.test_roles import allowed_letters


def is_dead(method: str, status: int) -> bool:
    """Whether a link is forbidden or broken; a GET form sent empty may be refused."""
    return status in (401, 403) or (method == "GET" and status >= 400)


def dead_links(app, letter: str, answers: dict[tuple[str, str], int]) -> list[tuple]:
    """The dead links, and the forms that the role may not send."""
    wrong = [(*link, status) for link, status in answers.items() if is_dead(link[0], status)]
    for method, address in (link for link in answers if link[0] == "POST"):
        try:
            path = address.partition("?")[0]
            endpoint, _ = app.url_map.bind("localhost").match(path, method=method)
        except HTTPException as error:
            wrong.append((method, address, error))
        else:
            if letter not in (allowed_letters(endpoint, method) or ""):
                wrong.append((method, address, endpoint))
    return wrong


@pytest.mark.parametrize("letter", ROLES)
def test_every_link_and_form_shown_to_a_role_is_open_to_it(signed_in_app, letter):
    fill_book(signed_in_app)
    client = make_role_client(signed_in_app, letter).client

    answers = crawl(signed_in_app, client)

    assert dead_links(signed_in_app, letter, answers) == []
    assert len(answers) > 20


def test_every_link_and_form_of_an_open_book_works(app, client):
    fill_book(app)

    answers = crawl(app, client)

    assert [(*link, status) for link, status in answers.items() if is_dead(link[0], status)] == []
    assert {"/claims/new", "/exports/verify", "/generate_random_claim"} <= {
        address for _, address in answers
    }
