"""Limit failed attempts to sign in by user, by address and overall, across all workers.

An attempt is stored before its password is verified, and deleted if it was right. So attempts at
the same time get no more guesses than attempts one after the other. A browser in which the user has
signed in before has separate attempts: guesses from elsewhere do not lock it out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from flaskr.database.transactions import separate_write
from flaskr.errors import ClaimBookError
from flaskr.extensions import db
from flaskr.users.models import SignInAttempt
from flaskr.users.sessions.secrets import keyed_digest
from flaskr.values.calendar import utc_now

WINDOW = timedelta(minutes=15)
_RETENTION = timedelta(days=1)
MAX_PER_USER = 10
SESSION = "session "  # begins the name that a session's attempts are counted by
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


@dataclass(frozen=True)
class Attempt:
    """An attempt that counts as failed until `forget_attempts`; `counted_as` is whose it is."""

    counted_as: str
    made_at: datetime


def begin_attempt(email_key: str, address: str, device: str = "") -> Attempt:
    """Store an attempt; raises TooManyAttempts if a limit is reached.

    `device` names a browser in which the user has signed in before, or a session. Once its own
    attempts are used up, a browser is treated like any other; a session is refused.
    """
    of_anybody = keyed_digest(email_key), keyed_digest(_network_of(address))
    with separate_write(_PATIENCE) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_SIGN_IN_LOCK)))
        own = _device_digest(device)
        allowed_at = _next_at(connection, MAX_PER_USER, _is_of_user(own))
        if device and allowed_at is None:
            user_digest, address_digest = own, own
        elif device.startswith(SESSION) and allowed_at:
            raise TooManyAttempts(_seconds_until(allowed_at))
        else:
            user_digest, address_digest = of_anybody
            _check_limits(connection, user_digest, address_digest)
        connection.execute(
            delete(SignInAttempt).where(SignInAttempt.made_at < utc_now() - _RETENTION)
        )
        attempt = Attempt(user_digest, utc_now())
        connection.execute(
            insert(SignInAttempt).values(
                made_at=attempt.made_at, user_digest=user_digest, address_digest=address_digest
            )
        )
    return attempt


def _device_digest(device: str) -> str:
    """Return what the attempts from a known browser are counted by; no e-mail has its colon."""
    return keyed_digest(f"device:{device}")


def _is_of_user(user_digest: str) -> ColumnElement[bool]:
    """Return the condition of attempts that are counted by a digest."""
    return SignInAttempt.user_digest == user_digest


def _next_at(connection: Connection, most: int, condition: ColumnElement[bool]) -> datetime | None:
    """Return when one more attempt is allowed; None if it is now."""
    recent = select(SignInAttempt.made_at).where(
        SignInAttempt.made_at > utc_now() - WINDOW, condition
    )
    nth = connection.scalar(recent.order_by(SignInAttempt.made_at.desc()).offset(most - 1).limit(1))
    return None if nth is None else nth + WINDOW


def _check_limits(connection: Connection, user_digest: str, address_digest: str) -> None:
    """Raise TooManyAttempts if a limit is reached."""
    of_address = SignInAttempt.address_digest == address_digest
    limits = [(MAX_PER_USER, _is_of_user(user_digest)), (MAX_PER_ADDRESS, of_address)]
    if _next_at(connection, 1, of_address):
        # An address without a failure always gets one guess. Otherwise an attacker with many
        # addresses could lock everybody out.
        limits.append((MAX_OVERALL, SignInAttempt.id.is_not(None)))
    for most, condition in limits:
        if allowed_at := _next_at(connection, most, condition):
            raise TooManyAttempts(_seconds_until(allowed_at))


def _seconds_until(instant: datetime) -> int:
    """Return the whole seconds until an instant, at least one."""
    return max(1, int((instant - utc_now()).total_seconds()) + 1)


def is_counted(attempt: Attempt) -> bool:
    """Whether an attempt is still stored, because no later one of the user has succeeded."""
    same = SignInAttempt.made_at == attempt.made_at
    found = select(SignInAttempt.id).where(same, _is_of_user(attempt.counted_as)).limit(1)
    return db.session.scalar(found) is not None


def forget_attempts(*counted_as: str) -> None:
    """Delete failed attempts by whose they are, and the one that just succeeded."""
    db.session.execute(delete(SignInAttempt).where(SignInAttempt.user_digest.in_(counted_as)))


def forget_attempts_at(email_key: str) -> None:
    """Delete the failed attempts at a user from browsers that are not known."""
    forget_attempts(keyed_digest(email_key))


def _network_of(address: str) -> str:
    """Return the address itself, or for IPv6 its /64 network, which one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network(f"{parsed}/64", strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
