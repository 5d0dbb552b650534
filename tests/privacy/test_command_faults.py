"""What a command that erases leaves in the log when the database refuses a row."""

import pytest
from sqlalchemy import text

from flaskr.exit_codes import ExitCode
from tests.factories import make_policy


@pytest.fixture
def unique_reasons(session):
    """A rule of the database that the book does not know."""
    session.execute(text("CREATE UNIQUE INDEX unique_reasons ON event_texts (reason)"))
    session.commit()
    yield
    session.rollback()
    session.execute(text("DROP INDEX unique_reasons"))
    session.commit()


@pytest.mark.both_databases
def test_a_row_that_the_database_refuses_is_repeated_by_no_trace(
    runner, session, unique_reasons, caplog
):
    for number in ("H-1", "H-2"):
        make_policy(policy_number=number)
    session.commit()
    erase = ["people", "erase", "--yes", "--reason", "asked by Zorn Exampelmark"]
    assert runner.invoke(args=[*erase, "H-1"]).exit_code == 0

    result = runner.invoke(args=[*erase, "H-2"])

    assert (result.exit_code, type(result.exception)) == (ExitCode.FAULT, SystemExit)
    assert "Zorn" not in result.output
    [record] = [each for each in caplog.records if each.levelname == "ERROR"]
    assert record.getMessage().startswith("flaskr people erase failed in process ")
