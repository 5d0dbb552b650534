"""The log: standard error, one escaped line a record, without what people typed.

A line has the instant in UTC, the level, the request's id, the logger and the message.
"""

import logging
import os
import re
import traceback
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from flask import g, has_request_context

_APPLICATION = "flaskr"
_LINE = "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
# Werkzeug's line for each request, and two of gunicorn's, have the address as it was typed.
_WERKZEUG_REQUEST = re.compile(r"\S+ - - \[")
_GUNICORN_REQUESTS = ("Error handling request", "Invalid request from")


def one_line(text: str) -> str:
    """Return a text with backslashes, and all that is not visible but a space, as escapes.

    So no text can end its line, forge another, or steer a terminal.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    """Return a character, or its escape as in Python."""
    if character.isprintable() and character != "\\":
        return character
    return character.encode("unicode_escape").decode("ascii")


def configure_logging(level: str | int) -> None:
    """Log to standard error, at this level; the records of libraries from WARNING on.

    At DEBUG a traceback has the errors' own messages too, which can repeat what somebody typed.
    """
    logging.getLogger(_APPLICATION).setLevel(level)
    formatter = _OneLineFormatter(has_messages=level in ("DEBUG", logging.DEBUG))
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each.formatter, _OneLineFormatter)]:
        root.removeHandler(old)
    root.addHandler(_handler(formatter))
    _configure_servers(formatter)


def _handler(formatter: logging.Formatter) -> logging.Handler:
    """Return a handler that writes to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(_add_request_id)
    handler.setFormatter(formatter)
    return handler


def _configure_servers(formatter: logging.Formatter) -> None:
    """Have Flask's own server print its greeting but no requests, and gunicorn log as the book."""
    werkzeug = logging.getLogger("werkzeug")
    werkzeug.propagate = False
    werkzeug.setLevel(logging.INFO)
    werkzeug.handlers = [_handler(_GreetingFormatter(formatter))]
    werkzeug.handlers[0].addFilter(_is_no_request)
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.filters = [_without_address]
    for handler in gunicorn.handlers:
        handler.addFilter(_add_request_id)
        handler.setFormatter(formatter)


def _add_request_id(record: logging.LogRecord) -> bool:
    """Set a record's `request_id` unless it has one; a dash outside requests."""
    if not hasattr(record, "request_id"):
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
    return True


def _is_no_request(record: logging.LogRecord) -> bool:
    """Whether a record of Werkzeug is not its line for a request."""
    return not (record.levelno == logging.INFO and _WERKZEUG_REQUEST.match(record.getMessage()))


def _without_address(record: logging.LogRecord) -> bool:
    """Leave the address out of a record of gunicorn."""
    for beginning in _GUNICORN_REQUESTS:
        if str(record.msg).startswith(beginning):
            record.msg, record.args = beginning, ()
    return True


class _OneLineFormatter(logging.Formatter):
    """Formats a record as one line, an error with its places; a line end becomes an escape."""

    def __init__(self, has_messages: bool) -> None:
        """Set whether tracebacks have the messages of errors."""
        super().__init__(_LINE)
        self._has_messages = has_messages

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the instant in UTC, to the millisecond."""
        instant = datetime.fromtimestamp(record.created, UTC)
        return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback; without messages it is the names of the errors and their places."""
        return super().formatException(ei) if self._has_messages else " | ".join(_chain_of(ei[1]))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; another handler may have left a traceback with messages."""
        own = copy(record)
        own.exc_text = None
        return one_line(super().format(own))


class _GreetingFormatter(logging.Formatter):
    """Formats what Flask's own server says about itself as it is, and its errors as the book's."""

    def __init__(self, of_errors: logging.Formatter) -> None:
        """Set the formatter of errors."""
        super().__init__("%(message)s")
        self._of_errors = of_errors

    def format(self, record: logging.LogRecord) -> str:
        """Return the text, or the line of an error."""
        is_error = record.levelno > logging.INFO
        return self._of_errors.format(record) if is_error else super().format(record)


def _chain_of(error: BaseException | None) -> Iterator[str]:
    """Yield the name of an error and where it was raised, then of those that it came from."""
    told: list[BaseException] = []
    while error is not None and error not in told:
        told.append(error)
        calls = reversed(traceback.extract_tb(error.__traceback__))
        places = ", ".join(f"{each.filename}:{each.lineno} {each.name}" for each in calls)
        yield f"{type(error).__name__}{_code_of(error)} at {places}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _code_of(error: BaseException) -> str:
    """Return the code of a database's or a system's error in brackets; empty for others."""
    for name in ("sqlstate", "sqlite_errorname", "errno"):
        if code := getattr(error, name, None):
            return f" ({code})"
    return ""


class FaultsLogged:
    """Ends a process whose work fails, with a record in the log in place of Python's traceback."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        """Set the logger, and what the process does."""
        self._logger = logger
        self._what = what

    def __enter__(self) -> None:
        """Begin the work."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Log an error, and end the process with 1."""
        if error is not None and not isinstance(error, SystemExit):
            self._logger.error("%s failed in process %s", self._what, os.getpid(), exc_info=error)
            raise SystemExit(1) from None
