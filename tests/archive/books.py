"""A small book with every kind of row, and its files."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy import update

from flaskr.archive.services import import_archive, write_archive
from flaskr.book.models import Closing, LiveDeclaration
from flaskr.claims.erasing import erase_claim_texts
from flaskr.claims.ledger.services import close_claim, post_payment, set_reserve
from flaskr.claims.models import Claim, EntryTexts, LedgerEntry
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, CostType, EntryType, Status
from flaskr.import_records.models import Import, ImportFile
from flaskr.policies.services import edit_policy, erase_policyholder
from flaskr.values.calendar import utc_now
from tests.demo.conftest import fill
from tests.exports.reading import cancelled_policy
from tests.factories import ACTOR, make_claim, make_policy, open_elsewhere, pay, reserve
from tests.imports.importing import GOLDEN, load_files

FORMATS = ("csv", "parquet", "xlsx", "arrow", "jsonl")
CUTS = ("", "&as_at=2024-04-30&basis=known", "&as_at=2024-04-30&basis=booked")
CONTENTS = ("claims", "ledger", "policies")
EVERY_FILE = [
    f"/export_{contents}?format={form}{valuation}"
    for contents, form, valuation in itertools.product(CONTENTS, FORMATS, CUTS)
]
SOME_FILES = [f"/export_{contents}?format=parquet{CUTS[1]}" for contents in CONTENTS]
SOME_FILES += [f"/export_{contents}?format=jsonl{CUTS[2]}" for contents in CONTENTS]
SOME_FILES += ["/export_ledger?since=9", "/export_claims?format=csv&dialect=excel-sv"]


def fill_book(app: Flask) -> None:
    """Generated claims with revisions, the golden ledger, and later changes."""
    fill(app, "--policies", "60", "--claims", "300")
    with app.app_context():
        load_files(*GOLDEN, is_migration=True)
        policy = make_policy(policy_number="FÖ-001", policyholder='Åsa "Ö" <é>\n二')
        cancelled = cancelled_policy(date(2024, 2, 1), policy_number="007", sum_insured=Decimal(1))
        full = make_claim(policy=policy, claim_reference="00123", description="=1+1;\n\té 🜚")
        reserve(full, "100.00")
        pay(full, "60.10")
        add_texts(full)
        close_claim(full, date(2024, 5, 1), actor=ACTOR)
        add_history()
        bare = make_claim(claim_reference="ß", cause=None, loss_date=None, reported_date=None)
        facts = {"cause": Cause.FIRE, "description": "x", "event_code": "STORM-å"}
        edit_claim(bare, facts, seen_version=1, actor=ACTOR)
        opened = make_claim(policy=cancelled, claim_reference="D", loss_date=date(2024, 1, 9))
        open_elsewhere(opened)
        edit_policy(policy, {"premium": Decimal("1.10")}, seen_version=1, actor=ACTOR)
        db.session.flush()
        add_import(opened)
        make_claim(claim_reference=None)
        erase_claim_texts(make_claim(claim_reference="Erased", description="Said"), actor=ACTOR)
        erase_policyholder(make_policy(policy_number="Erased"), actor=ACTOR)
        close_periods()
        reserve(opened, "7.00", date(2024, 5, 2))
        db.session.commit()


def add_texts(claim: Claim) -> None:
    """An expense whose payee is erased, and whose note stays."""
    by = {"payee": "Åsa Ek", "payee_reference": "F 7", "note": "Two\nlines"}
    amount, day = Decimal("2.50"), date(2024, 5, 1)
    of_type = {"cost_type": CostType.EXPENSE, "actor": ACTOR}
    set_reserve(claim, amount, day, **of_type)
    entry = post_payment(claim, amount, day, **of_type, **by)
    erased = update(EntryTexts).where(EntryTexts.entry_id == entry.id).values(payee=None)
    db.session.execute(erased)


def add_history() -> None:
    """A migrated payment that belongs to a day before the first entry, and before the report."""
    claim = make_claim(claim_reference="History", reported_date=date(2024, 3, 2))
    opened, paid = Decimal("100.00"), Decimal("40.00")
    left, zero = opened - paid, Decimal(0)
    common = {"claim_id": claim.id, "recorded_at": claim.recorded_at, "recorded_by": ACTOR}
    common |= {"imported_at": claim.recorded_at, "cost_type": CostType.INDEMNITY}
    common |= {"recovered": zero, "recovered_after": zero, "recovered_booked": zero}
    common |= {"status_after": Status.OPEN, "status_booked": Status.OPEN, "paid_booked": paid}
    first = {"entry_type": EntryType.RESERVE_OPEN, "transaction_date": date(2024, 3, 10)}
    first |= {"paid": zero, "outstanding": opened, "paid_after": zero, "outstanding_after": opened}
    late = {"entry_type": EntryType.PAYMENT, "transaction_date": date(2024, 2, 20)}
    late |= {"paid": paid, "outstanding": -paid, "paid_after": paid, "outstanding_after": left}
    late["exceptions"] = "before_report out_of_order"
    db.session.add(LedgerEntry(**common, **first, outstanding_booked=left))
    db.session.flush()
    db.session.add(LedgerEntry(**common, **late, outstanding_booked=-paid))
    claim.paid, claim.outstanding = paid, left
    claim.first_transaction_date = late["transaction_date"]
    claim.last_transaction_date = first["transaction_date"]
    claim.last_recorded_at = claim.recorded_at
    db.session.flush()


def close_periods() -> None:
    """The declaration that the book is live, and two closed periods."""
    recorded = {"recorded_at": utc_now(), "recorded_by": ACTOR}
    db.session.add(LiveDeclaration(id=1, **recorded))
    counts = {"policies": 3, "claims": 2, "entries": 1, "premium": Decimal("9.50")}
    amounts = {"paid": Decimal("1.25"), "outstanding": Decimal("-1.00"), "recovered": Decimal(0)}
    for day in (date(2023, 12, 31), date(2024, 2, 29)):
        db.session.add(Closing(closed_through=day, **recorded, **counts, **amounts))
        db.session.flush()


def add_import(claim) -> None:
    """An import with a file, another that undoes it, and a row of the import."""
    zeros = dict.fromkeys(("changed", "unchanged", "refused", "entries"), 0)
    amounts = dict.fromkeys(("paid", "outstanding", "recovered"), Decimal("-1.50"))
    common = {"recorded_by": ACTOR, "created": 1, **zeros, **amounts}
    recorded_at = datetime(2024, 6, 1, 12, tzinfo=UTC)
    brought = Import(kind="facts", recorded_at=recorded_at, **common)
    db.session.add(brought)
    db.session.flush()
    db.session.add(Import(kind="undo", recorded_at=recorded_at, undoes=brought.id, **common))
    made_of = {"contents": "claims", "file_name": "skador ö.csv", "sha256": "0" * 64}
    read_as = {"mapping": "{}", "titles_digest": "1" * 64}
    db.session.add(
        ImportFile(import_id=brought.id, size_bytes=2**40, row_count=1, **made_of, **read_as)
    )
    claim.import_id, claim.import_row = brought.id, 2


def files_of(app: Flask, addresses: list[str]) -> dict[str, bytes]:
    """Files of a book by their addresses."""
    client = app.test_client()
    files = {}
    for address in addresses:
        answer = client.get(address, buffered=True)
        assert answer.status_code == 200
        files[address] = answer.data
    return files


def archive_of(app: Flask, path: Path) -> Path:
    with app.app_context():
        write_archive(path, actor=ACTOR)
    return path


def load(app: Flask, path: Path, told: list | None = None):
    with app.app_context():
        tell = None if told is None else told.append
        return import_archive(path, actor=ACTOR, on_progress=tell)
