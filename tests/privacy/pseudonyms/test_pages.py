"""Pages show names and free text to some roles, pseudonyms and no free text to the others."""

import pytest

from flaskr.users.models import Role
from flaskr.values.pseudonyms import pseudonym
from tests.browsing import fields_of
from tests.privacy.pseudonyms.readers import DESCRIPTION, ENTRY_TEXTS, NAME, REASON, reading_client

SENTENCE = "A pseudonym: your role does not see names."
PAGES = ("/", "/policies", "/policies/H-1", "/claims", "/claims/W-1", "/dictionary", "/imports")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ACTUARY])
def test_roles_without_names_see_none_on_any_page(book, role):
    client = reading_client(book, role)
    with book.app_context():
        hidden = pseudonym(NAME)

    for page in PAGES:
        page_text = client.get(page).text
        assert NAME not in page_text
        assert DESCRIPTION not in page_text
        assert not any(text in page_text for text in ENTRY_TEXTS.values())
    assert f'<code class="pseudonym" title="{SENTENCE}">{hidden}</code>' in (
        client.get("/policies").text
    )
    assert f"<small>{SENTENCE}</small>" in client.get("/policies/H-1").text
    assert client.get("/claims/W-1").text.count("Withheld: it may name people.") == 2
    assert "Withheld" not in client.get("/claims/W-2").text


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR])
def test_roles_with_names_see_them(book, role):
    client = reading_client(book, role)

    assert NAME in client.get("/policies").text
    assert NAME in client.get("/policies/H-1").text
    assert DESCRIPTION in client.get("/claims/W-1").text
    assert all(text in client.get("/claims/W-1").text for text in ENTRY_TEXTS.values())
    assert "pseudonym" not in client.get("/policies/H-1").text


def test_a_search_covers_names_only_for_roles_that_see_them(handler, actuary):
    for address in (f"/policies?text={NAME}", "/claims?text=Exampelmark"):
        assert "1 claim" in handler.get(address).text or "2 policies" in handler.get(address).text
        assert "match." in actuary.get(address).text
    assert "H-1" in actuary.get("/policies?text=h-1").text
    assert 'placeholder="Search number or policyholder"' in handler.get("/policies").text
    assert 'placeholder="Search number"' in actuary.get("/policies").text
    assert "or description" in handler.get("/claims").text
    assert 'placeholder="Search reference or policy number"' in actuary.get("/claims").text


@pytest.mark.parametrize("page", ["/policies", "/claims"])
def test_the_menu_offers_names_only_to_roles_that_see_them(handler, actuary, page):
    menu = handler.get(f"{page}?text=1&sort=-recorded")

    assert "With names…" in menu.text
    assert {"reason", "text"} <= set(fields_of(menu))
    assert "With names…" not in actuary.get(page).text


def test_an_open_book_offers_no_names_for_a_reason(open_book):
    client = open_book.test_client()

    assert "With names…" not in client.get("/policies").text
    assert NAME in client.get("/policies").text


def test_the_dictionary_of_an_open_book_has_names(open_book):
    assert "<code>policyholder_" not in open_book.test_client().get("/dictionary").text


def test_the_dictionary_says_what_the_reader_gets(handler, actuary):
    for client in (handler, actuary):
        page = client.get("/dictionary").text
        assert "<code>policyholder_" in page
        assert "<code>policyholder</code>\n                </th>" not in page
        assert "pseudonym för försäkringstagaren" in page
    assert "<code>reason=</code>" in handler.get("/dictionary").text
    assert "<code>reason=</code>" not in actuary.get("/dictionary").text


def test_pages_of_policies_offer_only_what_the_reader_may_do(handler, actuary, book):
    viewer = reading_client(book, Role.VIEWER)

    for client, may_record, may_export in (
        (handler, True, True),
        (actuary, False, True),
        (viewer, False, False),
    ):
        assert ("Record a policy" in client.get("/policies").text) is may_record
        assert ("/policies/H-1/edit" in client.get("/policies/H-1").text) is may_record
        assert ("/export_policies" in client.get("/policies").text) is may_export


def test_no_page_of_an_actuary_takes_a_reason(actuary):
    assert actuary.get(f"/export_policies?{REASON}").status_code == 403
