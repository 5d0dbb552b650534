"""Migrate books, and be killed at a point of it: for tests, in a process of its own.

    python -m tests.migrations.killing upgrade head BOOKS

`BOOKS` is JSON: for each book its folder, its address (empty for the file in the folder), and
before which statement to be killed (null: not at all). Prints how each migration ended: the signal
as a negative number, or 0 and how many statements there were.
"""

import json
import os
import signal
import sys
from pathlib import Path

from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, event

from flaskr import app as factory
from tests.books import make_settings

DIRECTIONS = {"upgrade": upgrade, "downgrade": downgrade}


def migrate(direction: str, revision: str, folder: str, url: str, kill_at: int | None) -> int:
    """Run a migration, and count its statements and its commit."""
    factory._open_embedded_book = lambda app: None  # which would upgrade the book at once
    app = factory.create_app(make_settings(Path(folder), database_url=url))
    count = 0

    def come_to(*told, **options) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", come_to)
    event.listen(Engine, "commit", come_to)
    with app.app_context():
        DIRECTIONS[direction](revision=revision, x_arg="discard=yes")
    if kill_at is not None and count < kill_at:
        os.kill(os.getpid(), signal.SIGKILL)  # when all is done
    return count


def run_in_child(direction: str, revision: str, book: list) -> list[int]:
    """Migrate a book in a child process; return how it ended, and how many statements it sent."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(migrate(direction, revision, *book)).encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as told:
        return [os.waitstatus_to_exitcode(status), int(told.read() or 0)]


if __name__ == "__main__":
    way, target, books = sys.argv[1:]
    print(json.dumps([run_in_child(way, target, book) for book in json.loads(books)]))
