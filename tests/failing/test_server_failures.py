"""Each way in which a server fails: the word of /healthz, the sentence of pages and commands."""

import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from flaskr.database.failures import Failure
from flaskr.exit_codes import ExitCode
from flaskr.users.models import Role
from tests.books import close_connections, create_database, make_settings
from tests.browsing import fields_of
from tests.failing.servers import as_role, fill, run_sql, small_disk
from tests.postgres import PostgresServer, as_other_user
from tests.users.people import add_user, sign_in, signed_in_client, signed_in_settings

pytestmark = pytest.mark.slow

PAGES = ("/claims", "/", "/export_claims?format=csv", "/trail", "/claims/new")
OUR_FAULT = ("error in ClaimBook", "Traceback")


@pytest.fixture
def served(postgres, template_database, tmp_path, make_app):
    """An application that people sign in to, the address for its owner, and a signed-in client."""
    owner = create_database(postgres, tmp_path.name, template_database)
    folder = tmp_path / "book"
    app = make_app(signed_in_settings(make_settings(folder, database_url=owner)))
    return app, owner, signed_in_client(app, Role.ADMINISTRATOR)


def check(app, client, failure: Failure, *, pages=PAGES, words=("claims", "totals")) -> None:
    health = client.get("/healthz")
    assert (health.status_code, health.json["database"]) == (503, failure.word)
    for path in pages:
        answer = client.get(path, buffered=True)
        assert (path, answer.status_code) == (path, 503), answer.text
        assert not any(words in answer.text for words in OUR_FAULT)
    close_connections(app)
    if words:
        result = app.test_cli_runner().invoke(args=list(words))
        assert result.exit_code == ExitCode.UNAVAILABLE, (result.output, result.exception)
        assert failure.sentence in " ".join(result.stderr.split())
        assert "in the log" not in result.stderr


def test_a_server_that_can_only_be_read_shows_pages_and_records_nothing(served, tmp_path):
    app, owner, _ = served
    client = signed_in_client(app, Role.HANDLER)
    form = fields_of(client.get("/claims/new"))
    form |= {"loss_date": "2024-03-01", "reported_date": "2024-03-02", "cause": "water"}
    name = tmp_path.name
    run_sql(
        owner,
        "UPDATE sessions SET last_used_at = last_used_at - interval '5 minutes'",
        f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
    )
    close_connections(app)

    health = client.get("/healthz")
    pages = [client.get(path).status_code for path in ("/claims", "/", "/policies", "/claims/new")]
    refused = [
        client.get("/export_claims?format=csv"),
        client.post("/claims/new", data=form),
        client.get("/generate_random_claim"),
        sign_in(app.test_client(), "handler@example.com"),
    ]
    commands = [
        app.test_cli_runner().invoke(args=words)
        for words in (
            ["users", "create", "x@example.com", "--name", "X"],
            ["demo", "fill", "--policies", "1", "--claims", "1"],
            ["import", claims_file(tmp_path)],
            ["exports", "claims", "--to", str(tmp_path / "out.csv")],
            ["db", "downgrade", "0009"],
        )
    ]
    totals = app.test_cli_runner().invoke(args=["claims", "totals"])

    assert (health.status_code, health.json["database"]) == (503, "read-only")
    assert pages == [200] * 4
    assert [(answer.status_code, "can only be read" in answer.text) for answer in refused] == [
        (503, True)
    ] * 4
    for result in commands:
        assert result.exit_code == ExitCode.UNAVAILABLE, (result.output, result.exception)
        assert Failure.READ_ONLY.sentence in " ".join(result.stderr.split())
    assert totals.exit_code == ExitCode.DONE, totals.output


def claims_file(folder: Path) -> str:
    path = folder / "claims.csv"
    path.write_text(
        "claim_reference,loss_date,reported_date,cause,paid,outstanding\n"
        "A-1,2024-01-01,2024-01-02,fire,10.00,5.00\n"
    )
    return str(path)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ('ALTER ROLE "{role}" CONNECTION LIMIT 0', Failure.NO_CONNECTIONS),
        ('ALTER ROLE "{role}" NOLOGIN', Failure.REFUSED),
        ('REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM "{role}"', Failure.NOT_GRANTED),
        ("ALTER DATABASE \"{name}\" SET statement_timeout = '1us'", None),
    ],
)
def test_what_the_server_refuses(postgres, template_database, tmp_path, make_app, change, failure):
    url = as_role(postgres, tmp_path.name, template_database)
    folder = tmp_path / "book"
    app = make_app(signed_in_settings(make_settings(folder, database_url=url)))
    client = signed_in_client(app, Role.ADMINISTRATOR)
    close_connections(app)
    names = {"role": f"app_{tmp_path.name}", "name": tmp_path.name}
    run_sql(postgres.url(tmp_path.name), change.format(**names))

    if failure:
        check(app, client, failure)
        check(app, client, failure, pages=(), words=("db", "current"))
    close_connections(app)


