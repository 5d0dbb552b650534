"""The session cookie, which under https is bound to this host by its name."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

COOKIE_NAME = "claimbook_session"  # our own, because cookies are shared between ports


class BookCookies(SecureCookieSessionInterface):
    """Flask's signed cookie; under https it is Secure and has the __Host- prefix."""

    def get_cookie_name(self, app: Flask) -> str:
        """Return the name: browsers accept __Host- only from this host, over https."""
        return f"__Host-{COOKIE_NAME}" if request.is_secure else COOKIE_NAME

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the cookie is sent over https only."""
        return request.is_secure
