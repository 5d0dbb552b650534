"""Steps that come too late, twice, or from nowhere; work that goes on or was cut short."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from flaskr.imports.jobs import OUTCOME
from flaskr.isolation import slot
from tests.browsing import fields_of
from tests.factories import make_claim, make_policy, pay, reserve
from tests.imports.uploading import (
    claims_in,
    form_of,
    job_of,
    load,
    read_again,
    said,
    settled,
    take_step,
    upload,
)

GOOD = "Claim Reference;Claim Cost\nA;1\nB;2\n"


def test_a_confirmation_of_what_is_no_longer_shown_shows_what_is(client, app):
    shown = upload(client, ("a.csv", GOOD))
    read_again(client, shown, **{"constant-0-cause": "fire"})

    late = load(client, shown)
    later = load(client, late)

    assert late.status_code == 409
    assert "was read again after you opened the page" in said(late)
    assert later.request.path == "/imports/1"
    assert claims_in(app) == 2


def test_a_confirmation_sent_twice_loads_once(client, app):
    shown = upload(client, ("a.csv", GOOD))
    action, sent = form_of(shown, "load")

    answers = [client.post(action, data=sent) for _ in range(2)]
    pages = [settled(client, answer) for answer in answers]

    assert [page.request.path for page in pages] == ["/imports/1", "/imports/1"]
    assert settled(client, client.get(shown.request.path)).request.path == "/imports/1"
    assert take_step(client, shown, "drop").request.path == "/imports/1"
    assert claims_in(app) == 2


def test_confirmations_that_come_at_the_same_time_load_once(client, app):
    shown = upload(client, ("a.csv", GOOD))
    action, sent = form_of(shown, "load")
    cookie = client.get_cookie("claimbook_session").value

    def press_load(_: int) -> str:
        other = app.test_client()
        other.set_cookie("claimbook_session", cookie)
        return settled(other, other.post(action, data=sent)).request.path

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(press_load, range(4)))

    assert set(paths) <= {"/imports/1", shown.request.path}
    assert settled(client, client.get(shown.request.path)).request.path == "/imports/1"
    assert client.get("/imports/2").status_code == 404
    assert claims_in(app) == 2


def test_a_book_that_changed_meanwhile_makes_a_new_dry_run(client, app, session):
    claim = make_claim(claim_reference="A", policy=make_policy())
    reserve(claim, "100")
    session.commit()
    shown = upload(client, ("a.csv", GOOD))
    pay(session.merge(claim), "30")
    session.commit()

    outdated = load(client, shown)

    assert "The book has changed since the dry run" in said(outdated)
    assert "Load 1 new and 1 changed rows" not in said(outdated)  # the cost is below the payment
    assert "Load the 1 valid row, leave out 1 refused" in said(outdated)
    assert claims_in(app) == 1


def test_a_step_needs_its_token(lone_client, sqlite_app):
    shown = upload(lone_client, ("a.csv", GOOD))

    for step in ("load", "read", "drop"):
        action, sent = form_of(shown, step)
        answer = lone_client.post(action, data={**sent, "csrf_token": ""})
        assert (answer.status_code, "has expired" in answer.text) == (400, True)
    assert claims_in(sqlite_app) == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"contents-0": "people"},
        {"encoding-0": "utf-7"},
        {"sheet-0": "Sheet9"},
        {"column-0-1": "id"},
    ],
)
def test_a_choice_that_was_not_offered_is_refused(lone_client, typed):
    shown = upload(lone_client, ("a.csv", GOOD))

    answer = read_again(lone_client, shown, **typed)

    assert (answer.status_code, "not on the list" in said(answer)) == (400, True)


def test_nothing_to_load_is_not_loaded_by_force(client, app):
    load(client, upload(client, ("a.csv", GOOD)))
    again = upload(client, ("a.csv", GOOD))
    action, sent = form_of(again, "drop")

    answer = client.post(action.replace("drop", "load"), data=sent)

    assert (answer.status_code, "There is nothing to load" in said(answer)) == (422, True)
    assert claims_in(app) == 2


def test_work_that_goes_on_is_shown_and_looked_at_again(lone_client, sqlite_app):
    shown = upload(lone_client, ("a.csv", GOOD))
    job = job_of(sqlite_app, shown)
    job.write("progress.json", {"what": "a.csv", "rows": 1500, "done": 1, "whole": 4})

    with job.work():
        reading = lone_client.get(shown.request.path)
        busy = press(lone_client, shown, "load")
        dropped = press(lone_client, shown, "drop")
        listed = lone_client.get("/imports")
        job.ask(is_confirmed=True)
        loading = lone_client.get(shown.request.path)

    assert reading.headers["Refresh"] == "1"
    assert "1 500 rows read so far, 25.0 %." in said(reading)
    assert "You can leave it" in said(reading)
    assert '<progress class="done"' in reading.text
    assert (busy.status_code, busy.headers["Location"]) == (303, shown.request.path)
    assert (dropped.status_code, "already being processed" in dropped.text) == (409, True)
    assert "a.csv reading" in said(listed)
    assert "1 500 rows written so far" in said(loading)


def press(client, page, step: str):
    """The answer itself to the form of a page."""
    action, sent = form_of(page, step)
    return client.post(action, data=sent)


def test_a_reading_or_loading_that_was_cut_short_is_told_and_tried_again(client, app):
    shown = upload(client, ("a.csv", GOOD))
    job = job_of(app, shown)
    outcome = job.read(OUTCOME)
    job.forget(OUTCOME)
    valuation = client.get(shown.request.path)
    job.write(OUTCOME, outcome)
    job.ask(is_confirmed=True)
    cut_loading = client.get(shown.request.path)

    again = read_again(client, cut_loading)
    load(client, again)

    assert "Reading was interrupted. Nothing was written." in said(valuation)
    assert "Loading was interrupted. Either all of it is in the book or none of it" in said(
        cut_loading
    )
    assert "Load 2 new rows" in said(again)
    assert claims_in(app) == 2


def test_an_import_that_is_not_there_says_how_long_files_are_kept(lone_client):
    for path in ("0" * 16, "x", "..%2f..", "0" * 16 + "/refused/0.csv"):
        answer = lone_client.get(f"/imports/under_way/{path}")
        assert answer.status_code == 404
    assert "kept for 30 days" in lone_client.get(f"/imports/under_way/{'0' * 16}").text


def test_refused_rows_that_there_are_not_cannot_be_downloaded(lone_client):
    shown = upload(lone_client, ("a.csv", GOOD))

    for at in (0, 1):
        answer = lone_client.get(f"{shown.request.path}/refused/{at}.csv")
        assert (answer.status_code, "no refused rows" in answer.text) == (404, True)


def test_an_import_that_waits_for_its_turn_says_so_by_being_read(lone_client, sqlite_app):
    folder = sqlite_app.config["INSTANCE_FOLDER"]
    with slot(folder, "import", 2), slot(folder, "import", 2):
        token = fields_of(lone_client.get("/import_claims"))["csrf_token"]
        answer = lone_client.post(
            "/import_claims",
            data={
                "csrf_token": token,
                "kind": "today",
                "encoding": "utf-8",
                "files": (io.BytesIO(GOOD.encode()), "a.csv"),
            },
        )
        waiting = lone_client.get(answer.headers["Location"])

    assert "Starting…" in said(waiting)
    assert "2 rows are new" in said(settled(lone_client, waiting))
