"""Hash passwords with argon2, and refuse weak ones."""

from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flaskr.errors import ClaimBookError
from flaskr.users.guessable_words import fold, parts_of, without_known_parts
from flaskr.users.sessions.secrets import new_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

_MIN_CHARACTERS = 12
_MAX_CHARACTERS = 128
_MIN_GUESSES = 10**8  # zxcvbn's score 3 of 4: safe against guesses at argon2's hashes
_MIN_GUESSES_OF_REST = 10**6  # beside words that are tried first
_WHAT_TO_DO = (
    "Use four or more words that have nothing to do with each other, or let a password manager "
    "make one."
)
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

    `personal_words` are what others know: e-mail, name, and the names of the book's host.
    """
    _check_new_password(password, personal_words)
    return hash_password(password)


def _check_new_password(password: str, personal_words: "Sequence[str]") -> None:
    """Raise _WeakPassword with the reason unless a password is hard to guess."""
    if len(password) < _MIN_CHARACTERS:
        raise _WeakPassword(f"A password must have at least {_MIN_CHARACTERS} characters.")
    if len(password) > _MAX_CHARACTERS:
        raise _WeakPassword(f"A password can have at most {_MAX_CHARACTERS} characters.")
    rest = without_known_parts(password, personal_words)
    if rest is not None and _guesses(rest) < _MIN_GUESSES_OF_REST:
        raise _WeakPassword(
            "This password could be guessed. It is little more than a name, a place, a season or "
            f"another word that is often chosen, with digits or signs added. {_WHAT_TO_DO}"
        )
    if _guesses(fold(password), personal_words) < _MIN_GUESSES:
        raise _WeakPassword(
            "This password could be guessed. It is on lists of common passwords, or repeats a few "
            f"characters, keys or words. {_WHAT_TO_DO}"
        )


def _guesses(password: str, personal_words: "Sequence[str]" = ()) -> int:
    """Return how many guesses a password takes, by zxcvbn."""
    from zxcvbn import zxcvbn  # its word lists are slow to load

    # zxcvbn is slow past 72 characters, which are enough to judge by
    known = sorted(parts_of(personal_words))
    return int(zxcvbn(password[:72], user_inputs=known)["guesses"]) if password else 0
