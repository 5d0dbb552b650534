"""8 processes x 500 payments and reserve changes on one claim, on SQLite and on PostgreSQL.

    python -m tests.benchmarks.contention [processes] [actions]

Prints how many committed or were refused with a reason, p50, p99, the longest and throughput, and
checks every balance; the exit code is 1 when anything is lost or wrong.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from flask_migrate import upgrade

from flaskr import create_app
from flaskr.claims.check.services import disagreements
from flaskr.claims.models import LedgerEntry
from flaskr.extensions import db
from flaskr.settings import Settings
from tests.books import create_database, make_settings
from tests.concurrency.runs import contend
from tests.factories import make_claim, reserve
from tests.postgres import PostgresServer, find_binaries


def measure(settings: Settings, processes: int, actions: int) -> bool:
    """Run the writers on a new book, print their figures, and return whether all is right."""
    app = create_app(settings)
    with app.app_context():
        name = db.engine.dialect.name
        upgrade()
        reserve(make_claim(claim_reference="shared"), "1000")
        db.session.commit()
        run = contend(settings, "shared", processes, actions)
        entries = db.session.query(LedgerEntry).count()
        wrong = list(disagreements())
        db.session.remove()
        db.engine.dispose()
    attempts = processes * actions
    print(
        f"{name}: {run.committed} committed + {len(run.refused)} refused of {attempts}, "
        f"{len(wrong)} balances wrong, p50 {1000 * run.slowest_but(0.5):.1f} ms, "
        f"p99 {1000 * run.slowest_but(0.01):.1f} ms, longest {1000 * max(run.seconds):.0f} ms, "
        f"{attempts / run.elapsed:.0f} per second"
    )
    for reason, count in Counter(run.refused).items():
        print(f"  refused {count}: {reason}")
    return (
        not wrong and entries == run.committed + 1 and run.committed + len(run.refused) == attempts
    )


def main(processes: int = 8, actions: int = 500) -> int:
    """Measure on each database that the machine has."""
    with tempfile.TemporaryDirectory() as folder:
        is_right = measure(make_settings(Path(folder)), processes, actions)
    binaries = find_binaries()
    if binaries is None:
        print("postgresql: not installed")
        return not is_right
    server = PostgresServer(binaries)
    try:
        server.start()
        url = create_database(server, "contention")
        with tempfile.TemporaryDirectory() as folder:
            settings = make_settings(Path(folder), database_url=url)
            is_right &= measure(settings, processes, actions)
    finally:
        server.stop()
    return not is_right


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
