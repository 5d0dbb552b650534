"""Ledger and revisions are append-only: the database refuses changes, from raw SQL too."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flaskr.book.models import LiveDeclaration
from flaskr.claims.ledger.services import post_payment
from flaskr.claims.models import LedgerEntry
from flaskr.claims.services import edit_claim
from flaskr.facts.closed_lists import Cause
from flaskr.policies.services import edit_policy
from flaskr.values.calendar import utc_now
from tests.factories import ACTOR, make_claim, make_closing, make_policy, pay, reserve

pytestmark = pytest.mark.both_databases

TABLES = (
    "ledger_entries",
    "claim_revisions",
    "policy_revisions",
    "live_declarations",
    "closings",
)


@pytest.fixture
def filled(rolled_back):
    """A book with a row in each append-only table."""
    policy = make_policy()
    claim = make_claim(policy=policy)
    reserve(claim, "100")
    pay(claim, "10")
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    edit_policy(policy, {"premium": Decimal(1)}, seen_version=1, actor=ACTOR)
    rolled_back.add(LiveDeclaration(id=1, recorded_at=utc_now(), recorded_by=ACTOR))
    rolled_back.add(make_closing(date(2023, 12, 31)))
    rolled_back.flush()
    return rolled_back


def is_postgresql(session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def assert_refused(session, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET id = id",
        "UPDATE {table} SET id = id + 1000",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table})",
    ],
)
def test_no_row_is_changed_or_deleted(filled, table, statement):
    assert_refused(filled, statement.format(table=table))


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_replaced_by_its_id(filled, table):
    if is_postgresql(filled):
        assert_refused(
            filled,
            f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = 9",
        )
        return
    for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(DBAPIError, match="append-only"), filled.begin_nested():
            filled.execute(text(f"{verb} INTO {table} SELECT * FROM {table}"))
    with pytest.raises(DBAPIError, match="append-only"), filled.begin_nested():
        filled.execute(text(f"UPDATE OR REPLACE {table} SET id = 1"))


def test_no_reversal_is_replaced_by_what_it_reverses(filled):
    payment = filled.query(LedgerEntry).order_by(LedgerEntry.id.desc()).first()
    columns = [c.name for c in LedgerEntry.__table__.columns if c.name not in ("id", "reverses")]
    as_reversal = {"entry_type": "'ADJUSTMENT'", "paid": "0", "outstanding": "0"}
    values = ", ".join(as_reversal.get(name, name) for name in columns)
    copy = f"({', '.join(columns)}, reverses) SELECT {values}, {payment.id} FROM ledger_entries"
    copy += f" WHERE id = {payment.id}"
    filled.execute(text(f"INSERT INTO ledger_entries {copy}"))

    if is_postgresql(filled):
        assert_refused(
            filled,
            f"INSERT INTO ledger_entries {copy} ON CONFLICT (reverses) DO UPDATE SET paid = 1",
        )
    else:
        assert_refused(filled, f"INSERT OR REPLACE INTO ledger_entries {copy}")


@pytest.mark.parametrize("table", [*TABLES, "claims", "policies"])
def test_no_table_is_emptied_at_once(filled, table):
    if is_postgresql(filled):
        assert_refused(filled, f"TRUNCATE {table} CASCADE")
    elif table in TABLES:
        assert_refused(
            filled, f"DELETE FROM {table}"
        )  # SQLite's truncate is a delete without a condition


def test_the_orm_cannot_change_an_entry_either(filled):
    entry = filled.query(LedgerEntry).first()
    entry.recorded_by = "another"

    with pytest.raises(DBAPIError, match="append-only"):
        filled.flush()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO live_declarations SELECT 2, recorded_at, recorded_by FROM live_declarations",
        "INSERT INTO closings SELECT 9, closed_through, recorded_at, recorded_by, 0, 0, 0, 0, 0, 0,"
        " 0 FROM closings",
    ],
)
def test_a_second_declaration_and_a_second_closing_of_a_day_are_refused(filled, statement):
    with pytest.raises(DBAPIError, match="(?i)one_row|unique|append-only"):
        filled.execute(text(statement))


@pytest.fixture
def with_texts(filled):
    """A book with a payment that has texts."""
    claim = make_claim()
    post_payment(claim, Decimal(1), date(2024, 5, 1), actor=ACTOR, payee="Åsa", note="by post")
    return filled


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry_texts SET payee = 'Bo'",
        "UPDATE entry_texts SET reason = 'because'",
        "UPDATE entry_texts SET payee = NULL, note = 'by mail'",
        "UPDATE entry_texts SET payee = NULL, entry_id = entry_id - 1",
        "DELETE FROM entry_texts",
        "INSERT INTO entry_texts (entry_id) SELECT entry_id FROM entry_texts",
    ],
)
def test_a_text_of_an_entry_is_not_changed(with_texts, statement):
    with pytest.raises(DBAPIError, match="(?i)only be erased|unique"):
        with_texts.execute(text(statement))


def test_texts_of_entries_are_not_replaced_or_emptied_at_once(with_texts):
    statement = "TRUNCATE entry_texts"
    if not is_postgresql(with_texts):
        statement = "REPLACE INTO entry_texts (entry_id) SELECT entry_id FROM entry_texts"

    with pytest.raises(DBAPIError, match="only be erased"):
        with_texts.execute(text(statement))


def test_a_text_of_an_entry_can_be_erased(with_texts):
    with_texts.execute(text("UPDATE entry_texts SET payee = NULL"))

    assert with_texts.execute(text("SELECT payee, note FROM entry_texts")).all() == [
        (None, "by post")
    ]
    with pytest.raises(DBAPIError, match="only be erased"):
        with_texts.execute(text("UPDATE entry_texts SET payee = 'Åsa'"))
