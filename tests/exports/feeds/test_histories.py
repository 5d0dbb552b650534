"""Whatever is put back, a reader has the book's own history, or is told to begin again."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports.feeds.histories import FeedReader, History, check_reader

# A hundred take some minutes: HISTORIES=100 pytest -m slow tests/exports/feeds/test_histories.py
HISTORIES = int(os.environ.get("HISTORIES", "8"))
ACTIONS = ("write", "write", "write", "rebuild", "back_up", "put_back")
some = settings(deadline=None, suppress_health_check=list(HealthCheck))
actions = st.tuples(st.sampled_from(ACTIONS), st.integers(0, 40))


@pytest.fixture
def new_history(app, tmp_path_factory):
    """Make a history that begins with an empty book, and a reader of it."""

    with app.app_context():
        empty = History(app, tmp_path_factory.mktemp("empty"))
        empty.back_up(0)

        def make() -> tuple[History, FeedReader]:
            empty.put_back(0)
            return History(app, tmp_path_factory.mktemp("backups")), FeedReader(app)

        yield make


def go_on(history: History, reader: FeedReader, done: list[tuple[str, int]]) -> None:
    for name, place in done:
        getattr(history, name)(place)
        check_reader(reader)


def test_a_reader_of_a_book_put_back_is_told_to_begin_again(new_history):
    history, reader = new_history()
    for name, place in (("write", 0), ("write", 5), ("back_up", 0), ("write", 9)):
        getattr(history, name)(place)
    check_reader(reader)
    history.put_back(0)
    history.write(13)
    history.write(0)

    check_reader(reader)
    assert reader.begun == 2


@pytest.mark.slow
@settings(some, max_examples=HISTORIES)
@given(done=st.lists(actions, min_size=4, max_size=12))
@pytest.mark.parametrize("book_settings", ["sqlite"], indirect=True)
def test_histories_of_a_file(new_history, done):
    history, reader = new_history()
    go_on(history, reader, [("write", 0), ("back_up", 0), *done])


@pytest.mark.slow
@settings(some, max_examples=max(2, HISTORIES // 6))
@given(done=st.lists(actions, min_size=4, max_size=10))
@pytest.mark.parametrize("book_settings", ["postgresql"], indirect=True)
def test_histories_on_a_server(new_history, done):
    history, reader = new_history()
    go_on(history, reader, [("write", 0), ("back_up", 0), *done])
