"""Each commit that locks the ledger adds a seal, and the same rows have the same seal anywhere."""

import json
import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from flaskr.book.models import Seal
from flaskr.book.sealing import lines as sealing_lines
from flaskr.book.sealing.chain import broken_seals
from flaskr.book.sealing.lines import TableLines
from flaskr.book.sealing.queries import EMPTY_BOOK, contains_seal, parse_seal, watermark
from flaskr.claims.check.services import rebuild_balances
from flaskr.claims.models import Claim
from flaskr.claims.queries import claim_by_reference
from flaskr.claims.services import edit_claim
from flaskr.closings.services import close_period, declare_live
from flaskr.errors import TextError
from flaskr.extensions import db
from flaskr.facts.closed_lists import Cause, ReasonCode
from flaskr.import_records.models import Import
from flaskr.imports.undo.services import undo_import
from flaskr.policies.services import edit_policy
from tests.factories import ACTOR, make_claim, make_policy, pay, reserve
from tests.imports.importing import load_files, write_file

pytestmark = pytest.mark.both_databases

NASTY = ["a, b", 'say "no"', "back\\slash", "ÅÄÖ é 🜚", "tab\tline\nend", "</x>", "\u2028", "[1,2]"]


def sealed() -> list[Seal]:
    return list(db.session.scalars(select(Seal).order_by(Seal.id)))


def problems() -> list[str]:
    return list(broken_seals(db.session.connection().connection.driver_connection))


def test_an_empty_book_has_no_seal(session):
    assert sealed() == []
    assert watermark()["seal"] == str(EMPTY_BOOK)
    assert contains_seal(EMPTY_BOOK)


def test_each_commit_has_one_seal(session):
    policy = make_policy()
    claim = make_claim(policy=policy, claim_reference="W")
    session.commit()
    reserve(claim, "100.00")
    pay(claim, "10.00")
    session.commit()
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    edit_policy(policy, {"premium": Decimal("1.00")}, seen_version=1, actor=ACTOR)
    session.commit()
    declare_live(actor=ACTOR)
    session.commit()
    close_period(date(2023, 12, 31), actor=ACTOR)
    session.commit()

    seals = sealed()
    assert [seal.id for seal in seals] == [1, 2, 3, 4, 5]
    assert len({seal.digest for seal in seals}) == 5
    last = seals[-1]
    assert (last.policies, last.claims, last.closings, last.live_declarations) == (
        policy.id, claim.id, 1, 1,
    )  # fmt: skip
    assert problems() == []


def test_a_rolled_back_or_empty_transaction_has_none(session):
    make_claim()
    session.rollback()
    session.commit()
    session.execute(text("SELECT 1"))
    session.commit()

    assert sealed() == []


def test_a_savepoint_is_not_sealed_but_its_transaction_is(session):
    with session.begin_nested():
        make_claim()
    assert sealed() == []
    session.commit()

    assert len(sealed()) == 1


def test_a_commit_that_corrects_rows_is_sealed_too(session):
    make_claim()
    session.commit()
    before = watermark()["seal"]
    session.execute(text("UPDATE claims SET paid = 1"))
    session.commit()
    assert watermark()["seal"] == before  # nobody told
    rebuild_balances(ACTOR)
    session.commit()

    assert len(sealed()) == 2
    assert problems() == []


def test_an_import_and_its_undo_are_sealed(session, tmp_path):
    path = write_file(tmp_path / "a.csv", ("claim_reference", "claim_cost"), ("A", "10.00"))
    load_files(path)
    record = session.scalars(select(Import)).one()
    undo_import(record.id, reason_code=ReasonCode.BOOKED_TWICE, actor=ACTOR)
    session.commit()

    assert [seal.imports for seal in sealed()] == [record.id, record.id + 1]
    assert sealed()[0].import_files > 0
    assert problems() == []


def test_a_seal_of_now_is_contained_and_one_of_another_history_is_not(session):
    make_claim()
    session.commit()
    first = parse_seal(watermark()["seal"])
    make_claim()
    session.commit()

    assert contains_seal(first)
    assert not contains_seal(parse_seal(f"1:{'a' * 64}"))
    assert not contains_seal(parse_seal(f"7:{first.digest}"))
    assert not contains_seal(parse_seal(f"0:{first.digest}"))


@pytest.mark.parametrize("written", ["", "1:", "x:" + "a" * 64, "1:" + "g" * 64, "-1:" + "a" * 64])
def test_another_text_is_no_seal(written):
    with pytest.raises(TextError, match="not a seal"):
        parse_seal(written)


def test_writers_side_by_side_have_one_chain(app, session):
    claims = [make_claim(claim_reference=f"W-{number}") for number in range(4)]
    session.commit()
    references = [claim.claim_reference for claim in claims]
    session.remove()  # on SQLite it has locked the book

    def write(reference: str) -> None:
        with app.app_context():
            for level in range(1, 6):
                reserve(claim_by_reference(reference), f"{level}.00")
                db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=write, args=(each,)) for each in references]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [seal.id for seal in sealed()] == list(range(1, 22))
    assert problems() == []


@pytest.mark.parametrize("written", NASTY)
def test_a_line_is_a_json_array_on_both_databases(session, written):
    claim = make_claim(claim_reference="W", reported_date=None)
    session.flush()
    # Past the services, which refuse some of them.
    session.execute(text("UPDATE claims SET event_code = :code, import_row = 7"), {"code": written})
    connection = session.connection().connection.driver_connection

    (lines,) = TableLines(connection, "claims", 0, claim.id).take(claim.id)

    recorded_at = claim.recorded_at.replace(tzinfo=None).isoformat(" ", "microseconds")
    values: list = [claim.id, "W", "w", recorded_at, ACTOR, None, 7]
    values += [None, "water", "2024-03-01", None, written]
    assert lines == [json.dumps(values, ensure_ascii=False, separators=(",", ":"))]


def test_a_line_keeps_the_first_facts_through_edits(session):
    claim = make_claim(claim_reference="W")
    edit_claim(claim, {"cause": Cause.FIRE}, seen_version=1, actor=ACTOR)
    edit_claim(claim, {"cause": Cause.OTHER}, seen_version=2, actor=ACTOR)
    connection = session.connection().connection.driver_connection

    (of_claim,) = TableLines(connection, "claims", 0, claim.id).take(claim.id)
    (of_edits,) = TableLines(connection, "claim_revisions", 0, 10**6).take(10**6)

    assert '"water"' in of_claim[0]
    assert ['"water"' in line and '"fire"' in line for line in of_edits] == [True, False]
    assert all(cause in of_edits[1] for cause in ('"fire"', '"other"'))


def test_lines_are_read_in_batches_and_taken_by_seal(session, monkeypatch):
    for _ in range(7):
        make_claim()
    ids = list(session.scalars(select(Claim.id).order_by(Claim.id)))
    connection = session.connection().connection.driver_connection
    monkeypatch.setattr(sealing_lines, "_BATCH_ROWS", 3)
    lines = TableLines(connection, "claims", 0, ids[-1])

    taken = [sum(map(len, lines.take(last))) for last in (ids[0], ids[0], ids[4], ids[-1], ids[-1])]

    assert taken == [1, 0, 4, 2, 0]
