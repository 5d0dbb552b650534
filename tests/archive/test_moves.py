"""A book moved between any two databases stays the same."""

from datetime import date

import pytest
from sqlalchemy.exc import DatabaseError

from flaskr.book.models import Book, Closing, LiveDeclaration
from flaskr.book.periods import closed_through, is_live
from flaskr.claims.check.services import disagreements
from flaskr.claims.models import EntryTexts
from flaskr.extensions import db
from flaskr.import_records.models import Import, ImportFile
from tests.archive.books import EVERY_FILE, SOME_FILES, archive_of, files_of, load
from tests.books import highest_ids, kind_of
from tests.demo.conftest import fill, whole_book
from tests.factories import make_claim, reserve


def rows_of(app) -> dict[str, list[tuple]]:
    """All rows of a book, after its checks."""
    with app.app_context():
        assert not list(disagreements())
        rows = whole_book()
        rows["first_posted_at"] = db.session.execute(db.select(Book.first_posted_at)).all()
        for model in (Import, ImportFile, LiveDeclaration, Closing):
            found = db.session.execute(db.select(model.__table__).order_by(model.id))
            rows[model.__tablename__] = [tuple(row) for row in found]
        db.session.remove()
    return rows


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_a_moved_book_is_the_same_in_every_row_file_and_archive(
    new_app, source, archive, tmp_path, kind
):
    addresses = EVERY_FILE if (kind_of(source), kind) == ("sqlite", "postgresql") else SOME_FILES
    with new_app(kind) as app:
        load(app, archive)
        before, after = files_of(source, addresses), files_of(app, addresses)

        assert rows_of(app) == rows_of(source)
        assert [address for address in addresses if after[address] != before[address]] == []
        assert archive_of(app, tmp_path / "book.zip").read_bytes() == archive.read_bytes()
    assert len(set(before.values())) == len(addresses)


def test_a_moved_book_continues_its_numbers(new_app, archive, source):
    with source.app_context():
        entries, claims, policies, *_ = highest_ids()
        totals = db.session.execute(TOTALS).one()
        db.session.remove()
    kind = "postgresql" if kind_of(source) == "sqlite" else "sqlite"
    with new_app(kind) as app:
        told: list[tuple[int, int]] = []
        loaded = load(app, archive, told)

        with app.app_context():
            claim = make_claim(claim_reference=None)
            entry = reserve(claim, "1.00")
            db.session.commit()
            assert (entry.id, claim.id) == (entries + 1, claims + 1)
            assert claim.claim_reference.endswith("-000002")

    assert (loaded.policies, loaded.claims, loaded.entries) == (policies, claims, entries)
    assert tuple(amount.scaleb(2) for amount in loaded.totals.values()) == tuple(totals)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > entries + claims + policies


def test_a_moved_book_is_live_with_closed_periods_and_keeps_what_was_erased(
    new_app, archive, source
):
    kind = "postgresql" if kind_of(source) == "sqlite" else "sqlite"
    with new_app(kind) as app:
        load(app, archive)

        with app.app_context():
            assert is_live()
            assert closed_through() == date(2024, 2, 29)
            assert db.session.scalar(db.select(Book.first_posted_at)) is not None
            (texts,) = db.session.scalars(db.select(EntryTexts).where(EntryTexts.note.is_not(None)))
            assert (texts.payee, texts.payee_reference) == (None, "F 7")
            texts.payee = "Åsa Ek"
            with pytest.raises(DatabaseError, match="can only be erased"):
                db.session.commit()
            db.session.rollback()


def test_the_archive_of_a_book_that_posted_nothing_itself_says_so(new_app, tmp_path):
    with new_app("sqlite") as first, new_app("postgresql") as second:
        fill(first, "--policies", "5", "--claims", "20")
        path = archive_of(first, tmp_path / "book.zip")
        load(second, path)

        with second.app_context():
            assert db.session.scalar(db.select(Book.first_posted_at)) is None
            assert not is_live()


TOTALS = db.text("SELECT sum(paid), sum(outstanding), sum(recovered) FROM ledger_entries")
