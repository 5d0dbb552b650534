"""The texts of ledger entries are in files only where names are."""

import logging

import pytest

from flaskr.book.sealing.queries import EMPTY_BOOK
from flaskr.users.models import Role
from tests.browsing import send
from tests.imports.migration.older_system import CLAIMS, HOME, LEDGER, OPENED, POLICIES, WATER
from tests.imports.uploading import load, migrate
from tests.privacy.pseudonyms.readers import ENTRY_TEXTS, REASON, frame, reading_client
from tests.privacy.searching import found_in
from tests.users.gate.crawling import BY_HEAD, crawl


def test_a_ledger_file_has_the_texts_of_entries_only_with_a_reason(handler, actuary):
    every = {client: frame(client.get("/export_ledger").data) for client in (handler, actuary)}
    named = frame(handler.get(f"/export_ledger?{REASON}").data)

    for bare in every.values():
        assert not set(ENTRY_TEXTS) & set(bare)
        assert "reason_code" in bare
    assert {name: named[name].iloc[-1] for name in ENTRY_TEXTS} == ENTRY_TEXTS


@pytest.mark.parametrize("name", ENTRY_TEXTS)
def test_a_text_of_entries_is_refused_by_name(handler, actuary, name):
    asked = handler.get(f"/export_ledger?columns=entry_id,{name}")
    withheld = actuary.get(f"/export_ledger?columns=entry_id,{name}")

    assert (asked.status_code, withheld.status_code) == (403, 403)
    assert f"“{name}” may contain names: say why you need it, with reason=." in asked.text
    assert f"“{name}” may contain names, and is not available here" in withheld.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ACTUARY])
def test_no_page_that_can_be_reached_without_names_has_a_text_of_entries(book, role):
    client = reading_client(book, role)

    shown = {
        address: found_in(client.get(address).data, *ENTRY_TEXTS.values())
        for method, address in crawl(book, client)
        if method == "GET" and not address.startswith(BY_HEAD)
    }

    assert len(shown) > 10
    assert {address: texts for address, texts in shown.items() if texts} == {}


@pytest.mark.parametrize("form", ["csv", "csv&raw=1", "xlsx", "parquet", "arrow", "jsonl"])
def test_no_file_or_feed_or_manifest_without_names_has_a_text_of_entries(handler, actuary, form):
    since = f"&since={EMPTY_BOOK}"
    for client in (handler, actuary):
        for contents in ("ledger", "claims", "policies", "revisions"):
            feeds = ("", since) if contents in ("ledger", "revisions") else ("",)
            for more in (*feeds, "&manifest=1"):
                answer = client.get(f"/export_{contents}?format={form}{more}")

                assert answer.status_code == 200, answer.text
                assert found_in(answer.data, *ENTRY_TEXTS.values()) == []
    named = handler.get(f"/export_ledger?format={form}&{REASON}")
    assert found_in(named.data, *ENTRY_TEXTS.values()) == list(ENTRY_TEXTS.values())


def test_a_log_has_no_text_of_entries(handler, caplog):
    caplog.set_level(logging.DEBUG)

    paid = send(handler, "/claims/W-1/pay", amount="1.00", **ENTRY_TEXTS)
    refused = send(handler, "/claims/W-1/pay", amount="x", **ENTRY_TEXTS)

    assert (paid.status_code, refused.status_code) == (303, 422)
    assert found_in(caplog.text.encode(), *ENTRY_TEXTS.values()) == []


def test_the_pages_of_a_migration_show_its_texts_only_to_who_sent_it(book, administrator, actuary):
    ledger = LEDGER.strip() + ",payee,note\n" + OPENED.strip() + ",Payee Quist,Note of Zorn\n"
    page = migrate(
        administrator, ("policies.csv", POLICIES + HOME), ("claims.csv", CLAIMS + WATER),
        ("ledger.csv", ledger),
    )  # fmt: skip
    load(administrator, page)

    for address in ("/imports", "/imports/1", "/imports/1/edits", "/claims/W1"):
        assert found_in(actuary.get(address).data, "Payee Quist", "Note of Zorn") == []
    assert found_in(administrator.get("/claims/W1").data, "Payee Quist") == ["Payee Quist"]
