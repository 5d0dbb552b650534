"""Hooks of every request: its id, work mode, schema check, security headers and line in the log."""

import logging
import secrets
from collections.abc import Iterable
from time import perf_counter
from typing import Any, cast

from flask import Flask, Response, current_app, g, request
from werkzeug.wsgi import ClosingIterator

from flaskr.book.services import require_book
from flaskr.database.modes import current_mode
from flaskr.database.transactions import drop_session

_logger = logging.getLogger(__name__)

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_METHODS = (*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; style-src 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTTPS_ONLY = "max-age=31536000"  # a year, for this name alone: others of its domain are not ours
WITHOUT_DATABASE = ("static", "health.show")


def _name_request() -> None:
    """Give the request an id, shown on its error page and in the log."""
    g.pop("unavailable", None)
    g.request_id = secrets.token_hex(6)
    g.began_at = perf_counter()


def _set_mode() -> None:
    """Make safe methods read-only; the one view that writes on GET sets its own mode."""
    g.mode_token = current_mode.set("read" if request.method in SAFE_METHODS else "write")


def require_schema() -> None:
    """Refuse to serve a database with another schema; it is checked until it matches once."""
    if current_app.extensions.get("book_checked"):
        return
    require_book()
    current_app.extensions["book_checked"] = True


def _refuse_unwritten(response: Response) -> Response:
    """Respond with 503 if the schema or the book's file did not let this request go on.

    Views show most errors beside the form, with 422, as if other values could help.
    """
    if (error := g.pop("unavailable", None)) and response.status_code != error.status:
        return current_app.make_response(current_app.handle_user_exception(error))
    return response


def _finish_response(response: Response) -> Response:
    """Set the security headers and the request's id, and keep pages out of caches."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = _HTTPS_ONLY
    response.headers["X-Request-ID"] = g.get("request_id", "-")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _page_name() -> str:
    """Return the request's method and the rule of its page: what was typed stays out of the log."""
    method = request.method if request.method in _METHODS else "(other method)"
    return f"{method} {request.url_rule.rule if request.url_rule else '(no such page)'}"


def _log_when_sent(response: Response) -> Response:
    """Log the request in one line when its response has been sent, or cannot be sent further."""
    began_at, request_id = g.began_at, g.request_id
    address, page = request.remote_addr or "-", _page_name()
    # Without a reference to the response, which would keep its file open until it is collected.
    status, size = response.status_code, response.headers.get("Content-Length", "-")

    def log() -> None:
        what = (page, status, size, (perf_counter() - began_at) * 1000, address)
        of_request = {"request_id": request_id}  # its context has ended
        _logger.info("%s: %s, %s bytes in %.0f ms, from %s", *what, extra=of_request)

    if response.direct_passthrough:  # a file's pieces are closed, and the response is not
        response.response = ClosingIterator(cast(Iterable[bytes], response.response), log)
    else:
        response.call_on_close(log)
    return response


def _log_fault(error: Any) -> None:
    """Log an error that nothing caught, in place of Flask's record, which has the typed address."""
    _logger.error("fault on %s", _page_name(), exc_info=error)


def _restore_mode(error: BaseException | None) -> None:
    """Restore the work mode from before the request."""
    if token := g.pop("mode_token", None):
        drop_session()  # before the mode changes: its transaction began in the old one
        current_mode.reset(token)


def register_request_hooks(app: Flask) -> None:
    """Register the hooks; the gate registers its own, and the schema check, after these."""
    app.log_exception = _log_fault  # type: ignore[method-assign, assignment]
    app.before_request(_name_request)
    app.before_request(_set_mode)
    app.after_request(_log_when_sent)
    app.after_request(_finish_response)
    app.after_request(_refuse_unwritten)  # runs before the one above
    app.teardown_request(_restore_mode)
