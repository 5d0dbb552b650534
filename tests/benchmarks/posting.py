"""What the trail's event costs a posting, on both databases, in one interleaved run.

    python -m tests.benchmarks.posting [postings] [rounds]

Prints milliseconds per posting (medians of rounds), each committed alone and many in a transaction,
with its event and without.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median

from flask_migrate import upgrade

from flaskr import create_app
from flaskr.claims.ledger import posting
from flaskr.claims.ledger.services import set_reserve
from flaskr.claims.models import Claim
from flaskr.extensions import db
from tests.books import create_database, make_settings
from tests.factories import make_claim
from tests.postgres import PostgresServer, find_binaries

DAY = date(2024, 3, 2)


@contextmanager
def recording(is_on: bool) -> Iterator[None]:
    """Post with the trail's event, or without."""
    original = posting.record_entry
    if not is_on:
        posting.record_entry = lambda claim, entry: None
    try:
        yield
    finally:
        posting.record_entry = original


def seconds(claim: Claim, postings: int, is_each_committed: bool) -> float:
    start = time.perf_counter()
    level = int(time.time() * 1000) % 10**9
    for number in range(postings):
        set_reserve(claim, Decimal(level + number), DAY, actor="anna@example.com")
        if is_each_committed:
            db.session.commit()
    db.session.commit()
    return time.perf_counter() - start


def measure(name: str, postings: int, rounds: int) -> None:
    claim = make_claim()
    db.session.commit()
    seconds(claim, postings, True)
    for is_each_committed, what in ((True, "each committed"), (False, "in one transaction")):
        took: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(rounds):
            for is_on in (True, False):
                with recording(is_on):
                    took[is_on].append(seconds(claim, postings, is_each_committed) / postings)
        with_event, without = (1000 * median(took[is_on]) for is_on in (True, False))
        ratio = median(a / b for a, b in zip(took[True], took[False], strict=True))
        print(f"{name:11} {what:19} {with_event:.3f} ms, without {without:.3f} ms: {ratio:.2f}")


def main(postings: int = 300, rounds: int = 7) -> int:
    server = PostgresServer(find_binaries())
    server.start()
    with tempfile.TemporaryDirectory() as name:
        try:
            for dialect in ("sqlite", "postgresql"):
                folder = Path(name) / dialect
                folder.mkdir()
                url = create_database(server, "posting") if dialect == "postgresql" else ""
                app = create_app(make_settings(folder, database_url=url))
                with app.app_context():
                    if url:
                        upgrade()
                    measure(dialect, postings, rounds)
                    db.session.remove()
                    db.engine.dispose()
        finally:
            server.stop()
            shutil.rmtree(name, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
