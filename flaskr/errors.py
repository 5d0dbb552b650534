"""The errors that a user can act on, and the error pages."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any, ClassVar

from click import ClickException
from flask import Flask, current_app, g, render_template
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from flaskr.exit_codes import ExitCode, exit_code_of

_logger = logging.getLogger(__name__)


class ClaimBookError(ClickException):
    """An error whose message says what to do about it; `status` is the HTTP status of its page.

    In a command, click prints the message without a traceback and exits with `exit_code`, which
    follows from the status unless the class has another.
    """

    status = 422
    exit_code: ClassVar[int] = ExitCode.REFUSED

    def __init_subclass__(cls, **options: Any) -> None:
        """Set the exit code of a class with another status."""
        super().__init_subclass__(**options)
        if "status" in vars(cls) and "exit_code" not in vars(cls):
            cls.exit_code = exit_code_of(cls.status)


class SettingsError(ClaimBookError):
    """A setting with which the book cannot run."""

    status = 503
    exit_code = ExitCode.USAGE


class SchemaError(ClaimBookError):
    """A database that does not have the schema of this version."""

    status = 503


class MoneyError(ClaimBookError, ValueError):
    """An amount that cannot be stored exactly."""


class TextError(ClaimBookError, ValueError):
    """A text or a reference that cannot be stored."""


class DateError(ClaimBookError, ValueError):
    """A text that is not a date, or is ambiguous."""


class LedgerError(ClaimBookError):
    """An entry that the rules of the ledger do not allow."""


class ChangedMeanwhile(ClaimBookError):
    """Somebody else changed the row since it was shown."""

    status = 409
    exit_code = ExitCode.UNAVAILABLE


class SentTwice(ClaimBookError):
    """A form that has already created its row; `reference` names that row."""

    status = 409

    def __init__(self, reference: str) -> None:
        """Keep the reference of the row that the form created."""
        super().__init__(f"This form was already sent, and created {reference}.")
        self.reference = reference


class BusyError(ClaimBookError):
    """Too much is going on at once; the same request may succeed a little later."""

    status = 503


class DatabaseUnavailable(ClaimBookError):
    """The database cannot be reached at the moment."""

    status = 503


_TITLES = {
    400: "That request could not be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Changed in the meantime",
    410: "Deleted",
    412: "Changed in the meantime",
    413: "Too large",
    416: "Outside the file",
    422: "Refused",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available right now",
    507: "Disk full",
}
_MESSAGES = {
    400: "The request could not be read. Go back and try again.",
    401: "You have to sign in first.",
    403: "This is not allowed.",
    404: "There is no such page. Check the address.",
    405: "This address does not accept that kind of request.",
    409: "Somebody else changed this first. Reload the page and look at it again.",
    412: "The file has changed since the download began. Download it again.",
    413: "The request is larger than this book accepts.",
    416: "The part that was requested is outside the file. Download the file again.",
    422: "What was sent is not valid. Correct it and send it again.",
    429: "There were too many requests. Please wait a little.",
    503: "The book cannot answer right now. Please try again in a moment.",
}
FORM_EXPIRED = (
    "The form has expired, and nothing was saved. Open the page again and send it once more."
)
_FAULT_MESSAGE = (
    "This is an error in ClaimBook, and nothing was saved. It is in the log under the id below."
)
_RETRY_AFTER_SECONDS = 5
_PASSED_ON_HEADERS = ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")
_UNAVAILABLE_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def is_unavailable(error: DBAPIError) -> bool:
    """Whether the database is unreachable or overloaded, rather than the statement wrong."""
    if error.connection_invalidated:
        return True
    # SQLite raises this class for mistakes too, such as a write in a read transaction.
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _UNAVAILABLE_CODES  # the low byte is the primary code
    return isinstance(error, OperationalError)


_Response = tuple[str, int, dict[str, str]]


def _error_page(status: int, message: str) -> _Response:
    """Render an error page, with the request's id and no internals."""
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)} if status in (429, 503) else {}
    if request_ctx.url_adapter is None:  # the Host header is no host name, so no URL can be built
        return f"{message}\n", status, {**headers, "Content-Type": "text/plain; charset=utf-8"}
    page = render_template(
        "errors/error.html",
        status=status,
        title=_TITLES.get(status, "That did not work"),
        message=message,
        request_id=g.get("request_id", "-"),
    )
    return page, status, headers


def _show_http_error(error: HTTPException) -> _Response | HTTPException:
    """Show our own page for an HTTP error of Flask or of a view."""
    status = error.code or 500
    if 300 <= status < 400 or error.response is not None:
        return error
    page, status, headers = _error_page(status, _message_of(error))
    passed_on = {name: value for name, value in error.get_headers() if name in _PASSED_ON_HEADERS}
    return page, status, {**headers, **passed_on}


def _message_of(error: HTTPException) -> str:
    """Return the view's message, or our own in place of Werkzeug's."""
    if isinstance(error, CSRFError):
        return FORM_EXPIRED
    if error.description and error.description != type(error).description:
        return error.description
    return _MESSAGES.get(error.code or 500, _FAULT_MESSAGE)


def _show_refusal(error: ClaimBookError) -> _Response:
    """Show the message of an error that no view caught."""
    if error.status >= 500:
        _logger.warning("unavailable: %s", error)
    return _error_page(error.status, str(error))


def _show_database_error(error: DBAPIError) -> _Response:
    """Respond with 503 when the database is unavailable or has another schema, else with 500."""
    if is_unavailable(error):
        _logger.error("database unavailable: %s", error.orig)
        return _error_page(503, "The database does not answer. Please try again in a moment.")
    if problem := _problem_of_schema():
        _logger.error("%s %s", problem, error.orig)
        return _error_page(503, problem)
    _logger.exception("database error")
    return _error_page(500, _FAULT_MESSAGE)


def _problem_of_schema() -> str:
    """Return what is wrong with the schema; empty if it is right, or the database does not say."""
    problem: Callable[[], str] = current_app.extensions["schema_problem"]
    try:
        return problem()
    except (DBAPIError, PoolTimeout):
        return ""


def _show_pool_timeout(error: PoolTimeout) -> _Response:
    """Respond with 503 when every connection is in use."""
    _logger.error("no free database connection: %s", error)
    return _error_page(503, "The book is very busy. Please try again in a moment.")


def _show_internal_error(error: Exception) -> _Response:
    """Show a page without internals; Flask has logged the error with its traceback."""
    return _error_page(500, _FAULT_MESSAGE)


def register_error_pages(app: Flask, schema_problem: Callable[[], str]) -> None:
    """Register the error pages.

    `schema_problem` returns what is wrong with the schema, which a migration may have changed while
    this process was reading.
    """
    app.extensions["schema_problem"] = schema_problem
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(ClaimBookError, _show_refusal)
    app.register_error_handler(DBAPIError, _show_database_error)
    app.register_error_handler(PoolTimeout, _show_pool_timeout)
    app.register_error_handler(500, _show_internal_error)
