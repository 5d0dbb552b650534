"""What the ledger of an older system may bring besides: cost types, reason codes and texts."""

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import close_claim, reopen_claim
from flaskr.claims.models import EntryTexts
from flaskr.claims.queries import balances_by_type, claim_by_reference, entries_of
from flaskr.extensions import db
from flaskr.facts.closed_lists import CostType, EntryType, ReasonCode, Status
from flaskr.import_records.models import ImportFile
from flaskr.imports.services import try_import
from tests.factories import ACTOR
from tests.imports.conftest import files_of
from tests.imports.importing import load_files, register
from tests.imports.migration.older_system import CLAIMS, LEDGER, OPENED, PAID, REVERSED, WATER

AT = "2024-03-09,2024-03-09T10:00+01:00"
TYPED = LEDGER.strip() + ",cost_type,reason_code,skäl,payee,fakturanummer,note\n"


def row(row: str, *more: str) -> str:
    """A row with cells after its last one."""
    return f"{row.strip()},{','.join(more)}\n"


@pytest.mark.both_databases
def test_a_ledger_may_bring_cost_types_reason_codes_and_texts(migrate):
    loaded = migrate(
        claims=CLAIMS + WATER.replace("H1", ""),
        ledger=TYPED
        + row(OPENED, *[""] * 6)
        + row(OPENED.replace("RESERVE_OPEN", "RESERVE_CHANGE"), "expense", *[""] * 5)
        + row(PAID, "expense", "", "", "Ås Bygg AB", "F-17", "half")
        + row(REVERSED, "expense", "wrong_amount", "typed twice", "", "", "")
        + row(REVERSED.replace("_REVERSAL", "").replace("-40,40", "9,-9"), *[""] * 6),
    )

    claim = claim_by_reference("W1")
    _, opened, paid, back, last = entries_of(claim)
    assert [opened.cost_type, paid.cost_type, last.cost_type] == ["expense"] * 2 + ["indemnity"]
    assert balances_by_type(claim.id, claim.state)[CostType.INDEMNITY].outstanding == 91
    assert (paid.texts.payee, paid.texts.payee_reference, paid.texts.note, paid.texts.reason) == (
        *("Ås Bygg AB", "F-17", "half"),
        None,
    )
    assert (back.reason_code, back.texts.reason) == (ReasonCode.WRONG_AMOUNT, "typed twice")
    assert (opened.texts, last.texts, last.exceptions) == (None, None, None)
    assert db.session.scalar(select(func.count()).select_from(EntryTexts)) == 2
    assert (loaded.entries, list(disagreements())) == (5, [])


def test_a_reversal_of_another_cost_type_is_not_paired(migrate):
    migrate(
        claims=CLAIMS + WATER.replace("H1", ""),
        ledger=TYPED
        + row(OPENED, *[""] * 6)
        + row(PAID, *[""] * 6)
        + row(REVERSED, "expense", *[""] * 5),
    )

    last = entries_of(claim_by_reference("W1"))[-1]
    assert (last.entry_type, last.cost_type) == (EntryType.ADJUSTMENT, CostType.EXPENSE)
    assert last.broken_rules == ["other_type", "below_zero"]
    assert last.reason_code is ReasonCode.MIGRATED
    assert list(disagreements()) == []


def test_closing_a_claim_with_a_cost_type_below_zero_brings_each_to_nil(migrate):
    migrate(
        claims=CLAIMS + WATER.replace("H1", ""),
        ledger=TYPED
        + row(OPENED, *[""] * 6)
        + row(f"W1,RESERVE_CHANGE,{AT},0,-20,0", "expense", *[""] * 5),
    )
    claim = claim_by_reference("W1")
    assert balances_by_type(claim.id, claim.state)[CostType.EXPENSE].outstanding == -20

    close_claim(claim, date(2024, 3, 9), actor=ACTOR)

    by_type = balances_by_type(claim.id, claim.state)
    assert [each.outstanding for each in by_type.values()] == [0, 0]
    assert list(disagreements()) == []


def test_one_closing_may_release_the_reserve_of_both_cost_types(migrate):
    migrate(
        claims=CLAIMS + WATER.replace("H1", ""),
        ledger=TYPED
        + row(OPENED, *[""] * 6)
        + row(f"W1,RESERVE_CHANGE,{AT},0,20,0", "expense", *[""] * 5)
        + row(f"W1,RESERVE_CLOSE,{AT},0,-120,0", *[""] * 6),
    )
    claim = claim_by_reference("W1")

    assert entries_of(claim)[-1].broken_rules == ["below_zero"]
    assert (claim.status, claim.outstanding) == (Status.CLOSED, 0)
    by = {"reason_code": ReasonCode.NEW_INFORMATION, "actor": ACTOR}
    reopen_claim(claim, Decimal(10), date(2024, 3, 9), **by)
    assert list(disagreements()) == []


def test_an_unknown_cost_type_or_reason_code_is_refused(migrate, tmp_path):
    ledger = TYPED + row(OPENED, "legal", "because", "", "", "", "")
    paths = files_of(tmp_path, claims=CLAIMS + WATER.replace("H1", ""), ledger=ledger)
    outcome = try_import(register(*paths, is_migration=True))

    assert [refusal.text for refusal in outcome.refusals] == [
        "This must be one of indemnity, expense.",
        f"This must be one of {', '.join(ReasonCode)}.",
    ]


def test_a_name_given_for_all_rows_is_not_in_the_record_of_the_import(migrate, tmp_path):
    migrate(claims=CLAIMS + WATER.replace("H1", "").replace("02,\n", "02,2024-03-02T08:00Z\n"))
    paths = files_of(tmp_path, ledger=LEDGER + OPENED + PAID)

    load_files(*paths, is_migration=True, constants={"payee": "Åsa Öberg"})

    *_, mapping = db.session.scalars(select(ImportFile.mapping).order_by(ImportFile.id))
    assert json.loads(mapping)["constants"] == {"payee": "given"}
    assert {entry.texts.payee for entry in entries_of(claim_by_reference("W1"))} == {"Åsa Öberg"}


def test_a_migration_brings_event_codes(migrate):
    migrate(
        claims="claim_reference,loss_date,reported_date,event_code\nW1,2024-03-01,2024-03-02,PER\n",
        ledger=LEDGER + OPENED,
    )

    assert claim_by_reference("W1").event_code == "PER"
