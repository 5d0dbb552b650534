"""Browsers in which users have signed in before: they may try while others are locked out.

A signed cookie holds a random name for each user who has signed in there. It allows attempts,
and nothing else: whoever has a copy still guesses ten times in a quarter of an hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from flaskr.users.sessions.cookies import own_cookie_name
from flaskr.users.sessions.secrets import keyed_digest, new_public_name
from flaskr.values.calendar import utc_now
from flaskr.values.text import lookup_key

_LIFETIME = timedelta(days=365)
_MOST_USERS = 8  # of one browser, the latest kept
_MICROSECONDS = 1_000_000  # so exact that what came before a sign-in is not told after it
_COOKIE = "claimbook_device"
_SALT = "claimbook device"


@dataclass(frozen=True)
class Device:
    """A user's mark in a browser: its random name, and when they last signed in there."""

    name: str = ""
    signed_in_at: datetime | None = None


UNKNOWN_DEVICE = Device()


def known_device(cookies: Mapping[str, str], email: str) -> Device:
    """Return a user's mark in the browser that sent the cookies, or UNKNOWN_DEVICE."""
    name, at = _marks(cookies).get(_owner(email), ("", 0))
    signed_in_at = datetime.fromtimestamp(at / _MICROSECONDS, UTC)
    if not name or signed_in_at < utc_now() - _LIFETIME:
        return UNKNOWN_DEVICE
    return Device(name, signed_in_at)


def remember_device(response: Response, cookies: Mapping[str, str], email: str) -> None:
    """Mark the browser that gets the response as one in which a user has signed in."""
    marks = _marks(cookies)
    marks.pop(_owner(email), None)
    marks[_owner(email)] = (new_public_name(), int(utc_now().timestamp() * _MICROSECONDS))
    latest = dict(list(marks.items())[-_MOST_USERS:])
    interface = current_app.session_interface
    response.set_cookie(
        own_cookie_name(_COOKIE),
        _serializer().dumps(latest),
        max_age=_LIFETIME,
        path=interface.get_cookie_path(current_app),
        secure=interface.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )


def _marks(cookies: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return the marks in a browser's cookie by user; none if it is missing or was changed."""
    try:
        marks = _serializer().loads(cookies.get(own_cookie_name(_COOKIE), ""))
    except BadData:
        return {}
    return {owner: (name, at) for owner, (name, at) in marks.items()}


def _owner(email: str) -> str:
    """Return what a user's mark is found by: the cookie shows nobody's address."""
    return keyed_digest(f"owner:{lookup_key(email)}")[:32]


def _serializer() -> URLSafeSerializer:
    """Return what signs the cookie, under SECRET_KEY and a salt that no other cookie has."""
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=_SALT)
