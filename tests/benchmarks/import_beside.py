"""8 processes x 500 postings on one claim of the embedded book, while an import writes to it.

    python -m tests.benchmarks.import_beside [claims] [processes] [actions]

The postings begin when the import has locked the book. Prints how long the import took, and how
many postings committed, waited over a second, or got what a page answers with 503.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from flaskr import create_app
from flaskr.extensions import db
from flaskr.settings import BOOK_FILE
from tests.benchmarks.imports import environment, flask_import
from tests.benchmarks.imports_files import write_files
from tests.books import make_settings
from tests.concurrency.runs import contend
from tests.factories import make_claim, reserve


def is_locked(book: Path) -> bool:
    with closing(sqlite3.connect(book, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


def main(claims: int = 1_000_000, processes: int = 8, actions: int = 500) -> None:
    """Import beside the postings, and print what became of both."""
    with tempfile.TemporaryDirectory(prefix="claimbook-beside-") as name:
        folder = Path(name) / "instance"
        settings = make_settings(folder)
        write_files(Path(name), claims)
        with create_app(settings).app_context():
            reserve(make_claim(claim_reference="shared"), "1000")
            db.session.commit()
            db.engine.dispose()
        files = [Path(name) / f"{table}.parquet" for table in ("policies", "claims")]
        subprocess.run(flask_import(files[0]), check=True, env=environment(folder))
        begun = time.perf_counter()
        with subprocess.Popen(flask_import(files[1]), env=environment(folder)) as importing:
            while importing.poll() is None and not is_locked(folder / BOOK_FILE):
                time.sleep(0.05)
            locked = time.perf_counter()
            run = contend(settings, "shared", processes, actions)
            done = time.perf_counter()
            importing.wait()
        whole = time.perf_counter() - begun
        print(
            f"import of {claims:,}: exit code {importing.returncode}, locked the book after "
            f"{locked - begun:.1f} s; all done after {whole:.1f} s. Postings: {run.committed} of "
            f"{processes * actions} committed in {done - locked:.1f} s, "
            f"{sum(seconds > 1 for seconds in run.seconds)} waited over 1 s, "
            f"p99 {run.slowest_but(0.01):.2f} s, longest {max(run.seconds):.1f} s"
        )
        for reason, count in Counter(run.refused).items():
            print(f"  refused {count}: {reason}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
