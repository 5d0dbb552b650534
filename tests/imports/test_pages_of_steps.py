"""Steps that come too late, twice or without a page; work in progress, and interrupted work."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from flaskr.imports.jobs import OUTCOME
from flaskr.processes.isolation import slot
from tests.browsing import fields_of
from tests.factories import make_claim, make_policy, pay, reserve
from tests.imports.uploading import (
    claim_count,
    follow,
    form_of,
    job_of,
    load,
    page_text,
    read_again,
    take_step,
    upload,
)

GOOD = "Claim Reference;Claim Cost\nA;1\nB;2\n"


def test_a_confirmation_of_an_old_outcome_shows_the_new_one(client, app):
    shown = upload(client, ("a.csv", GOOD))
    read_again(client, shown, **{"constant-0-cause": "fire"})

    late = load(client, shown)
    later = load(client, late)

    assert late.status_code == 409
    assert "was read again after you opened the page" in page_text(late)
    assert later.request.path == "/imports/1"
    assert claim_count(app) == 2


def test_a_confirmation_sent_twice_loads_once(client, app):
    shown = upload(client, ("a.csv", GOOD))
    action, sent = form_of(shown, "load")

    answers = [client.post(action, data=sent) for _ in range(2)]
    pages = [follow(client, answer) for answer in answers]

    assert [page.request.path for page in pages] == ["/imports/1", "/imports/1"]
    assert follow(client, client.get(shown.request.path)).request.path == "/imports/1"
    assert take_step(client, shown, "drop").request.path == "/imports/1"
    assert claim_count(app) == 2


def test_confirmations_that_come_at_the_same_time_load_once(client, app):
    shown = upload(client, ("a.csv", GOOD))
    action, sent = form_of(shown, "load")
    cookie = client.get_cookie("claimbook_session").value

    def press_load(_: int) -> str:
        other = app.test_client()
        other.set_cookie("claimbook_session", cookie)
        return follow(other, other.post(action, data=sent)).request.path

    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(press_load, range(4)))

    assert set(paths) <= {"/imports/1", shown.request.path}
    assert follow(client, client.get(shown.request.path)).request.path == "/imports/1"
    assert client.get("/imports/2").status_code == 404
    assert claim_count(app) == 2


def test_a_change_of_the_book_causes_a_new_dry_run(client, app, session):
    claim = make_claim(claim_reference="A", policy=make_policy())
    reserve(claim, "100")
    session.commit()
    shown = upload(client, ("a.csv", GOOD))
    pay(session.merge(claim), "30")
    session.commit()

    outdated = load(client, shown)

    assert "The book has changed since the dry run" in page_text(outdated)
    assert "Load 1 new and 1 changed rows" not in page_text(
        outdated
    )  # the cost is below the payment
    assert "Load the 1 valid row, leave out 1 refused" in page_text(outdated)
    assert claim_count(app) == 1


def test_a_step_needs_its_csrf_token(sqlite_client, sqlite_app):
    shown = upload(sqlite_client, ("a.csv", GOOD))

    for step in ("load", "read", "drop"):
        action, sent = form_of(shown, step)
        answer = sqlite_client.post(action, data={**sent, "csrf_token": ""})
        assert (answer.status_code, "has expired" in answer.text) == (400, True)
    assert claim_count(sqlite_app) == 0


@pytest.mark.parametrize(
    "typed",
    [
        {"contents-0": "people"},
        {"encoding-0": "utf-7"},
        {"sheet-0": "Sheet9"},
        {"column-0-1": "id"},
    ],
)
def test_a_choice_that_was_not_offered_is_refused(sqlite_client, typed):
    shown = upload(sqlite_client, ("a.csv", GOOD))

    answer = read_again(sqlite_client, shown, **typed)

    assert (answer.status_code, "not on the list" in page_text(answer)) == (400, True)


def test_an_import_without_changes_cannot_be_loaded(client, app):
    load(client, upload(client, ("a.csv", GOOD)))
    again = upload(client, ("a.csv", GOOD))
    action, sent = form_of(again, "drop")

    answer = client.post(action.replace("drop", "load"), data=sent)

    assert (answer.status_code, "There is nothing to load" in page_text(answer)) == (422, True)
    assert claim_count(app) == 2


def test_work_in_progress_is_shown_on_a_page_that_reloads(sqlite_client, sqlite_app):
    shown = upload(sqlite_client, ("a.csv", GOOD))
    job = job_of(sqlite_app, shown)
    job.write("progress.json", {"what": "a.csv", "rows": 1500, "done": 1, "whole": 4})

    with job.lock():
        reading = sqlite_client.get(shown.request.path)
        busy = press(sqlite_client, shown, "load")
        dropped = press(sqlite_client, shown, "drop")
        listed = sqlite_client.get("/imports")
        job.update_request(is_confirmed=True)
        loading = sqlite_client.get(shown.request.path)

    assert reading.headers["Refresh"] == "1"
    assert "1 500 rows read so far, 25.0 %." in page_text(reading)
    assert "You can leave it" in page_text(reading)
    assert '<progress class="done"' in reading.text
    assert (busy.status_code, busy.headers["Location"]) == (303, shown.request.path)
    assert (dropped.status_code, "already being processed" in dropped.text) == (409, True)
    assert "a.csv reading" in page_text(listed)
    assert "1 500 rows written so far" in page_text(loading)


def press(client, page, step: str):
    """The response to a form of a page, without following it."""
    action, sent = form_of(page, step)
    return client.post(action, data=sent)


def test_an_interrupted_reading_or_loading_is_shown_and_can_be_repeated(client, app):
    shown = upload(client, ("a.csv", GOOD))
    job = job_of(app, shown)
    outcome = job.read(OUTCOME)
    job.delete_files(OUTCOME)
    valuation = client.get(shown.request.path)
    job.write(OUTCOME, outcome)
    job.update_request(is_confirmed=True)
    cut_loading = client.get(shown.request.path)

    again = read_again(client, cut_loading)
    load(client, again)

    assert "Reading was interrupted. Nothing was written." in page_text(valuation)
    assert "Loading was interrupted. Either all of it is in the book or none of it" in page_text(
        cut_loading
    )
    assert "Load 2 new rows" in page_text(again)
    assert claim_count(app) == 2


def test_an_import_that_is_not_there_says_how_long_files_are_kept(sqlite_client):
    for path in ("0" * 16, "x", "..%2f..", "0" * 16 + "/refused/0.csv"):
        answer = sqlite_client.get(f"/imports/under_way/{path}")
        assert answer.status_code == 404
    assert "kept for 30 days" in sqlite_client.get(f"/imports/under_way/{'0' * 16}").text


def test_a_file_without_refused_rows_has_no_download(sqlite_client):
    shown = upload(sqlite_client, ("a.csv", GOOD))

    for at in (0, 1):
        answer = sqlite_client.get(f"{shown.request.path}/refused/{at}.csv")
        assert (answer.status_code, "no refused rows" in answer.text) == (404, True)


def test_an_import_that_waits_for_a_slot_is_shown_as_starting(sqlite_client, sqlite_app):
    folder = sqlite_app.config["INSTANCE_FOLDER"]
    with slot(folder, "import", 2), slot(folder, "import", 2):
        token = fields_of(sqlite_client.get("/import_claims"))["csrf_token"]
        answer = sqlite_client.post(
            "/import_claims",
            data={
                "csrf_token": token,
                "kind": "today",
                "encoding": "utf-8",
                "files": (io.BytesIO(GOOD.encode()), "a.csv"),
            },
        )
        waiting = sqlite_client.get(answer.headers["Location"])

    assert "Starting…" in page_text(waiting)
    assert "2 rows are new" in page_text(follow(sqlite_client, waiting))
