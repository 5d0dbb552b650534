"""PostgreSQL is killed in the middle of a page, an export, an import or an archive."""

import threading
import time
from collections import Counter

import pytest
from sqlalchemy import text

from flaskr.exit_codes import ExitCode
from flaskr.extensions import db
from tests.books import create_database, make_settings
from tests.failing.servers import run_sql
from tests.postgres import PostgresServer

pytestmark = pytest.mark.slow


@pytest.fixture
def own_server(postgres):
    """A server of its own, which may be killed; its processes end with it."""
    server = PostgresServer(postgres.binaries)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def filled(own_server, tmp_path, make_app):
    """An application over a book with some rows."""
    create_database(own_server, "book")
    app = make_app(make_settings(tmp_path / "book", database_url=own_server.url("book")))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["db", "upgrade"]).exit_code == 0
    fill = ["demo", "fill", "--policies", "4000", "--claims", "20000"]
    assert runner.invoke(args=fill).exit_code == 0
    return app


def kill_soon(server, after: float) -> threading.Thread:
    """Stop a server at once, without a shutdown, after some seconds."""

    def kill() -> None:
        time.sleep(after)
        server.process.send_signal(3)  # SIGQUIT, pg_ctl's immediate

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_page_that_is_made_is_sent_though_its_transaction_cannot_be_ended(
    postgres, template_database, tmp_path, make_app
):
    url = create_database(postgres, tmp_path.name, template_database)
    app = make_app(make_settings(tmp_path / "book", database_url=url))

    @app.get("/made")
    def made() -> str:
        number = db.session.scalar(text("SELECT pg_backend_pid()"))
        run_sql(url, f"SELECT pg_terminate_backend({number})")
        return "the page"

    answer = app.test_client().get("/made")

    assert (answer.status_code, answer.text) == (200, "the page")
    assert app.test_client().get("/claims").status_code == 200


@pytest.mark.parametrize("after", [0.05, 0.3])
def test_pages_and_files_never_answer_with_a_fault(filled, own_server, after):
    statuses: Counter[int] = Counter()
    texts = []

    def browse(path: str) -> None:
        ends = time.monotonic() + 3
        while time.monotonic() < ends:
            answer = filled.test_client().get(path, buffered=True)
            statuses[answer.status_code] += 1
            if answer.status_code not in (200, 503):
                texts.append((path, answer.text))

    paths = ("/", "/claims?sort=-claim_cost", "/export_ledger?format=csv", "/healthz")
    threads = [threading.Thread(target=browse, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    kill_soon(own_server, after).join()
    for thread in threads:
        thread.join()

    assert statuses[503] > 0
    assert texts == []


@pytest.mark.parametrize("after", [0.3, 0.8])
@pytest.mark.parametrize("work", ["import", "exports book", "exports ledger", "claims check"])
def test_a_command_ends_with_a_sentence(filled, own_server, tmp_path, work, after):
    rows = "".join(f"A-{n},2024-01-01,2024-01-02,fire,10.00,5.00\n" for n in range(60_000))
    claims = tmp_path / "claims.csv"
    claims.write_text("claim_reference,loss_date,reported_date,cause,paid,outstanding\n" + rows)
    words = {
        "import": [str(claims)],
        "exports book": [str(tmp_path / "book.zip")],
        "exports ledger": ["--to", str(tmp_path / "ledger.xlsx")],
        "claims check": [],
    }
    killing = kill_soon(own_server, after)

    result = filled.test_cli_runner().invoke(args=[*work.split(), *words[work]])
    killing.join()

    assert result.exit_code in (ExitCode.DONE, ExitCode.UNAVAILABLE), (
        result.output,
        result.exception,
    )
    if result.exit_code:
        assert "The database" in result.stderr
        assert not list(tmp_path.glob("*.part"))
