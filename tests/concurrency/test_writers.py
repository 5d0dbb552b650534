"""Many processes that write at once, also when some are killed."""

import os
import random
import signal
import threading
import time
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from flaskr.claims.check.services import disagreements
from flaskr.claims.models import Claim, LedgerEntry
from flaskr.claims.queries import claim_by_reference, entries_of, locked_claim
from flaskr.database.failures import failure_of
from flaskr.database.modes import transaction_mode
from flaskr.errors import LedgerError
from flaskr.extensions import db
from flaskr.policies.models import Policy
from flaskr.policies.services import cancel_policy
from flaskr.values.calendar import today
from tests.concurrency.runs import contend, run_writers, start_writers
from tests.factories import make_claim, make_policy, pay, reserve

pytestmark = pytest.mark.slow

PROCESSES = 8


def entry_count(session) -> int:
    return session.scalar(select(func.count()).select_from(LedgerEntry))


def test_eight_processes_on_one_claim_lose_nothing(session, book_settings):
    reserve(make_claim(claim_reference="shared"), "1000")
    session.commit()

    run = contend(book_settings, "shared", PROCESSES, 40)

    assert run.committed + len(run.refused) == PROCESSES * 40
    assert set(run.refused) <= {"The reserve is already at that amount."}
    assert entry_count(session) == run.committed + 1
    assert list(disagreements()) == []


def test_eight_processes_get_references_without_duplicates_or_gaps(session, book_settings):
    results, _ = run_writers(book_settings, "allot", "", PROCESSES, 10)

    references = sorted(each for result in results for each in result["references"])
    assert len(references) == PROCESSES * 8
    assert references == [f"C-{today().year}-{n:06d}" for n in range(1, len(references) + 1)]
    assert sorted(session.scalars(select(Claim.claim_reference))) == references


def wait_for_more(session) -> None:
    """Wait until an entry is written, so that there is work to interrupt."""
    ends = time.monotonic() + 20
    with transaction_mode("read"):  # a write transaction would wait for the writers
        before = entry_count(session)
        session.rollback()
        while entry_count(session) == before:
            session.rollback()
            assert time.monotonic() < ends, "the writers do not write"
            time.sleep(0.02)
        session.rollback()


def test_writers_killed_at_any_moment_leave_no_partial_action(session, book_settings):
    shared = make_claim(claim_reference="shared")
    session.commit()
    chance = random.Random(7)
    with start_writers(book_settings, "report_and_pay", "shared", 4) as writers:
        pids = [int(writers.stdout.readline().split()[1]) for _ in range(4)]
        for pid in pids:
            wait_for_more(session)
            time.sleep(chance.random() / 10)
            os.kill(pid, signal.SIGKILL)

    claims = session.scalars(select(Claim).where(Claim.id != shared.id).order_by(Claim.id)).all()
    kinds = [[entry.entry_type for entry in entries_of(claim)] for claim in claims]
    assert len(claims) >= 4
    assert kinds == [["RESERVE_OPEN", "PAYMENT"]] * len(claims)
    assert len(entries_of(shared)) == len(claims)
    numbers = [int(claim.claim_reference.rpartition("-")[2]) for claim in claims]
    assert sorted(numbers) == list(range(1, len(claims) + 1))
    assert list(disagreements()) == []
    session.rollback()
    assert pay(claim_by_reference("shared"), "1", date(2024, 7, 1)).id
    session.commit()


def in_threads(app, *work) -> list:
    """Run each piece of work in a thread with an application context; return their results."""
    results = []

    def run(piece):
        with app.app_context():
            results.append(piece())

    threads = [threading.Thread(target=run, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_claims_locked_by_id_first_may_be_posted_to_in_any_order(session, app):
    ids = [make_claim(reported_date=None).id for _ in range(2)]
    session.commit()

    def post_in(order):
        for _ in range(15):
            claims = {claim_id: locked_claim(claim_id) for claim_id in sorted(ids)}
            for claim_id in order:
                pay(claims[claim_id], "1")
            db.session.commit()
        return "done"

    def post_alone():
        for _ in range(30):
            pay(db.session.get(Claim, ids[1]), "1")
            db.session.commit()
        return "done"

    results = in_threads(app, lambda: post_in(ids), lambda: post_in(ids[::-1]), post_alone)

    assert results == ["done"] * 3
    assert entry_count(session) == 2 * 30 + 30
    assert list(disagreements()) == []


def test_a_payment_waits_for_an_edit_of_its_policy_and_is_checked_against_it(session, app):
    policy = make_policy()
    claim = make_claim(policy=policy)
    session.commit()
    ids = (policy.id, claim.id)
    session.rollback()
    edited = threading.Event()

    def cancel():
        policy = db.session.get(Policy, ids[0])
        cancel_policy(policy, policy.inception_date, seen_version=1, actor="x")
        edited.set()
        time.sleep(0.2)
        db.session.commit()

    def pay_meanwhile():
        edited.wait(10)
        try:
            pay(db.session.get(Claim, ids[1]), "1")
        except LedgerError as error:
            db.session.rollback()
            return str(error)
        db.session.commit()
        return "paid"

    results = in_threads(app, cancel, pay_meanwhile)

    assert "was cancelled" in str(results)
    assert entry_count(session) == 0


@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)  # SQLite has one writer
def test_a_deadlock_of_work_that_did_not_lock_first_is_an_unavailable_database(session, app):
    ids = [make_claim().id for _ in range(2)]
    session.commit()
    met = threading.Barrier(2)

    def post(first, second):
        locked_claim(first)
        met.wait(10)
        try:
            pay(db.session.get(Claim, second), "1")
            db.session.commit()
        except OperationalError as error:
            db.session.rollback()
            return failure_of(error)
        return "done"

    results = in_threads(app, lambda: post(*ids), lambda: post(*ids[::-1]))

    assert sorted(map(str, results)) == ["Failure.BUSY", "done"]
    assert entry_count(session) == 1
    assert session.scalar(select(func.sum(Claim.paid))) == Decimal(1)
