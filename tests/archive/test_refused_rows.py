"""Archives with wrong rows under a correct manifest are refused with the reason."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from flaskr.archive.manifest import ArchiveError
from flaskr.archive.services import import_archive
from flaskr.book.models import Counter
from flaskr.extensions import db
from tests.archive.tampering import with_rows
from tests.books import highest_ids
from tests.factories import ACTOR

ORE = Decimal("0.01")
TOMORROW = datetime.now(UTC) + timedelta(days=1)
TODAY = date.today()  # noqa: DTZ011
DAY_AFTER = TODAY + timedelta(days=2)


def put(**values):
    """Set columns of a table's last row."""
    return lambda rows: rows[-1].update(values)


def add(**amounts):
    """Raise amounts of a table's last row by öre."""
    return lambda rows: rows[-1].update(
        {name: rows[-1][name] + ore * ORE for name, ore in amounts.items()}
    )


def last_of(rows, *kinds):
    return next(row for row in reversed(rows) if row["entry_type"] in kinds)


def swap(rows):
    rows[-1], rows[-2] = rows[-2], rows[-1]


def reverse_another_claims(rows):
    reversal = last_of(rows, "PAYMENT_REVERSAL")
    reversal["reverses"] = next(
        row["id"]
        for row in rows
        if row["entry_type"] == "PAYMENT" and row["claim_id"] != reversal["claim_id"]
    )


def pay_closed(rows):
    """A payment after the last entry of a closed claim."""
    closed = next(row for row in reversed(rows) if row["status_after"] == "closed")
    paid = Decimal("5.00")
    paid_after = closed["paid_after"] + paid
    late = {"entry_type": "PAYMENT", "paid": paid, "outstanding": 0 * ORE, "recovered": 0 * ORE}
    late |= {"id": rows[-1]["id"] + 1, "paid_after": paid_after, "reverses": None}
    rows.append({**closed, **late})


def go_back(rows):
    """The second entry of a claim, dated before the first."""
    first, second = (row for row in rows if row["claim_id"] == last_of_two(rows))
    second["transaction_date"] = first["transaction_date"] - timedelta(days=1)


def record_late(rows):
    """A claim that was recorded after its last entry."""
    moved = next(row for row in reversed(rows) if row["last_recorded_at"])
    moved["recorded_at"] = moved["last_recorded_at"] + timedelta(microseconds=1)


def last_of_two(rows):
    claims = [row["claim_id"] for row in rows]
    return next(claim for claim in reversed(claims) if claims.count(claim) == 2)


