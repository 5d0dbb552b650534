"""A book whose entries of last year came in every way, and what its rows say of them."""

import csv
import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from flaskr.claims.models import Claim, ClaimRevision, LedgerEntry
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause
from flaskr.web.template_filters import format_instant, label_of
from tests.browsing import send
from tests.factories import make_claim, reserve
from tests.imports.importing import load_files, write_file

LAST_YEAR = date.today().year - 1  # noqa: DTZ011
YEAR_END = f"{LAST_YEAR}-12-31"
REFERENCES = [f"M-{number:02}" for number in range(16)]
BALANCES = ("paid", "outstanding", "recovered")
Files = dict[str, tuple[str, list[list[str]]]]


def migrated_files(folder: Path) -> list[Path]:
    """An older system's policy, claims and ledger; a payment of each was recorded a month late."""
    policy = ("P-1", "home", f"{LAST_YEAR}-01-01", f"{LAST_YEAR + 1}-01-01", "5000.00", "1500.00")
    claims, ledger = [], []
    for number, reference in enumerate(REFERENCES):
        day = f"{LAST_YEAR}-{1 + number % 8:02}-{1 + number:02}"
        claims.append((reference, "P-1", "water", day, day))
        instant = f"{day}T09:{number:02}:00+00:00"
        ledger.append((reference, "RESERVE_OPEN", day, instant, 0, 5000 + number, 0))
        later = f"{LAST_YEAR}-09-{1 + number:02}T10:00:00+00:00"
        ledger.append((reference, "PAYMENT", day, later, 100 + number, -100 - number, 0))
    of_policies = ("policy_number", "line_of_business", "inception_date", "expiry_date")
    of_claims = ("claim_reference", "policy_number", "cause", "loss_date", "reported_date")
    of_ledger = ("claim_reference", "entry_type", "transaction_date", "recorded_at", *BALANCES)
    return [
        write_file(folder / "policies.csv", (*of_policies, "premium", "deductible"), policy),
        write_file(folder / "claims.csv", of_claims, *claims),
        write_file(folder / "ledger.csv", of_ledger, *ledger),
    ]


def send_forms(app: Flask, references: list[str], name: str, **typed: str) -> None:
    """Fill in a form on the page of each claim."""
    client = app.test_client()
    for reference in references:
        answer = send(client, f"/claims/{reference}/{name}", **typed)
        assert answer.status_code == 303, answer.text


def import_by_command(app: Flask, path: Path) -> None:
    """Load a file with `flask import`."""
    result = app.test_cli_runner().invoke(args=["import", str(path)])
    assert result.exit_code == 0, result.output


def fill_book(app: Flask, folder: Path) -> Files:
    """Fill a book in every way; the digest and the rows of each file that it imports, by its name.

    Recorded last year, as a migration says: entries of an older system. Recorded since: payments
    dated last year and edits, on pages; a reserve; two imports of costs and causes, one by command.
    """
    paths = migrated_files(folder)
    with app.app_context():
        load_files(*paths, is_migration=True)
    day = f"{LAST_YEAR}-12-15"
    send_forms(app, REFERENCES[::3], "pay", amount="250", transaction_date=day)
    send_forms(app, REFERENCES[1::3], "pay", amount="75.50", transaction_date=day)
    send_forms(app, REFERENCES[::5], "edit", cause="storm")
    titles = ("Claim", "Cause", "Cost")
    costs = [(reference, "fire", 9000 + n) for n, reference in enumerate(REFERENCES[::2])]
    paths.append(write_file(folder / "costs.csv", titles, *costs))
    with app.app_context():
        first = date(LAST_YEAR, 12, 1)
        claim = make_claim(claim_reference="S-1", loss_date=first, reported_date=first)
        reserve(claim, "777", first)
        load_files(paths[-1])
    edits = [(reference, "theft", 9500 + n) for n, reference in enumerate(REFERENCES[::4])]
    paths.append(write_file(folder / "edits.csv", titles, *edits))
    import_by_command(app, paths[-1])
    return {path.name: (sha256(path), rows_of(path)) for path in paths}


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """An entry as the database has it, with the texts that pages show of it."""

    id: int
    reference: str
    kind: str
    day: str
    recorded: str
    recorded_by: str
    amounts: tuple[Decimal, ...]
    import_id: int | None
    import_row: int | None


def entries_in(app: Flask, basis: str) -> list[Entry]:
    """The entries of the cut at the end of last year, by what their rows say."""
    with app.app_context():
        selected = select(LedgerEntry, Claim.claim_reference).join(Claim).order_by(LedgerEntry.id)
        return [
            Entry(
                entry.id,
                reference,
                label_of(entry.entry_type),
                str(entry.transaction_date),
                format_instant(entry.recorded_at),
                entry.recorded_by,
                tuple(getattr(entry, name) for name in BALANCES),
                entry.import_id,
                entry.import_row,
            )
            for entry, reference in db.session.execute(selected)
            if entry.transaction_date.year <= LAST_YEAR
            and (basis == "booked" or entry.recorded_at.year <= LAST_YEAR)
        ]


def edits_of(app: Flask, reference: str) -> list[tuple[Cause | None, int | None]]:
    """The cause before each edit of a claim, and the import that edited it; the newest first."""
    with app.app_context():
        revisions = select(ClaimRevision.cause, ClaimRevision.import_id).join(Claim)
        rows = revisions.where(Claim.claim_reference == reference)
        return [(*row,) for row in db.session.execute(rows.order_by(ClaimRevision.id.desc()))]
