"""A book from which somebody dropped a table or a column: a sentence names it."""

import pytest

from flaskr.database.modes import transaction_mode
from flaskr.exit_codes import ExitCode
from flaskr.extensions import db
from tests.books import DATABASES

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("was_served", [True, False])
@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("ALTER TABLE claims RENAME TO put_aside", "claims"),
        ("ALTER TABLE policies RENAME COLUMN line_of_business TO put_aside", "line_of_business"),
    ],
)
def test_what_is_missing_is_named(new_app, kind, was_served, statement, part):
    with new_app(kind) as app:
        client, runner = app.test_client(), app.test_cli_runner()
        if was_served:
            assert client.get("/claims").status_code == 200
        with app.app_context(), transaction_mode("migrate"), db.engine.begin() as connection:
            connection.exec_driver_sql(statement)

        health = client.get("/healthz")
        page = client.get("/")
        commands = [
            runner.invoke(args=words.split())
            for words in ("claims check", "claims totals", "doctor")
        ]

    assert health.status_code == 503
    assert part in health.json["schema"]
    assert page.status_code == 503
    assert part in page.text
    assert [result.exit_code for result in commands] == [
        ExitCode.UNAVAILABLE,
        ExitCode.UNAVAILABLE,
        ExitCode.DIFFERENT,
    ]
    assert all(part in result.output for result in commands)