WRONG_ROWS = {
    "key of a claim": ("claims", put(claim_reference_key="other"), "does not match its key"),
    "key of a policy": ("policies", put(policy_number_key="other"), "does not match its key"),
    "reference": (
        "claims",
        put(claim_reference="a?b", claim_reference_key="a?b"),
        r"claim_reference 'a\?b' is not valid",
    ),
    "order of entries": ("ledger_entries", swap, "id is out of order"),
    "repeated id": ("ledger_entries", lambda rows: rows.append(rows[-1]), "id is out of order"),
    "id of zero": ("policies", lambda rows: rows[0].update(id=0), "id is out of range"),
    "type of an entry": ("ledger_entries", put(entry_type="GIFT"), "does not know"),
    "line of business": ("policies", put(line_of_business="space"), "does not know"),
    "cause": ("claims", put(cause="Fire"), "does not know"),
    "entry of tomorrow": ("ledger_entries", put(recorded_at=TOMORROW), "in the future"),
    "claim of tomorrow": ("claims", put(recorded_at=TOMORROW), "in the future"),
    "day to come": ("ledger_entries", put(transaction_date=DAY_AFTER), "in the future"),
    "revision of tomorrow": ("claim_revisions", put(replaced_at=TOMORROW), "in the future"),
    "NUL in a text": ("claims", put(description="a\0b"), "not a text that the book accepts"),
    "untrimmed text": ("policies", put(policyholder=" a"), "not a text that the book accepts"),
    "long text": ("claims", put(description="🜚" * 16_001), "not a text that the book accepts"),
    "long name": ("ledger_entries", put(recorded_by="x" * 65), "not a text that the book accepts"),
    "missing day": ("ledger_entries", put(transaction_date=None), "columns of this version"),
    "unknown exception": ("ledger_entries", put(exceptions="luck"), "not a text"),
    "unknown reason": ("ledger_entries", put(reason_code="luck"), "does not know"),
    "unknown cost type": ("ledger_entries", put(cost_type="luck"), "does not know"),
    "booked status": ("ledger_entries", put(status_booked="luck"), "does not know"),
    "untrimmed payee": ("entry_texts", put(payee=" a"), "not a text that the book accepts"),
    "untrimmed event": ("claims", put(event_code="a "), "not a text that the book accepts"),
    "entry of zero": ("entry_texts", lambda rows: rows[0].update(entry_id=0), "out of range"),
    "period to come": ("closings", put(closed_through=DAY_AFTER), "in the future"),
    "period of today": ("closings", put(closed_through=TODAY), "had not ended"),
    "declaration of tomorrow": ("live_declarations", put(recorded_at=TOMORROW), "in the future"),
    "counter below zero": ("counters", put(value=-1), "value is out of range"),
}
WRONG_BOOKS = {
    "balance of an entry": ("ledger_entries", add(paid_after=1), "does not follow"),
    "delta of an entry": ("ledger_entries", add(outstanding=1), "does not follow"),
    "balance of a claim": ("claims", add(outstanding=1), "what a claim stores"),
    "status of a claim": ("claims", put(status="declined"), "what a claim stores"),
    "claim of an entry": ("ledger_entries", put(claim_id=99_999), "(?i)foreign key"),
    "policy of a claim": ("claims", put(policy_id=99_999), "(?i)foreign key"),
    "import of a claim": ("claims", put(import_id=77), "an import that does not exist"),
    "day beyond the calendar": ("policies", put(expiry_date=date(1, 1, 1)), "(?i)check"),
    "clock that goes back": ("ledger_entries", go_back, "does not follow|is older than"),
    "entry before its claim": ("claims", record_late, "is older than its claim"),
    "reversal elsewhere": ("ledger_entries", reverse_another_claims, "not the opposite of"),
    "payment on a closed claim": ("ledger_entries", pay_closed, "does not follow"),
    "revision before its claim": (
        "claim_revisions",
        put(replaced_at=datetime(1999, 1, 1, tzinfo=UTC)),
        "a revision of a claim is out of order",
    ),
    "revision before its policy": (
        "policy_revisions",
        put(replaced_at=datetime(1999, 1, 1, tzinfo=UTC)),
        "a revision of a policy is out of order",
    ),
    "texts of no entry": ("entry_texts", put(entry_id=99_999), "(?i)foreign key"),
    "entry before the report": (
        "ledger_entries",
        lambda rows: apart(rows).update(exceptions="out_of_order"),
        "is older than its claim or the report",
    ),
    "entry out of order": (
        "ledger_entries",
        lambda rows: apart(rows).update(exceptions="before_report"),
        "does not follow from the entries before it",
    ),
    "booked balance": (
        "ledger_entries",
        lambda rows: apart(rows).update(paid_booked=ORE),
        "does not follow from the entries of earlier days",
    ),
    "closings that go back": ("closings", put(closed_through=date(2023, 1, 1)), "out of order"),
    "closings of a book that is not live": (
        "live_declarations",
        lambda rows: rows.clear(),
        "a closed period is out of order",
    ),
    "entry in a closed period": (
        "closings",
        put(closed_through=date(2024, 12, 31)),
        "recorded after it was closed",
    ),
    "migration into a live book": (
        "live_declarations",
        put(recorded_at=datetime(2000, 1, 1, tzinfo=UTC)),
        "migrated after the book was declared live",
    ),
    "counter": ("counters", put(value=0), "a counter is lower"),
    "counter that is gone": ("counters", lambda rows: rows.pop(), "a counter is lower"),
}


def apart(rows):
    """The entry whose day is before that of an entry recorded earlier."""
    return next(row for row in rows if "out_of_order" in (row["exceptions"] or ""))


def refuse(archive, tmp_path, table, change, reason):
    crafted = with_rows(archive, table, change, tmp_path / "crafted.zip")

    with pytest.raises(ArchiveError, match=reason):
        import_archive(crafted, actor=ACTOR)

    assert not any(highest_ids())
    assert db.session.scalars(db.select(Counter.name)).all() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG_ROWS)
def test_a_row_that_claimbook_could_not_have_written_is_refused(
    sqlite_app, embedded_archive, tmp_path, name
):
    refuse(embedded_archive, tmp_path, *WRONG_ROWS[name])


@pytest.mark.parametrize("name", WRONG_BOOKS)
def test_rows_that_make_an_inconsistent_book_are_refused(session, embedded_archive, tmp_path, name):
    refuse(embedded_archive, tmp_path, *WRONG_BOOKS[name])


def test_unchanged_rows_are_loaded(session, embedded_archive, tmp_path):
    crafted = with_rows(embedded_archive, "claims", lambda rows: None, tmp_path / "crafted.zip")

    assert import_archive(crafted, actor=ACTOR).claims == highest_ids()[1] > 300
