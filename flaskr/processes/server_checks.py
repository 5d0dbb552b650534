"""What must be right on this machine before the book is served, or a command runs."""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from flaskr.errors import ClaimBookError, SettingsError
from flaskr.secret_keys import require_strong
from flaskr.settings import Settings

_GIVE_HOSTS = (
    "Give the host names at which people open the book, separated by commas: "
    "claims.example.com; a leading dot, as in .claims.example.com, allows its subdomains too."
)
# A name, an address, or a dot and two labels at least: “.com” would be everybody's.
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*|(\.[a-z0-9-]+){2,}|\[[0-9a-f:]+\]", re.IGNORECASE)
_SERVERS = (
    "gunicorn.arbiter",
    "uwsgi",
    "mod_wsgi",
    "waitress.server",
    "cheroot.wsgi",
    "gevent.pywsgi",
    "hypercorn.run",
    "uvicorn.server",
)


def fill_standard_streams() -> None:
    """Open what is closed of standard input, output and error.

    The next file to be opened would be in its place, and be written to by whoever prints an error.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8"))


def check_signed_in(settings: Settings, is_debug: bool) -> None:
    """Raise SettingsError for what a book that people sign in to must not be served with."""
    if settings.mode != "signed-in":
        return
    require_strong("SECRET_KEY", settings.secret_key)
    if settings.pseudonym_key:
        require_strong("PSEUDONYM_KEY", settings.pseudonym_key)
    if not settings.trusted_hosts:
        raise SettingsError(f"TRUSTED_HOSTS is missing. {_GIVE_HOSTS}")
    for name in settings.trusted_hosts:
        if not _HOST.fullmatch(name):
            raise SettingsError(
                f"TRUSTED_HOSTS has {name!r}, which is not a host name. {_GIVE_HOSTS}"
            )
    if is_debug:
        raise SettingsError(
            "Debug is on, which lets a visitor run code. Turn it off: leave out --debug and "
            "FLASK_DEBUG."
        )


def check_server(settings: Settings) -> None:
    """Raise SettingsError under another server than Flask's own, unless BOOK_ACCESS is set."""
    is_command = click.get_current_context(silent=True) is not None
    is_server = not is_command and any(name in sys.modules for name in _SERVERS)
    if is_server and settings.mode == "open" and not settings.book_access:
        raise SettingsError(
            "Under a server other than Flask's own, BOOK_ACCESS has to be set: open serves this "
            "machine only, without signing in; signed-in has people sign in."
        )


def prepare_folders(instance_folder: Path) -> None:
    """Create the instance folder; raises SettingsError if it or the one for TMPDIR is unusable."""
    try:
        instance_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"INSTANCE_FOLDER {instance_folder}: {error.strerror}.") from error
    if not os.access(instance_folder, os.R_OK | os.W_OK | os.X_OK):
        raise SettingsError(
            f"INSTANCE_FOLDER {instance_folder} cannot be written by the user of this process."
        )
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise SettingsError(
            "There is no folder for temporary files that can be written and has room. Set TMPDIR "
            "to one."
        ) from error


@contextmanager
def explain_to_server() -> Iterator[None]:
    """Have gunicorn print why the book does not start, without a traceback, and end."""
    try:
        yield
    except ClaimBookError as error:
        if "gunicorn.arbiter" not in sys.modules:
            raise
        from gunicorn.errors import AppImportError

        class NotStarted(AppImportError, RuntimeError):
            """Printed by a worker as the first, and as the second by the master with --preload."""

        raise NotStarted(f"The book does not start: {error}") from error
