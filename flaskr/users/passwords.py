"""Hash passwords with argon2, and refuse weak ones."""

from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flaskr.errors import ClaimBookError
from flaskr.users.sessions.secrets import new_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIN_CHARACTERS = 12
_MAX_CHARACTERS = 128
_MIN_SCORE = 3  # of zxcvbn's 0 to 4: at least 10^8 guesses
hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes


class _WeakPassword(ClaimBookError):
    """A password that is too short, or that could be guessed."""


def hash_password(password: str) -> str:
    """Return the hash of a password."""
    return hasher.hash(password)


@cache
def _dummy_hash() -> str:
    """Return a hash that matches no known password, to compare with when there is no user."""
    return hasher.hash(new_secret())


def is_correct_password(password: str, password_hash: str | None) -> bool:
    """Whether a password matches a hash; False without a hash, after the same time."""
    dummy = _dummy_hash()  # always: the first call takes longer, for a known user or not
    try:
        is_match = hasher.verify(password_hash or dummy, password[: _MAX_CHARACTERS + 1])
        return is_match and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated_hash(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


def hash_new_password(password: str, personal_words: "Sequence[str]") -> str:
    """Return the hash of a new password; raises ClaimBookError if it is weak.

    `personal_words` are what others know: e-mail and name.
    """
    _check_new_password(password, personal_words)
    return hash_password(password)


def _check_new_password(password: str, personal_words: "Sequence[str]") -> None:
    """Raise _WeakPassword with the reason unless a password is hard to guess."""
    from zxcvbn import zxcvbn  # its word lists are slow to load

    if len(password) < _MIN_CHARACTERS:
        raise _WeakPassword(f"A password must have at least {_MIN_CHARACTERS} characters.")
    if len(password) > _MAX_CHARACTERS:
        raise _WeakPassword(f"A password can have at most {_MAX_CHARACTERS} characters.")
    # zxcvbn is slow past 72 characters, which are enough to judge by
    strength = zxcvbn(password[:72], user_inputs=[*personal_words, "claimbook"])
    if strength["score"] < _MIN_SCORE:
        warning = strength["feedback"]["warning"]
        raise _WeakPassword(
            f"This password could be guessed. {warning + '. ' if warning else ''}"
            "Several words that have nothing to do with each other are hard to guess."
        )
