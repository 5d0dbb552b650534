"""Upgrades and downgrades with data, on both databases, and a schema equal to the models."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from alembic import command
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from flaskr.claims.check.services import disagreements
from flaskr.claims.ledger.services import close_claim, reverse_entry
from flaskr.claims.services import edit_claim
from flaskr.database.modes import transaction_mode
from flaskr.database.schema import migration_config, schema_error
from flaskr.errors import SchemaError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, ReasonCode
from flaskr.policies.services import cancel_policy
from tests.books import create_database
from tests.factories import ACTOR, make_claim, make_policy, pay, recover, reserve
from tests.migrations.catalogue import catalogue, description_of

pytestmark = pytest.mark.both_databases

TABLES = ("policies", "claims", "policy_revisions", "claim_revisions", "ledger_entries")
SOURCES = ("imports", "import_files")
TABLES_OF_0001 = (*TABLES, "book", "counters")
PEOPLE = (
    "users", "sessions", "tokens", "password_links", "sign_in_attempts", "second_factors",
    "recovery_codes", "audit_events", "event_texts", "refusal_counts",
)  # fmt: skip
PERIODS = ("entry_texts", "live_declarations", "closings", "seals")
ALL_TABLES = (*TABLES_OF_0001, *SOURCES, *PEOPLE, *PERIODS)
# After a downgrade and an upgrade one seal covers all that the book has.
KEPT_TABLES = tuple(name for name in ALL_TABLES if name != "seals")
# What 0001 does not have: filled from the ledger, or null or constant for what was typed.
LATER_COLUMNS = {
    "last_transaction_date", "last_recorded_at", "import_id", "import_row", "event_code",
    "first_transaction_date", "cost_type", "reason_code", "exceptions", "paid_booked",
    "outstanding_booked", "recovered_booked", "status_booked", "closed_date_booked",
    "first_posted_at", "titles_digest", "erased_at",
}  # fmt: skip

REASON = "Åsa was paid twice"


def fill() -> None:
    """Add some rows to every table of 0001."""
    policy = make_policy(policy_number="")
    claim = make_claim(policy=policy, claim_reference="")
    reserve(claim, "100.10")
    payment = pay(claim, "30.05")
    recover(claim, "10")
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    cancel_policy(policy, date(2024, 12, 1), seen_version=1, actor=ACTOR)
    other = make_claim()
    why = {"reason_code": ReasonCode.OTHER, "reason": REASON}
    reverse_entry(pay(other, "7"), date(2024, 4, 2), actor=ACTOR, **why)
    close_claim(other, date(2024, 4, 3), actor=ACTOR)
    make_claim()
    assert payment.paid == Decimal("30.05")
    db.session.commit()


def rows(tables=KEPT_TABLES) -> dict[str, list]:
    """Every row of the tables, read without the models."""
    ordered = {name: f"SELECT * FROM {name} ORDER BY 1" for name in tables}  # noqa: S608
    with transaction_mode("read"):  # a writing one is refused after a downgrade
        by_table = {
            name: [dict(row) for row in db.session.execute(text(statement)).mappings()]
            for name, statement in ordered.items()
        }
        db.session.remove()
    return by_table


def of_0001(records: list[dict]) -> list[dict]:
    return [{name: row[name] for name in row if name not in LATER_COLUMNS} for row in records]


def migrate(direction, revision: str) -> None:
    db.session.remove()
    direction(revision=revision, x_arg="discard=yes")


def is_append_only() -> bool:
    try:
        with transaction_mode("migrate"):
            db.session.execute(text("UPDATE ledger_entries SET id = id"))
    except DBAPIError as error:
        return "append-only" in str(error)
    finally:
        db.session.remove()
        db.engine.dispose()  # no connection without foreign keys
    return False


def test_a_downgrade_to_the_first_revision_and_back_keeps_every_row(session):
    fill()
    before = rows()

    migrate(downgrade, "0001")
    between, was_append_only = rows(TABLES_OF_0001), is_append_only()
    migrate(upgrade, "head")

    texts = {row["entry_id"]: row["reason"] for row in before["entry_texts"]}
    assert set(texts.values()) == {REASON}
    expected = {name: of_0001(before[name]) for name in TABLES_OF_0001}
    for row in expected["ledger_entries"]:
        row["reason"] = texts.get(row["id"])
    assert between == expected
    assert [row["last_transaction_date"] for row in before["claims"]].count(None) == 1
    codes = [{**row, "reason_code": None} for row in before["ledger_entries"]]  # not of 0001
    # 0006 creates the trail again, empty.
    assert rows() == {**before, "audit_events": [], "ledger_entries": codes}
    assert not was_append_only
    assert is_append_only()
    assert list(disagreements()) == []


def test_a_downgrade_to_the_base_and_back_makes_an_empty_book(session):
    fill()
    before = catalogue()

    migrate(downgrade, "base")
    with transaction_mode("read"):
        left = set(inspect(db.engine).get_table_names())
    migrate(upgrade, "head")

    assert left == {"alembic_version"}
    assert catalogue() == before
    assert rows(TABLES) == dict.fromkeys(TABLES, [])
    fill()
    assert is_append_only()
    assert list(disagreements()) == []


def test_a_row_without_its_parent_stops_a_migration(sqlite_app):
    fill()
    db.session.remove()
    with db.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("UPDATE claims SET policy_id = 4711")
        raw.execute("PRAGMA foreign_keys=ON")

    with pytest.raises(SchemaError, match="3 rows without what they refer to"):
        migrate(downgrade, "0001")

    assert is_append_only()
    assert str(schema_error() or "") == ""


def test_a_schema_that_is_behind_says_what_to_run(session):
    migrate(downgrade, "0001")

    assert (
        str(schema_error() or "")
        == "The database's schema is behind this version. Run: flask db upgrade"
    )


def test_a_schema_from_a_newer_version_says_so(session):
    session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    session.commit()

    assert "newer version of ClaimBook" in str(schema_error() or "")


def test_the_models_need_no_further_migration(session):
    session.remove()
    command.check(migration_config())


def test_an_upgraded_book_has_the_tables_that_the_models_make(session, request, tmp_path):
    upgraded = catalogue()
    session.remove()
    url = f"sqlite:///{tmp_path}/made.db"
    if db.engine.dialect.name == "postgresql":
        server = request.getfixturevalue("postgres")
        create_database(server, "made_by_models")
        url = db.engine.url.set(database="made_by_models")
    engine = sa.create_engine(url)
    db.metadata.create_all(engine)
    inspector = inspect(engine)

    by_models = {name: description_of(inspector, name) for name in sorted(ALL_TABLES)}
    engine.dispose()

    assert upgraded == by_models
    assert set(ALL_TABLES) == set(db.metadata.tables)


@pytest.fixture
def behind(app):
    with app.app_context():
        migrate(downgrade, "0001")
    return app


def test_every_page_of_a_schema_that_is_behind_says_what_to_run(behind):
    client = behind.test_client()
    pages = ("/", "/claims", "/policies", "/claims/new", "/claims/x", "/export_claims")

    answers = [client.get(page) for page in pages] + [client.post("/claims/new", data={})]

    assert [answer.status_code for answer in answers[:-1]] == [503] * len(pages)
    assert all("flask db upgrade" in answer.text for answer in answers[:-1])
    assert answers[-1].status_code in (400, 503)  # without a token it is refused before


@pytest.mark.parametrize(
    "command_line",
    [
        ["claims", "check"],
        ["demo", "fill", "--policies", "1", "--claims", "1"],
        ["import", __file__],
    ],
)
def test_a_command_on_a_schema_that_is_behind_says_what_to_run(behind, command_line):
    result = behind.test_cli_runner().invoke(args=command_line)

    assert result.exit_code == 4
    assert "Run: flask db upgrade" in result.output
    assert "Traceback" not in result.output


def test_health_says_that_the_schema_is_behind_and_then_that_it_fits(behind):
    client = behind.test_client()
    ill = client.get("/healthz")
    with behind.app_context():
        migrate(upgrade, "head")
    well = client.get("/healthz")

    assert (ill.status_code, ill.json["database"]) == (503, "reachable")
    assert "flask db upgrade" in ill.json["schema"]
    assert (well.status_code, well.json) == (200, {"database": "reachable", "schema": "at head"})
    assert client.get("/claims").status_code == 200
