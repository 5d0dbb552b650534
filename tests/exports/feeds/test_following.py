"""A copy that follows the feeds by `since` is always the book's own ledger and facts."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from flaskr.claims.erasing import erase_claim_texts
from flaskr.claims.models import Claim
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, LineOfBusiness, ReasonCode
from flaskr.import_records.models import Import
from flaskr.imports.undo.services import undo_import
from flaskr.policies.models import Policy
from flaskr.privacy.names import PersonNames
from flaskr.privacy.queries import PersonRecords, claim_ids_of_policies
from flaskr.privacy.services import erase_person
from tests.claims.clocks import amend, edit
from tests.exports.feeds.following import Reader, entries_in_book, versions_in_book
from tests.factories import ACTOR, make_claim, make_policy, reserve
from tests.imports.importing import Importing

pytestmark = pytest.mark.both_databases

some = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
FACTS = {
    "cause": st.sampled_from([Cause.FIRE, Cause.WATER, None]),
    "loss_date": st.sampled_from([date(2024, 2, 1), date(2024, 3, 1)]),
    "event_code": st.sampled_from(["S-1", "", None]),
    "description": st.sampled_from(["", "Taket", "Köket"]),
}
TERMS = {
    "line_of_business": st.sampled_from([LineOfBusiness.HOME, LineOfBusiness.MOTOR]),
    "premium": st.sampled_from([Decimal("1.00"), Decimal("2.50")]),
    "sum_insured": st.sampled_from([None, Decimal("7.00")]),
    "cancelled_on": st.sampled_from([None, date(2024, 6, 1)]),
    "policyholder": st.sampled_from(["", "Åsa", "Örjan"]),
}
places = st.integers(0, 5)
costs = st.lists(st.tuples(places, st.sampled_from(["fire", "theft", ""])), min_size=1, max_size=3)
actions = st.one_of(
    st.tuples(st.just("report"), st.booleans()),
    st.tuples(st.just("record"), st.none()),
    st.tuples(st.just("edit"), places, st.fixed_dictionaries({}, optional=FACTS)),
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("amend"), places, st.fixed_dictionaries({}, optional=TERMS)),
    st.tuples(st.just("reserve"), places, st.integers(0, 9)),
    st.tuples(st.just("erase"), places),
    st.tuples(st.just("erase_person"), places),
)
imports = st.one_of(st.tuples(st.just("import_rows"), costs), st.tuples(st.just("undo"), st.none()))


def chosen(model, place: int):
    """One of the rows of a table."""
    rows = db.session.scalars(select(model).order_by(model.id)).all()
    return rows[place % len(rows)]


class Writer:
    """Does what people do to a book; each action is committed, unless it is refused."""

    def __init__(self, importing: Importing) -> None:
        self.importing = importing

    def do(self, name: str, *how) -> None:
        try:
            getattr(self, name)(*how)
            db.session.commit()
        except ClaimBookError:
            db.session.rollback()

    def report(self, is_on_policy: bool) -> None:
        make_claim(policy=chosen(Policy, 0) if is_on_policy else None, description="Taket")

    def record(self, _: None) -> None:
        make_policy()

    def edit(self, place: int, facts: dict) -> None:
        edit(chosen(Claim, place), **facts)

    def move(self, place: int, other: int) -> None:
        edit(chosen(Claim, place), policy_id=chosen(Policy, other).id if other else None)

    def amend(self, place: int, terms: dict) -> None:
        amend(chosen(Policy, place), **terms)

    def reserve(self, place: int, level: int) -> None:
        claim = chosen(Claim, place)
        if claim.outstanding != level:
            reserve(claim, str(level), date(2026, 1, 1))

    def erase(self, place: int) -> None:
        erase_claim_texts(chosen(Claim, place), actor=ACTOR)

    def erase_person(self, place: int) -> None:
        policies = frozenset({chosen(Policy, place).id})
        claims = claim_ids_of_policies(policies)
        records = PersonRecords(policies, claims, PersonNames.of(()))
        erase_person(records, actor=ACTOR, reason="asked")

    def import_rows(self, rows: list[tuple[int, str]]) -> None:
        cells = {chosen(Claim, place).claim_reference: cause for place, cause in rows}
        self.importing.load(
            ("claim_reference", "cause"), *cells.items(), ("N-1", "glass"), leaves_refused=True
        )

    def undo(self, _: None) -> None:
        last = db.session.scalar(select(func.max(Import.id)))
        undo_import(last, reason_code=ReasonCode.OTHER, actor=ACTOR)


@pytest.fixture
def writer(importing) -> Writer:
    make_claim(policy=make_policy(), description="Taket")
    db.session.commit()
    return Writer(importing)


def follow(writer: Writer, reader: Reader, done: list[tuple]) -> None:
    """Do each action and read what came since; the copy must be the book."""
    reader.follow()
    for action in done:
        writer.do(*action)
        db.session.expire_all()
        reader.follow()
        assert reader.entries == entries_in_book()
        assert reader.versions == versions_in_book(), action
    assert reader.follow() == 0


@some
@given(st.lists(actions, min_size=1, max_size=8))
def test_a_copy_follows_every_edit(writer, done):
    follow(writer, Reader(), done)


@settings(some, max_examples=3)
@given(st.lists(actions | imports, min_size=4, max_size=8))
def test_a_copy_follows_imports_and_undos_among_edits(writer, done):
    follow(writer, Reader(), [("import_rows", [(0, "fire")]), *done, ("undo", None)])


@some
@given(st.lists(actions, min_size=2, max_size=8))
def test_a_copy_that_reads_seldom_misses_nothing(writer, done):
    reader = Reader()
    reader.follow()
    for action in done:
        writer.do(*action)
    db.session.expire_all()
    reader.follow()

    assert reader.versions == versions_in_book()
    assert reader.entries == entries_in_book()