@pytest.mark.parametrize(
    ("address", "failure"),
    [
        ("postgresql://nobody_here@/postgres?host={folder}", Failure.REFUSED),
        ("postgresql://postgres@/no_such_database?host={folder}", Failure.REFUSED),
        ("postgresql://postgres@no-such-host.invalid/book", Failure.UNREACHABLE),
        ("postgresql://postgres@/postgres?host={folder}&sslmode=require", None),
        ("postgresql://postgres@/postgres?host=/nowhere", Failure.UNREACHABLE),
    ],
)
def test_an_address_that_leads_nowhere(postgres, tmp_path, make_app, address, failure):
    url = address.format(folder=postgres.folder)
    app = make_app(signed_in_settings(make_settings(tmp_path, database_url=url)))

    if failure:
        check(app, app.test_client(), failure, pages=("/sign_in",))


@pytest.fixture
def small_server(postgres, tmp_path):
    """A server of its own, on a disk of its own, which may be stopped or filled."""
    with ExitStack() as stack:
        disk = stack.enter_context(small_disk(tmp_path / "disk", 120))
        server = PostgresServer(postgres.binaries)
        server.folder = disk
        server.start()
        stack.callback(server.process.wait, timeout=20)
        stack.callback(server.process.send_signal, 3)  # at once: a full disk takes no checkpoint
        yield server


@pytest.fixture
def on_small_server(small_server, tmp_path, make_app):
    create_database(small_server, "book")
    url = small_server.url("book")
    app = make_app(signed_in_settings(make_settings(tmp_path / "book", database_url=url)))
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    return app, signed_in_client(app, Role.ADMINISTRATOR)


def test_a_full_disk_of_the_server(on_small_server, small_server):
    app, client = on_small_server
    fill(small_server.folder)

    health = client.get("/healthz")
    page = client.get("/claims")
    result = app.test_cli_runner().invoke(
        args=["demo", "fill", "--policies", "100", "--claims", "500"]
    )

    assert (health.status_code, health.json["database"]) == (503, "full")
    assert page.status_code == 200
    assert result.exit_code == ExitCode.UNAVAILABLE, (result.output, result.exception)
    assert Failure.FULL.sentence in " ".join(result.stderr.split())


def test_a_server_that_shuts_down_and_one_that_is_gone(on_small_server, small_server):
    app, client = on_small_server
    with closing(psycopg.connect(small_server.url("book"))):  # a smart shutdown waits for it
        small_server.process.send_signal(15)
        close_connections(app)
        for _ in range(100):
            if client.get("/healthz").json["database"] == Failure.STOPPING.word:
                break
        check(app, client, Failure.STOPPING)
    small_server.process.wait(timeout=20)

    check(app, client, Failure.UNREACHABLE)


def test_a_replica_shows_pages_and_says_that_it_can_only_be_read(small_server, tmp_path, make_app):
    create_database(small_server, "book")
    first = make_settings(tmp_path / "book", database_url=small_server.url("book"))
    app = make_app(signed_in_settings(first))
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    add_user(app, Role.HANDLER)
    replica = PostgresServer(small_server.binaries)
    copy = [str(replica.binaries / "pg_basebackup"), "-h", str(small_server.folder), "-R"]
    copy += ["-U", "postgres", "-c", "fast", "-D", str(replica.folder / "data")]
    replica.folder.chmod(0o777)
    subprocess.run(as_other_user(copy), check=True, capture_output=True)
    options = ["-c", f"unix_socket_directories={replica.folder}", "-c", "listen_addresses="]
    command = [str(replica.binaries / "postgres"), "-D", str(replica.folder / "data"), *options]
    with (replica.folder / "log").open("wb") as log:
        replica.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "INT", *as_other_user(command)], stdout=log, stderr=log
        )
    try:
        replica.wait()
        settings = make_settings(tmp_path / "copy", database_url=replica.url("book"))
        client = make_app(signed_in_settings(settings)).test_client()

        health = client.get("/healthz")
        signing_in = sign_in(client, "handler@example.com")

        assert (health.status_code, health.json["database"]) == (503, "read-only")
        assert client.get("/sign_in").status_code == 200
        assert signing_in.status_code == 503
        assert "can only be read" in signing_in.text
    finally:
        replica.stop()
