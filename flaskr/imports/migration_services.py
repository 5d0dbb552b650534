"""What a migration from an older system does to the book: the one import with its own instants."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from flaskr.book import move_counters
from flaskr.calendar import utc_now
from flaskr.claims.models import Claim, Coverage
from flaskr.claims.posting import next_instant
from flaskr.claims.queries import last_entry, locked_claim
from flaskr.claims.rules import Movement
from flaskr.database import lock_ledger
from flaskr.errors import ChangedMeanwhile
from flaskr.extensions import db
from flaskr.imports.checks import EntryRow, raise_any
from flaskr.imports.ledger_plan import PlannedEntry, plan_ledger
from flaskr.imports.migration_checks import Migration
from flaskr.imports.migration_facts import new_claims, new_policies
from flaskr.imports.refusals import ImportRefused, Refusal
from flaskr.imports.services import known_claims, lock_imports
from flaskr.text import reference_key

Ledgers = dict[str, list[EntryRow]]  # the entries by their claim's key


@dataclass
class Migrated:
    """What a migration brought; `uncovered` are claims whose loss their policy does not cover."""

    policies: int
    claims: int
    entries: int
    totals: Movement
    uncovered: list[str]


def import_migration(migration: Migration, *, actor: str) -> Migrated:
    """Take policies, claims and their ledger as an older system had them, with its instants.

    Cover is not enforced, it is told. Counters move past references of the form that the book
    allots. Raises ImportRefused with every row refused, ChangedMeanwhile when a page was first.
    """
    lock_imports()
    ledgers = by_claim(migration.entries)
    for claim_id in sorted(claim.id for claim in known_claims(ledgers).values()):
        locked_claim(claim_id)
    lock_ledger()
    move_counters(row.policy_number for row in migration.policies)
    move_counters(row.claim_reference for row in migration.claims)
    now = utc_now()
    refusals: list[Refusal] = []
    first_known = {key: min(row.recorded_at for row in rows) for key, rows in ledgers.items()}
    policies = new_policies(migration, first_known, now, actor, refusals)
    claims = new_claims(migration, policies, first_known, now, actor, refusals)
    waiting = claims_waiting(ledgers, claims, refusals)
    plan = plan_ledgers(claims | waiting, ledgers, now, refusals)
    raise_any(sorted(refusals, key=lambda refusal: (refusal.file, refusal.row or 0)))
    write_facts(policies.values(), claims.values())
    write_ledger(plan, actor)
    totals = added_up(planned.entry.movement for planned in plan)
    uncovered = [
        claim.claim_reference
        for claim in (*claims.values(), *waiting.values())
        if claim.coverage is Coverage.NOT_IN_FORCE
    ]
    return Migrated(len(policies), len(claims), len(plan), totals, uncovered)


def by_claim(rows: Iterable[EntryRow]) -> Ledgers:
    """Return the entries of each claim, in the file's order."""
    ledgers: Ledgers = defaultdict(list)
    for row in rows:
        ledgers[reference_key(row.claim_reference)].append(row)
    return dict(ledgers)


def claims_waiting(
    ledgers: Ledgers, new: dict[str, Claim], refusals: list[Refusal]
) -> dict[str, Claim]:
    """Return the claims of the book that the ledger is for, locked: they have no entries yet."""
    missing = {key: rows[0] for key, rows in ledgers.items() if key not in new}
    known = known_claims(missing)
    waiting: dict[str, Claim] = {}
    for claim in sorted(known.values(), key=lambda claim: claim.id):
        waiting[claim.claim_reference_key] = claim
        if last_entry(claim):
            text = "The claim has a ledger in the book already. Leave its entries out."
            row = missing[claim.claim_reference_key].row
            refusals.extend(row.refused(text, "claim_reference").refusals)
    for key in missing.keys() - known.keys():
        text = "The claim is neither in the file of claims nor in the book. Add it."
        refusals.extend(missing[key].row.refused(text, "claim_reference").refusals)
    return waiting


def plan_ledgers(
    claims: dict[str, Claim], ledgers: Ledgers, now: datetime, refusals: list[Refusal]
) -> list[PlannedEntry]:
    """Return the entries of all the claims in order of `recorded_at`, ties as in the file."""
    plan: list[PlannedEntry] = []
    for key, claim in claims.items():
        try:
            plan.extend(plan_ledger(claim, ledgers.get(key, []), now))
        except ImportRefused as error:
            refusals.extend(error.refusals)
    return sorted(plan, key=lambda planned: (planned.row.recorded_at, planned.row.row.number))


def write_facts(*rows: Iterable[object]) -> None:
    """Write policies, then claims; raises ChangedMeanwhile when one of them has come meanwhile."""
    try:
        for some in rows:
            db.session.add_all(some)
            db.session.flush()
    except IntegrityError as error:
        raise ChangedMeanwhile(
            "One of these policies or claims was recorded meanwhile. Run the import again."
        ) from error


def write_ledger(plan: Sequence[PlannedEntry], actor: str) -> None:
    """Write the entries in their order, with the import's own instant beside their own."""
    imported_at = next_instant()
    for planned in plan:
        if planned.reverses:
            db.session.flush()  # gives the entry that is taken back its id
            planned.entry.reverses = planned.reverses.entry.id
        planned.entry.claim_id = planned.claim.id
        planned.entry.imported_at = imported_at
        planned.entry.recorded_by = actor
        db.session.add(planned.entry)
    db.session.flush()


def added_up(movements: Iterable[Movement]) -> Movement:
    """Return what several entries move together."""
    total = Movement()
    for moved in movements:
        total = Movement(
            total.paid + moved.paid,
            total.outstanding + moved.outstanding,
            total.recovered + moved.recovered,
        )
    return total
