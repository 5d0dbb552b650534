"""A small book with every kind of row, and its files."""

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from flask import Flask

from flaskr.archive.services import import_archive, write_archive
from flaskr.claims.ledger.services import close_claim
from flaskr.claims.services import edit_claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.import_records.models import Import, ImportFile
from flaskr.policies.services import edit_policy
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
        close_claim(full, date(2024, 5, 1), actor=ACTOR)
        bare = make_claim(claim_reference="ß", cause=None, loss_date=None, reported_date=None)
        edit_claim(bare, {"cause": Cause.FIRE, "description": "x"}, seen_version=1, actor=ACTOR)
        opened = make_claim(policy=cancelled, claim_reference="D", loss_date=date(2024, 1, 9))
        open_elsewhere(opened)
        edit_policy(policy, {"premium": Decimal("1.10")}, seen_version=1, actor=ACTOR)
        db.session.flush()
        add_import(opened)
        make_claim(claim_reference=None)
        db.session.commit()


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
    db.session.add(
        ImportFile(import_id=brought.id, size_bytes=2**40, row_count=1, mapping="{}", **made_of)
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
