"""Passwords: hashed by argon2, and refused while they can be guessed."""

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
_MIN_SCORE = 3  # of zxcvbn's 0 to 4: 10^8 guesses and more
hasher = PasswordHasher()  # RFC 9106's second choice: 64 MiB, 3 passes


class _WeakPassword(ClaimBookError):
    """A password that is too short, or that could be guessed."""


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return hasher.hash(password)


@cache
def _dummy_hash() -> str:
    """Return a hash that no password has: to look at it takes as long as at a real one."""
    return hasher.hash(new_secret())


def is_correct_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was hashed; without a hash it never is, in equal time."""
    nobodys = _dummy_hash()  # by either way: the first to ask has it made
    try:
        return hasher.verify(kept or nobodys, password[: _MAX_CHARACTERS + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated_hash(kept: str) -> bool:
    """Whether a hash was made with less work than one is today."""
    return hasher.check_needs_rehash(kept)


def hash_new_password(password: str, personal_words: "Sequence[str]") -> str:
    """Return what is kept of a new password; raises WeakPassword as `check_new_password` does."""
    _check_new_password(password, personal_words)
    return hash_password(password)


def _check_new_password(password: str, personal_words: "Sequence[str]") -> None:
    """Raise WeakPassword, saying why, unless a password is hard to guess.

    `personal_words` are what others know: e-mail and name.
    """
    from zxcvbn import zxcvbn  # its lists of words take a while to load

    if len(password) < _MIN_CHARACTERS:
        raise _WeakPassword(f"A password must have at least {_MIN_CHARACTERS} characters.")
    if len(password) > _MAX_CHARACTERS:
        raise _WeakPassword(f"A password can have at most {_MAX_CHARACTERS} characters.")
    # beyond 72 characters zxcvbn takes long, and nothing is left to find
    found = zxcvbn(password[:72], user_inputs=[*personal_words, "claimbook"])
    if found["score"] < _MIN_SCORE:
        why = found["feedback"]["warning"]
        raise _WeakPassword(
            f"This password could be guessed. {why + '. ' if why else ''}"
            "Several words that have nothing to do with each other are hard to guess."
        )
