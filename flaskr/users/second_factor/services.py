"""Set up, use and remove second factors.

Every code that is tried counts as a failed attempt to sign in until it has proved right. The user's
row is locked while a code is used, so that each works once, also in requests at the same time.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from sqlalchemy import delete, select

from flaskr.audit.models import Action, Subject
from flaskr.audit.services import record, record_separately
from flaskr.database.transactions import locked_row
from flaskr.errors import ChangedMeanwhile, ClaimBookError
from flaskr.extensions import db
from flaskr.users.models import RecoveryCode, SecondFactor, User
from flaskr.users.second_factor.codes import (
    RECOVERY_CODE_COUNT,
    matching_step,
    new_nonce,
    new_recovery_code,
    recovery_digest,
    shared_secret,
)
from flaskr.users.second_factor.queries import confirmed_factor
from flaskr.users.sessions.identities import Identity
from flaskr.users.sessions.services import end_sessions, start_session
from flaskr.users.signing_in.services import (
    device_of_session,
    lock_own_session,
    recheck_credentials,
    verify_own_password,
)
from flaskr.users.signing_in.throttling import begin_attempt, forget_attempts
from flaskr.values.calendar import utc_now
from flaskr.values.text import lookup_key

_TIME_TO_CONFIRM = timedelta(minutes=15)
BY_CODE, BY_RECOVERY_CODE = "code", "recovery code"


class WrongCode(ClaimBookError):
    """A code that is wrong, or was used before."""

    def __init__(self) -> None:
        """Say what to try."""
        super().__init__("This code is not right, or was used already. Wait for the next one.")


class _NotPossible(ClaimBookError):
    """A second factor that cannot be set up or removed like this."""


@dataclass(frozen=True)
class Renewed:
    """New recovery codes, shown once, and the secret of the session that goes on."""

    recovery_codes: list[str]
    session_secret: str = ""


def begin_second_factor(identity: Identity, password: str, *, address: str) -> str:
    """Make a second factor that waits for its first code; return the secret for the app.

    An earlier one that was not confirmed is replaced. Raises NotSignedIn for a wrong password.
    """
    user = recheck_credentials(verify_own_password(identity, password, address=address))
    if confirmed_factor(user.id):
        raise _NotPossible("You have a second factor already. Remove it first.")
    _delete_factor(user.id)
    factor = SecondFactor(user_id=user.id, nonce=new_nonce(), made_at=utc_now())
    db.session.add(factor)
    db.session.flush()
    return shared_secret(factor.nonce)


def confirm_second_factor(
    identity: Identity, code: str, *, address: str, user_agent: str
) -> Renewed:
    """Confirm a second factor by its first code: all sessions end, and a new one starts.

    Raises WrongCode, and ClaimBookError if none waits for its code.
    """
    attempt = begin_attempt(lookup_key(identity.actor), address, device_of_session(identity))
    user = _locked_user(identity.user_id)
    lock_own_session(identity)
    factor = db.session.get(SecondFactor, user.id, populate_existing=True)
    earliest = utc_now() - _TIME_TO_CONFIRM
    if factor is None or factor.confirmed_at or factor.made_at < earliest:
        forget_attempts(attempt.counted_as)
        raise _NotPossible("Nothing waits for a code, or more than 15 minutes passed. Start again.")
    if not _use_step(factor, code):
        _refuse_code(user.email, user.email)
    forget_attempts(attempt.counted_as)
    factor.confirmed_at = utc_now()
    end_sessions(user)
    record(Action.SECOND_FACTOR_SET, Subject.USER, user.email, actor=user.email)
    return Renewed(_replace_recovery_codes(user), start_session(user, user_agent))


def renew_recovery_codes(identity: Identity, password: str, code: str, *, address: str) -> Renewed:
    """Replace a user's recovery codes. Raises NotSignedIn and WrongCode."""
    user = _proved_user(identity, password, code, address)
    codes = _replace_recovery_codes(user)
    record(Action.RECOVERY_CODES_MADE, Subject.USER, user.email, actor=user.email)
    return Renewed(codes)


def remove_own_second_factor(
    identity: Identity, password: str, code: str, *, address: str, user_agent: str
) -> str:
    """Remove a user's own second factor; their sessions end, and a new one's secret is returned.

    Raises NotSignedIn and WrongCode.
    """
    user = _proved_user(identity, password, code, address)
    _remove(user, actor=user.email)
    return start_session(user, user_agent)


def remove_second_factor(user: User, *, actor: str) -> None:
    """Remove the second factor of a user who cannot make codes; their sessions end.

    Their password stays. Raises ClaimBookError if they have none.
    """
    user = _locked_user(user.id)
    if confirmed_factor(user.id) is None:
        raise _NotPossible(f"{user.email} has no second factor.")
    _remove(user, actor=actor)


def use_code(user: User, code: str, *, actor: str) -> str:
    """Use up a code of a locked user; return which kind it is. Raises WrongCode, and records it."""
    factor = db.session.get(SecondFactor, user.id, populate_existing=True)
    if factor is None or not factor.confirmed_at:
        raise ChangedMeanwhile("Your second factor was removed meanwhile. Sign in again.")
    if _use_step(factor, code):
        return BY_CODE
    used = delete(RecoveryCode).where(
        RecoveryCode.user_id == user.id, RecoveryCode.code_digest == recovery_digest(code)
    )
    if not db.session.execute(used.returning(RecoveryCode.id)).all():
        _refuse_code(user.email, actor)
    record(Action.RECOVERY_CODE_USED, Subject.USER, user.email, actor=user.email)
    return BY_RECOVERY_CODE


def _refuse_code(email: str, actor: str) -> NoReturn:
    """Record a wrong code, which ends the transaction, and raise WrongCode."""
    db.session.rollback()
    record_separately(Action.CODE_FAILED, Subject.USER, email, actor=actor)
    raise WrongCode


def _use_step(factor: SecondFactor, code: str) -> bool:
    """Whether a code is of a step later than the last one used; it is then the last."""
    step = matching_step(shared_secret(factor.nonce), code)
    if step is None or factor.last_step is not None and step <= factor.last_step:
        return False
    factor.last_step = step
    return True


def _locked_user(user_id: int) -> User:
    """Lock a user, and with them their second factor and their codes."""
    user: User = locked_row(select(User).where(User.id == user_id))
    return user


def _proved_user(identity: Identity, password: str, code: str, address: str) -> User:
    """Return a user, locked, whose password and code are right: one attempt for both."""
    credentials = verify_own_password(identity, password, address=address)
    user = recheck_credentials(credentials)
    lock_own_session(identity)
    use_code(user, code, actor=user.email)
    return user


def _replace_recovery_codes(user: User) -> list[str]:
    """Replace a user's recovery codes, and return the new ones, of which digests are stored."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [new_recovery_code() for _ in range(RECOVERY_CODE_COUNT)]
    db.session.add_all(
        RecoveryCode(user_id=user.id, code_digest=recovery_digest(code)) for code in codes
    )
    return codes


def _remove(user: User, *, actor: str) -> None:
    """Remove the second factor and the recovery codes of a user, and end their sessions."""
    _delete_factor(user.id)
    end_sessions(user)
    record(Action.SECOND_FACTOR_REMOVED, Subject.USER, user.email, actor=actor)


def _delete_factor(user_id: int) -> None:
    """Delete a user's second factor and recovery codes."""
    for model in (RecoveryCode, SecondFactor):
        db.session.execute(delete(model).where(model.user_id == user_id))
