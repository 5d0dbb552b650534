"""The files of a book can be migrated into another, with all their columns."""

import pytest
from sqlalchemy import select

from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from flaskr.imports.loaded_columns import loaded_columns
from tests.exports.golden import default_first
from tests.imports.importing import counts, load_files

ENTRY = ("entry_type", "transaction_date", "recorded_at", "paid", "outstanding", "recovered")


@pytest.mark.parametrize("golden_app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", default_first(("csv", "parquet", "xlsx", "jsonl"), "csv"))
def test_a_books_own_files_make_the_same_ledger_in_another_book(
    golden_app, sqlite_app, tmp_path, form
):
    client = golden_app[0].test_client()
    paths = []
    for contents in ("policies", "claims", "ledger"):
        paths.append(tmp_path / f"{contents}.{form}")
        answer = client.get(f"/export_{contents}?format={form}&sort=recorded")
        paths[-1].write_bytes(answer.data)
    with golden_app[0].app_context():
        expected = entries()

    outcome = load_files(*paths, is_migration=True)

    assert counts(outcome)[1:] == (0, 0, 0)
    assert entries() == expected
    assert list(disagreements()) == []


def entries() -> list[tuple]:
    """Every entry with its claim's reference and facts."""
    columns = [getattr(LedgerEntry, name) for name in ENTRY]
    of_claim = (Claim.claim_reference, Claim.cause, Claim.loss_date)
    rows = select(*of_claim, *columns).join(Claim, Claim.id == LedgerEntry.claim_id)
    return [tuple(row) for row in db.session.execute(rows.order_by(LedgerEntry.id))]


def test_the_facts_of_the_claim_are_known_columns_of_a_ledger_and_not_loaded():
    loaded = loaded_columns(Contents.LEDGER, is_migration=True)

    assert "recorded_date" in loaded  # and checked against the instant
    assert not {"reported_date", "loss_date", "policy_number", "cause"} & set(loaded)
