"""Small books with what programs change on the way: zeros, signs, quotes, line breaks, numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from flaskr.claims.ledger.services import close_claim, decline_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, Contents, LineOfBusiness, ReasonCode
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve

EXPORTS = {
    "csv": "format=csv",
    "raw.csv": "format=csv&raw=1",
    "sv.csv": "format=csv&dialect=excel-sv",
    "xlsx": "format=xlsx",
    "parquet": "format=parquet",
    "arrows": "format=arrow",
    "jsonl": "format=jsonl",
}


def fill_with_texts() -> None:
    """A book whose references and texts are of many kinds."""
    glass = make_policy(
        policy_number="00123", policyholder='Åsa "Ö" Ängström, AB', premium=Decimal("0.10")
    )
    home = make_policy(policy_number="-77", policyholder="=1+1", sum_insured=Decimal("2500000.00"))
    early = make_policy(
        policy_number="2024/77",
        policyholder="O'Brien",
        line_of_business=LineOfBusiness.MOTOR,
        inception_date=date(1923, 5, 1),
        expiry_date=date(1924, 5, 1),
        deductible=Decimal("0.00"),
    )
    quoted = 'Sade "nej", sedan ja;\tandra raden\nså var det'
    paid = make_claim(claim_reference="00123", policy=glass, event_code="2024", description=quoted)
    large = make_claim(
        claim_reference="2024/0012", policy=home, event_code="STORM-24", description="=SUM(A1)"
    )
    closed = make_claim(
        claim_reference="Å-Ä-Ö 1",
        policy=early,
        loss_date=date(1923, 6, 1),
        reported_date=date(1923, 6, 2),
        cause=Cause.DAMAGE_TO_OTHERS,
        description="-minus",
    )
    declined = make_claim(claim_reference="-5", policy=home, description="'apostrof")
    make_claim(claim_reference="1234567890123456", description="NA", cause=None)
    make_claim(claim_reference="W-10")
    reserve(paid, "0.10")
    pay(paid, "1234567890.15")
    reserve(large, "999999999999.99")
    reserve(closed, "100.00")
    pay(closed, "100.00")
    recover(closed, "33.33")
    close_claim(closed, date(2024, 6, 1), actor=ACTOR)
    decline_claim(declined, date(2024, 6, 1), reason_code=ReasonCode.OTHER, actor=ACTOR)


def fill_with_numbers() -> None:
    """A book whose references, codes and texts are all digits, as programs like to calculate."""
    motor = make_policy(policy_number="00123", policyholder="0012")
    make_policy(policy_number="00124", policyholder="0013")
    for reference, code in (("000123", "007"), ("000124", "008"), ("000125", "")):
        make_claim(claim_reference=reference, policy=motor, event_code=code, description="0017")


@contextmanager
def filled(new_app, fill) -> Iterator[Flask]:
    """An application over a SQLite book that is filled once and only read."""
    with new_app("sqlite") as app:
        with app.app_context():
            fill()
            db.session.commit()
            db.session.remove()
        yield app


def export(client: FlaskClient, contents: Contents, form: str, folder: Path) -> Path:
    """Export a file in one of the forms; its path."""
    path = folder / f"{contents}.{form}"
    path.write_bytes(client.get(f"/export_{contents}?{EXPORTS[form]}").data)
    return path


def dry_run(app: Flask, path: Path, *options: str) -> str:
    """What the command says of a file, without loading it."""
    done = app.test_cli_runner().invoke(args=["import", str(path), "--dry-run", *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.output


def is_unchanged(said: str) -> bool:
    """Whether a file has rows, and all of them are in the book as they are."""
    return all(f"{none}" in said for none in ("0 created", "0 changed", "0 refused")) and (
        " 0 unchanged" not in said
    )
