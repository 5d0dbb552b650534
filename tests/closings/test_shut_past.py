"""No way in moves what was known, or the booked money and status of a closed period."""

from collections import Counter
from datetime import date

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from flaskr.archive.services import import_archive, write_archive
from flaskr.database.modes import transaction_mode
from flaskr.demo.filling.services import load_book, prepare_book
from flaskr.extensions import db
from flaskr.import_records.models import Import
from flaskr.imports.undo.services import undo_import
from flaskr.values.calendar import today
from tests.browsing import fields_of
from tests.closings.shut_past import Past, ShutPast, causes, clocks, days, fill_and_close, numbers
from tests.factories import ACTOR, WRONG_AMOUNT
from tests.imports.importing import GOLDEN, load_files, write_file

FACTS = ("claim_reference", "cause", "reported_date", "claim_cost")


class AllWaysIn(ShutPast):
    """Tries files, undo, migrations, archives, demo data, pages and the command too."""

    folder = client = runner = None

    @rule(n=numbers, cause=causes, reported=days, cost=st.integers(0, 300), clock=clocks)
    def import_file(self, n, cause, reported, cost, clock):
        name = self.claim(n).claim_reference
        db.session.rollback()
        row = (name, cause.value, reported or "", cost)
        path = write_file(self.folder / "claims.csv", FACTS, row, (f"NEW-{n}", "", "2024-06-01", 9))
        self.try_to(lambda: load_files(path), clock)

    @rule(n=st.integers(1, 5), clock=clocks)
    def undo(self, n, clock):
        def work():
            last = db.session.scalar(db.select(db.func.max(Import.id))) or 0
            undo_import(max(last - n, 1), reason_code=WRONG_AMOUNT, actor=ACTOR)

        self.try_to(work, clock)

    @rule(clock=clocks)
    def migrate(self, clock):
        assert not self.try_to(lambda: load_files(*GOLDEN, is_migration=True), clock)

    @rule(clock=clocks)
    def load_archive(self, clock):
        path = self.folder / "book.zip"
        if not path.exists():
            db.session.remove()
            with transaction_mode("read"):
                write_archive(path, actor=ACTOR)
        assert not self.try_to(lambda: import_archive(path, actor=ACTOR), clock)

    @rule(clock=clocks)
    def fill(self, clock):
        def work():
            load_book(prepare_book(3, 3, 7, date(2023, 12, 31)), lambda rows: None)

        assert not self.try_to(work, clock)

    @rule(n=numbers, day=days)
    def post_on_a_page(self, n, day):
        reference = self.claim(n).claim_reference
        db.session.remove()
        page = {"transaction_date": (day or today()).isoformat(), "amount": "3"}
        answer = self.client.get(f"/claims/{reference}/pay")

        sent = self.client.post(f"/claims/{reference}/pay", data={**fields_of(answer), **page})
        self.outcomes["page", "done" if sent.status_code == 303 else "refused"] += 1

    @rule()
    def commands(self):
        db.session.remove()
        for line in ("claims check --rebuild", "book live --yes", "book close 2024-06-30"):
            self.runner.invoke(args=line.split())
        for file in GOLDEN:
            assert self.runner.invoke(args=["import", "--migration", str(file)]).exit_code == 3


def outcomes_of(app, machine, **settings) -> Counter:
    """What was done and what was refused; the book stays from one example to the next."""
    with app.app_context():
        fill_and_close()
        past = Past()
        db.session.remove()
    # An example depends on those before it, so a shorter one says nothing.
    settings = hypothesis.settings(phases=[hypothesis.Phase.generate], **settings)
    run_state_machine_as_test(lambda: machine(app, past), settings=settings)
    return past.outcomes


def counts(outcomes: Counter) -> list[int]:
    """How many attempts were taken, and how many were refused."""
    return [
        sum(number for (_, how), number in outcomes.items() if how == wanted)
        for wanted in ("done", "refused")
    ]


def test_nothing_moves_the_past_of_a_closed_period(app):
    outcomes = outcomes_of(app, ShutPast, stateful_step_count=8)

    assert min(counts(outcomes)) >= 20


@pytest.mark.slow
@pytest.mark.both_databases
def test_no_file_command_or_page_moves_the_past_of_a_closed_period(app, client, runner, tmp_path):
    AllWaysIn.folder, AllWaysIn.client, AllWaysIn.runner = tmp_path, client, runner

    outcomes = outcomes_of(app, AllWaysIn, stateful_step_count=20, max_examples=20)

    assert min(counts(outcomes)) >= 20
    assert sum(outcomes["import_file", how] for how in ("done", "refused")) > 0
