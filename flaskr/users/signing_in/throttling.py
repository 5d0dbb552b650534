"""Limit failed attempts to sign in by user, by address and overall, across all workers.

An attempt is stored before its password is verified, and deleted if it was right. So attempts at
the same time get no more guesses than attempts one after the other.
"""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from flaskr.database.transactions import separate_write
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.models import SignInAttempt
from flaskr.users.sessions.secrets import keyed_digest
from flaskr.values.calendar import utc_now

WINDOW = timedelta(minutes=15)
_RETENTION = timedelta(days=1)
MAX_PER_USER = 10
MAX_PER_ADDRESS = 50
MAX_OVERALL = 500
_PATIENCE = 2.0  # seconds: waiting for other writers holds a thread
_SIGN_IN_LOCK = 7_201_003  # a number that no other advisory lock uses; see LEDGER_LOCK


class TooManyAttempts(ClaimBookError):
    """Too many failed attempts; `headers` has Retry-After in seconds."""

    status = 429

    def __init__(self, seconds: int) -> None:
        """Say when to try again."""
        minutes = max(1, round(seconds / 60))
        super().__init__(
            f"Too many attempts to sign in have failed. Try again in {minutes} "
            f"{'minute' if minutes == 1 else 'minutes'}, or ask an administrator for a link."
        )
        self.headers = {"Retry-After": str(seconds)}


def begin_attempt(email_key: str, address: str) -> None:
    """Store an attempt; raises TooManyAttempts if a limit is reached."""
    values: dict[str, Any] = {
        "made_at": utc_now(),
        "user_digest": keyed_digest(email_key),
        "address_digest": keyed_digest(_network_of(address)),
    }
    with separate_write(_PATIENCE) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_SIGN_IN_LOCK)))
        _check_limits(connection, values)
        connection.execute(
            delete(SignInAttempt).where(SignInAttempt.made_at < utc_now() - _RETENTION)
        )
        connection.execute(insert(SignInAttempt).values(**values))


def _check_limits(connection: Connection, values: dict[str, Any]) -> None:
    """Raise TooManyAttempts if a limit is reached."""
    of_user = SignInAttempt.user_digest == values["user_digest"]
    of_address = SignInAttempt.address_digest == values["address_digest"]
    limits = [(MAX_PER_USER, of_user), (MAX_PER_ADDRESS, of_address)]
    recent = select(SignInAttempt.made_at).where(SignInAttempt.made_at > utc_now() - WINDOW)
    if connection.scalar(recent.where(of_address).limit(1)):
        # An address without a failure always gets one guess. Otherwise an attacker with many
        # addresses could lock everybody out.
        limits.append((MAX_OVERALL, SignInAttempt.id.is_not(None)))
    for most, condition in limits:
        newest_first = recent.where(condition).order_by(SignInAttempt.made_at.desc())
        nth = connection.scalar(newest_first.offset(most - 1).limit(1))
        if nth is not None:  # once it leaves the window, one more attempt is allowed
            raise TooManyAttempts(max(1, int((nth + WINDOW - utc_now()).total_seconds()) + 1))


def forget_attempts(email_key: str) -> None:
    """Delete a user's failed attempts, and the one that just succeeded."""
    own = SignInAttempt.user_digest == keyed_digest(email_key)
    db.session.execute(delete(SignInAttempt).where(own))


def _network_of(address: str) -> str:
    """Return the address itself, or for IPv6 its /64 network, which one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network(f"{parsed}/64", strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
