"""Hooks of every request: its id, work mode, schema check and security headers."""

import logging
import logging.config
import secrets

from flask import Flask, Response, current_app, g, has_request_context, request

from flaskr.book.services import require_book
from flaskr.database.modes import current_mode
from flaskr.database.transactions import drop_session

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
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


class _RequestId(logging.Filter):
    """Adds the request's id to each log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Set `request_id`; a dash outside requests."""
        record.request_id = g.get("request_id", "-") if has_request_context() else "-"
        return True


def configure_logging(level: str) -> None:
    """Log to standard error, each line with the request's id."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": _RequestId}},
            "formatters": {
                "line": {
                    "format": "%(asctime)s %(levelname)s [%(request_id)s] %(name)s: %(message)s"
                }
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "filters": ["request_id"],
                }
            },
            "loggers": {"flaskr": {"level": level, "handlers": ["stderr"], "propagate": True}},
        }
    )


def _name_request() -> None:
    """Give the request an id, shown on its error page and in the log."""
    g.pop("unavailable", None)
    g.request_id = secrets.token_hex(6)


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


def _restore_mode(error: BaseException | None) -> None:
    """Restore the work mode from before the request."""
    if token := g.pop("mode_token", None):
        drop_session()  # before the mode changes: its transaction began in the old one
        current_mode.reset(token)


def register_request_hooks(app: Flask) -> None:
    """Register the hooks; the gate registers its own, and the schema check, after these."""
    app.before_request(_name_request)
    app.before_request(_set_mode)
    app.after_request(_finish_response)
    app.after_request(_refuse_unwritten)  # runs before the one above
    app.teardown_request(_restore_mode)
