"""The book's own settings, and the references that it allots."""

import threading
from datetime import UTC, date, datetime

import pytest
import time_machine

from flaskr.book.models import Book, Counter
from flaskr.book.services import advance_counter, allot_reference, check_book_settings
from flaskr.errors import SettingsError
from flaskr.extensions import db
from flaskr.values.calendar import utc_now

pytestmark = pytest.mark.both_databases

NEW_YEAR = datetime(2030, 12, 31, 23, 30, tzinfo=UTC)  # in Stockholm it is 2031 already


def test_references_count_up_by_prefix_and_local_year(rolled_back):
    references = [
        allot_reference(*what) for what in (("C", NEW_YEAR), ("P", NEW_YEAR), ("C", NEW_YEAR))
    ]

    assert references == ["C-2031-000001", "P-2031-000001", "C-2031-000002"]


def test_a_rollback_frees_the_number(session):
    allot_reference("C", NEW_YEAR)
    session.commit()
    lost = allot_reference("C", NEW_YEAR)
    session.rollback()

    assert (lost, allot_reference("C", NEW_YEAR)) == ("C-2031-000002", "C-2031-000002")


@pytest.mark.parametrize("first", [True, False])
def test_a_second_writer_waits_for_the_first_and_gets_the_number_it_rolled_back(
    session, app, first
):
    if not first:
        allot_reference("C", NEW_YEAR)
        session.commit()
    expected = allot_reference("C", NEW_YEAR)
    references = []

    def allot():
        with app.app_context():
            references.append(allot_reference("C", NEW_YEAR))
            db.session.commit()

    other = threading.Thread(target=allot)
    other.start()
    other.join(0.2)
    assert references == []
    session.rollback()
    other.join()

    assert references == [expected]


def test_counters_move_past_references_from_elsewhere_and_never_back(rolled_back):
    for name, reached in (("C-2031", 7), ("P-2031", 9), ("C-2030", 1), ("C-2031", 2)):
        advance_counter(name, reached)

    assert allot_reference("C", NEW_YEAR) == "C-2031-000008"
    assert allot_reference("P", NEW_YEAR) == "P-2031-000010"
    assert rolled_back.get(Counter, "C-2030").value == 1


def test_after_a_million_the_number_grows_a_digit(rolled_back):
    advance_counter("C-2031", 999_999)

    assert allot_reference("C", NEW_YEAR) == "C-2031-1000000"


def test_the_year_of_a_reference_is_that_of_its_recording(rolled_back):
    with time_machine.travel(NEW_YEAR, tick=False):
        assert allot_reference("C", utc_now()) == "C-2031-000001"


@pytest.mark.parametrize(
    ("setting", "value", "made_with"),
    [("BOOK_CURRENCY", "EUR", "=SEK"), ("BOOK_TIME_ZONE", "UTC", "=Europe/Stockholm")],
)
def test_a_book_made_with_other_settings_is_not_served(app, client, setting, value, made_with):
    app.config[setting] = value

    with app.app_context(), pytest.raises(SettingsError, match=f"{setting}{made_with}"):
        check_book_settings()
    page = client.get("/claims")

    assert page.status_code == 503
    assert made_with.strip("=") in page.text


def test_a_command_refuses_a_book_made_with_other_settings(app, runner):
    app.config["BOOK_CURRENCY"] = "EUR"

    result = runner.invoke(args=["demo", "fill", "--policies", "1", "--claims", "1"])

    assert result.exit_code == 2
    assert "BOOK_CURRENCY=SEK" in result.output


def test_the_book_stores_its_settings_and_when_it_was_made(rolled_back):
    book = rolled_back.get(Book, 1)

    assert (book.currency, book.time_zone) == ("SEK", "Europe/Stockholm")
    assert book.made_at.date() <= date.today()  # noqa: DTZ011
