"""The texts of ledger entries are in files only where names are."""

import pytest

from tests.privacy.pseudonyms.readers import ENTRY_TEXTS, REASON, frame


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
