"""Nobody is shown what they may not do: wherever the pages lead, one gets in."""

import pytest
from werkzeug.exceptions import HTTPException

from tests.addresses import fill_book
from tests.users.gate.askers import PEOPLE, make_asker
from tests.users.gate.crawling import crawl
from tests.users.gate.test_roles import who_gets_in


def is_dead(method: str, status: int) -> bool:
    """Whether there is nothing at the end of a link; a form that asks was not filled in."""
    return status in (401, 403) or (method == "GET" and status >= 400)


def leads_nowhere(app, letter: str, answers: dict[tuple[str, str], int]) -> list[tuple]:
    """Links that were not answered, and forms that whoever is asking may not send."""
    wrong = [(*way, status) for way, status in answers.items() if is_dead(way[0], status)]
    for method, address in (way for way in answers if way[0] == "POST"):
        try:
            path = address.partition("?")[0]
            endpoint, _ = app.url_map.bind("localhost").match(path, method=method)
        except HTTPException as error:
            wrong.append((method, address, error))
        else:
            if letter not in (who_gets_in(endpoint, method) or ""):
                wrong.append((method, address, endpoint))
    return wrong


@pytest.mark.parametrize("letter", PEOPLE)
def test_wherever_the_pages_lead_a_person_gets_in(signed_in_app, letter):
    fill_book(signed_in_app)
    asker = make_asker(signed_in_app, letter)

    answers = crawl(signed_in_app, asker.client)

    for w in leads_nowhere(signed_in_app, letter, answers):
        print(letter, len(answers), w)
    assert leads_nowhere(signed_in_app, letter, answers) == []
    assert len(answers) > 20


def test_wherever_the_pages_of_an_open_book_lead_one_gets_in(app, client):
    fill_book(app)

    answers = crawl(app, client)

    assert [(*way, status) for way, status in answers.items() if is_dead(way[0], status)] == []
    assert {"/claims/new", "/exports/verify", "/generate_random_claim"} <= {
        address for _, address in answers
    }
