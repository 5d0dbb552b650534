"""Columns that are empty in the first batches and have a value later."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from flaskr.exports.dictionary import FILE_COLUMNS
from flaskr.exports.making.snapshot import BATCH_ROWS
from flaskr.extensions import db
from flaskr.facts.closed_lists import Contents
from tests.exports.readers import EXACT, FORMS, read

EMPTY = BATCH_ROWS + 500
NUMBERS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :n) "
)
OWN = "recorded_at, recorded_by, version"
RECORDED = "'2024-01-01 00:00:00', 'command', 1"
FULL_POLICY = "'L', 'l', 'Å', 'home', '0001-01-01', '9999-12-31', '0001-01-01', 5, 5, 700"
POLICIES = f"""
INSERT INTO policies (policy_number, policy_number_key, policyholder, line_of_business,
    inception_date, expiry_date, cancelled_on, premium, deductible, sum_insured, {OWN})
"""
CLAIMS = f"""
INSERT INTO claims (claim_reference, claim_reference_key, policy_id, cause, loss_date,
    reported_date, closed_date, event_code, status, paid, outstanding, recovered, description,
    {OWN})
"""
ENTRIES = """
INSERT INTO ledger_entries (claim_id, entry_type, transaction_date, recorded_at, recorded_by,
    paid, outstanding, recovered, paid_after, outstanding_after, recovered_after, status_after,
    reverses, reason_code, imported_at, exceptions)
"""
# The last rows of a file; claims and policies come newest first.
BOOK = (
    f"{POLICIES} VALUES ({FULL_POLICY}, {RECORDED})",
    f"{CLAIMS} VALUES ('L', 'l', 1, 'fire', '0001-01-01', '9999-12-31', '9999-12-31', '007',"
    f" 'closed', 1, 2, 0, 'Å', {RECORDED})",
    f"{NUMBERS} {POLICIES} SELECT 'P' || n, 'p' || n, '', 'home', '2024-01-01', '2025-01-01',"
    f" NULL, 0, 0, NULL, {RECORDED} FROM numbers",
    f"{NUMBERS} {CLAIMS} SELECT 'C' || n, 'c' || n, NULL, NULL, NULL, NULL, NULL, NULL, 'open',"
    f" 0, 0, 0, '', {RECORDED} FROM numbers",
    f"{NUMBERS} {ENTRIES} SELECT n + 1, 'ADJUSTMENT', '2024-01-01', '2024-01-01', 'command',"
    " 0, 0, 0, 0, 0, 0, 'open', NULL, NULL, NULL, NULL FROM numbers",
    f"{ENTRIES} VALUES (1, 'ADJUSTMENT', '9999-12-31', '2024-01-01 12:00:00.000001', 'Å',"
    " -1, 1, 0, 0, 1, 0, 'open', 7, 'other', '2024-01-02 00:00:00', 'status')",
    "INSERT INTO entry_texts (entry_id, reason, payee, payee_reference, note)"
    f" VALUES ({EMPTY + 1}, '=why', 'Å', '007', 'x')",
)
LAST = {
    Contents.CLAIMS: {
        "policy_number": "L", "line_of_business": "home", "cause": "fire",
        "loss_date": date(1, 1, 1), "reported_date": date(9999, 12, 31),
        "closed_date": date(9999, 12, 31), "paid": Decimal("0.01"), "description": "Å",
        "event_code": "007",
    },
    Contents.LEDGER: {
        "reverses": 7, "reason": "=why", "recorded_by": "Å", "paid": Decimal("-0.01"),
        "recorded_at": datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=UTC),
        "transaction_date": date(9999, 12, 31), "reason_code": "other", "exceptions": "status",
        "imported_at": datetime(2024, 1, 2, tzinfo=UTC), "payee": "Å", "payee_reference": "007",
        "note": "x", "recorded_date": date(2024, 1, 1), "cause": "fire",
        "loss_date": date(1, 1, 1), "reported_date": date(9999, 12, 31), "policy_number": "L",
        "line_of_business": "home",
    },
    Contents.POLICIES: {"cancelled_on": date(1, 1, 1), "sum_insured": Decimal("7.00")},
}  # fmt: skip
NEVER_MISSING = ("paid", "recorded_at", "recorded_date", "transaction_date", "recorded_by")


@pytest.fixture(scope="module")
def late_app(lasting_app):
    with lasting_app.app_context():
        for statement in BOOK:
            db.session.execute(text(statement), {"n": EMPTY} if ":n" in statement else {})
        db.session.commit()
    return lasting_app


@pytest.mark.parametrize("contents", Contents)
def test_a_value_after_a_whole_batch_of_nulls_is_in_every_format(late_app, tmp_path, contents):
    client, expected = late_app.test_client(), LAST[contents]
    chosen = [column for column in FILE_COLUMNS[contents] if column.name in expected]
    names = ",".join(column.name for column in chosen)
    # reading so large a workbook takes seconds, so only once
    for form in FORMS if contents is Contents.POLICIES else ("csv", "parquet"):
        body = client.get(f"/export_{contents}?format={form}&columns={names}").data

        found = read(body, form, EXACT[form], tuple(chosen), tmp_path)

        last = {name: values.pop() for name, values in found.items()}
        last["reason"] = (last.get("reason") or "").removeprefix("'") or None
        assert last | expected == last
        for name in found.keys() - set(NEVER_MISSING):
            assert len(found[name]) == EMPTY
            assert set(found[name]) <= {None, ""}
