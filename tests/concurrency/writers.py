"""Processes that write to one book at once: `python -m tests.concurrency.writers '{...}'`.

A clean process imports the application once and forks the writers from itself; it prints one JSON
object with their results, and ends when they do.
"""

import json
import multiprocessing
import os
import random
import sys
import time
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

from flask import current_app
from sqlalchemy.exc import OperationalError

from flaskr import create_app
from flaskr.claims.ledger.services import post_payment, set_reserve
from flaskr.claims.queries import claim_by_reference
from flaskr.claims.services import report_claim
from flaskr.database.failures import failure_of
from flaskr.errors import ClaimBookError, LedgerError
from flaskr.extensions import db
from flaskr.settings import Settings
from tests.factories import make_policy

ACTOR = "writer"
LONGEST_LIFE_SECONDS = 30
STOP = "stop"  # a file in the instance folder that tells writers to end


def pay_or_reserve(claim, chance: random.Random) -> None:
    amount = Decimal(chance.randrange(1, 100_000)) / 100
    if chance.random() < 0.5:
        post_payment(claim, amount, date(2024, 6, 1), actor=ACTOR)
    else:
        set_reserve(claim, amount, date(2024, 6, 1), actor=ACTOR)


def contend(reference: str, number: int, actions: int) -> dict:
    """Payments and reserve changes on one claim, each in a separate transaction."""
    chance, seconds, refused = random.Random(number), [], []
    for _ in range(actions):
        begun = time.perf_counter()
        try:
            pay_or_reserve(claim_by_reference(reference), chance)
            db.session.commit()
        except ClaimBookError as error:
            db.session.rollback()
            refused.append(str(error))
        except OperationalError as error:
            db.session.rollback()
            if not failure_of(error):
                raise
            refused.append("503: the book was locked for too long")
        db.session.remove()
        seconds.append(time.perf_counter() - begun)
    return {"committed": actions - len(refused), "refused": refused, "seconds": seconds}


def allot(reference: str, number: int, actions: int) -> dict:
    """Claims under the book's next references; every fifth is rolled back."""
    references = []
    for turn in range(actions):
        allotted = report_claim(loss_date=None, reported_date=None, actor=ACTOR).claim_reference
        if turn % 5 == number % 5:
            db.session.rollback()
        else:
            db.session.commit()
            references.append(allotted)
        db.session.remove()
    return {"references": references}


def report_and_pay(reference: str, number: int, actions: int) -> dict:
    """Until killed: a claim with entries and a payment on a shared claim, in one transaction."""
    chance, ends = random.Random(number), time.monotonic() + LONGEST_LIFE_SECONDS
    while time.monotonic() < ends:
        claim = report_claim(loss_date=None, reported_date=date(2024, 5, 1), actor=ACTOR)
        set_reserve(claim, Decimal(chance.randrange(1, 1000)), date(2024, 6, 1), actor=ACTOR)
        post_payment(claim, Decimal(7), date(2024, 6, 1), actor=ACTOR)
        post_payment(claim_by_reference(reference), Decimal(1), date(2024, 6, 1), actor=ACTOR)
        db.session.commit()
        db.session.remove()
    return {}


def post(reference: str, number: int, actions: int) -> dict:
    """Until STOP is there: entries on a shared claim, and new claims and policies."""
    chance, ends = random.Random(number), time.monotonic() + LONGEST_LIFE_SECONDS
    stop_file = Path(current_app.config["INSTANCE_FOLDER"]) / STOP
    posted = 0
    while time.monotonic() < ends and not stop_file.exists():
        policy = make_policy(policy_number=f"P-{number}-{posted}")
        claim = report_claim(
            policy=policy, loss_date=None, reported_date=date(2024, 5, 1), actor=ACTOR
        )
        set_reserve(claim, Decimal(chance.randrange(1, 1000)), date(2024, 6, 1), actor=ACTOR)
        for _ in range(3):
            with suppress(LedgerError):  # the reserve is at that level already
                pay_or_reserve(claim_by_reference(reference), chance)
        db.session.commit() if chance.random() < 0.8 else db.session.rollback()
        db.session.remove()
        posted += 1
        time.sleep(0.01)  # so that others get something done too
    return {"posted": posted}


WORK = {"contend": contend, "allot": allot, "report_and_pay": report_and_pay, "post": post}


def write(task: dict, number: int, results) -> None:
    """One writer, with its own application and connections."""
    settings = Settings(
        instance_folder=Path(task["folder"]),
        database_url=task["database_url"],
        book_access="open",
        secret_key="writers",
        log_level="WARNING",
    )
    with create_app(settings).app_context():
        # In one write, so that the lines of several writers do not mix.
        os.write(1, f"pid {os.getpid()}\n".encode())
        result = WORK[task["work"]](task["reference"], number, task["actions"])
        db.engine.dispose()
    results.put(result)


def main(task: dict) -> None:
    """Fork the writers, wait for them, and print their results."""
    forks = multiprocessing.get_context("fork")
    results = forks.SimpleQueue()
    writers = [
        forks.Process(target=write, args=(task, number, results), daemon=True)
        for number in range(task["processes"])
    ]
    begun = time.perf_counter()
    for writer in writers:
        writer.start()
    collected = []
    while any(writer.is_alive() for writer in writers) or not results.empty():
        if results.empty():
            time.sleep(0.005)
        else:
            collected.append(results.get())
    print(json.dumps({"results": collected, "elapsed": time.perf_counter() - begun}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
