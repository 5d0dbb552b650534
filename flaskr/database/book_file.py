"""Notice when the file of the embedded book is removed or replaced while the book is running.

A connection goes on reading and writing the file that it opened, whatever is at its path meanwhile:
what is written there is lost with that file. A new connection would open the other file together
with the -wal of the first, which damages both.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import g
from sqlalchemy import Engine, event

from flaskr.database.modes import current_mode
from flaskr.errors import DatabaseUnavailable
from flaskr.private_files import open_private

_WHAT_TO_DO = (
    "so nothing is read or written any more. Stop the book, put the right file in place without a "
    "-wal or -shm file of another beside it, and start the book again."
)


class NoBookFile(DatabaseUnavailable):
    """A path without a file, before anything was opened there."""

    elsewhere = "There is no book here. Whoever runs it finds in the log where it was looked for."


class BookFileChanged(DatabaseUnavailable):
    """A path that does not lead to the file any more that was opened there."""

    elsewhere = (
        "The book's file was removed, moved or replaced while the book was running, so nothing is "
        "read or written any more. Whoever runs the book finds in the log what to do."
    )


class _OpenedFile:
    """The file that the connections of an engine have opened: its device and inode."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened: tuple[int, int] | None = None

    def check(self, *_event: Any) -> None:
        """Raise NoBookFile or BookFileChanged unless the path leads to the file opened first.

        Takes microseconds. A file that is written over in place is the same file: there, the seals
        tell one history from the other.
        """
        try:
            found = os.stat(self._path)
        except OSError:
            if self._opened is None:
                raise NoBookFile(f"There is no file {self._path}.") from None
            self._refuse(_gone(self._path))
        if self._opened is None:
            self._opened = found.st_dev, found.st_ino
        elif self._opened != (found.st_dev, found.st_ino):
            self._refuse(
                BookFileChanged(
                    f"The book's file {self._path} was replaced by another while the book was "
                    f"running, {_WHAT_TO_DO}"
                )
            )

    def check_new(self, *_event: Any) -> None:
        """Do the same before connecting, which makes a missing file: only a migration may."""
        if current_mode.get() != "migrate":
            self.check()
        elif not os.path.exists(self._path):  # SQLite's own files take over the rights of this one
            with suppress(OSError):  # SQLite says what is the matter
                open_private(Path(self._path), "a").close()

    def forget(self, engine: Engine) -> None:
        """Forget the file when all connections are closed: the next one may open another."""
        self._opened = None

    @staticmethod
    def _refuse(error: BookFileChanged) -> None:
        """Raise the error, and have the request refused whoever catches it."""
        g.unavailable = error
        raise error


def watch_file(engine: Engine) -> None:
    """Let an engine refuse each transaction and connection once its SQLite file has changed."""
    file = _OpenedFile(str(engine.url.database))
    event.listen(engine, "do_connect", file.check_new)
    event.listen(engine, "begin", file.check)
    event.listen(engine, "engine_disposed", file.forget)


def require_file(address: str) -> None:
    """Raise BookFileChanged if an address of `driver_url` is a SQLite file that is not there.

    For isolated processes, whose drivers say of such a file that memory or a disk is at fault.
    """
    url = urlsplit(address)
    if url.scheme == "file" and not os.path.isfile(path := unquote(url.path)):
        raise _gone(path)


def _gone(path: str) -> BookFileChanged:
    """Return the error for a file that is not there any more."""
    return BookFileChanged(
        f"The book's file {path} was removed or moved away while the book was running, "
        f"{_WHAT_TO_DO}"
    )
