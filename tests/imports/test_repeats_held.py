"""The rule for files that were loaded before is the service's: on pages, and for two at once."""

import pytest

from flaskr.imports.loading.services import load_import
from flaskr.imports.loading.tasks import PlanOutdated
from flaskr.imports.repeats.services import LoadedBefore, repeat_of
from tests.imports.importing import Importing, load
from tests.imports.test_repeats import NEW, OLD, TURNS_BACK, cost, held, nightly
from tests.imports.uploading import load as press
from tests.imports.uploading import page_text, upload

__all__ = ["cost", "nightly"]


def test_the_page_holds_the_button_until_it_is_chosen(client, nightly, cost):
    nightly(OLD)
    nightly(NEW, name="new.csv")

    shown = upload(client, ("old.csv", OLD))
    refused = press(client, shown)
    still = cost()
    loaded = press(client, shown, again="yes")

    assert f"{held()}. Nothing is loaded unless you choose so." in page_text(shown)
    assert TURNS_BACK + "(by import 2)." in page_text(shown)
    assert (refused.status_code, still) == (409, "150.00")
    assert f"{held()}. Tick “Load it again” if you mean it." in page_text(refused)
    assert (loaded.request.path, cost()) == ("/imports/3", "100.00")


def test_the_page_of_a_new_file_asks_for_no_choice(client):
    shown = upload(client, ("old.csv", OLD))

    assert "Load it again" not in page_text(shown)
    assert press(client, shown).request.path == "/imports/1"


def test_of_two_that_load_the_same_file_at_once_one_loads_it(session, tmp_path):
    importing = Importing(tmp_path)
    importing.load(*[line.split(",") for line in OLD.splitlines()])
    rows = [line.split(",") for line in NEW.splitlines()]
    one, other = (importing.job(*rows, name=f"{name}.csv") for name in ("one", "other"))
    load(one)

    other.update_request(is_confirmed=True)
    with pytest.raises(LoadedBefore, match="one.csv|other.csv"):
        load_import(other)

    other.update_request(is_confirmed=True, loads_again=True)
    with pytest.raises(PlanOutdated):
        load_import(other)
    assert other.outcome.changes == 0
    assert not other.request.loads_again


def test_a_loading_that_is_asked_for_twice_gives_the_same_import(session, tmp_path):
    job = Importing(tmp_path).job(*[line.split(",") for line in OLD.splitlines()])

    assert load(job) == load(job)


def test_the_warnings_need_few_statements_however_many_rows(session, tmp_path, queries):
    importing = Importing(tmp_path)
    rows = [["claim_reference", "claim_cost"], *([f"B-{n}", "1"] for n in range(30))]
    importing.load(*rows)
    importing.load(rows[0], *([name, "2"] for name, _ in rows[1:]))
    job = importing.job(*rows)

    with queries() as sent:
        repeat = repeat_of(job, job.outcome)

    assert repeat.sentence
    assert len(sent) == 3
