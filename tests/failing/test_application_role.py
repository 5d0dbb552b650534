"""A role that may not change the schema does everything but migrate."""

import re
from pathlib import Path

import psycopg
import pytest

from tests.books import close_connections, make_settings
from tests.browsing import send
from tests.failing.servers import GRANTS, as_role
from tests.users.people import Role, signed_in_client, signed_in_settings

pytestmark = pytest.mark.slow


@pytest.fixture
def new_book(postgres, template_database, tmp_path, make_app):
    """Makes applications whose role may not change the schema."""

    def make(name: str):
        url = as_role(postgres, f"{tmp_path.name}_{name}", template_database)
        folder = tmp_path / name
        return make_app(signed_in_settings(make_settings(folder, database_url=url)))

    return make


def run(app, *words: str, exit_code: int = 0) -> str:
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == exit_code, (words, result.output, result.exception)
    return result.output


def claims_file(folder: Path, paid: str) -> str:
    path = folder / f"claims-{paid}.csv"
    rows = "".join(f"A-{n},2024-01-01,2024-01-02,fire,{paid},5.00\n" for n in range(30))
    path.write_text("claim_reference,loss_date,reported_date,cause,paid,outstanding\n" + rows)
    return str(path)


def test_every_kind_of_work_but_a_migration_of_the_schema(new_book, tmp_path):
    app, copy, demo = new_book("book"), new_book("copy"), new_book("demo")
    handler = signed_in_client(app, Role.HANDLER)
    administrator = signed_in_client(app, Role.ADMINISTRATOR)

    day = {"loss_date": "2024-03-01", "reported_date": "2024-03-02"}
    assert send(handler, "/claims/new", cause="water", **day).status_code == 303
    reference = re.search(r"C-\d{4}-\d{6}", handler.get("/claims").text)[0]
    for page, typed in {
        "reserve": {"amount": "500.00"},
        "pay": {"amount": "10.00"},
        "recover": {"amount": "5.00", "kind": "salvage"},
        "edit": {"description": "Water in the cellar"},
    }.items():
        answer = send(handler, f"/claims/{reference}/{page}", **typed)
        assert answer.status_code == 303, (page, answer.text)
    policy = {
        "inception_date": "2024-01-01",
        "expiry_date": "2025-01-01",
        "premium": "100",
        "deductible": "0",
    }
    policy |= {"policy_number": "P1", "line_of_business": "home", "policyholder": "Eva Ek"}
    assert send(handler, "/policies/new", **policy).status_code == 303
    assert handler.get("/export_claims?format=parquet", buffered=True).status_code == 200
    assert administrator.get("/trail").status_code == 200

    run(app, "users", "create", "eva@example.com", "--name", "Eva Ek")
    run(app, "import", claims_file(tmp_path, "10.00"))
    run(app, "import", claims_file(tmp_path, "12.00"))
    run(app, "imports", "undo", "2", "--reason", "other")
    run(app, "people", "erase", "P1", "--yes", "--reason", "asked")
    run(app, "exports", "book", str(tmp_path / "book.zip"))
    run(copy, "import", str(tmp_path / "book.zip"))
    run(copy, "import", claims_file(tmp_path, "13.00"))
    run(demo, "demo", "fill", "--policies", "20", "--claims", "50")
    run(demo, "import", claims_file(tmp_path, "10.00"))
    for book in (app, copy, demo):
        run(book, "claims", "check")
        run(book, "claims", "check", "--rebuild")
    run(app, "book", "live", "--yes")
    run(app, "book", "close", "2024-01-31")


def test_a_migration_of_the_schema_is_refused_with_what_is_missing(new_book):
    said = run(new_book("book"), "db", "downgrade", "0009", exit_code=4)

    assert "has to grant its role" in said
    assert "Traceback" not in said


def test_a_right_that_is_missing_is_a_sentence_on_the_page(new_book, postgres):
    app = new_book("book")
    handler = signed_in_client(app, Role.HANDLER)
    name = app.config["DATABASE_URL"].split("/")[3].split("?")[0]
    with psycopg.connect(postgres.url(name), autocommit=True) as connection:
        connection.execute(f'REVOKE INSERT ON claims FROM "app_{name}"')

    day = {"loss_date": "2024-03-01", "reported_date": "2024-03-02"}
    answer = send(handler, "/claims/new", cause="water", **day)

    assert answer.status_code == 503
    assert "has to grant its role" in answer.text
    assert "permission" not in answer.text
    close_connections(app)


def test_the_documentation_has_the_grants_that_were_tried():
    page = Path("docs/operating.md").read_text(encoding="utf-8")

    for line in GRANTS.format(role="claimbook_app").strip().splitlines():
        assert line.strip() in page
