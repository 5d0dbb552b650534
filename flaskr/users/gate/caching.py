"""Keep what people who sign in are given out of every cache."""

from flask import Response, request

from flaskr.users.gate.access import is_open
from flaskr.web.request_hooks import WITHOUT_DATABASE

# Who sends one of these has a part or a version already, and goes on with it.
_CONDITIONS = (
    "Range",
    "If-Range",
    "If-Match",
    "If-None-Match",
    "If-Modified-Since",
    "If-Unmodified-Since",
)


def keep_out_of_caches(response: Response) -> Response:
    """Let nothing be stored, except by a reader that asks by ranges or by conditions."""
    if is_open() or request.endpoint in WITHOUT_DATABASE:
        return response
    is_continued = any(name in request.headers for name in _CONDITIONS)
    if response.status_code >= 400 or not is_continued:
        response.headers["Cache-Control"] = "no-store"
    return response
