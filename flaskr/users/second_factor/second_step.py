"""The second step of signing in: from a right password to a session, by a code."""

from sqlalchemy import select

from flaskr.database.transactions import locked_row, separate_read
from flaskr.errors import ClaimBookError
from flaskr.users.models import User
from flaskr.users.second_factor.services import use_code
from flaskr.users.sessions.identities import NOBODY
from flaskr.users.signing_in.devices import Device
from flaskr.users.signing_in.halfway import HalfSignIn
from flaskr.users.signing_in.services import SignedIn, complete_sign_in, proof_of
from flaskr.users.signing_in.throttling import begin_attempt, forget_attempts, is_counted
from flaskr.values.text import lookup_key


class SecondStepOver(ClaimBookError):
    """A second step that is too late, was taken already, or whose user has changed."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("Too much time has passed, or something has changed. Sign in again.")


def email_of_half(half: HalfSignIn) -> str:
    """Return the e-mail of a user whose password was right."""
    with separate_read() as connection:
        email: str = connection.scalar(select(User.email).where(User.id == half.user_id)) or ""
    return email


def sign_in_with_code(
    half: HalfSignIn, code: str, *, address: str, device: Device, user_agent: str
) -> SignedIn:
    """Sign in a user whose password was right, by a code of their second factor.

    Only now are their failed attempts deleted, so that a known password gives no further guesses
    at the code. Raises WrongCode, TooManyAttempts, and SecondStepOver.
    """
    attempt = begin_attempt(lookup_key(email_of_half(half)), address, device.name)
    user: User = locked_row(select(User).where(User.id == half.user_id))
    is_same = user.is_active and proof_of(user.password_hash) == half.password_proof
    if not is_same or not is_counted(half.attempt):
        raise SecondStepOver
    kind = use_code(user, code, actor=NOBODY)
    forget_attempts(attempt.counted_as, half.attempt.counted_as)
    return complete_sign_in(user, device=device, user_agent=user_agent, second_factor=kind)
