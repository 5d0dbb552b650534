from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from flaskr.claims.filters import ClaimFilter
from flaskr.claims.models import Claim
from flaskr.claims.row_queries import claim_rows
from flaskr.extensions import db
from flaskr.values.as_at import Basis
from flaskr.web.ordering import by_bytes
from flaskr.web.paging import Count, Cursor, Listing, UnknownPage
from tests.claims.varied import CLAIMS, varied_claims
from tests.factories import make_claim

pytestmark = pytest.mark.both_databases

PAGE = 5
SORTS = [f"{sign}{name}" for name in (*ClaimFilter.SORTS, "recorded") for sign in ("", "-")]


@pytest.fixture
def varied(rolled_back, monkeypatch):
    monkeypatch.setattr("flaskr.web.paging.PAGE_ROWS", PAGE)
    return varied_claims()


def expected_ids(rows: list, sort: str) -> list[int]:
    """The ids as Python sorts them: empty values last in both directions, ties by id."""
    name, descends = sort.removeprefix("-"), sort.startswith("-")
    name = "claim_id" if name == "recorded" else name
    values = [(getattr(row, name), row.claim_id) for row in rows]
    full = sorted(((v, i) for v, i in values if v is not None), reverse=descends)
    empty = sorted((i for v, i in values if v is None), reverse=descends)
    return [row_id for _, row_id in full] + empty


def forwards(listing: Listing) -> list[list[int]]:
    pages, cursor = [], Cursor()
    while True:
        page = listing.page(cursor)
        pages.append([row.claim_id for row in page.rows])
        assert page.has_newer is (len(pages) > 1)
        if not page.has_older:
            return pages
        cursor = Cursor(after=page.rows[-1].claim_reference)


def backwards(listing: Listing) -> list[list[int]]:
    pages, cursor = [], Cursor(is_last=True)
    while True:
        page = listing.page(cursor)
        pages.insert(0, [row.claim_id for row in page.rows])
        assert page.has_older is (len(pages) > 1)
        if not page.has_newer:
            return pages
        cursor = Cursor(before=page.rows[0].claim_reference)


def check_paging(wanted: ClaimFilter) -> None:
    """Going through the pages shows every row once, in the order that Python sorts them in."""
    # Takes seconds: every order, ascending and descending, forwards and backwards.
    rows, ids = wanted.listing().rows, set(db.session.scalars(wanted.listing().selected))
    every = [row for row in db.session.execute(rows) if row.claim_id in ids]
    for sort in SORTS:
        listing = replace(wanted, sort=sort).listing()
        expected = expected_ids(every, sort)
        older = forwards(listing)
        newer = backwards(listing)

        assert sum(older, []) == expected, sort
        assert all(len(page) == PAGE for page in older[:-1])
        # A short first page is filled when going back: it may repeat rows of the page after it.
        assert newer[0][: len(expected) % PAGE or PAGE] + sum(newer[1:], []) == expected, sort
        file = db.session.execute(replace(wanted, sort=sort).rows())
        assert [row.claim_id for row in file] == expected, sort


def test_pages_in_every_order_have_every_claim_once_forwards_and_backwards(varied):
    check_paging(ClaimFilter())


@pytest.mark.parametrize("basis", [pytest.param(Basis.KNOWN, marks=pytest.mark.slow), Basis.BOOKED])
def test_pages_as_at_a_date_in_every_order_have_every_claim_once(varied, basis):
    # Takes seconds: dozens of orders, each paged forwards and backwards.
    check_paging(ClaimFilter(as_at=date(2024, 5, 18), basis=basis))


def test_pages_of_a_filter_in_every_order_have_every_claim_once(varied):
    check_paging(ClaimFilter(text="Ä", loss_from=date(2023, 1, 1)))


def test_the_varied_book_has_ties_and_empty_values(varied):
    rows = list(db.session.execute(claim_rows()))

    assert len(rows) == CLAIMS
    for name in ("policy_number", "cause", "loss_date", "reported_date", "closed_date"):
        values = [getattr(row, name) for row in rows]
        assert None in values
        assert len(set(values)) < CLAIMS


def test_a_page_may_continue_from_a_row_that_no_longer_matches(varied):
    wanted = ClaimFilter(loss_to=date(2024, 3, 1), sort="loss_date")
    outside = db.session.scalar(select(Claim).where(Claim.loss_date > date(2024, 3, 1)))
    without = db.session.scalar(select(Claim).where(Claim.loss_date.is_(None)))

    assert wanted.listing().page(Cursor(after=outside.claim_reference)).rows == []
    back = wanted.listing().page(Cursor(before=without.claim_reference))
    assert all(row.loss_date <= date(2024, 3, 1) for row in back.rows)
    assert len(back.rows) == PAGE


def test_a_page_from_a_row_that_does_not_count_yet_is_unknown(varied):
    listing = ClaimFilter(as_at=date(2024, 5, 2)).listing()
    later = varied[-1].claim_reference

    for cursor in (Cursor(after=later), Cursor(before="a\0b")):
        with pytest.raises(UnknownPage):
            listing.page(cursor)


def test_sums_and_count_are_those_of_all_pages(varied):
    listing = ClaimFilter(loss_from=date(2023, 1, 1)).listing()
    rows = list(db.session.execute(listing.selected))
    page = listing.page(Cursor())
    count = listing.count(page, ("paid", "claim_cost"))

    assert count.rows == len(rows) > PAGE
    assert count.sums == {
        name: sum(getattr(row, name) for row in rows) for name in ("paid", "claim_cost")
    }


def test_sums_are_zero_without_rows_and_missing_for_too_many(varied, monkeypatch):
    nothing = ClaimFilter(text="nothing like it").listing()
    empty = nothing.page(Cursor())
    assert nothing.count(empty, ("paid",)) == Count(0, sums={"paid": Decimal(0)})
    monkeypatch.setattr("flaskr.web.paging.COUNTED_ROWS", 10)

    every = ClaimFilter().listing()

    assert every.count(every.page(Cursor()), ("paid",)) == Count(10, is_more=True)


def test_words_are_sorted_by_bytes_whatever_the_collation():
    ordered = select(by_bytes(literal_column("word")))

    assert str(ordered.compile(dialect=sqlite.dialect())).startswith("SELECT word AS")
    assert '(word) COLLATE "C"' in str(ordered.compile(dialect=postgresql.dialect()))


def test_a_single_claim_is_a_whole_page(rolled_back):
    make_claim()
    listing = ClaimFilter(sort="paid").listing()
    page = listing.page(Cursor())

    assert page.is_whole
    assert listing.count(page, ("outstanding",)) == Count(1, sums={"outstanding": Decimal(0)})
