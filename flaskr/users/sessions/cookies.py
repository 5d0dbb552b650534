"""The book's cookies, which no other book on the same host shares."""

import re
from urllib.parse import quote

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

COOKIE_NAME = "claimbook_session"
_PORT = re.compile(r":[0-9]+$", re.ASCII)


def own_cookie_name(name: str) -> str:
    """Return the name that a cookie of this book has: with its port and prefix, where it has them.

    Browsers share cookies between the ports of a host, and accept the prefix __Host- only over
    https, from this host, and for all of its paths; so the path cannot tell two books apart.
    """
    port = _PORT.search(request.host)
    mounted = quote(f"{port[0][1:] if port else ''}{request.script_root}", safe="")
    prefix = "__Host-" if request.is_secure else ""
    return f"{prefix}{name}_{mounted}" if mounted else f"{prefix}{name}"


class BookCookies(SecureCookieSessionInterface):
    """Flask's signed cookie; under https it is Secure and has the __Host- prefix."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name of the session's cookie."""
        return own_cookie_name(COOKIE_NAME)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie is sent over https only."""
        return request.is_secure
