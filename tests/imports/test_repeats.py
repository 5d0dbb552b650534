"""Files that were loaded before: on the page and by the command, they turn nothing back unasked."""

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from flaskr.claims.ledger.services import set_reserve
from flaskr.claims.models import Claim
from flaskr.extensions import db
from flaskr.facts.closed_lists import ReasonCode
from flaskr.import_records.models import Import
from flaskr.imports.undo.services import undo_import
from flaskr.values.calendar import today
from tests.factories import ACTOR
from tests.imports.importing import GOLDEN

OLD = "claim_reference,claim_cost\nA-1,100.00\nA-2,50.00\n"
NEW = "claim_reference,claim_cost\nA-1,150.00\nA-2,50.00\n"
HELD = "old.csv was loaded as import 1 on {day}; it would change 1 row"
TURNS_BACK = "old.csv would turn 1 row back to what it was in import 1. Changed since: A-1 "


@pytest.fixture
def nightly(runner, tmp_path):
    """Runs `flask import` on a file with a text; its exit code and what it printed."""

    def run(text, *options, name="old.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        done = runner.invoke(args=["import", str(tmp_path / name), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.fixture
def imports(runner):
    """How many imports the book has."""

    def count():
        with runner.app.app_context():
            return db.session.scalar(select(func.count()).select_from(Import))

    return count


@pytest.fixture
def cost(runner):
    """The claim cost of A-1."""

    def read():
        with runner.app.app_context():
            claim = db.session.scalar(select(Claim).where(Claim.claim_reference == "A-1"))
            return str(claim.claim_cost)

    return read


def held():
    return HELD.format(day=datetime.now(ZoneInfo("Europe/Stockholm")).date())


def post_by_hand(app):
    with app.app_context():
        claim = db.session.scalar(select(Claim).where(Claim.claim_reference == "A-1"))
        set_reserve(claim, Decimal("170.00"), today(), actor="anna")
        db.session.commit()


def test_two_files_in_a_nightly_loop_post_nothing_after_the_first_night(nightly, imports, cost):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    codes = [
        (nightly(OLD).exit_code, nightly(NEW, name="new.csv").exit_code, cost()) for _ in range(3)
    ]

    assert codes == [(0, 0, "150.00")] * 3
    assert imports() == 2


def test_the_command_says_what_a_repeated_file_would_change(nightly, cost):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    done = nightly(OLD)

    assert done.exit_code == 0
    assert "0 created, 1 changed" in done.stdout
    assert TURNS_BACK + "(by import 2).\n" in done.stdout
    assert done.stdout.endswith(f"{held()}; --again loads it.\n")
    assert cost() == "150.00"


def test_the_dry_run_says_so_too(nightly):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    done = nightly(OLD, "--dry-run")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{held()}; --again loads it.")


def test_again_loads_it(nightly, cost):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    done = nightly(OLD, "--again")

    assert "Loaded as import 3." in done.stdout
    assert cost() == "100.00"


def test_quiet_says_it_on_standard_error_and_json_in_its_message(nightly):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    quiet = nightly(OLD, "--quiet")
    found = json.loads(nightly(OLD, "--json").stdout)

    assert (quiet.stdout, quiet.stderr) == ("", f"{held()}; --again loads it.\n")
    assert found["message"] == f"{held()}; --again loads it."
    assert (found["loaded"], found["exit_code"]) == (False, 0)
    assert found["warnings"] == [TURNS_BACK + "(by import 2)."]
    assert found["files"][0]["loaded_before_as"] == [1]


def test_a_person_is_named_who_changed_the_row(nightly, app):
    nightly(OLD)
    post_by_hand(app)

    assert TURNS_BACK + "(by anna)." in nightly(OLD).stdout


def test_edits_of_facts_are_named_for_claims_and_policies(nightly):
    claims = "claim_reference,claim_cost,cause\nA-1,1,{}\n"
    policies = (
        "policy_number,line_of_business,inception_date,expiry_date,premium,deductible\n"
        "P-1,motor,2024-01-01,2025-01-01,{},0\n"
    )
    for text, first, second in ((claims, "fire", "water"), (policies, "10", "20")):
        nightly(text.format(first))
        nightly(text.format(second), name="new.csv")

    assert "Changed since: A-1 (by import 2)." in nightly(claims.format("fire")).stdout
    assert "Changed since: P-1 (by import 4)." in nightly(policies.format("10")).stdout


def test_only_the_first_rows_are_named_and_all_are_counted(nightly):
    text = "claim_reference,claim_cost\n" + "".join(f"B-{n:02},{{0}}\n" for n in range(25))
    nightly(text.format(1))
    nightly(text.format(2), name="new.csv")

    said = nightly(text.format(1)).stdout

    assert "would turn 25 rows back to what they were in import 1." in said
    assert "B-09 (by import 2) and 15 more." in said


@pytest.mark.parametrize(
    "options",
    [["--constant", "cause=fire"], ["--column", "claim_cost=outstanding"]],
    ids=["constant", "column"],
)
def test_the_same_file_read_in_another_way_is_another(nightly, imports, options):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    done = nightly(OLD, *options)

    assert (done.exit_code, imports()) == (0, 3)
    assert "old.csv would turn rows back to what they were in import 1." in done.stdout


def test_the_same_content_under_another_name_is_the_same_file(nightly, imports):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    nightly(OLD, name="copy.csv")

    assert imports() == 2


def test_after_its_undo_a_file_is_loaded_like_a_new_one(nightly, app, imports):
    nightly(OLD)
    with app.app_context():
        undo_import(1, reason_code=ReasonCode.BOOKED_TWICE, actor=ACTOR)
        db.session.commit()

    done = nightly(OLD)

    assert "--again" not in done.output
    assert imports() == 3


def test_a_file_of_which_rows_were_left_out_is_no_repeat(nightly, imports):
    text = OLD + "A-3,x\n"
    nightly(text, "--good-rows")
    nightly(NEW, name="new.csv")

    nightly(text, "--good-rows")

    assert imports() == 3


def test_a_migration_sent_again_has_nothing_to_load(runner, imports):
    words = ["import", "--migration", *map(str, GOLDEN)]
    first, second = runner.invoke(args=words), runner.invoke(args=words)

    assert (first.exit_code, second.exit_code, imports()) == (0, 0, 1)
    assert "--again" not in second.output
