"""The state between password and code: signed, short, for one browser, and nobody is signed in.

It is kept in the session's cookie, whose only other content is then the CSRF token. It names the
attempt by which the password was verified: once that is forgotten, because a sign-in has
succeeded, the state cannot be used again.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flaskr.users.signing_in.services import StoredCredentials
from flaskr.users.signing_in.throttling import Attempt
from flaskr.values.calendar import utc_now

_Cookie = MutableMapping[str, Any]
_KEY = "half_signed_in"
_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class HalfSignIn:
    """A user whose password was right a moment ago, and whose code is awaited."""

    user_id: int
    password_proof: str
    attempt: Attempt


def keep_half_sign_in(cookie: _Cookie, credentials: StoredCredentials) -> None:
    """Replace the whole cookie by the state of a user whose password was right."""
    attempt = credentials.attempt
    cookie.clear()
    cookie[_KEY] = [
        credentials.id,
        credentials.password_proof,
        attempt.counted_as,
        attempt.made_at.isoformat(),
    ]


def half_sign_in(cookie: _Cookie) -> HalfSignIn | None:
    """Return the state in a browser's cookie; None without one, and after five minutes."""
    kept = cookie.get(_KEY)
    if not kept:
        return None
    user_id, password_proof, counted_as, made_at = kept
    attempt = Attempt(counted_as, datetime.fromisoformat(made_at))
    is_over = attempt.made_at < utc_now() - _LIFETIME
    return None if is_over else HalfSignIn(user_id, password_proof, attempt)


def forget_half_sign_in(cookie: _Cookie) -> None:
    """Delete the state from a browser's cookie."""
    cookie.pop(_KEY, None)
