"""What a file of claim costs does to the book: new claims, and the difference on known ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import select

from flaskr.book import Book
from flaskr.calendar import today
from flaskr.claims.models import Claim
from flaskr.claims.posting import post_entry
from flaskr.claims.queries import locked_claim
from flaskr.claims.rules import EntryType, Movement, State
from flaskr.claims.services import report_claim
from flaskr.database import lock_ledger, locked
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.imports.checks import ClaimCost, raise_any
from flaskr.imports.refusals import ImportRefused, Refusal
from flaskr.money import ZERO
from flaskr.text import is_allotted, reference_key

KEYS_AT_ONCE = 1_000  # in one query: databases bound how many values a query may carry


@dataclass
class CostsImported:
    """What became of a file of claim costs: (claim, amount) of each class, by the file's order."""

    created: list[tuple[Claim, Decimal]] = field(default_factory=list)  # the cost
    unchanged: list[tuple[Claim, Decimal]] = field(default_factory=list)  # the cost
    changed: list[tuple[Claim, Decimal]] = field(default_factory=list)  # by how much it changed


def lock_imports() -> None:
    """Let one import at a time work on the book; taken first, until commit."""
    locked(select(Book))


def known_claims(references: Iterable[str]) -> dict[str, Claim]:
    """Return the claims that are in the book already, by their reference's key."""
    keys = sorted(set(map(reference_key, references)))
    found: dict[str, Claim] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        for claim in db.session.scalars(select(Claim).where(Claim.claim_reference_key.in_(some))):
            found[claim.claim_reference_key] = claim
    return found


def import_costs(costs: Sequence[ClaimCost], *, actor: str) -> CostsImported:
    """Bring claims to the costs of a file: a new one is opened, a changed one gets the difference.

    A new claim has no dates and its cost stands on outstanding; nothing is ever overwritten. Known
    costs are left alone. Raises ImportRefused with every row that the book's rules refuse.
    """
    lock_imports()
    known = known_claims(cost.claim_reference for cost in costs)
    differing = [
        claim.id
        for cost in costs
        if (claim := known.get(reference_key(cost.claim_reference)))
        and claim.claim_cost != cost.claim_cost
    ]
    for claim_id in sorted(differing):
        locked_claim(claim_id)
    lock_ledger()  # after all the claims: whoever pays one of them meanwhile waits, and we do not
    opened, refusals = report_new_claims(costs, known, actor)
    result = CostsImported()
    for cost in costs:
        key = reference_key(cost.claim_reference)
        try:
            if key in opened:
                open_claim(opened[key], cost, result, actor)
            elif key in known:
                adjust_claim(known[key], cost, result, actor)
        except ClaimBookError as error:
            refusals.extend(cost.row.refused(str(error), "claim_cost").refusals)
    raise_any(sorted(refusals, key=lambda refusal: refusal.row or 0))
    return result


def report_new_claims(
    costs: Sequence[ClaimCost], known: dict[str, Claim], actor: str
) -> tuple[dict[str, Claim], list[Refusal]]:
    """Report the claims that the book does not have yet: return them by key, and the refusals."""
    opened: dict[str, Claim] = {}
    refusals: list[Refusal] = []
    for cost in costs:
        key = reference_key(cost.claim_reference)
        if key in known:
            continue
        try:
            opened[key] = report_new_claim(cost, actor)
        except ImportRefused as error:
            refusals.extend(error.refusals)
    return opened, refusals


def report_new_claim(cost: ClaimCost, actor: str) -> Claim:
    """Report a claim of which nothing but reference and cost is known."""
    if is_allotted(cost.claim_reference):
        text = "The book gives such references itself and has not given this one. Correct it."
        raise cost.row.refused(text, "claim_reference")
    try:
        return report_claim(
            loss_date=None, reported_date=None, claim_reference=cost.claim_reference, actor=actor
        )
    except ClaimBookError as error:
        raise cost.row.refused(str(error), "claim_reference") from error


def open_claim(claim: Claim, cost: ClaimCost, result: CostsImported, actor: str) -> None:
    """Put a new claim's cost on outstanding."""
    opening = Movement(outstanding=cost.claim_cost)
    post_entry(claim, EntryType.IMPORT_OPENING, lambda before: opening, today(), actor=actor)
    result.created.append((claim, cost.claim_cost))


def adjust_claim(claim: Claim, cost: ClaimCost, result: CostsImported, actor: str) -> None:
    """Bring a claim in the book to the cost of the file, by an entry of the difference."""
    difference = cost.claim_cost - claim.claim_cost
    if difference == ZERO:
        result.unchanged.append((claim, cost.claim_cost))
        return

    def move(before: State) -> Movement:
        return Movement(outstanding=cost.claim_cost - before.claim_cost)

    post_entry(claim, EntryType.ADJUSTMENT, move, today(), actor=actor)
    result.changed.append((claim, difference))
