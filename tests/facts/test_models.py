"""Every model's columns agree with their declarations."""

import pytest
from sqlalchemy import Date, Enum, Integer

from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.facts.claim_columns import CLAIM_COLUMNS
from flaskr.facts.kinds import Kind
from flaskr.facts.ledger_columns import LEDGER_COLUMNS
from flaskr.facts.policy_columns import POLICY_COLUMNS
from flaskr.policies.models import Policy, PolicyRevision
from flaskr.values.column_types import MoneyType, UtcDateTime

TYPES = {
    Kind.DAY: Date,
    Kind.INSTANT: UtcDateTime,
    Kind.AMOUNT: MoneyType,
    Kind.NUMBER: Integer,
    Kind.CHOICE: Enum,
}
DECLARED = [
    (model, column)
    for model, columns in (
        (Claim, CLAIM_COLUMNS),
        (ClaimRevision, CLAIM_COLUMNS),
        (LedgerEntry, LEDGER_COLUMNS),
        (Policy, POLICY_COLUMNS),
        (PolicyRevision, POLICY_COLUMNS),
    )
    for column in columns
    if column.name in model.__table__.columns
]


@pytest.mark.parametrize(
    ("model", "column"), DECLARED, ids=[f"{m.__tablename__}-{c.name}" for m, c in DECLARED]
)
def test_a_model_has_a_column_as_declared(model, column):
    stored = model.__table__.columns[column.name]

    # A missing free text is stored as an empty text, not as null.
    is_empty_text = column.kind is Kind.TEXT and column.is_personal
    assert stored.nullable is (column.may_be_empty and not is_empty_text)
    assert isinstance(stored.type, TYPES.get(column.kind, stored.type.__class__))
    assert getattr(stored.type, "enum_class", None) is column.choices


def test_well_known_columns_are_compared():
    names = {(model, column.name) for model, column in DECLARED}

    assert (Claim, "loss_date") in names
    assert (PolicyRevision, "premium") in names
    assert (LedgerEntry, "entry_type") in names
    assert len(DECLARED) > 40
