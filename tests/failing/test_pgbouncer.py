"""The book behind PgBouncer in transaction mode, where a connection to the server is shared."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest

from flaskr.extensions import db
from tests.books import create_database, make_settings
from tests.browsing import send
from tests.factories import make_claim, reserve
from tests.failing.servers import pgbouncer

pytestmark = pytest.mark.slow

CLAIMS = 6
PAYMENTS = 5


@pytest.fixture
def pooled(postgres, template_database, tmp_path, make_app):
    """An application whose database is behind a pool of three connections."""
    server_side = create_database(postgres, tmp_path.name, template_database)
    socket = tmp_path / "pool"
    socket.mkdir()
    with pgbouncer(postgres, socket, pool_size=3) as folder:
        url = f"postgresql://postgres@/{tmp_path.name}?host={folder}&port=6432"
        yield make_app(make_settings(tmp_path, database_url=url)), server_side


def pay(app, reference: str) -> int:
    answer = send(app.test_client(), f"/claims/{reference}/pay", amount="10.00")
    return answer.status_code


def export(app) -> str:
    answer = app.test_client().get("/export_claims?format=csv", buffered=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_writers_and_exports_at_once_end_in_the_right_figures(pooled):
    app, server_side = pooled
    with app.app_context():
        references = []
        for _ in range(CLAIMS):
            claim = make_claim()
            reserve(claim, "1000.00")
            references.append(claim.claim_reference)
        db.session.commit()
        db.session.remove()

    with ThreadPoolExecutor(4) as threads, ThreadPoolExecutor(2) as exporting:
        paid = threads.map(lambda name: pay(app, name), references * PAYMENTS)
        exported = [exporting.submit(export, app) for _ in range(4)]
        statuses = list(paid)
        files = [each.result() for each in exported]

    assert set(statuses) == {303}
    assert all(text.count("\n") == CLAIMS + 1 for text in files)
    with psycopg.connect(server_side) as connection:
        total = connection.execute("SELECT sum(paid) FROM ledger_entries").fetchone()[0]
    assert Decimal(int(total)) / 100 == 10 * CLAIMS * PAYMENTS


def test_commands_imports_and_archives_work(pooled, tmp_path):
    app, _ = pooled
    runner = app.test_cli_runner()
    claims = tmp_path / "claims.csv"
    claims.write_text(
        "claim_reference,loss_date,reported_date,cause,paid,outstanding\n"
        + "".join(f"A-{n},2024-01-01,2024-01-02,fire,10.00,5.00\n" for n in range(30))
    )
    changed = tmp_path / "changed.csv"
    changed.write_text(claims.read_text().replace("10.00", "12.00"))

    for words in (
        ["import", str(claims)],
        ["import", str(changed)],
        ["imports", "undo", "2", "--reason", "other"],
        ["exports", "claims", "--to", str(tmp_path / "out.csv")],
        ["exports", "book", str(tmp_path / "book.zip")],
        ["claims", "check"],
        ["db", "current"],
    ):
        result = runner.invoke(args=words)
        assert result.exit_code == 0, (words, result.output, result.exception)
