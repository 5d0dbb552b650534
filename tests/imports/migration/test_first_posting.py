"""A migration brings what was recorded before the book's own first entry, to no live book."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from flaskr.book.models import Book, Closing, LiveDeclaration
from flaskr.book.periods import LiveBook
from flaskr.claims.queries import claim_by_reference, claim_totals, entries_of
from flaskr.extensions import db
from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.services import try_import
from flaskr.imports.tasks import ImportRefused
from flaskr.policies.queries import policy_by_number
from flaskr.values.calendar import today, utc_now
from flaskr.values.money import ZERO
from tests.factories import make_claim, reserve
from tests.imports.conftest import files_of
from tests.imports.importing import COSTS, counts, load, register
from tests.imports.migration.older_system import (
    CLAIMS,
    HOME,
    LEDGER,
    OPENED,
    PAID,
    POLICIES,
    WATER,
)

FIRST = datetime(2024, 3, 4, tzinfo=UTC)
SENTENCE = (
    "This is not before the first entry that was posted in this book, at 2024-03-04T00:00:00+00:00."
    " A migration brings what was recorded before it; record later events in the book."
)


def first_posted_at() -> datetime | None:
    return db.session.scalar(select(Book.first_posted_at))


def post_first(at: datetime = FIRST) -> None:
    """Have the book's own first entry posted at an instant."""
    db.session.execute(update(Book).values(first_posted_at=at))
    db.session.commit()


@pytest.fixture
def try_migration(importing):
    """The job of a migration of one policy and one claim, after its dry run."""

    def run(*entries: str, policies: str = HOME, claims: str = WATER):
        texts = {"policies": POLICIES + policies, "claims": CLAIMS + claims}
        ledger = LEDGER + "".join(entries)
        return importing.new_job(
            *files_of(importing.folder, **texts, ledger=ledger), is_migration=True
        )

    return run


def test_an_import_that_writes_entries_is_the_books_first_posting_and_a_later_one_is_not(importing):
    importing.load(("claim", "cause"), ["A-1", "fire"])
    without_entries = first_posted_at()
    db.session.rollback()
    importing.load(COSTS, ["A-1", 5])
    first = first_posted_at()
    db.session.rollback()
    importing.load(COSTS, ["A-1", 7])

    entries = entries_of(claim_by_reference("A-1"))
    assert (without_entries, first) == (None, entries[0].recorded_at)
    assert first_posted_at() == first < entries[1].recorded_at


def test_a_migration_is_no_posting_of_the_books_own(try_migration):
    load(try_migration(OPENED, PAID))

    assert first_posted_at() is None


def test_an_instant_after_the_books_first_entry_is_refused_by_row(try_migration):
    post_first()

    refusals = try_migration(
        OPENED,
        PAID,
        policies=HOME.replace("100,\n", "100,2024-03-04T00:00Z\n"),
        claims=WATER + WATER.replace("W1", "W2").replace("02,\n", "02,2024-03-05T00:00Z\n"),
    ).outcome.refusals

    assert [(refusal.file, refusal.rows, refusal.column) for refusal in refusals] == [
        ("policies.csv", (2,), "recorded_at"),
        ("claims.csv", (2, 3), "policy_number"),
        ("ledger.csv", (3,), "recorded_at"),
    ]
    assert refusals[0].text == SENTENCE
    assert refusals[2].text == f"Claim W1: {SENTENCE}"


def test_a_claim_recorded_after_the_books_first_entry_is_refused(try_migration):
    post_first()

    [refusal] = try_migration(
        claims=WATER.replace("02,\n", "02,2024-03-05T00:00Z\n")
    ).outcome.refusals

    assert (refusal.file, refusal.text) == ("claims.csv", SENTENCE)


def test_what_was_recorded_before_it_is_taken_and_what_has_no_instant_is_known_from_now(
    try_migration,
):
    before = utc_now()
    post_first()

    load(
        try_migration(
            OPENED,
            policies=HOME + HOME.replace("H1", "H2").replace("2024-01-01", "2024-06-01"),
            claims=WATER + WATER.replace("W1", "W2"),
        )
    )

    assert claim_by_reference("W1").recorded_at < FIRST
    assert policy_by_number("H1").recorded_at < FIRST
    assert claim_by_reference("W2").recorded_at >= before
    assert policy_by_number("H2").recorded_at >= before
    assert first_posted_at() == FIRST


def test_an_entry_that_is_posted_before_the_loading_outdates_the_plan(try_migration):
    job = try_migration(OPENED, PAID)
    post_first()

    with pytest.raises(PlanOutdated, match="has posted its own first entry since the dry run"):
        load(job)

    assert (counts(job.outcome)[3], claim_totals().claims) == (3, 0)
    assert job.outcome.refused_claims == 1


def test_an_entry_that_is_posted_later_than_all_instants_changes_nothing(try_migration):
    job = try_migration(OPENED, PAID)
    reserve(make_claim(), "5.00")
    db.session.commit()

    load(job)

    assert claim_by_reference("W1").paid == 40


def test_a_book_that_is_declared_live_takes_no_migration(try_migration):
    job = try_migration(OPENED, PAID)
    db.session.add(LiveDeclaration(id=1, recorded_at=utc_now(), recorded_by="ann"))
    db.session.commit()

    with pytest.raises(LiveBook, match="declared live, so it takes no migration"):
        load(job)

    assert claim_by_reference("W1") is None


def test_an_import_writes_no_entry_in_a_closed_period(importing):
    sums = dict.fromkeys(("policies", "claims", "entries"), 0)
    sums |= dict.fromkeys(("premium", "paid", "outstanding", "recovered"), ZERO)
    job = importing.job(COSTS, ["A-1", 5])
    far = today() + timedelta(days=1)  # as after the clock was set back
    db.session.add(Closing(closed_through=far, recorded_at=utc_now(), recorded_by="ann", **sums))
    db.session.commit()

    with pytest.raises(ImportRefused, match=f"The books are closed through {far}, and the entries"):
        load(job)

    assert claim_by_reference("A-1") is None


def test_facts_are_imported_whatever_is_closed(importing):
    job = register(importing.write(("claim", "cause"), ["A-1", "fire"]))
    try_import(job)
    job.update_request(is_confirmed=True)

    load_import(job)

    assert claim_by_reference("A-1").cause == "fire"
