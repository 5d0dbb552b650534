"""Ledger and revisions only grow: the database itself refuses anything else, from raw SQL too."""

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from flaskr.claims.models import LedgerEntry
from flaskr.claims.services import edit_claim
from flaskr.facts.lists import Cause
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.both_databases

TABLES = ("ledger_entries", "claim_revisions", "policy_revisions")


@pytest.fixture
def grown(rolled_back):
    """A book with a row in each append-only table."""
    policy = make_policy()
    claim = make_claim(policy=policy)
    reserve(claim, "100")
    pay(claim, "10")
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    edit_policy(policy, {"premium": Decimal(1)}, seen_version=1, actor=ACTOR)
    return rolled_back


def is_postgresql(session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def refused(session, statement: str) -> None:
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
def test_no_row_is_changed_or_deleted(grown, table, statement):
    refused(grown, statement.format(table=table))


@pytest.mark.parametrize("table", TABLES)
def test_no_row_is_replaced_by_its_id(grown, table):
    if is_postgresql(grown):
        refused(
            grown,
            f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = 9",
        )
        return
    for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"):
        with pytest.raises(DBAPIError, match="append-only"), grown.begin_nested():
            grown.execute(text(f"{verb} INTO {table} SELECT * FROM {table}"))
    with pytest.raises(DBAPIError, match="append-only"), grown.begin_nested():
        grown.execute(text(f"UPDATE OR REPLACE {table} SET id = 1"))


def test_no_reversal_is_replaced_by_what_it_reverses(grown):
    payment = grown.query(LedgerEntry).order_by(LedgerEntry.id.desc()).first()
    columns = [c.name for c in LedgerEntry.__table__.columns if c.name not in ("id", "reverses")]
    as_reversal = {"entry_type": "'ADJUSTMENT'", "paid": "0", "outstanding": "0"}
    values = ", ".join(as_reversal.get(name, name) for name in columns)
    copied = f"({', '.join(columns)}, reverses) SELECT {values}, {payment.id} FROM ledger_entries"
    copied += f" WHERE id = {payment.id}"
    grown.execute(text(f"INSERT INTO ledger_entries {copied}"))

    if is_postgresql(grown):
        refused(
            grown,
            f"INSERT INTO ledger_entries {copied} ON CONFLICT (reverses) DO UPDATE SET paid = 1",
        )
    else:
        refused(grown, f"INSERT OR REPLACE INTO ledger_entries {copied}")


@pytest.mark.parametrize("table", [*TABLES, "claims", "policies"])
def test_no_table_is_emptied_at_once(grown, table):
    if is_postgresql(grown):
        refused(grown, f"TRUNCATE {table} CASCADE")
    elif table in TABLES:
        refused(grown, f"DELETE FROM {table}")  # SQLite's truncate is a delete without a condition


def test_the_orm_cannot_change_an_entry_either(grown):
    entry = grown.query(LedgerEntry).first()
    entry.reason = "another"

    with pytest.raises(DBAPIError, match="append-only"):
        grown.flush()
