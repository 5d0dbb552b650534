"""The cookie: under https it is bound to this host alone, by its name."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

COOKIE_NAME = "claimbook_session"  # cookies do not keep ports apart


class BookCookies(SecureCookieSessionInterface):
    """Flask's signed cookie; under https Secure, and with a name that only this host can set."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name: __Host- is what browsers take from this host over https alone."""
        return f"__Host-{COOKIE_NAME}" if request.is_secure else COOKIE_NAME

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie goes over https only."""
        return request.is_secure
