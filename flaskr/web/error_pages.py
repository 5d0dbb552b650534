"""The error pages."""

import logging

from flask import Flask, g, render_template
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from flaskr.database.failures import DATABASE_ERRORS, failure_of
from flaskr.database.schema import schema_error
from flaskr.errors import FORM_EXPIRED, ClaimBookError, page_message

_logger = logging.getLogger(__name__)

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
_FAULT_MESSAGE = (
    "This is an error in ClaimBook, and nothing was saved. It is in the log under the id below."
)
_RETRY_AFTER_SECONDS = 5
_PASSED_ON_HEADERS = ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")

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
    return _error_page(error.status, page_message(error))


def _show_database_error(error: Exception) -> _Response:
    """Respond with 503 when the database is unavailable or has another schema, else with 500."""
    if failure := failure_of(error):
        _logger.error("the database is %s: %s", failure.word, getattr(error, "orig", error))
        return _show_refusal(failure.error())
    if problem := _problem_of_schema():
        _logger.error("%s", getattr(error, "orig", error))
        return _show_refusal(problem)
    _logger.exception("database error")
    return _error_page(500, _FAULT_MESSAGE)


def _problem_of_schema() -> ClaimBookError | None:
    """Return what is wrong with the schema, which a migration may have changed meanwhile."""
    try:
        return schema_error()
    except DATABASE_ERRORS:
        return None


def _show_system_error(error: OSError) -> _Response:
    """Respond with 507 when the disk is full, and with 503 when a folder cannot be used."""
    failure = failure_of(error)
    if failure is None:
        raise error
    _logger.error("the disk is %s: %s", failure.word, error, exc_info=True)
    return _show_refusal(failure.error())


def _show_internal_error(error: Exception) -> _Response:
    """Show a page without internals; Flask has logged the error with its traceback."""
    return _error_page(500, _FAULT_MESSAGE)


def register_error_pages(app: Flask) -> None:
    """Register the error pages."""
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(ClaimBookError, _show_refusal)
    for kind in DATABASE_ERRORS:
        app.register_error_handler(kind, _show_database_error)
    app.register_error_handler(OSError, _show_system_error)
    app.register_error_handler(500, _show_internal_error)
